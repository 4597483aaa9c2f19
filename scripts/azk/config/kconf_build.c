// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiles azk-kconf against a tree's scripts/kconfig, outside the tree. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/kconf.h"

#define HELPER "azk-kconf"
#define HELPER_DIR "scripts/azk/kconf"

/* The objects every front end of Kconfig is made of. */
static const char *const sources[] = {
	"confdata.c", "expr.c", "menu.c", "preprocess.c", "symbol.c", "util.c",
};

/* FNV-1a over 128 bits: a cache key, nobody forges it against themselves. */
struct key {
	unsigned __int128 h;
};

static void key_add(struct key *k, const void *p, size_t n)
{
	const unsigned __int128 prime = ((unsigned __int128)1 << 88) | 0x13b;
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++)
		k->h = (k->h ^ s[i]) * prime;
}

static int key_file(struct key *k, const char *path)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc = azk_read_file(path, &sb);

	if (rc)
		return rc;
	key_add(k, path_basename(path), strlen(path_basename(path)) + 1);
	key_add(k, &sb.len, sizeof(sb.len));
	key_add(k, sb_str(&sb), sb.len);
	return 0;
}

static int key_dir(struct key *k, const char *dir, bool required)
{
	struct strlist names = { 0 };
	int rc = azk_list_dir(dir, &names);

	if (rc == -ENOENT && !required)
		rc = 0;
	for (size_t i = 0; !rc && i < names.n; i++) {
		const char *n = names.v[i];
		_cleanup_free_ char *path = path_join(dir, n);

		if (str_ends(n, ".c") || str_ends(n, ".h") || str_ends(n, ".l") ||
		    str_ends(n, ".y"))
			rc = key_file(k, path);
	}
	strlist_free(&names);
	return rc;
}

/* The helper's own; hash.h comes before the tree's. */
static const char *const helpers[] = {
	"azk-kconf.c", "describe.c", "invalid.c", "memo.c", "obstacles.c", "solve.c",
};

/* The folder: $AZK_KCONF_SRC, else beside a folder this program lies below. */
static char *find_helper(void)
{
	const char *env = getenv("AZK_KCONF_SRC");
	char exe[PATH_MAX];
	ssize_t n;

	if (env)
		return xstrdup(env);
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		for (char *s = strrchr(exe, '/'); s && s != exe; s = strrchr(exe, '/')) {
			char *path;

			*s = '\0';
			path = path_join(exe, HELPER_DIR);
			if (azk_exists(path))
				return path;
			free(path);
		}
	}
	return xstrdup(HELPER_DIR);
}

int kconf_run(char *const argv[], const char *dir, const char *log)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || chdir(dir) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The log's last lines become notes of the finding added last. */
static void note_log(struct azk_report *r, const char *log)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *line;
	size_t pos = 0, n, shown = 0;

	if (azk_read_file(log, &sb))
		return;
	while (shown < 10 && azk_next_line(sb_str(&sb), sb.len, &pos, &line, &n)) {
		report_note(r, "%.*s", (int)n, line);
		shown++;
	}
}

static int step(char *const argv[], const char *dir, struct azk_report *r)
{
	_cleanup_free_ char *log = path_join(dir, "log");
	int rc = kconf_run(argv, dir, log);

	if (!rc)
		return 0;
	if (rc == 127)
		report_bad(r, "kconf-build", NULL, 0,
			   "building the Kconfig helper needs '%s', which is not installed",
			   argv[0]);
	else
		report_bad(r, "kconf-build", NULL, 0, "building the Kconfig helper: %s failed (%d)",
			   argv[0], rc);
	note_log(r, log);
	return -1;
}

static int compile(const char *kdir, const char *inc, const char *helper, const char *dir,
		   struct azk_report *r)
{
	_cleanup_free_ char *y = path_join(kdir, "parser.y"), *l = path_join(kdir, "lexer.l");
	_cleanup_free_ char *ik = xasprintf("-I%s", kdir), *ii = xasprintf("-I%s", inc);
	_cleanup_free_ char *ih = xasprintf("-I%s", helper);
	char *cc = getenv("HOSTCC");
	char *bison[] = { "bison", "-o", "parser.tab.c", "--defines=parser.tab.h", "-t", "-l", y,
			  NULL };
	char *flex[] = { "flex", "-olexer.lex.c", "-L", l, NULL };
	VEC(char *) argv = { 0 };
	int rc;

