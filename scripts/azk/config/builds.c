// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an option builds: the tree's Makefiles as an index from symbols to
 * objects, kept in the cache folder.
 *
 * The index is a text file: "M MTIME SIZE PATH" per Makefile, then "B SYMBOL
 * OBJECT". It holds as long as each of these Makefiles is as it was; a new one
 * only counts once a Makefile names its folder, which changes that one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/builds.h"

#define MAX_LEVELS 24

/* ---- one Makefile -------------------------------------------------------------- */

/* A line with its continuations, comments cut off. False at the end. */
static bool logical_line(const char *buf, size_t len, size_t *pos, struct strbuf *out)
{
	const char *line;
	size_t n;
	bool any = false, more = true;

	sb_reset(out);
	while (more && azk_next_line(buf, len, pos, &line, &n)) {
		const char *hash = memchr(line, '#', n);

		any = true;
		more = n && line[n - 1] == '\\' && !hash;
		sb_add(out, line, hash ? (size_t)(hash - line) : more ? n - 1 : n);
		sb_addch(out, ' ');
	}
	return any;
}

/* "foo-$(CONFIG_BAR) += a.o b/": what is assigned to, and what. */
struct assign {
	char *left, *right;
};

static bool split_assign(char *s, struct assign *a)
{
	char *eq = strchr(s, '=');

	if (*s == '\t' || !eq || eq == s)
		return false;
	a->right = eq + 1;
	if (eq[-1] == '+' || eq[-1] == ':' || eq[-1] == '?')
		eq--;
	while (eq > s && eq[-1] == ':')
		eq--;
	*eq = '\0';
	a->left = str_trim(s);
	return *a->left && !strpbrk(a->left, " \t");
}

/* The symbol of "...-$(CONFIG_X)", cut off @left; NULL when it is none. */
static char *take_symbol(char *left)
{
	char *at = strstr(left, "-$(CONFIG_"), *end = at ? strchr(at, ')') : NULL;

	if (!end || end[1])
		return NULL;
	*end = *at = '\0';
	return at + strlen("-$(CONFIG_");
}

static char *next_word(char **s)
{
	char *w;

	*s += strspn(*s, " \t");
	w = *s;
	*s += strcspn(*s, " \t");
	if (*w && **s)
		*(*s)++ = '\0';
	return *w ? w : NULL;
}

/* What "NAME-y", "NAME-objs" and "NAME-$(...)" are made of. */
static void find_parts(const char *name, const char *buf, size_t len, struct strlist *parts)
{
	_cleanup_sb_ struct strbuf line = STRBUF_INIT;
	size_t pos = 0, n = strlen(name);

	while (logical_line(buf, len, &pos, &line)) {
		struct assign a;
		char *w;

		if (!line.len || strncmp(line.buf + strspn(line.buf, " "), name, n) ||
		    !split_assign(line.buf, &a) || strncmp(a.left, name, n))
			continue;
		if (strcmp(a.left + n, "-y") && strcmp(a.left + n, "-objs") &&
		    strcmp(a.left + n, "-m"))
			continue;
		while ((w = next_word(&a.right))) {
			if (str_ends(w, ".o") && !strlist_has(parts, w))
				strlist_add(parts, w);
		}
	}
}

static void add_object(const char *sym, const char *dir, const char *obj, struct strlist *out)
{
	vec_push(out, xasprintf("%s %s%s%s", sym, dir, *dir ? "/" : "", obj));
}

void cfg_makefile_scan(const char *dir, const char *buf, size_t len, struct strlist *out)
{
	_cleanup_sb_ struct strbuf line = STRBUF_INIT;
	size_t pos = 0;

	while (logical_line(buf, len, &pos, &line)) {
		struct assign a;
		char *sym, *w;

		if (!line.len || !strstr(line.buf, "$(CONFIG_") || !split_assign(line.buf, &a))
			continue;
		sym = take_symbol(a.left);
		if (!sym || !*sym)
			continue;
		while ((w = next_word(&a.right))) {
			struct strlist parts = { 0 };
			size_t n = strlen(w);

			if (w[n - 1] == '/') {
				add_object(sym, dir, w, out);
				continue;
			}
			if (!str_ends(w, ".o") || n < 3)
				continue;
			w[n - 2] = '\0';
			find_parts(w, buf, len, &parts);
			w[n - 2] = '.';
			for (size_t i = 0; i < parts.n; i++)
				add_object(sym, dir, parts.v[i], out);
			if (!parts.n)
				add_object(sym, dir, w, out);
			strlist_free(&parts);
		}
	}
}

/* ---- the index --------------------------------------------------------------------- */

