// SPDX-License-Identifier: GPL-2.0-or-later
/* A series computed for a new base, patch after patch, in memory. */
#include <errno.h>

#include "queue/apply.h"
#include "queue/moved.h"
#include "queue/rebase.h"

/* One file of the patch at hand, in the new view before and after it. */
struct step {
	const struct change_file *f;
	struct vfile *ours, *target;	/* target: under the new name */
	struct file_result res;
	mode_t mode;			/* as the file becomes */
	struct lines before;		/* copy of ours */
};

struct steps {
	struct step *v;
	size_t n, cap;
};

static void steps_free(struct steps *s)
{
	for (size_t i = 0; i < s->n; i++) {
		file_result_free(&s->v[i].res);
		vec_free(&s->v[i].before);
	}
	vec_free(s);
}

static bool renames(const struct change_file *f)
{
	return f->old_path && f->new_path && strcmp(f->old_path, f->new_path);
}

static struct vfile *get(struct rebase *rb, struct rebase_patch *out, struct tree *t,
			 const char *path)
{
	const char *why = NULL;
	struct vfile *f = tree_get(t, path, &why);

	(void)rb;
	if (!f && !out->why)
		out->why = xasprintf("'%s' %s in the new base", path, why);
	return f;
}

/* Whether nothing under this patch differs from the old base: then it is clean. */
static bool untouched(const struct steps *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct step *st = &s->v[i];
		const struct change_file *f = st->f;

		if (st->ours->exists != !!f->old_path || !lines_equal(&st->ours->lines, &f->before))
			return false;
		if (f->old_path && (st->ours->mode & 0100) != (f->old_mode & 0100))
			return false;
		if (st->target && st->target->exists)
			return false;
	}
	return true;
}

static const struct file_verdict *verdict_of(const struct verdict *v, const struct change_file *f)
{
	for (size_t i = 0; i < v->files.n; i++) {
		if (v->files.v[i].f == f)
			return &v->files.v[i];
	}
	return NULL;
}

static enum rebase_class class_of(const struct steps *s)
{
	enum rebase_class worst = REBASE_CLEAN;
	size_t landed = 0;

	for (size_t i = 0; i < s->n; i++) {
		enum rebase_class c = s->v[i].res.cls;

		if (c == REBASE_LANDED)
			landed++;
		else if (c > worst)
			worst = c;
	}
	if (landed && landed == s->n)
		return REBASE_LANDED;
	return landed && worst < REBASE_PARTLY ? REBASE_PARTLY : worst;
}

static mode_t mode_after(const struct step *st)
{
	const struct change_file *f = st->f;
	mode_t mode = st->ours->exists ? st->ours->mode : f->new_mode;

	if (f->old_path && f->new_path && (f->old_mode & 0100) != (f->new_mode & 0100))
		mode = (mode & ~(mode_t)0111) | (f->new_mode & 0111);
	return mode;
}

/* A resolution may come to the file as it is. */
static bool nothing_left(const struct file_change *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!w[i].old_path || !w[i].new_path || strcmp(w[i].old_path, w[i].new_path) ||
		    (w[i].old_mode & 0100) != (w[i].new_mode & 0100) ||
		    !lines_equal(w[i].old, w[i].new))
			return false;
	}
	return true;
}

static void write_text(struct rebase_patch *out, struct steps *s)
{
	struct file_change *w = xcalloc(s->n + 1, sizeof(*w));
	static const struct lines empty;
	const char *why = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct step *st = &s->v[i];
		const struct change_file *f = st->f;

		if (st->res.cls == REBASE_LANDED)
			continue;
		w[n].old_path = !st->ours->exists ? NULL : f->old_path ? f->old_path : f->new_path;
		w[n].new_path = st->res.exists ? change_path(f) : NULL;
		w[n].old_mode = st->ours->mode;
		w[n].new_mode = st->mode;
		w[n].old = st->ours->exists ? &st->before : &empty;
		w[n].new = st->res.exists ? &st->res.after : &empty;
		n++;
	}
	if (nothing_left(w, n)) {
		out->cls = REBASE_SKIPPED;
		out->why = xstrdup("its resolution leaves nothing of it");
		free(w);
		return;
	}
	if (patch_rewrite_sides(out->p, w, n, &out->text, &why)) {
		out->cls = REBASE_CONFLICT;
		out->why = xasprintf("it cannot be written: a file %s", why);
		free(w);
		return;
	}
	out->changed = out->text.len != out->p->len ||
		       memcmp(out->text.buf, out->p->buf, out->p->len);
	free(w);
}

