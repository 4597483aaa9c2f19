// SPDX-License-Identifier: GPL-2.0-or-later
/* Files and patches judged from what landed_run.c says about their runs. */
#include "queue/landed_run.h"
#include "queue/moved.h"

const char *landed_name(enum landed l)
{
	static const char *const names[] = { "not landed", "landed", "partly", "reverted",
					     "likely" };

	return names[l];
}

static struct run_verdict *whole(struct file_verdict *fv, enum landed v, const char *missing)
{
	struct run_verdict *r = vec_add(&fv->runs);

	r->v = v;
	r->missing = missing ? xstrdup(missing) : NULL;
	return r;
}

static bool exec_bit(mode_t m)
{
	return m & 0100;
}

static void judge_created(const struct change_file *f, const struct lines *base,
			  struct file_verdict *fv)
{
	size_t stand = 0;
	ssize_t *m;

	if (lines_equal(&f->after, base)) {
		whole(fv, LANDED_ALL, NULL)->n = base->n;
		return;
	}
	m = lines_match(&f->after, base);
	for (size_t i = 0; i < f->after.n; i++)
		stand += m[i] >= 0;
	free(m);
	{
		_cleanup_free_ char *why = xasprintf("the file is there with %zu of %zu lines the same",
						     stand, f->after.n);

		whole(fv, 2 * stand > f->after.n ? LANDED_LIKELY : LANDED_NOT, why);
	}
}

static void judge_modified(const struct change_file *f, const struct vfile *now,
			   const struct added *others, struct file_verdict *fv)
{
	struct landed_side s = { .f = f, .base = &now->lines, .path = fv->path, .others = others };
	bool mode = f->old_path && f->new_path && exec_bit(f->old_mode) != exec_bit(f->new_mode);

	if (change_is_binary(f)) {
		bool same = lines_equal(&f->after, &now->lines);

		whole(fv, same ? LANDED_ALL : LANDED_NOT, same ? NULL :
		      "the file is not text, and another one");
		goto mode;
	}
	s.after_to_base = lines_match(&f->after, s.base);
	for (size_t i = 0; i < f->runs.n; i++) {
		struct run_verdict *v = vec_add(&fv->runs);

		landed_run(&s, &f->runs.v[i], v);
		if (lines_equal(&f->after, s.base))
			landed_run_whole(&s, &f->runs.v[i], v);
	}
mode:
	if (mode)
		whole(fv, exec_bit(now->mode) == exec_bit(f->new_mode) ? LANDED_ALL : LANDED_NOT,
		      exec_bit(now->mode) == exec_bit(f->new_mode) ? NULL : "the mode is the old one");
	free(s.after_to_base);
}

/* Upstream may have moved what the patch deletes; then nothing of it has landed. */
static void judge_deleted(const struct change_file *f, struct tree *base, struct tree *old,
			  struct file_verdict *fv)
{
	unsigned int percent;
	const char *to = moved_to(base, old, &f->before, &percent);

	if (to) {
		_cleanup_free_ char *why = xasprintf("the file is gone, but %u %% of its lines stand in '%s'",
						     percent, to);

		whole(fv, LANDED_LIKELY, why);
	} else if (moved_known(base, old)) {
		whole(fv, LANDED_ALL, NULL);
	} else {
		whole(fv, LANDED_LIKELY, "the file is gone; whether its lines went elsewhere is not known");
	}
}

/* What the runs say together. */
static enum landed sum_up(size_t all, size_t likely, size_t none)
{
	if (all && !likely && !none)
		return LANDED_ALL;
	if (all && none)
		return LANDED_PARTLY;
	return none || !(all + likely) ? LANDED_NOT : LANDED_LIKELY;
}

static void tally(const struct file_verdict *fv, size_t *all, size_t *likely, size_t *none)
{
	for (size_t i = 0; i < fv->runs.n; i++) {
		*all += fv->runs.v[i].v == LANDED_ALL;
		*likely += fv->runs.v[i].v == LANDED_LIKELY;
		*none += fv->runs.v[i].v == LANDED_NOT;
	}
}