static int scan_file(const char *tree, const char *dir, const char *name, struct strbuf *heads,
		     struct strlist *lines)
{
	_cleanup_free_ char *rel = *dir ? path_join(dir, name) : xstrdup(name);
	_cleanup_free_ char *path = path_join(tree, rel);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (azk_read_file(path, &sb))
		return 0;
	sb_addf(heads, "M %lld.%09ld %lld %s\n", (long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (long long)st.st_size, rel);
	cfg_makefile_scan(dir, sb_str(&sb), sb.len, lines);
	return 0;
}

/* Folders that build nothing of the kernel. */
static bool is_apart(const char *dir)
{
	static const char *const apart[] = { "Documentation", "tools", "scripts", "samples",
					     "LICENSES" };

	for (size_t i = 0; i < ARRAY_SIZE(apart); i++) {
		if (!strcmp(dir, apart[i]))
			return true;
	}
	return false;
}

static int scan_dir(const char *tree, const char *dir, unsigned int level, struct strbuf *heads,
		    struct strlist *lines)
{
	_cleanup_free_ char *path = *dir ? path_join(tree, dir) : xstrdup(tree);
	DIR *d = level < MAX_LEVELS ? opendir(path) : NULL;
	struct dirent *e;

	if (!d)
		return level < MAX_LEVELS ? -errno : 0;
	while ((e = readdir(d))) {
		_cleanup_free_ char *sub = NULL;

		if (e->d_name[0] == '.')
			continue;
		if (!strcmp(e->d_name, "Makefile") || !strcmp(e->d_name, "Kbuild")) {
			scan_file(tree, dir, e->d_name, heads, lines);
			continue;
		}
		if (e->d_type != DT_DIR)
			continue;
		sub = *dir ? path_join(dir, e->d_name) : xstrdup(e->d_name);
		if (!is_apart(sub))
			scan_dir(tree, sub, level + 1, heads, lines);
	}
	closedir(d);
	return 0;
}

static int make_index(const char *tree, const char *file, struct strbuf *out)
{
	struct strlist lines = { 0 };
	int rc = scan_dir(tree, "", 0, out, &lines);

	for (size_t i = 0; i < lines.n; i++)
		sb_addf(out, "B %s\n", lines.v[i]);
	strlist_free(&lines);
	/* one that cannot be kept costs time the next run, nothing else */
	if (!rc)
		azk_write_file_at(AT_FDCWD, file, sb_str(out), out->len, 0644, false);
	return rc;
}

/* Every Makefile named is as it was. */
static bool still_true(int tree, const struct strbuf *index)
{
	const char *line;
	size_t pos = 0, n, seen = 0;

	while (azk_next_line(sb_str(index), index->len, &pos, &line, &n)) {
		char path[4096], head[4200];
		long long sec, size;
		struct stat st;
		long nsec;

		if (*line != 'M')
			break;
		/* of its own: sscanf() looks for the end of the string first */
		if (n >= sizeof(head))
			return false;
		memcpy(head, line, n);
		head[n] = '\0';
		if (sscanf(head, "M %lld.%ld %lld %4095[^\n]", &sec, &nsec, &size, path) != 4 ||
		    fstatat(tree, path, &st, 0) < 0 || st.st_mtim.tv_sec != sec ||
		    st.st_mtim.tv_nsec != nsec || st.st_size != size)
			return false;
		seen++;
	}
	return seen;
}

/* a.o as the source it is made of. */
static char *source_of(int tree, const char *obj)
{
	static const char *const ends[] = { "c", "S", "rs" };
	size_t n = strlen(obj);

	for (size_t i = 0; str_ends(obj, ".o") && i < ARRAY_SIZE(ends); i++) {
		char *src = xasprintf("%.*s%s", (int)(n - 1), obj, ends[i]);

		if (!faccessat(tree, src, F_OK, 0))
			return src;
		free(src);
	}
	return xstrdup(obj);
}

int cfg_builds(const char *tree, const char *cache, const char *sym, struct strlist *out)
{
	_cleanup_free_ char *root = realpath(tree, NULL), *file = NULL, *want = NULL;
	_cleanup_sb_ struct strbuf index = STRBUF_INIT;
	const char *line;
	size_t pos = 0, n, len;
	int dir, rc = 0;

	dir = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0)
		return -errno;
	file = xasprintf("%s/makefiles.%016llx", cache,
			 (unsigned long long)azk_hash(0, root, strlen(root)));
	if (azk_read_file(file, &index) || !still_true(dir, &index)) {
		sb_reset(&index);
		rc = make_index(root, file, &index);
	}
	want = xasprintf("B %s ", sym);
	len = strlen(want);
	while (!rc && azk_next_line(sb_str(&index), index.len, &pos, &line, &n)) {
		_cleanup_free_ char *obj = NULL, *src = NULL;

		if (n <= len || memcmp(line, want, len))
			continue;
		obj = xstrndup(line + len, n - len);
		src = source_of(dir, obj);
		if (!strlist_has(out, src))
			strlist_add(out, src);
	}
	strlist_sort(out);
	close(dir);
	return rc;
}
