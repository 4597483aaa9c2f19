// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From an image or a module down to what it was compiled from.
 *
 * A target with a source_ line was compiled: it is made of that file and its
 * deps_. Everything else (linked, archived, converted, compressed) is made of the
 * targets its command names, and those are followed; a thin archive says itself
 * what is in it. Generated text and `vmlinux` are kept as files of their own, so
 * that the image does not repeat the list of vmlinux.
 */
#include <errno.h>
#include <sys/stat.h>

#include "release/release.h"

struct scan {
	struct record *rec;
	struct azk_report *r;
	char *build, *src;	/* absolute, without a slash behind */
	struct strmap files;	/* path -> index + 1 in rec->files */
	struct strmap names;	/* path as written -> normalized path (owned) */
	const struct strmap *tree;	/* files of the tree before the build, or NULL */
	struct strlist todo;	/* generated files whose own inputs are still to be found */
};

/* One product or generated file being followed. */
struct follow {
	struct scan *s;
	struct idxset *from;
	struct strmap seen;
	const char *root;
	int depth;
};

static void follow_target(struct follow *f, const char *path);
static void follow_word(struct follow *f, const char *word);

/*
 * "a/./b/../c" to "a/c"; below build or src to a path from their top. Others stay
 * absolute. NULL for a relative path that leaves the build folder.
 */
static char *normalize(const struct scan *s, const char *path)
{
	_cleanup_free_ char *full = *path == '/' ? xstrdup(path) : path_join(s->build, path);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *tops[] = { s->build, s->src };
	char *rest = full;

	while (rest) {
		const char *part = strsep(&rest, "/");

		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			while (sb.len && sb.buf[--sb.len] != '/')
				;
			if (sb.buf)
				sb.buf[sb.len] = '\0';
			continue;
		}
		sb_addf(&sb, "/%s", part);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		size_t n = strlen(tops[i]);

		if (!strncmp(sb_str(&sb), tops[i], n) && sb_str(&sb)[n] == '/')
			return xstrdup(sb_str(&sb) + n + 1);
	}
	return sb_detach(&sb);
}

/* The same file is written the same way thousands of times. */
static const char *norm(struct scan *s, const char *path)
{
	char *found = strmap_get(&s->names, path);

	if (!found) {
		found = normalize(s, path);
		strmap_put(&s->names, path, found);
	}
	return found;
}

/* Where a normalized path is: the build folder first, then the source tree. */
static char *locate(const struct scan *s, const char *path)
{
	char *full = path_join(s->build, path);

	if (*path == '/' || azk_exists(full))
		return full;
	free(full);
	return path_join(s->src, path);
}

static char *cmd_name(const struct scan *s, const char *path)
{
	_cleanup_free_ char *dir = path_dirname(path);

	return xasprintf("%s/%s/.%s.cmd", s->build, dir, path_basename(path));
}

static bool has_cmd(const struct scan *s, const char *path)
{
	_cleanup_free_ char *name = *path == '/' ? NULL : cmd_name(s, path);

	return name && azk_exists(name);
}

/* False when there is no .cmd; a broken one is a finding, too. */
static bool load_cmd(struct scan *s, const char *path, struct cmdfile *c)
{
	_cleanup_free_ char *name = *path == '/' ? NULL : cmd_name(s, path);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t line;

	if (!name || azk_read_file(name, &sb))
		return false;
	if (!cmdfile_parse(c, sb_str(&sb), sb.len, &line))
		return true;
	report_bad(s->r, "cmd", name, line, "not what kbuild writes: expected savedcmd_, source_ "
		   "or deps_ of one target");
	cmdfile_free(c);
	return false;
}

/*
 * Made by the build without a .cmd of its own: by modpost, filechk, asn1_compiler.
 * A list of what there was before tells; without one, the usual names do.
 */
static bool generated(const struct scan *s, const char *path)
{
	const char *base = path_basename(path);

	if (s->tree)
		return !strmap_get(s->tree, path);
	if (has_cmd(s, path))
		return true;

	return str_ends(base, ".mod.c") || strstr(path, "/generated/") || base[0] == '.' ||
		str_starts(path, "include/config/") || !strcmp(path, "System.map");
}

static uint32_t file_index(struct scan *s, const char *path)
{
	size_t known = (size_t)(uintptr_t)strmap_get(&s->files, path);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *full = NULL;
	struct rec_file *f;
	int rc;

	if (known)
		return (uint32_t)known - 1;
	f = vec_add(&s->rec->files);
	f->path = xstrdup(path);
	strmap_put(&s->files, path, (void *)(uintptr_t)s->rec->files.n);
	full = locate(s, path);
	f->kind = *path == '/' ? FILE_SYSTEM :
		generated(s, path) ? FILE_GENERATED : FILE_SOURCE;
	if (f->kind == FILE_GENERATED)
		strlist_add(&s->todo, path);
	rc = f->kind == FILE_GENERATED ? digest_file(full, &f->d) : azk_read_file(full, &sb);
	if (rc) {
		report_bad(s->r, "lost", full, 0, "was compiled and cannot be read: %s",
			   strerror(-rc));
	} else if (f->kind != FILE_GENERATED) {
		digest_mem(sb_str(&sb), sb.len, &f->d);
		f->licence = licence_tag(sb_str(&sb), sb.len);
	}
	return (uint32_t)s->rec->files.n - 1;
}

