// SPDX-License-Identifier: GPL-2.0-or-later
/* A running azk-kconf: the environment Kconfig needs, and the line protocol. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/kconf.h"

struct kconf {
	pid_t pid;
	FILE *to, *from;
	char *work;		/* its private folder */
	char *line;
	size_t size;
	off_t seen;		/* of what it wrote to stderr */
	bool ready;		/* it has greeted */
	struct azk_report *r;
};

/* VERSION.PATCHLEVEL.SUBLEVELEXTRAVERSION of the top Makefile. */
static char *kernel_version(const char *tree)
{
	static const char *const keys[] = { "VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION" };
	_cleanup_free_ char *path = path_join(tree, "Makefile");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	const char *line;
	size_t pos = 0, n, next = 0;

	if (azk_read_file(path, &sb))
		return NULL;
	while (next < ARRAY_SIZE(keys) && azk_next_line(sb_str(&sb), sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *s = xmemdup0(line, n);
		char *eq = strchr(s, '=');

		if (!eq || *line == '\t')
			continue;
		*eq = '\0';
		if (strcmp(str_trim(s), keys[next]))
			continue;
		sb_addf(&out, "%s%s", next == 1 || next == 2 ? "." : "", str_trim(eq + 1));
		next++;
	}
	if (next == ARRAY_SIZE(keys))
		return sb_detach(&out);
	sb_free(&out);
	return NULL;
}

/* Since 7.0 the Makefile asks pahole and hands the answer on; before, Kconfig asks by itself. */
static void add_pahole(struct strlist *env, const char *tree, const char *work)
{
	_cleanup_free_ char *script = path_join(tree, "scripts/pahole-version.sh");
	_cleanup_free_ char *pahole = path_join(tree, "scripts/dummy-tools/pahole");
	_cleanup_free_ char *log = path_join(work, "pahole");
	char *argv[] = { script, pahole, NULL };
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	if (!azk_exists(script) || kconf_run(argv, work, log) || azk_read_file(log, &sb) || !sb.len)
		return;
	vec_push(env, xasprintf("PAHOLE_VERSION=%s", str_trim(sb.buf)));
}

/*
 * What the kernel's Makefile exports to Kconfig, for a machine that has none of
 * the tools: the tree's dummies answer y for every feature of a compiler, and
 * Rust is absent. Nothing of the caller's environment gets through.
 */
static void make_env(struct strlist *env, const char *tree, int arch, const char *version,
		     const char *cache, const char *work)
{
	_cleanup_free_ char *memo = NULL;

	static const struct {
		const char *name, *tool;
	} tools[] = {
		{ "CC", "gcc" }, { "LD", "ld" }, { "NM", "nm" },
		{ "OBJCOPY", "objcopy" }, { "PAHOLE", "pahole" },
	};
	static const char *const fixed[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "AR=false", "RUSTC=false",
		"BINDGEN=false", "PYTHON3=python3", "CLANG_FLAGS=", "RUSTC_VERSION_TEXT=",
		"USERCFLAGS=", "USERLDFLAGS=", "CROSS_COMPILE_COMPAT=",
		"CC_VERSION_TEXT=gcc (scripts/dummy-tools/gcc)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strlist_add(env, fixed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		vec_push(env, xasprintf("%s=%s/scripts/dummy-tools/%s", tools[i].name, tree,
					tools[i].tool));
	vec_push(env, xasprintf("srctree=%s", tree));
	vec_push(env, xasprintf("ARCH=%s", cfg_arches[arch].kbuild));
	vec_push(env, xasprintf("SRCARCH=%s", cfg_arches[arch].src));
	vec_push(env, xasprintf("SUBARCH=%s", cfg_arches[arch].src));
	vec_push(env, xasprintf("KERNELVERSION=%s", version));
	add_pahole(env, tree, work);
	memo = kconf_memo(tree, cache, env);
	vec_push(env, xasprintf("AZK_KCONF_MEMO=%s", memo));
	vec_push(env, NULL);
}

static void child(const char *exe, char **env, const char *work, int in, int out)
{
	char *argv[] = { (char *)exe, "Kconfig", NULL };
	int err;

	signal(SIGPIPE, SIG_DFL);
	if (chdir(work) < 0)
		_exit(126);
	err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execve(exe, argv, env);
	_exit(127);
}

static int spawn(struct kconf *k, const char *exe, char **env)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(from, O_CLOEXEC) < 0) {
		close(to[0]);
		close(to[1]);
		return -ENFILE;
	}
	fflush(NULL);
	k->pid = fork();
	if (!k->pid)
		child(exe, env, k->work, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	k->to = fdopen(to[1], "w");
	k->from = fdopen(from[0], "r");
	return k->pid < 0 ? -EAGAIN : 0;
}

