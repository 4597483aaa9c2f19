// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing and replaying undo records; see undo.h for their form. */
#include <errno.h>
#include <sys/stat.h>

#include "queue/apply.h"
#include "queue/undo.h"

#define UNDO_MAGIC 0x31555a41u	/* "AZU1" */

static void put(struct strbuf *sb, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		sb_addch(sb, (char)(v >> (8 * i)));
}

static void put_str(struct strbuf *sb, const char *s, size_t n)
{
	put(sb, n, 8);
	sb_add(sb, s, n);
}

static void put_lines(struct strbuf *sb, const struct lines *l, size_t first, size_t last)
{
	size_t len = 0;

	for (size_t i = first; i < last; i++)
		len += l->v[i].len;
	put(sb, len, 8);
	for (size_t i = first; i < last; i++)
		sb_add(sb, l->v[i].s, l->v[i].len);
}

static void put_splice(struct strbuf *sb, size_t at, size_t del, const struct lines *before,
		       size_t first, size_t last)
{
	put(sb, at, 8);
	put(sb, del, 8);
	put_lines(sb, before, first, last);
}

static void put_file(struct strbuf *sb, const struct touched *tc)
{
	const struct lines *b = &tc->before, *now = &tc->f->lines;
	bool known = tc->diffs == 1 && tc->undo.n;
	bool same = now->v == b->v;
	size_t head = 0, tail = 0;

	put_str(sb, tc->f->path, strlen(tc->f->path));
	put(sb, tc->existed, 4);
	put(sb, tc->mode, 4);
	if (same || !tc->existed) {
		put(sb, !tc->existed, 4);
		put(sb, 0, 4);
		return;
	}
	put(sb, !tc->f->exists, 4);
	if (known) {
		put(sb, tc->undo.n, 4);
		for (size_t i = 0; i < tc->undo.n; i++) {
			const struct splice *s = &tc->undo.v[i];

			put_splice(sb, s->at, s->del, &s->before, 0, s->before.n);
		}
		return;
	}
	while (head < b->n && head < now->n && line_eq(&b->v[head], &now->v[head]))
		head++;
	while (tail < b->n - head && tail < now->n - head &&
	       line_eq(&b->v[b->n - 1 - tail], &now->v[now->n - 1 - tail]))
		tail++;
	put(sb, 1, 4);
	put_splice(sb, head, now->n - tail - head, b, head, b->n - tail);
}

/* Folders above path from the top, those that are not on disk. */
static void new_dirs(struct tree *t, const char *path, struct strlist *out)
{
	_cleanup_free_ char *p = xstrdup(path);
	struct stat st;

	for (char *s = strchr(p, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		if (!strmap_get(&t->new_dirs, p) &&
		    (fstatat(t->fd, p, &st, 0) < 0 || !S_ISDIR(st.st_mode))) {
			strmap_put(&t->new_dirs, p, t);
			strlist_add(out, p);
		}
		*s = '/';
	}
}

static void put_dir_modes(struct tree *t, const char *path, struct strbuf *sb, uint32_t *n)
{
	_cleanup_free_ char *p = xstrdup(path);
	struct stat st;

	for (char *s = strchr(p, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		if (fstatat(t->fd, p, &st, 0) == 0 && S_ISDIR(st.st_mode)) {
			put_str(sb, p, strlen(p));
			put(sb, st.st_mode & 07777, 4);
			(*n)++;
		}
		*s = '/';
	}
}

void undo_encode(struct tree *t, struct touched *const *tc, size_t n, struct strbuf *out)
{
	_cleanup_sb_ struct strbuf modes = STRBUF_INIT;
	struct strlist made = { 0 };
	uint32_t n_modes = 0;

	put(out, UNDO_MAGIC, 4);
	put(out, n, 4);
	/* what the patch made goes first: a folder of before may stand under its name */
	for (size_t i = 0; i < 2 * n; i++) {
		if (tc[i % n]->existed == (i >= n))
			put_file(out, tc[i % n]);
	}
	for (size_t i = 0; i < n; i++) {
		if (!tc[i]->existed && tc[i]->f->exists)
			new_dirs(t, tc[i]->f->path, &made);
		if (tc[i]->existed && !tc[i]->f->exists)
			put_dir_modes(t, tc[i]->f->path, &modes, &n_modes);
	}
	put(out, made.n, 4);
	for (size_t i = 0; i < made.n; i++)
		put_str(out, made.v[i], strlen(made.v[i]));
	put(out, n_modes, 4);
	sb_add(out, sb_str(&modes), modes.len);
	strlist_free(&made);
}

struct reader {
	const char *s, *end;
	bool bad;
};

static uint64_t get(struct reader *r, int bytes)
{
	uint64_t v = 0;

	if (r->end - r->s < bytes) {
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)(unsigned char)r->s[i] << (8 * i);
	r->s += bytes;
	return v;
}

static const char *get_bytes(struct reader *r, size_t *n)
{
	const char *s;

	*n = get(r, 8);
	if (r->bad || *n > (size_t)(r->end - r->s)) {
		r->bad = true;
		*n = 0;
		return "";
	}
	s = r->s;
	r->s += *n;
	return s;
}

static char *get_str(struct reader *r)
{
	size_t n;
	const char *s = get_bytes(r, &n);

	return xstrndup(s, n);
}

/* Replaces the content of f as the record says, unless it is malformed. */
static void undo_lines(struct reader *r, struct vfile *f, bool whole, size_t splices)
{
	struct lines out = { 0 };
	size_t from = 0;

	if (whole)
		f->lines.n = 0;
	for (size_t i = 0; i < splices && !r->bad; i++) {
		size_t at = get(r, 8), del = get(r, 8), n;
		const char *s = get_bytes(r, &n);

		if (r->bad || at < from || at > f->lines.n || del > f->lines.n - at) {
			r->bad = true;
			break;
		}
		lines_append(&out, &f->lines, from, at - from);
		lines_split(&out, s, n);
		from = at + del;
	}
	if (!r->bad)
		lines_append(&out, &f->lines, from, f->lines.n - from);
	vec_free(&f->lines);
	f->lines = out;
}

const char *undo_patch(struct tree *t, const char *rec, size_t len, struct undo_dirs *dirs,
		       struct strlist *paths)
{
	struct reader r = { rec, rec + len, false };
	uint32_t n;

	if (get(&r, 4) != UNDO_MAGIC)
		return "undo record is damaged";
	n = (uint32_t)get(&r, 4);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		_cleanup_free_ char *path = get_str(&r);
		bool existed = get(&r, 4);
		mode_t mode = get(&r, 4) & 07777;
		bool whole = get(&r, 4);
		size_t splices = get(&r, 4);
		const char *why = NULL;
		struct vfile *f;

		if (r.bad || path_unsafe_why(path))
			break;
		f = tree_get(t, path, &why);
		if (!f)
			return why;
		strlist_add(paths, path);
		undo_lines(&r, f, whole, splices);
		f->exists = existed;
		f->mode = mode;
		f->dirty = true;
	}
	n = (uint32_t)get(&r, 4);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		_cleanup_free_ char *path = get_str(&r);

		strmap_put(&dirs->made, path, dirs);
	}
	n = (uint32_t)get(&r, 4);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		_cleanup_free_ char *path = get_str(&r);

		strmap_put(&dirs->modes, path, (void *)(uintptr_t)((get(&r, 4) & 07777) + 1));
	}
	return r.bad || r.s != r.end ? "undo record is damaged" : NULL;
}