static void add_input(struct follow *f, const char *path)
{
	const char *n = norm(f->s, path);

	if (strmap_get(&f->seen, n))
		return;
	strmap_put(&f->seen, n, f);
	if (strcmp(n, f->root))
		idxset_add(f->from, file_index(f->s, n));
}

/* .incbin "file" in assembly and in asm statements: the compiler does not list it. */
static void follow_incbin(struct follow *f, const char *source)
{
	static const char key[] = ".incbin";
	_cleanup_free_ char *full = locate(f->s, norm(f->s, source));
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *at, *end;

	if (azk_read_file(full, &sb))
		return;
	for (at = sb_str(&sb); (at = strstr(at, key)); ) {
		_cleanup_free_ char *name = NULL;

		at += sizeof(key) - 1;
		at += strspn(at, " \t\\");
		if (*at != '"')
			continue;
		end = at + 1 + strcspn(at + 1, "\"\\\n");
		if (*end == '\n')
			continue;
		name = xstrndup(at + 1, (size_t)(end - at - 1));
		if (*name)
			follow_word(f, name);
	}
}

/* Text a program made is a file of its own; binaries are followed through. */
static bool keep_generated(const char *path)
{
	static const char *const ends[] = { ".c", ".h", ".S", ".s", ".lds", ".x509" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (str_ends(path, ends[i]))
			return true;
	}
	return !strcmp(path, "vmlinux");
}

/* What runs is a tool; a script of the tree shaped the result and is named. */
static bool is_elf(const char *full)
{
	char magic[4] = "";
	FILE *fp = fopen(full, "rbe");
	bool elf = fp && fread(magic, 1, 4, fp) == 4 && !memcmp(magic, "\177ELF", 4);

	if (fp)
		fclose(fp);
	return elf;
}

static void follow_word(struct follow *f, const char *word)
{
	bool program = *word == '!', list = *word == '@';
	/* dd's if=FILE */
	const char *eq = program || list ? NULL : strchr(word, '=');
	const char *n = norm(f->s, eq ? eq + 1 : word + (program || list));
	_cleanup_free_ char *full = NULL;
	struct stat st;

	/* A private key is no ingredient, and its digest nobody's business. */
	if ((!strpbrk(n, "./") && strcmp(n, "vmlinux")) || *n == '/' || strpbrk(n, "*?$=:") ||
	    str_ends(n, ".pem") || str_ends(n, ".key"))
		return;
	/* The image takes relocations from it; it is vmlinux with its symbols. */
	if (!strcmp(n, "vmlinux.unstripped") && strcmp(f->root, "vmlinux"))
		n = "vmlinux";
	if (list) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
		struct strlist l = { 0 };

		full = locate(f->s, n);
		if (azk_read_file(full, &sb))
			report_bad(f->s->r, "lost", full, 0, "response file of %s cannot be read",
				   f->root);
		cmd_words(sb_str(&sb), &l);
		/* the first word of a list is no program */
		for (size_t i = 0; i < l.n; i++)
			follow_word(f, l.v[i] + (l.v[i][0] == '!'));
		strlist_free(&l);
		return;
	}
	if (has_cmd(f->s, n)) {
		/* a program the build made for itself is a tool, no ingredient */
		if (program)
			return;
		if (keep_generated(n))
			add_input(f, n);
		else
			follow_target(f, n);
		return;
	}
	full = locate(f->s, n);
	if (!stat(full, &st) && S_ISREG(st.st_mode) && strcmp(n, f->root) &&
	    !(program && is_elf(full)))
		add_input(f, n);
}

static void follow_archive(struct follow *f, const char *path)
{
	_cleanup_free_ char *full = locate(f->s, path), *dir = path_dirname(path);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct strlist members = { 0 };
	int rc = azk_read_file(full, &sb);

	if (!rc)
		rc = thin_members(sb_str(&sb), sb.len, &members);
	if (rc)
		report_bad(f->s->r, "archive", full, 0, "not a thin archive: %s", strerror(-rc));
	for (size_t i = 0; i < members.n; i++) {
		_cleanup_free_ char *m = path_join(dir, members.v[i]);

		follow_target(f, norm(f->s, m));
	}
	strlist_free(&members);
}

/* What scripts/link-vmlinux.sh links, by name; make does not record it. */
static void follow_vmlinux(struct follow *f)
{
	static const char *const parts[] = {
		"vmlinux.o", ".vmlinux.export.o", "init/version-timestamp.o", ".builtin-dtbs.o",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (has_cmd(f->s, parts[i]))
			follow_target(f, parts[i]);
	}
}