char *kconf_warnings(struct kconf *k)
{
	_cleanup_free_ char *path = path_join(k->work, "stderr");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	off_t from = k->seen;

	if (azk_read_file(path, &sb))
		return xstrdup("");
	k->seen = sb.len;
	return xmemdup0(sb.buf + from, sb.len - from);
}

static int lost_helper(struct kconf *k)
{
	_cleanup_free_ char *said = kconf_warnings(k);
	const char *line;
	size_t pos = 0, n, shown = 0;

	report_bad(k->r, "kconf", NULL, 0, "the Kconfig helper ended early");
	while (shown < 10 && azk_next_line(said, strlen(said), &pos, &line, &n)) {
		report_note(k->r, "%.*s", (int)n, line);
		shown++;
	}
	return -1;
}

/* The next line of an answer: 1, 0 at its end, -1 after reporting. */
static int answer(struct kconf *k, char **line)
{
	ssize_t n = getline(&k->line, &k->size, k->from);

	if (n <= 0)
		return lost_helper(k);
	if (k->line[n - 1] == '\n')
		k->line[n - 1] = '\0';
	*line = k->line;
	return strcmp(k->line, ".") ? 1 : 0;
}

/* For requests that answer nothing but success or an error. */
static int request(struct kconf *k, const char *fmt, ...) AZK_PRINTF(2, 3);
static int request(struct kconf *k, const char *fmt, ...)
{
	bool bad = false;
	va_list ap;
	char *line;
	int rc;

	va_start(ap, fmt);
	vfprintf(k->to, fmt, ap);
	va_end(ap);
	if (fflush(k->to))
		return lost_helper(k);
	while ((rc = answer(k, &line)) > 0) {
		if (!str_starts(line, "error "))
			continue;
		report_bad(k->r, "kconf", NULL, 0, "Kconfig: %s", line + 6);
		bad = true;
	}
	return rc < 0 || bad ? -1 : 0;
}

static int greet(struct kconf *k)
{
	char *line;
	int rc = answer(k, &line);

	if (rc > 0 && strcmp(line, "azk-kconf 2")) {
		report_bad(k->r, "kconf", NULL, 0, "the Kconfig helper speaks another protocol: %s",
			   line);
		return -1;
	}
	while (rc > 0)
		rc = answer(k, &line);
	return rc;
}

/* Folders of runs that were killed; "work." and "HASH.tmp." end in a process. */
static void drop_leftovers(const char *cache)
{
	struct strlist names = { 0 };

	if (!azk_list_dir(cache, &names)) {
		for (size_t i = 0; i < names.n; i++) {
			const char *n = names.v[i], *p = strstr(n, ".tmp.");
			_cleanup_free_ char *path = path_join(cache, n);
			long pid = p ? strtol(p + 5, NULL, 10) :
				   str_starts(n, "work.") ? strtol(n + 5, NULL, 10) : 0;

			if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
				azk_remove_tree(path);
		}
	}
	strlist_free(&names);
}

struct kconf *kconf_start(const char *tree, int arch, const char *cache, struct azk_report *r)
{
	_cleanup_free_ char *exe = NULL, *root = realpath(tree, NULL), *top = NULL;
	_cleanup_free_ char *version = root ? kernel_version(root) : NULL;
	struct strlist env = { 0 };
	struct kconf *k = NULL;
	int rc;

	if (!version) {
		report_bad(r, "tree", tree, 0, "not a kernel tree: no version in its Makefile");
		return NULL;
	}
	rc = azk_mkdir_p(cache, 0755);
	top = rc ? NULL : realpath(cache, NULL);
	if (!top) {
		report_bad(r, "kconf", cache, 0, "the cache folder: %s",
			   strerror(rc ? -rc : errno));
		return NULL;
	}
	drop_leftovers(top);
	if (kconf_build(root, top, &exe, r))
		return NULL;

