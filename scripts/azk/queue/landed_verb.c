// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue landed: the patches of a series against another base. */
#include <errno.h>

#include "queue/landed.h"
#include "queue/queue.h"

#define MAX_GROUP 8	/* patches that may have landed as one */

struct landing {
	const struct patch_list *list;
	const char *old_dir;
	struct tree old_base;	/* as it is */
	struct tree new_base;
	struct added *added;
	struct series_verdicts *out;
	VEC(struct change) changes;	/* by verdict */
	VEC(struct tree) vias;
	VEC(struct tree) backs;	/* views that changes of patches the old base has point into */
	const struct strlist *via;
};

static int open_base(struct tree *t, const char *dir, struct azk_report *r)
{
	int rc = tree_open(t, dir);

	if (rc)
		report_bad(r, "tree", dir, 0, "opening the tree: %s", strerror(-rc));
	return rc;
}

/*
 * What p does to the old view; backwards when the view has it already, so that
 * the change is the same and only in_old differs.
 */
static void add_change(struct landing *l, struct tree *view, const struct patch *p,
		       struct azk_report *r)
{
	struct series_verdict *v = vec_add(l->out);
	struct change *c = vec_add(&l->changes);
	struct patch rev;

	v->p = p;
	if (!change_apply(view, p, NULL, c)) {
		added_note(l->added, c);
		return;
	}
	change_free(c);
	patch_reversed(p, &rev);
	{
		struct tree *back = vec_add(&l->backs);
		struct change undone;

		if (tree_open(back, l->old_dir)) {
			l->backs.n--;
		} else {
			if (!change_apply(back, &rev, NULL, &undone))
				v->in_old = !change_apply(back, p, NULL, c);
			change_free(&undone);
		}
	}
	patch_free(&rev);
	if (!v->in_old) {
		v->bad = true;
		change_apply(view, p, r, c);
		change_free(c);
	}
}

static bool overlaps(const struct change *a, const struct change *b)
{
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			if (!strcmp(change_path(&a->v[i]), change_path(&b->v[k])))
				return true;
		}
	}
	return false;
}

/* Patches idx[] of the series, alone and in order, as one change. */
static bool group_landed(struct landing *l, const size_t *idx, size_t n)
{
	struct change first = { 0 }, net = { 0 };
	struct tree t, pristine;
	struct verdict v = { 0 };
	bool ok = true;

	if (tree_open(&t, l->old_dir))
		return false;
	if (tree_open(&pristine, l->old_dir)) {
		tree_close(&t);
		return false;
	}
	for (size_t i = 0; ok && i < n; i++) {
		struct change c;

		ok = !change_apply(&t, l->out->v[idx[i]].p, NULL, &c);
		for (size_t k = 0; ok && k < c.n; k++) {
			struct change_file *f = &c.v[k], *seen = NULL;

			for (size_t m = 0; m < first.n; m++) {
				if (!strcmp(change_path(&first.v[m]), change_path(f)))
					seen = &first.v[m];
			}
			if (!seen) {
				vec_push(&first, *f);
				memset(f, 0, sizeof(*f));
			}
		}
		change_free(&c);
	}
	if (ok) {
		change_between(&net, &first, &t);
		landed_judge(&net, &l->new_base, &pristine, l->added, &v);
		ok = v.v == LANDED_ALL;
	}
	verdict_free(&v);
	change_free(&net);
	change_free(&first);
	tree_close(&pristine);
	tree_close(&t);
	return ok;
}

static void name_group(struct landing *l, const size_t *idx, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct series_verdict *v = &l->out->v[idx[i]];
		struct strbuf sb = STRBUF_INIT;

		for (size_t k = 0; k < n; k++) {
			if (k != i)
				sb_addf(&sb, "%s%s", sb.len ? ", " : "", l->out->v[idx[k]].p->name);
		}
		v->v.v = LANDED_ALL;
		free(v->with);
		v->with = sb_detach(&sb);
	}
}