static void judge_file(const struct change_file *f, struct tree *base, struct tree *old,
		       const struct added *others, struct file_verdict *fv)
{
	const char *why = NULL;
	struct vfile *now, *was, *from;
	bool renamed = f->old_path && f->new_path && strcmp(f->old_path, f->new_path);

	fv->f = f;
	fv->path = change_path(f);
	now = tree_get(base, fv->path, &why);
	was = old ? tree_get(old, fv->path, &why) : NULL;
	from = renamed ? tree_get(base, f->old_path, &why) : NULL;
	if (was && !was->dirty && now && was->exists == now->exists && was->mode == now->mode &&
	    !renamed && lines_equal(&was->lines, &now->lines)) {
		whole(fv, LANDED_NOT, "the file is the same in both bases");
	} else if (!f->new_path) {
		if (now && now->exists)
			whole(fv, LANDED_NOT, "the file is still there");
		else
			judge_deleted(f, base, old, fv);
	} else if (!now || !now->exists) {
		whole(fv, LANDED_NOT, "the new base has no such file");
	} else if (renamed && from && from->exists) {
		whole(fv, LANDED_NOT, "the file is still there under its old name");
	} else if (!f->old_path) {
		judge_created(f, &now->lines, fv);
	} else {
		if (renamed)
			whole(fv, LANDED_ALL, NULL);
		judge_modified(f, now, others, fv);
	}
	{
		size_t all = 0, likely = 0, none = 0;

		tally(fv, &all, &likely, &none);
		fv->v = sum_up(all, likely, none);
	}
}

void landed_judge(const struct change *c, struct tree *base, struct tree *old,
		  const struct added *others, struct verdict *out)
{
	size_t all = 0, likely = 0, none = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < c->n; i++) {
		struct file_verdict *fv = vec_add(&out->files);

		judge_file(&c->v[i], base, old, others, fv);
		tally(fv, &all, &likely, &none);
	}
	out->v = sum_up(all, likely, none);
}

void verdict_free(struct verdict *v)
{
	for (size_t i = 0; i < v->files.n; i++) {
		struct file_verdict *fv = &v->files.v[i];

		for (size_t k = 0; k < fv->runs.n; k++) {
			free(fv->runs.v[k].func);
			free(fv->runs.v[k].missing);
		}
		vec_free(&fv->runs);
	}
	vec_free(&v->files);
}

static json_t *run_json(const struct run_verdict *v)
{
	json_t *o = json_pack("{s:s}", "verdict", landed_name(v->v));

	if (v->run) {
		json_object_set_new(o, "hunk", json_integer((json_int_t)v->run->hunk));
		json_object_set_new(o, "line", json_integer((json_int_t)v->run->line));
		json_object_set_new(o, "added", json_integer((json_int_t)v->run->e.bn));
		json_object_set_new(o, "removed", json_integer((json_int_t)v->run->e.an));
	}
	if (v->v != LANDED_NOT && v->run) {
		json_object_set_new(o, "at", json_integer((json_int_t)v->at + 1));
		json_object_set_new(o, "to", json_integer((json_int_t)(v->at + v->n)));
	}
	if (v->func && v->v != LANDED_NOT)
		json_object_set_new(o, "function", json_string(v->func));
	if (v->missing)
		json_object_set_new(o, "missing", json_string(v->missing));
	return o;
}

json_t *verdict_json(const struct verdict *v)
{
	json_t *files = json_array();

	for (size_t i = 0; i < v->files.n; i++) {
		const struct file_verdict *fv = &v->files.v[i];
		json_t *runs = json_array();

		for (size_t k = 0; k < fv->runs.n; k++)
			json_array_append_new(runs, run_json(&fv->runs.v[k]));
		json_array_append_new(files, json_pack("{s:s, s:s, s:o}", "file", fv->path, "verdict",
						       landed_name(fv->v), "runs", runs));
	}
	return json_pack("{s:s, s:o}", "verdict", landed_name(v->v), "files", files);
}