static bool is_copy(const struct change_file *f)
{
	return f->d && f->d->kind == DIFF_COPY;
}

static void update_view(struct steps *s)
{
	static const struct lines empty;

	for (size_t i = 0; i < s->n; i++) {
		struct step *st = &s->v[i];

		if (st->target && !is_copy(st->f))
			view_set(st->ours, &empty, false, st->ours->mode);
	}
	for (size_t i = 0; i < s->n; i++) {
		struct step *st = &s->v[i];

		view_set(st->target ? st->target : st->ours, &st->res.after, st->res.exists,
			 st->mode);
	}
}

/* What upstream did to the file as a whole. */
static void whole_file_causes(struct rebase *rb, const struct step *st, json_t *causes)
{
	const char *path = st->f->old_path ? st->f->old_path : st->f->new_path, *why = NULL;
	const struct vfile *was = tree_get(&rb->old_base, path, &why);
	const struct vfile *now = tree_get(&rb->new_base, path, &why);
	const char *what = NULL;

	if (st->target && st->target->exists) {
		path = st->f->new_path;
		what = "file is new";
	} else if (was && now && was->exists != now->exists) {
		what = was->exists ? "file is gone" : "file is new";
	} else if (was && now && was->exists && (was->mode & 0100) != (now->mode & 0100)) {
		what = "mode changed";
	}
	if (what)
		json_array_append_new(causes, json_pack("{s:s, s:s}", "file", path, "where", what));
}

static void add_info(struct rebase *rb, struct rebase_patch *out, const struct steps *s,
		     const struct verdict *v)
{
	json_t *files = json_object_get(out->info, "files");
	json_t *causes = json_object_get(out->info, "causes");

	for (size_t i = 0; i < s->n; i++) {
		const struct step *st = &s->v[i];
		const char *path = st->f->old_path ? st->f->old_path : st->f->new_path, *why = NULL;
		struct vfile *was = tree_get(&rb->old_base, path, &why);
		struct vfile *now = tree_get(&rb->new_base, path, &why);
		json_t *o = json_pack("{s:s, s:s}", "file", change_path(st->f), "class",
				      rebase_class_name(st->res.cls));
		json_t *c;

		if (st->res.why)
			json_object_set_new(o, "why", json_string(st->res.why));
		if (st->res.replayed)
			json_object_set_new(o, "resolution", json_string("remembered"));
		json_array_append_new(files, o);
		if (st->res.cls == REBASE_CLEAN)
			continue;
		whole_file_causes(rb, st, causes);
		if (!was || !now || was->exists != now->exists)
			continue;
		c = rebase_causes(st->f, &was->lines, &now->lines, st->res.cls == REBASE_MOVED);
		json_array_extend(causes, c);
		json_decref(c);
	}
	if (v && v->v != LANDED_NOT)
		json_object_set_new(out->info, "landed", verdict_json(v));
}

/* A conflicting patch before this one that touches the same file. */
static const struct rebase_patch *blocker(const struct rebase *rb, const struct rebase_patch *out,
					  const struct steps *s)
{
	for (const struct rebase_patch *q = rb->patches.v; q < out; q++) {
		if (q->cls != REBASE_CONFLICT && q->cls != REBASE_AMBIGUOUS)
			continue;
		for (size_t i = 0; i < s->n; i++) {
			for (size_t k = 0; k < q->p->diffs.n; k++) {
				const struct file_diff *d = &q->p->diffs.v[k];

				if (s->v[i].res.cls >= REBASE_AMBIGUOUS &&
				    !strcmp(d->new_path ? d->new_path : d->old_path,
					    s->v[i].f->old_path ? s->v[i].f->old_path :
								  s->v[i].f->new_path))
					return q;
			}
		}
	}
	return NULL;
}

/* Whether p landed only together with other patches of ours. */
static const char *landed_with(struct rebase *rb, const struct patch *p)
{
	if (!rb->grouped) {
		struct azk_report *own = report_new("queue");

		rb->grouped = true;
		landed_series(rb->list, rb->old_dir, rb->new_dir, NULL, own, &rb->groups);
		report_free(own);
	}
	for (size_t i = 0; i < rb->groups.n; i++) {
		if (rb->groups.v[i].p == p && rb->groups.v[i].v.v == LANDED_ALL)
			return rb->groups.v[i].with;
	}
	return NULL;
}

static void take_conflicts(struct rebase_patch *out, struct steps *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct file_result *r = &s->v[i].res;

		if (!out->why && r->why)
			out->why = xasprintf("%s: %s", change_path(s->v[i].f), r->why);
		if (r->markers && !out->blocked_by) {
			vec_push(&out->conflicts, *r);
			memset(r, 0, sizeof(*r));
		}
	}
}