/* A patch whose lines a later one of ours changes again may have landed with it. */
static void try_groups(struct landing *l)
{
	for (size_t i = 0; i < l->out->n; i++) {
		size_t idx[MAX_GROUP], n = 1;
		const struct series_verdict *v = &l->out->v[i];

		idx[0] = i;
		if (v->bad || v->in_old || (v->v.v != LANDED_PARTLY && v->v.v != LANDED_LIKELY &&
					    v->v.v != LANDED_NOT))
			continue;
		for (size_t k = i + 1; k < l->out->n && n < MAX_GROUP; k++) {
			const struct series_verdict *o = &l->out->v[k];

			if (o->bad || o->in_old || !overlaps(&l->changes.v[i], &l->changes.v[k]))
				continue;
			idx[n++] = k;
			if (group_landed(l, idx, n)) {
				name_group(l, idx, n);
				break;
			}
		}
	}
}

/* Not in the new base, but in one on the way or in the old one. */
static void check_reverted(struct landing *l, struct series_verdict *v, const struct change *c)
{
	if (v->v.v != LANDED_NOT)
		return;
	if (v->in_old) {
		v->v.v = LANDED_REVERTED;
		v->via = xstrdup("the old base");
		return;
	}
	for (size_t i = l->vias.n; i; i--) {
		struct verdict then;

		landed_judge(c, &l->vias.v[i - 1], &l->old_base, l->added, &then);
		if (then.v == LANDED_ALL) {
			v->v.v = LANDED_REVERTED;
			v->via = xstrdup(l->via->v[i - 1]);
		}
		verdict_free(&then);
		if (v->via)
			return;
	}
}

static int open_all(struct landing *l, const char *new, struct tree *view, struct azk_report *r)
{
	if (open_base(view, l->old_dir, r))
		return -EINVAL;
	if (open_base(&l->old_base, l->old_dir, r))
		goto close_view;
	if (open_base(&l->new_base, new, r))
		goto close_old;
	for (size_t i = 0; l->via && i < l->via->n; i++) {
		struct tree t;

		if (open_base(&t, l->via->v[i], r))
			goto close_new;
		vec_push(&l->vias, t);
	}
	return 0;
close_new:
	for (size_t i = 0; i < l->vias.n; i++)
		tree_close(&l->vias.v[i]);
	vec_free(&l->vias);
	tree_close(&l->new_base);
close_old:
	tree_close(&l->old_base);
close_view:
	tree_close(view);
	return -EINVAL;
}

int landed_series(const struct patch_list *list, const char *old, const char *new,
		  const struct strlist *via, struct azk_report *r, struct series_verdicts *out)
{
	struct landing l = { .list = list, .old_dir = old, .out = out, .via = via };
	struct tree view;

	memset(out, 0, sizeof(*out));
	if (open_all(&l, new, &view, r))
		return -EINVAL;
	l.added = added_new();
	for (size_t i = 0; i < list->patches.n; i++) {
		if (list->patches.v[i].name)
			add_change(&l, &view, &list->patches.v[i], r);
	}
	for (size_t i = 0; i < out->n; i++) {
		struct series_verdict *v = &out->v[i];

		if (!v->bad)
			landed_judge(&l.changes.v[i], &l.new_base, v->in_old ? NULL : &l.old_base,
				     l.added, &v->v);
	}
	try_groups(&l);
	for (size_t i = 0; i < out->n; i++) {
		if (!out->v[i].bad)
			check_reverted(&l, &out->v[i], &l.changes.v[i]);
	}
	added_free(l.added);
	for (size_t i = 0; i < l.vias.n; i++)
		tree_close(&l.vias.v[i]);
	vec_free(&l.vias);
	for (size_t i = 0; i < l.backs.n; i++)
		tree_close(&l.backs.v[i]);
	vec_free(&l.backs);
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].json = verdict_json(&out->v[i].v);
		verdict_free(&out->v[i].v);
		change_free(&l.changes.v[i]);
	}
	vec_free(&l.changes);
	tree_close(&l.new_base);
	tree_close(&l.old_base);
	tree_close(&view);
	return 0;
}

void series_verdicts_free(struct series_verdicts *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].with);
		free(v->v[i].via);
		json_decref(v->v[i].json);
	}
	vec_free(v);
}

/* ---- the verb ---- */