	k = xcalloc(1, sizeof(*k));
	k->r = r;
	k->work = xasprintf("%s/work.%ld.XXXXXX", top, (long)getpid());
	if (!mkdtemp(k->work)) {
		report_bad(r, "kconf", k->work, 0, "%s", strerror(errno));
		free(TAKE_PTR(k->work));
		kconf_stop(k);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	make_env(&env, root, arch, version, top, k->work);
	rc = spawn(k, exe, env.v);
	if (rc)
		report_bad(r, "kconf", exe, 0, "%s", strerror(-rc));
	strlist_free(&env);
	if (!rc)
		return k;
	kconf_stop(k);
	return NULL;
}

int kconf_ready(struct kconf *k)
{
	if (!k->ready && greet(k))
		return -1;
	k->ready = true;
	return 0;
}

void kconf_stop(struct kconf *k)
{
	if (!k)
		return;
	if (k->to)
		fclose(k->to);
	if (k->from)
		fclose(k->from);
	if (k->pid > 0)
		waitpid(k->pid, NULL, 0);
	if (k->work)
		azk_remove_tree(k->work);
	free(k->work);
	free(k->line);
	free(k);
}

int kconf_open(struct kconf *k, const char *text, size_t len)
{
	_cleanup_free_ char *path = path_join(k->work, "asked");
	int rc = azk_write_file_at(AT_FDCWD, path, text, len, 0644, false);

	if (rc) {
		report_bad(k->r, "kconf", path, 0, "%s", strerror(-rc));
		return -1;
	}
	return kconf_ready(k) ? -1 : request(k, "open %s\n", path);
}

int kconf_close(struct kconf *k)
{
	return request(k, "close\n");
}

int kconf_write(struct kconf *k, struct strbuf *config)
{
	_cleanup_free_ char *path = path_join(k->work, "config");
	int rc;

	if (request(k, "write %s\n", path))
		return -1;
	rc = azk_read_file(path, config);
	if (rc)
		report_bad(k->r, "kconf", path, 0, "%s", strerror(-rc));
	return rc;
}

static void take_line(struct kconf_sym *s, const char *line)
{
	strlist_add(&s->lines, line);
	if (str_starts(line, "sym "))
		s->exists = true;
	else if (str_starts(line, "type ") && !s->type)
		s->type = xstrdup(line + 5);
	else if (str_starts(line, "value ") && !s->value)
		s->value = xstrdup(line + 6);
	else if (str_starts(line, "visible "))
		s->visible = line[8];
	else if (str_starts(line, "select "))
		s->select = line[7];
	else if (str_starts(line, "prompt "))
		s->has_prompt = true;
}

int kconf_ask(struct kconf *k, const char *sym, struct kconf_sym *out)
{
	char *line;
	int rc;

	memset(out, 0, sizeof(*out));
	if (kconf_ready(k))
		return -1;
	fprintf(k->to, "sym %s\n", sym);
	if (fflush(k->to))
		return lost_helper(k);
	while ((rc = answer(k, &line)) > 0)
		take_line(out, line);
	return rc;
}

char *kconf_value_text(const char *type, const char *value)
{
	struct strbuf sb = STRBUF_INIT;

	if (strcmp(type, "string"))
		return xstrdup(value);
	sb_addch(&sb, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			sb_addch(&sb, '\\');
		sb_addch(&sb, *value);
	}
	sb_addch(&sb, '"');
	return sb_detach(&sb);
}

int kconf_lines(struct kconf *k, struct strlist *out, const char *fmt, ...)
{
	va_list ap;
	char *line;
	int rc;

	if (kconf_ready(k))
		return -1;
	va_start(ap, fmt);
	vfprintf(k->to, fmt, ap);
	va_end(ap);
	fputc('\n', k->to);
	if (fflush(k->to))
		return lost_helper(k);
	while ((rc = answer(k, &line)) > 0)
		strlist_add(out, line);
	return rc;
}

int kconf_fix(struct kconf *k, const char *sym, const char *value, unsigned int budget,
	      bool losses, struct kconf_fixes *out)
{
	struct strlist lines = { 0 };
	int rc = kconf_lines(k, &lines, "%s %u %s %s", losses ? "fix" : "reach", budget, sym,
			     value);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < lines.n; i++) {
		unsigned long losses;
		unsigned int n;

		if (sscanf(lines.v[i], "set %u %lu", &n, &losses) == 2) {
			struct kconf_fix *f = vec_add(&out->v);

			f->losses = losses;
		} else if (str_starts(lines.v[i], "change ") && out->v.n) {
			strlist_add(&out->v.v[out->v.n - 1].changes, lines.v[i] + 7);
		}
	}
	strlist_free(&lines);
	return rc;
}

void kconf_fixes_free(struct kconf_fixes *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		strlist_free(&f->v.v[i].changes);
	vec_free(&f->v);
}

void kconf_sym_free(struct kconf_sym *s)
{
	free(s->type);
	free(s->value);
	strlist_free(&s->lines);
	memset(s, 0, sizeof(*s));
}