static int collect_steps(struct rebase *rb, struct rebase_patch *out, const struct change *c,
			 struct steps *s)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change_file *f = &c->v[i];
		struct step *st = vec_add(s);

		st->f = f;
		st->ours = get(rb, out, &rb->new_view, f->old_path ? f->old_path : f->new_path);
		st->target = renames(f) ? get(rb, out, &rb->new_view, f->new_path) : NULL;
		if (!st->ours || (renames(f) && !st->target))
			return -EINVAL;
		lines_append(&st->before, &st->ours->lines, 0, st->ours->lines.n);
		st->mode = mode_after(st);
	}
	return 0;
}

static void one_patch(struct rebase *rb, struct rebase_patch *out, const struct change *c)
{
	struct steps s = { 0 };
	struct verdict v = { 0 };
	const struct rebase_patch *q;
	const char *with;
	bool clean;

	if (collect_steps(rb, out, c, &s)) {
		out->cls = REBASE_CONFLICT;
		goto out;
	}
	clean = untouched(&s);
	if (!clean)
		landed_judge(c, &rb->new_base, &rb->old_base, rb->added, &v);
	for (size_t i = 0; i < s.n; i++) {
		struct step *st = &s.v[i];
		struct file_in in = {
			.p = out->p, .f = st->f, .ours = st->ours, .target = st->target,
			.landed = verdict_of(&v, st->f), .known = &rb->known, .texts = &rb->texts,
			.labels = { "old base", "new base" },
		};

		if (st->f->old_path && !st->ours->exists)
			in.moved = moved_to(&rb->new_base, &rb->old_base, &st->f->before,
					    &in.moved_percent);
		rebase_file(&in, &st->res);
	}
	out->cls = class_of(&s);
	if (out->cls >= REBASE_PARTLY) {
		with = landed_with(rb, out->p);
		if (with) {
			out->cls = REBASE_LANDED;
			json_object_set_new(out->info, "landed_with", json_string(with));
			goto out;
		}
	}
	if (out->cls < REBASE_AMBIGUOUS && out->cls != REBASE_LANDED) {
		write_text(out, &s);
		if (out->cls == REBASE_CLEAN && out->changed)
			out->cls = REBASE_MOVED;
	}
	if (out->cls >= REBASE_AMBIGUOUS) {
		q = blocker(rb, out, &s);
		out->blocked_by = q ? xstrdup(q->p->name) : NULL;
	}
	add_info(rb, out, &s, clean ? NULL : &v);
	if (out->cls < REBASE_AMBIGUOUS && out->cls != REBASE_LANDED)
		update_view(&s);
	else if (out->cls >= REBASE_AMBIGUOUS)
		take_conflicts(out, &s);
out:
	verdict_free(&v);
	steps_free(&s);
}

static int open_views(struct rebase *rb, struct azk_report *r)
{
	struct {
		struct tree *t;
		const char *dir;
	} v[] = {
		{ &rb->old_view, rb->old_dir }, { &rb->new_view, rb->new_dir },
		{ &rb->old_base, rb->old_dir }, { &rb->new_base, rb->new_dir },
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		int rc = tree_open(v[i].t, v[i].dir);

		if (!rc)
			continue;
		report_bad(r, "tree", v[i].dir, 0, "opening the tree: %s", strerror(-rc));
		while (i)
			tree_close(v[--i].t);
		return -EINVAL;
	}
	rb->added = added_new();
	return 0;
}

int rebase_run(struct rebase *rb, struct azk_report *r)
{
	VEC(struct change) changes = { 0 };
	int rc = open_views(rb, r);

	if (rc)
		return rc;
	vec_reserve(&rb->patches, rb->list->patches.n + 1);
	for (size_t i = 0; i < rb->list->patches.n && !rc; i++) {
		const struct patch *p = &rb->list->patches.v[i];
		struct change *c;

		if (!p->name)
			continue;
		c = vec_add(&changes);
		rc = change_apply(&rb->old_view, p, NULL, c);
		if (rc) {
			/* once more for the reasons: offsets are no findings here */
			report_bad(r, "old-base", p->file, 0, "does not apply to the old base %s",
				   rb->old_dir);
			change_apply(&rb->old_view, p, r, c);
		} else {
			added_note(rb->added, c);
		}
	}
	for (size_t i = 0, k = 0; i < rb->list->patches.n && !rc; i++) {
		const struct patch *p = &rb->list->patches.v[i];
		struct rebase_patch *out;

		if (!p->name)
			continue;
		out = vec_add(&rb->patches);
		out->p = p;
		out->info = json_pack("{s:[], s:[]}", "files", "causes");
		if (strlist_has(&rb->skip, p->name))
			out->cls = REBASE_SKIPPED;
		else
			one_patch(rb, out, &changes.v[k]);
		k++;
	}
	for (size_t i = 0; i < changes.n; i++)
		change_free(&changes.v[i]);
	vec_free(&changes);
	return rc;
}

