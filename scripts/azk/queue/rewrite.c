// SPDX-License-Identifier: GPL-2.0-or-later
/* A patch written anew with as few other bytes as the change allows; see write.h. */
#include <errno.h>

#include "queue/git.h"
#include "queue/linediff.h"
#include "queue/write.h"

struct rewrite {
	const struct patch *p;
	struct tree *before, *after;
	const char **why;
	bool changed;
};

/* Where the line that holds or precedes s begins. */
static size_t line_start(const struct patch *p, size_t at)
{
	while (at && p->buf[at - 1] != '\n')
		at--;
	return at;
}

/* Offset of a hunk's @@ line: the one above its first body line. */
static size_t hunk_off(const struct patch *p, const struct hunk *h)
{
	size_t body = line_start(p, (size_t)(p->body.v[h->first].text.s - p->buf));

	/* a context line whose blank a mailer took away is its newline only */
	return line_start(p, body - 1);
}

/* The header of a part, with the blob ids of an index line brought up to date. */
static void put_header(const struct patch *p, const struct file_diff *d, const struct lines *old,
		       const struct lines *new, struct strbuf *out)
{
	size_t end = hunk_off(p, &p->hunks.v[d->first]), pos = d->off, n;
	const char *line;

	while (pos < end && azk_next_line(p->buf, end, &pos, &line, &n)) {
		_cleanup_sb_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
		char id[2][41];

		if (n > 6 && !memcmp(line, "index ", 6) && *d->old_id) {
			size_t k = strlen(d->old_id);

			lines_join(old, &a);
			lines_join(new, &b);
			blob_id(sb_str(&a), a.len, id[0]);
			blob_id(sb_str(&b), b.len, id[1]);
			sb_addf(out, "index %.*s..%.*s", (int)k, d->kind == DIFF_CREATE ? d->old_id : id[0],
				(int)k, d->kind == DIFF_DELETE ? d->new_id : id[1]);
			/* "index " ids ".." then the mode, if it is there */
			sb_add(out, line + 8 + k + strlen(d->new_id), n - 8 - k - strlen(d->new_id));
			sb_addch(out, '\n');
			continue;
		}
		sb_add(out, line, n);
		sb_addch(out, '\n');
	}
}

static void put_range(struct strbuf *out, char sign, size_t start, size_t n)
{
	sb_addf(out, "%c%zu", sign, start);
	if (n != 1)
		sb_addf(out, ",%zu", n);
}

/*
 * The hunks of a part as they are, with the numbers of where they are now and
 * context that fuzz left out replaced by what is there. False where a context
 * line has nothing to take its place.
 */
static bool put_placed(const struct patch *p, const struct file_diff *d, const struct lines *old,
		       const struct placement *res, struct strbuf *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];
		const struct placement *pl = &res[i];
		size_t off = hunk_off(p, h), end = off, lead = 0, k = 0;
		const char *func;

		while (p->buf[end] != '\n')
			end++;
		if (pl->how == PLACE_FUZZ)
			lead = pl->lead;
		if (pl->at < lead || pl->at - lead + h->old_n > old->n)
			return false;
		func = memmem(p->buf + off + 3, end - off - 3, " @@", 3);
		sb_addstr(out, "@@ ");
		put_range(out, '-', h->old_n ? pl->at - lead + 1 : h->old_start, h->old_n);
		sb_addch(out, ' ');
		put_range(out, '+', h->new_n ? pl->applied_at - lead + 1 : h->new_start, h->new_n);
		sb_add(out, func, (size_t)(p->buf + end - func) + 1);
		for (size_t j = 0; j < h->n; j++) {
			const struct hunk_line *l = &p->body.v[h->first + j];
			const struct line *t = &l->text;

			if (l->op == ' ')
				t = &old->v[pl->at - lead + k];
			k += l->op != '+';
			sb_addch(out, l->op);
			sb_add(out, t->s, t->len);
			if (t->s[t->len - 1] != '\n')
				sb_addstr(out, "\n\\ No newline at end of file\n");
		}
	}
	return true;
}

/* Whether the recorded numbers are those of the places. */
static bool in_place(const struct patch *p, const struct file_diff *d, const struct placement *res)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];

		if (res[i].how != PLACE_EXACT || (h->new_n && res[i].applied_at + 1 != h->new_start))
			return false;
	}
	return true;
}

/*
 * How many context lines the part was written with: above a hunk that is not at
 * the start of the file stand just as many, elsewhere the file may have ended.
 */
