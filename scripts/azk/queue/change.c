// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "queue/apply.h"
#include "queue/change.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static char *dup(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static struct lines copy(const struct lines *l)
{
	struct lines out = { 0 };

	lines_append(&out, l, 0, l->n);
	return out;
}

void view_set(struct vfile *f, const struct lines *lines, bool exists, mode_t mode)
{
	struct lines now = copy(lines);

	vec_free(&f->lines);
	f->lines = now;
	f->exists = exists;
	f->mode = mode;
	f->dirty = true;
}

/* A file of the view as it was, to go back to when the patch does not apply. */
struct saved {
	struct vfile *f;
	struct lines lines;
	bool exists, dirty;
	mode_t mode;
};

struct snapshot {
	VEC(struct saved) v;
};

static void save(struct snapshot *s, struct tree *t, const char *path)
{
	const char *why = NULL;
	struct vfile *f = path ? tree_get(t, path, &why) : NULL;
	struct saved *e;

	for (size_t i = 0; f && i < s->v.n; i++) {
		if (s->v.v[i].f == f)
			return;
	}
	if (!f)
		return;
	e = vec_add(&s->v);
	e->f = f;
	e->lines = copy(&f->lines);
	e->exists = f->exists;
	e->dirty = f->dirty;
	e->mode = f->mode;
}

static const struct saved *saved_of(const struct snapshot *s, const char *path)
{
	for (size_t i = 0; path && i < s->v.n; i++) {
		if (!strcmp(s->v.v[i].f->path, path))
			return &s->v.v[i];
	}
	return NULL;
}

static void snapshot_free(struct snapshot *s, bool restore)
{
	for (size_t i = 0; i < s->v.n; i++) {
		struct saved *e = &s->v.v[i];

		if (restore) {
			view_set(e->f, &e->lines, e->exists, e->mode);
			e->f->dirty = e->dirty;
		}
		vec_free(&e->lines);
	}
	vec_free(&s->v);
}

/* The runs of the diff as the patch has them. False when it does not place. */
static bool runs_of_diff(struct change_file *f, const struct patch *p, const struct file_diff *d)
{
	struct placement *res = xcalloc(d->n + 1, sizeof(*res));
	struct lines out = { 0 };
	bool ok;

	ok = !place_hunks(p, d, &f->before, &out, res, NULL) && lines_equal(&out, &f->after);
	for (size_t i = 0; ok && i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];
		const struct hunk_line *b = p->body.v + h->first;
		size_t at = res[i].at, to = res[i].applied_at;

		for (size_t k = 0; k < h->n;) {
			struct run r = { .hunk = i + 1, .line = h->line };

			if (b[k].op == ' ') {
				at++;
				to++;
				k++;
				continue;
			}
			r.e.a0 = at;
			r.e.b0 = to;
			for (; k < h->n && b[k].op != ' '; k++) {
				if (b[k].op == '-')
					at++;
				else
					to++;
			}
			r.e.an = at - r.e.a0;
			r.e.bn = to - r.e.b0;
			vec_push(&f->runs, r);
		}
	}
	vec_free(&out);
	placements_free(res, d->n);
	free(res);
	return ok;
}

static void runs_of_lines(struct change_file *f)
{
	struct edits e = { 0 };

	lines_diff(&f->before, &f->after, &e);
	for (size_t i = 0; i < e.n; i++) {
		struct run r = { .e = e.v[i] };

		vec_push(&f->runs, r);
	}
	vec_free(&e);
}

static void add_file(struct change *c, const struct snapshot *s, struct tree *t,
		     const char *old_path, const char *new_path, const struct file_diff *d,
		     size_t line)
{
	const struct saved *was = saved_of(s, old_path ? old_path : new_path);
	const char *why = NULL;
	struct vfile *now = tree_get(t, new_path ? new_path : old_path, &why);
	struct change_file *f;

	for (size_t i = 0; i < c->n; i++) {
		if (same(c->v[i].old_path, old_path) && same(c->v[i].new_path, new_path))
			return;
	}
	f = vec_add(c);
	f->line = line;
	f->d = d;
	if (was && was->exists && old_path) {
		f->old_path = dup(old_path);
		f->before = copy(&was->lines);
		f->old_mode = was->mode;
	}
	if (now && now->exists && new_path) {
		f->new_path = dup(new_path);
		f->after = copy(&now->lines);
		f->new_mode = now->mode;
	}
	if (!f->old_path && !f->new_path)
		f->new_path = dup(new_path ? new_path : old_path);
	if (!d || !d->n || !runs_of_diff(f, c->p, d))
		runs_of_lines(f);
}