void rebase_free(struct rebase *rb)
{
	for (size_t i = 0; i < rb->patches.n; i++) {
		struct rebase_patch *p = &rb->patches.v[i];

		for (size_t k = 0; k < p->conflicts.n; k++)
			file_result_free(&p->conflicts.v[k]);
		vec_free(&p->conflicts);
		sb_free(&p->text);
		free(p->why);
		free(p->blocked_by);
		json_decref(p->info);
	}
	vec_free(&rb->patches);
	if (rb->added) {
		added_free(rb->added);
		tree_close(&rb->old_view);
		tree_close(&rb->new_view);
		tree_close(&rb->old_base);
		tree_close(&rb->new_base);
	}
	series_verdicts_free(&rb->groups);
	strlist_free(&rb->skip);
	strlist_free(&rb->texts);
	free(rb->known.dir);
}

void rebase_record(const struct rebase *rb, json_t *root)
{
	json_t *patches = json_array(), *counts = json_object();

	for (size_t i = 0; i < rb->patches.n; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];
		const char *cls = rebase_class_name(p->cls);
		json_t *o = json_pack("{s:s, s:s, s:b}", "patch", p->p->name, "class", cls,
				      "changed", p->changed);

		if (p->p->subject)
			json_object_set_new(o, "subject", json_string(p->p->subject));
		if (p->why)
			json_object_set_new(o, "why", json_string(p->why));
		if (p->blocked_by)
			json_object_set_new(o, "blocked_by", json_string(p->blocked_by));
		json_object_update(o, p->info);
		json_array_append_new(patches, o);
		json_object_set_new(counts, cls, json_integer(json_integer_value(
			json_object_get(counts, cls)) + 1));
	}
	json_object_set_new(root, "patches", patches);
	json_object_set_new(root, "counts", counts);
}

static bool in_result(const struct rebase_patch *p)
{
	return p->cls != REBASE_LANDED && p->cls != REBASE_SKIPPED;
}

int rebase_verify(const struct rebase *rb, struct azk_report *r)
{
	VEC(struct patch) parsed = { 0 };
	struct azk_report *own = report_new("queue");
	struct tree t;
	int rc = tree_open(&t, rb->new_dir);

	if (rc) {
		report_free(own);
		report_bad(r, "tree", rb->new_dir, 0, "opening the tree: %s", strerror(-rc));
		return rc;
	}
	vec_reserve(&parsed, rb->patches.n + 1);
	for (size_t i = 0; i < rb->patches.n && !rc; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];
		_cleanup_sb_ struct strbuf undo = STRBUF_INIT;
		struct strlist paths = { 0 };
		struct apply_stats st = { 0 };
		struct patch *q;

		if (!in_result(p))
			continue;
		q = vec_add(&parsed);
		rc = patch_parse(q, p->p->name, p->p->file, xmemdup0(p->text.buf, p->text.len),
				 p->text.len);
		if (!rc)
			rc = apply_patch(&t, q, own, &undo, &paths, &st);
		if (!rc && st.offset)
			rc = -EINVAL;
		strlist_free(&paths);
		if (rc)
			report_bad(r, "verify", p->p->file, 0,
				   "the patch as rebased does not apply exactly; nothing is written, this is a bug");
	}
	for (size_t i = 0; i < rb->new_view.files.n && !rc; i++) {
		const struct vfile *want = rb->new_view.files.v[i].value;
		const char *why = NULL;
		const struct vfile *have = want->dirty ? tree_get(&t, want->path, &why) : want;

		if (have && have->exists == want->exists &&
		    (!have->exists || lines_equal(&have->lines, &want->lines)))
			continue;
		report_bad(r, "verify", want->path, 0,
			   "the patches as rebased give another file; nothing is written, this is a bug");
		rc = -EINVAL;
	}
	for (size_t i = 0; i < parsed.n; i++)
		patch_free(&parsed.v[i]);
	vec_free(&parsed);
	tree_close(&t);
	report_free(own);
	return rc;
}