static unsigned int context_of(const struct patch *p, const struct file_diff *d)
{
	size_t most = 0;
	bool sure = false;

	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];
		const struct hunk_line *b = p->body.v + h->first;
		size_t lead = 0, trail = 0;

		while (lead < h->n && b[lead].op == ' ')
			lead++;
		while (trail < h->n && b[h->n - 1 - trail].op == ' ')
			trail++;
		most = lead > most ? lead : most;
		most = trail > most ? trail : most;
		sure |= h->old_start > 1;
	}
	return most && (sure || most > 3) ? (unsigned int)most : 3;
}

/* The part still is the change: its own bytes, or its own hunks at their new places. */
static bool put_same(struct rewrite *rw, const struct file_diff *d, const struct lines *old,
		     const struct lines *new, struct strbuf *out)
{
	struct placement *res = xcalloc(d->n ? d->n : 1, sizeof(*res));
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct lines got = { 0 };
	bool ok = false;

	if (!place_hunks_fuzz(rw->p, d, old, 8, &got, res, NULL) && lines_equal(&got, new)) {
		if (in_place(rw->p, d, res)) {
			sb_add(&sb, rw->p->buf + d->off, d->end - d->off);
			ok = true;
		} else {
			put_header(rw->p, d, old, new, &sb);
			ok = put_placed(rw->p, d, old, res, &sb);
			rw->changed = true;
		}
	}
	if (ok)
		sb_add(out, sb_str(&sb), sb.len);
	vec_free(&got);
	placements_free(res, d->n);
	free(res);
	return ok;
}

static bool binary_same(const struct rewrite *rw, const struct file_diff *d, const struct vfile *o,
			const struct vfile *n)
{
	_cleanup_sb_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	char id[41];

	(void)rw;
	if (o && o->exists)
		lines_join(&o->lines, &a);
	if (n && n->exists)
		lines_join(&n->lines, &b);
	blob_id(sb_str(&a), a.len, id);
	if (d->old_path && d->kind != DIFF_CREATE && strcmp(id, d->old_id))
		return false;
	blob_id(sb_str(&b), b.len, id);
	return d->kind == DIFF_DELETE || !strcmp(id, d->new_id);
}

static void put_new(const struct vfile *o, const struct vfile *n, struct strbuf *out)
{
	struct file_change c = { 0 };
	static const struct lines none;

	c.old = o && o->exists ? &o->lines : &none;
	c.new = n && n->exists ? &n->lines : &none;
	c.old_path = o && o->exists ? o->path : NULL;
	c.new_path = n && n->exists ? n->path : NULL;
	c.old_mode = o ? o->mode : 0;
	c.new_mode = n ? n->mode : 0;
	if (c.old_path || c.new_path)
		write_change(&c, out);
}

/* Several parts may be about one file; only the whole of them can be compared then. */
static size_t parts_of(const struct patch *p, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];

		n += (d->old_path && !strcmp(d->old_path, path)) ||
			(d->new_path && !strcmp(d->new_path, path));
	}
	return n;
}

static int put_part(struct rewrite *rw, const struct file_diff *d, struct strbuf *out)
{
	static const struct lines none;
	const char *to = d->new_path ? d->new_path : d->old_path;
	const char *from = d->old_path ? d->old_path : d->new_path;
	struct vfile *o = tree_get(rw->before, from, rw->why);
	struct vfile *n = o ? tree_get(rw->after, to, rw->why) : NULL;
	const struct lines *old, *new;
	bool kind_ok, mode_ok;

	if (!o || !n)
		return -EINVAL;
	old = o->exists && d->kind != DIFF_CREATE ? &o->lines : &none;
	new = n->exists && d->kind != DIFF_DELETE ? &n->lines : &none;
	/* a plain diff cannot say that a file is new, but that it is /dev/null it can */
	kind_ok = (d->kind == DIFF_DELETE) == !n->exists && !(d->kind == DIFF_CREATE && o->exists) &&
		(!d->git || d->kind == DIFF_RENAME || d->kind == DIFF_COPY || (d->kind == DIFF_CREATE) == !o->exists);
	mode_ok = !n->exists || !(d->new_mode && (d->old_mode || d->kind == DIFF_CREATE)) ||
		!(n->mode & 0100) == !(d->new_mode & 0100);
	if (d->old_mode && o->exists && !(o->mode & 0100) != !(d->old_mode & 0100))
		mode_ok = false;
	if (d->kind == DIFF_MODIFY && !d->new_mode && n->exists && o->exists)
		mode_ok = !(n->mode & 0100) == !(o->mode & 0100);
	if (kind_ok && mode_ok && parts_of(rw->p, from) == 1 && parts_of(rw->p, to) == 1) {
		if (d->is_binary ? binary_same(rw, d, o, n) : d->n ? put_same(rw, d, old, new, out) :
		    lines_equal(old, new)) {
			if (d->is_binary || !d->n)
				sb_add(out, rw->p->buf + d->off, d->end - d->off);
			return 0;
		}
		rw->changed = true;
		if (!d->is_binary && d->n && d->kind != DIFF_RENAME && d->kind != DIFF_COPY) {
			_cleanup_sb_ struct strbuf hunks = STRBUF_INIT;

			write_hunks(to, old, new, context_of(rw->p, d), &hunks);
			if (hunks.len && !memchr(sb_str(&hunks), '\0', hunks.len)) {
				put_header(rw->p, d, old, new, out);
				sb_add(out, hunks.buf, hunks.len);
			}
			return 0;
		}
	}
	rw->changed = true;
	/* of a copy that is gone nothing is left; its source stays */
	if (d->kind == DIFF_COPY && !n->exists)
		return 0;
	if ((d->kind == DIFF_RENAME || d->kind == DIFF_COPY) && o->exists && n->exists) {
		struct file_change c = { .old_path = from, .new_path = to, .old = old, .new = new,
				    .old_mode = o->mode, .new_mode = n->mode,
				    .copy = d->kind == DIFF_COPY };

		write_change(&c, out);
		return 0;
	}
	put_new(o, n, out);
	return 0;
}