static void follow_compiled(struct follow *f, const struct cmdfile *c)
{
	add_input(f, c->source);
	if (!strcmp(path_basename(c->source), "link-vmlinux.sh"))
		follow_vmlinux(f);
	for (size_t i = 0; i < c->deps.n; i++)
		add_input(f, c->deps.v[i]);
	if (str_ends(c->source, ".S") || str_ends(c->source, ".c"))
		follow_incbin(f, c->source);
}

/* Chains of conversions are short; deeper means a loop that the names hide. */
#define MAX_DEPTH 64

static void follow_target(struct follow *f, const char *path)
{
	struct cmdfile c = { 0 };

	if (strmap_get(&f->seen, path))
		return;
	if (!load_cmd(f->s, path, &c)) {
		if (strcmp(path, f->root))
			add_input(f, path);
		return;
	}
	strmap_put(&f->seen, path, f);
	if (++f->depth > MAX_DEPTH) {
		report_bad(f->s->r, "loop", path, 0, "is made of itself, as the .cmd files tell");
	} else if (str_ends(path, ".a")) {
		follow_archive(f, path);
	} else if (c.source) {
		follow_compiled(f, &c);
	} else {
		struct strlist words = { 0 };

		cmd_words(c.command, &words);
		for (size_t i = 0; i < words.n; i++)
			follow_word(f, words.v[i]);
		strlist_free(&words);
	}
	f->depth--;
	cmdfile_free(&c);
}

static void follow_root(struct scan *s, const char *path, struct idxset *from)
{
	struct follow f = { .s = s, .from = from, .root = path };

	follow_target(&f, path);
	idxset_sort(from);
	strmap_free(&f.seen);
}

struct sorted {
	struct rec_file *v;
	uint32_t old;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct sorted *)a)->v->path, ((const struct sorted *)b)->v->path);
}

static void renumber(struct idxset *s, const uint32_t *to)
{
	for (size_t i = 0; i < s->n; i++)
		s->v[i] = to[s->v[i]];
	idxset_sort(s);
}

/* Numbers by path, so that the record does not depend on the order of the walk. */
static void sort_files(struct record *rec)
{
	size_t n = rec->files.n;
	struct sorted *order = xcalloc(n + 1, sizeof(*order));
	struct rec_file *files = xcalloc(n + 1, sizeof(*files));
	uint32_t *to = xcalloc(n + 1, sizeof(*to));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct sorted){ &rec->files.v[i], (uint32_t)i };
	qsort(order, n, sizeof(*order), by_path);
	for (size_t i = 0; i < n; i++) {
		files[i] = *order[i].v;
		to[order[i].old] = (uint32_t)i;
	}
	if (n)
		memcpy(rec->files.v, files, n * sizeof(*files));
	for (size_t i = 0; i < n; i++)
		renumber(&rec->files.v[i].from, to);
	for (size_t i = 0; i < rec->products.n; i++)
		renumber(&rec->products.v[i].from, to);
	free(order);
	free(files);
	free(to);
}

void scan_build(struct record *rec, const char *build, const char *src,
		const struct strmap *tree, const struct strlist *products, struct azk_report *r)
{
	struct scan s = { .rec = rec, .r = r, .tree = tree };

	s.build = realpath(build, NULL);
	s.src = realpath(src, NULL);
	if (!s.build || !s.src) {
		report_bad(r, "folder", s.build ? src : build, 0, "%s", strerror(errno));
		goto out;
	}
	for (size_t i = 0; i < products->n; i++) {
		struct rec_product *p;

		if (!has_cmd(&s, products->v[i])) {
			report_bad(r, "not-built", products->v[i], 0,
				   "no .cmd file of it in %s: was it built there?", build);
			continue;
		}
		p = vec_add(&rec->products);
		p->path = xstrdup(products->v[i]);
	}
	for (size_t i = 0; i < rec->products.n; i++) {
		struct idxset from = { 0 };

		follow_root(&s, rec->products.v[i].path, &from);
		rec->products.v[i].from = from;
		if (!from.n)
			report_bad(r, "empty", rec->products.v[i].path, 0,
				   "no source of it was found");
	}
	/* grows while it is walked */
	for (size_t i = 0; i < s.todo.n; i++) {
		size_t at = (size_t)(uintptr_t)strmap_get(&s.files, s.todo.v[i]);
		_cleanup_free_ char *path = xstrdup(s.todo.v[i]);
		struct idxset from = { 0 };

		follow_root(&s, path, &from);
		rec->files.v[at - 1].from = from;
	}
	sort_files(rec);
out:
	for (size_t i = 0; i < s.names.n; i++)
		free(s.names.v[i].value);
	strmap_free(&s.names);
	strmap_free(&s.files);
	strlist_free(&s.todo);
	free(s.build);
	free(s.src);
}