/* How many diffs of p are about that file. */
static size_t diffs_of(const struct patch *p, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < p->diffs.n; i++)
		n += same(p->diffs.v[i].old_path, path) || same(p->diffs.v[i].new_path, path);
	return n;
}

int change_apply(struct tree *t, const struct patch *p, struct azk_report *why, struct change *out)
{
	struct azk_report *own = why ? NULL : report_new("queue");
	_cleanup_sb_ struct strbuf undo = STRBUF_INIT;
	struct strlist paths = { 0 };
	struct apply_stats st;
	struct snapshot s = { 0 };
	int rc;

	memset(out, 0, sizeof(*out));
	out->p = p;
	for (size_t i = 0; i < p->diffs.n; i++) {
		save(&s, t, p->diffs.v[i].old_path);
		save(&s, t, p->diffs.v[i].new_path);
	}
	rc = apply_patch(t, p, why ? why : own, &undo, &paths, &st);
	for (size_t i = 0; !rc && i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];
		const char *path = d->new_path ? d->new_path : d->old_path;

		add_file(out, &s, t, d->old_path, d->new_path, diffs_of(p, path) == 1 ? d : NULL,
			 d->line);
	}
	snapshot_free(&s, rc);
	strlist_free(&paths);
	report_free(own);
	return rc;
}

bool change_is_binary(const struct change_file *f)
{
	return (f->d && f->d->is_binary) || lines_have_nul(&f->before) || lines_have_nul(&f->after);
}

void change_between(struct change *out, const struct change *first, const struct tree *last)
{
	memset(out, 0, sizeof(*out));
	out->p = first->p;
	for (size_t i = 0; i < first->n; i++) {
		const struct change_file *a = &first->v[i];
		const struct vfile *now = strmap_get(&last->files, change_path(a));
		struct change_file *f = vec_add(out);

		f->old_path = dup(a->old_path);
		f->old_mode = a->old_mode;
		f->before = copy(&a->before);
		f->line = a->line;
		if (now && now->exists) {
			f->new_path = dup(change_path(a));
			f->new_mode = now->mode;
			f->after = copy(&now->lines);
		}
		runs_of_lines(f);
	}
}

void change_free(struct change *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].old_path);
		free(c->v[i].new_path);
		vec_free(&c->v[i].before);
		vec_free(&c->v[i].after);
		vec_free(&c->v[i].runs);
	}
	vec_free(c);
}

void patch_reversed(const struct patch *p, struct patch *out)
{
	memset(out, 0, sizeof(*out));
	out->name = dup(p->name);
	out->file = dup(p->file);
	for (size_t i = 0; i < p->diffs.n; i++) {
		struct file_diff d = p->diffs.v[i];

		d.kind = d.kind == DIFF_CREATE ? DIFF_DELETE :
			d.kind == DIFF_DELETE ? DIFF_CREATE : d.kind;
		d.old_path = dup(p->diffs.v[i].new_path);
		d.new_path = dup(p->diffs.v[i].old_path);
		d.old_mode = p->diffs.v[i].new_mode;
		d.new_mode = p->diffs.v[i].old_mode;
		memset(&d.forward, 0, sizeof(d.forward));
		memcpy(d.old_id, p->diffs.v[i].new_id, sizeof(d.old_id));
		memcpy(d.new_id, p->diffs.v[i].old_id, sizeof(d.new_id));
		vec_push(&out->diffs, d);
	}
	for (size_t i = 0; i < p->hunks.n; i++) {
		struct hunk h = p->hunks.v[i];

		h.old_start = p->hunks.v[i].new_start;
		h.old_n = p->hunks.v[i].new_n;
		h.new_start = p->hunks.v[i].old_start;
		h.new_n = p->hunks.v[i].old_n;
		vec_push(&out->hunks, h);
	}
	for (size_t i = 0; i < p->body.n; i++) {
		struct hunk_line l = p->body.v[i];

		l.op = l.op == '+' ? '-' : l.op == '-' ? '+' : ' ';
		vec_push(&out->body, l);
	}
}