	if (step(bison, dir, r) || step(flex, dir, r))
		return -1;
	vec_push(&argv, xstrdup(cc && *cc ? cc : "cc"));
	vec_push(&argv, xstrdup("-O2"));
	vec_push(&argv, xstrdup("-std=gnu11"));
	vec_push(&argv, xstrdup("-I."));
	vec_push(&argv, xstrdup(ih));
	vec_push(&argv, xstrdup(ik));
	vec_push(&argv, xstrdup(ii));
	vec_push(&argv, xstrdup("-D_GNU_SOURCE"));
	vec_push(&argv, xstrdup("-Dpopen=azk_popen"));
	vec_push(&argv, xstrdup("-Dpclose=azk_pclose"));
	vec_push(&argv, xstrdup("-Wl,--wrap=expr_invalidate_all"));
	vec_push(&argv, xstrdup("-o"));
	vec_push(&argv, xstrdup(HELPER));
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		vec_push(&argv, path_join(helper, helpers[i]));
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		vec_push(&argv, path_join(kdir, sources[i]));
	vec_push(&argv, xstrdup("parser.tab.c"));
	vec_push(&argv, xstrdup("lexer.lex.c"));
	vec_push(&argv, NULL);
	rc = step(argv.v, dir, r);
	for (size_t i = 0; i < argv.n; i++)
		free(argv.v[i]);
	vec_free(&argv);
	return rc;
}

int kconf_build(const char *tree, const char *cache, char **exe, struct azk_report *r)
{
	_cleanup_free_ char *kdir = path_join(tree, "scripts/kconfig");
	_cleanup_free_ char *inc = path_join(tree, "scripts/include");
	_cleanup_free_ char *found = find_helper(), *helper = NULL, *dir = NULL, *tmp = NULL;
	struct key k = { ((unsigned __int128)0x6c62272e07bb0142 << 64) | 0x62b821756295c58d };
	int rc;

	helper = realpath(found, NULL);
	rc = helper ? key_dir(&k, helper, true) : -errno;
	if (rc) {
		report_bad(r, "kconf-build", found, 0, "the helper's source: %s", strerror(-rc));
		return -1;
	}
	rc = key_dir(&k, kdir, true);
	if (!rc)
		rc = key_dir(&k, inc, false);
	if (rc) {
		report_bad(r, "tree", kdir, 0, "not a kernel tree with Kconfig sources: %s",
			   strerror(-rc));
		return -1;
	}
	dir = xasprintf("%s/%016llx%016llx", cache, (unsigned long long)(k.h >> 64),
			(unsigned long long)k.h);
	*exe = path_join(dir, HELPER);
	if (!access(*exe, X_OK))
		return 0;

	tmp = xasprintf("%s.tmp.%ld", dir, (long)getpid());
	rc = azk_mkdir_p(tmp, 0755);
	if (rc) {
		report_bad(r, "kconf-build", tmp, 0, "%s", strerror(-rc));
		goto fail;
	}
	if (compile(kdir, inc, helper, tmp, r))
		goto fail;
	/* somebody else may have been faster: theirs is as good */
	if (rename(tmp, dir) < 0 && access(*exe, X_OK)) {
		report_bad(r, "kconf-build", dir, 0, "%s", strerror(errno));
		goto fail;
	}
	azk_remove_tree(tmp);
	return 0;
fail:
	azk_remove_tree(tmp);
	free(TAKE_PTR(*exe));
	return -1;
}

char *kconf_memo(const char *tree, const char *cache, const struct strlist *env)
{
	_cleanup_free_ char *scripts = path_join(tree, "scripts");
	_cleanup_free_ char *dummies = path_join(scripts, "dummy-tools");
	const char *const dirs[] = { scripts, dummies };
	struct key k = { ((unsigned __int128)0x6c62272e07bb0142 << 64) | 0x62b821756295c58d };

	for (size_t i = 0; i < env->n; i++) {
		if (env->v[i])
			key_add(&k, env->v[i], strlen(env->v[i]) + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct strlist names = { 0 };

		if (azk_list_dir(dirs[i], &names))
			continue;
		for (size_t j = 0; j < names.n; j++) {
			_cleanup_free_ char *path = path_join(dirs[i], names.v[j]);

			if (i || str_ends(names.v[j], ".sh"))
				key_file(&k, path);
		}
		strlist_free(&names);
	}
	return xasprintf("%s/shell.%016llx%016llx", cache, (unsigned long long)(k.h >> 64),
			 (unsigned long long)k.h);
}