static long long int_of(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void run_text(json_t *file, json_t *run, FILE *out)
{
	const char *v = str_of(run, "verdict"), *func = str_of(run, "function");
	long long at = int_of(run, "at"), to = int_of(run, "to"), hunk = int_of(run, "hunk");

	fputs("    ", out);
	if (hunk)
		fprintf(out, "hunk %lld ", hunk);
	fprintf(out, "-%lld +%lld: %s", int_of(run, "removed"), int_of(run, "added"), v);
	if (at && to >= at)
		fprintf(out, ", %s:%lld", str_of(file, "file"), at);
	else if (at)
		fprintf(out, ", gone before %s:%lld", str_of(file, "file"), at);
	if (at && to > at)
		fprintf(out, "-%lld", to);
	if (*func)
		fprintf(out, " in '%s'", func);
	if (*str_of(run, "missing"))
		fprintf(out, ": %s", str_of(run, "missing"));
	fputc('\n', out);
}

static void landed_text(json_t *root, FILE *out)
{
	json_t *p, *f, *run;
	size_t i, k, m;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		fprintf(out, "%-10s  %s", str_of(p, "verdict"), str_of(p, "patch"));
		if (*str_of(p, "with"))
			fprintf(out, " (together with %s)", str_of(p, "with"));
		if (*str_of(p, "was_in"))
			fprintf(out, " (it was in %s)", str_of(p, "was_in"));
		else if (json_is_true(json_object_get(p, "in_old")))
			fputs(" (the old base has it too)", out);
		fputc('\n', out);
		json_array_foreach(json_object_get(p, "files"), k, f) {
			if (!strcmp(str_of(f, "verdict"), "not landed") &&
			    !strcmp(str_of(p, "verdict"), "not landed"))
				continue;
			json_array_foreach(json_object_get(f, "runs"), m, run)
				run_text(f, run, out);
		}
	}
}

int queue_landed(int argc, char **argv)
{
	const char *file = NULL, *old = NULL, *new = NULL;
	unsigned long jobs = 2;
	struct strlist via = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &file, .required = true, .help = "the series" },
		{ .name = "old", .arg = "DIR", .str = &old, .required = true,
		  .help = "the base the series applies to" },
		{ .name = "new", .arg = "DIR", .str = &new, .required = true,
		  .help = "the base to look into" },
		{ .name = "via", .arg = "DIR", .list = &via,
		  .help = "a base between them, in order: tells reverted from never landed" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct series_verdicts v = { 0 };
	struct patch_list list = { 0 };
	struct series s = { 0 };
	struct azk_report *r;
	json_t *out;
	int rc;

	rc = azk_parse_opts(opts, "queue landed --series FILE --old DIR --new DIR [--via DIR] [--json]",
			    "queue landed --series patches/series --old linux-6.18.5 --new linux-6.18.15",
			    argc, argv);
	if (rc) {
		strlist_free(&via);
		if (rc > 0)
			return azk_error("queue landed takes no argument '%s'", argv[1]);
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	r = report_new("queue landed");
	out = json_array();
	json_object_set_new(report_root(r), "patches", out);
	if (!series_load(&s, file, r) && !patches_load(&list, &s, jobs, r))
		landed_series(&list, old, new, &via, r, &v);
	for (size_t i = 0; i < v.n; i++) {
		json_t *o = json_pack("{s:s, s:s}", "patch", v.v[i].p->name, "verdict",
				      v.v[i].bad ? "does not apply" : landed_name(v.v[i].v.v));

		if (v.v[i].with)
			json_object_set_new(o, "with", json_string(v.v[i].with));
		if (v.v[i].via)
			json_object_set_new(o, "was_in", json_string(v.v[i].via));
		if (v.v[i].in_old)
			json_object_set_new(o, "in_old", json_true());
		if (!v.v[i].bad)
			json_object_set(o, "files", json_object_get(v.v[i].json, "files"));
		json_array_append_new(out, o);
	}
	rc = report_print(r, json, stdout, landed_text);
	series_verdicts_free(&v);
	patches_free(&list);
	series_free(&s);
	strlist_free(&via);
	report_free(r);
	return rc;
}