/* The diffstat of the message, if it has one, for the new diff; was is the patch before. */
static void restat(const struct strbuf *in, const struct patch *was, struct strbuf *out)
{
	_cleanup_sb_ struct strbuf stat = STRBUF_INIT, old = STRBUF_INIT;
	size_t first = 0, last = 0, pos = 0, n, at = 0;
	const char *line;
	struct patch p;
	bool good;

	good = !patch_parse(&p, was->name, was->name, xmemdup0(sb_str(in), in->len), in->len);
	while (good && pos < p.diffs.v[0].off && azk_next_line(in->buf, p.diffs.v[0].off, &pos, &line, &n)) {
		const char *sum = memmem(line, n, " changed, ", 10);

		if (n > 3 && *line == ' ' && memmem(line, n, " | ", 3) && !first)
			first = at;
		else if (n && *line != ' ' && !last)
			first = 0;
		if (first && sum)
			last = pos;
		if (last && (!strncmp(line, " create mode ", 13) || !strncmp(line, " delete mode ", 13) ||
			     !strncmp(line, " rename ", 8) || !strncmp(line, " copy ", 6) ||
			     !strncmp(line, " mode change ", 13)))
			last = pos;
		at = pos;
	}
	if (first && last) {
		write_diffstat(was, &old);
		write_diffstat(&p, &stat);
	}
	/* hunks that only moved leave it as somebody wrote it */
	if (stat.len && strcmp(sb_str(&old), sb_str(&stat))) {
		sb_add(out, in->buf, first);
		sb_add(out, stat.buf, stat.len);
		sb_add(out, in->buf + last, in->len - last);
	} else {
		sb_add(out, sb_str(in), in->len);
	}
	patch_free(&p);
}

int patch_rewrite(const struct patch *p, struct tree *before, struct tree *after,
		  const struct strlist *add, struct strbuf *out, const char **why)
{
	struct rewrite rw = { .p = p, .before = before, .after = after, .why = why };
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t at = 0;

	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];
		const char *path = d->new_path ? d->new_path : d->old_path;
		bool again = false;

		sb_add(&sb, p->buf + at, d->off - at);
		at = d->end;
		/* an edited file with several parts is written once, as a whole */
		for (size_t k = 0; k < i; k++) {
			const struct file_diff *e = &p->diffs.v[k];

			again |= e->new_path && !strcmp(e->new_path, path);
		}
		if (!again && put_part(&rw, d, &sb))
			return -EINVAL;
	}
	for (size_t i = 0; add && i < add->n; i++) {
		struct vfile *o = tree_get(before, add->v[i], why);
		struct vfile *n = o ? tree_get(after, add->v[i], why) : NULL;
		size_t len = sb.len;

		if (!o || !n)
			return -EINVAL;
		put_new(o, n, &sb);
		rw.changed |= sb.len != len;
	}
	sb_add(&sb, p->buf + at, p->len - at);
	if (!rw.changed)
		sb_add(out, p->buf, p->len);
	else
		restat(&sb, p, out);
	return 0;
}
