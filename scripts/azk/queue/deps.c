// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue deps: which patches need which, by text. Every line of a patched
 * file has an owner, the patch that wrote it, and every place where a patch only
 * removed lines is remembered as its seam. A patch needs another one when a hunk
 * of it removes or shows (as context) a line the other wrote, or spans a seam of
 * it, or touches a file it made, renamed or changed the mode of.
 */
#include <errno.h>

#include "queue/change.h"
#include "queue/queue.h"

#define NOBODY SIZE_MAX

enum need_why { NEED_CONTEXT, NEED_LINES, NEED_FILE };

struct need {
	size_t on;
	enum need_why why;
	char *path;		/* owned */
	size_t line;		/* of the hunk in the patch file */
};

struct node {
	const struct patch *p;
	VEC(struct need) needs;
	VEC(size_t) needed_by;
};

/* Who wrote the lines of one file, by index; seams has one more. */
struct owners {
	size_t *lines, *seams, n;
	size_t file;		/* who made, renamed or removed it */
};

struct deps {
	VEC(struct node) nodes;
	struct strmap files;	/* path to struct owners */
};

static const char *why_text(enum need_why w)
{
	return w == NEED_FILE ? "file" : w == NEED_LINES ? "lines" : "context";
}

static struct owners *owners_of(struct deps *d, const char *path, size_t n)
{
	struct owners *o = strmap_get(&d->files, path);

	if (o)
		return o;
	o = xcalloc(1, sizeof(*o));
	o->n = n;
	o->file = NOBODY;
	o->lines = xcalloc(n + 1, sizeof(*o->lines));
	o->seams = xcalloc(n + 1, sizeof(*o->seams));
	for (size_t i = 0; i <= n; i++)
		o->lines[i] = o->seams[i] = NOBODY;
	strmap_put(&d->files, path, o);
	return o;
}

/* The strongest reason is kept. */
static void add_need(struct deps *d, size_t who, size_t on, enum need_why why, const char *path,
		     size_t line)
{
	struct node *n = &d->nodes.v[who];
	struct need *x;

	if (on == NOBODY || on == who)
		return;
	for (size_t i = 0; i < n->needs.n; i++) {
		x = &n->needs.v[i];
		if (x->on != on)
			continue;
		if (why > x->why) {
			x->why = why;
			x->line = line;
			free(x->path);
			x->path = xstrdup(path);
		}
		return;
	}
	x = vec_add(&n->needs);
	x->on = on;
	x->why = why;
	x->path = xstrdup(path);
	x->line = line;
	vec_push(&d->nodes.v[on].needed_by, who);
}

/* Lines [from, from + n) of the old file are what the hunk shows. */
static void hunk_needs(struct deps *d, size_t who, const struct owners *o, const char *path,
		       size_t from, size_t n, size_t line)
{
	for (size_t i = from; i < from + n && i < o->n; i++) {
		add_need(d, who, o->lines[i], NEED_CONTEXT, path, line);
		if (i > from)
			add_need(d, who, o->seams[i], NEED_CONTEXT, path, line);
	}
	/* an edge of the file that the hunk relies on */
	if (n && !from)
		add_need(d, who, o->seams[0], NEED_CONTEXT, path, line);
	if (n && from + n == o->n)
		add_need(d, who, o->seams[o->n], NEED_CONTEXT, path, line);
}

static void file_needs(struct deps *d, size_t who, const struct patch *p,
		       const struct change_file *f, const struct owners *o)
{
	const char *path = change_path(f);
	struct placement *res;
	struct lines out = { 0 };

	add_need(d, who, o->file, NEED_FILE, path, f->line);
	for (size_t i = 0; i < f->runs.n; i++) {
		const struct run *r = &f->runs.v[i];

		for (size_t k = r->e.a0; k < r->e.a0 + r->e.an; k++)
			add_need(d, who, o->lines[k], NEED_LINES, path, r->line);
		if (!f->d)	/* several diffs: the usual context stands for theirs */
			hunk_needs(d, who, o, path, r->e.a0 < 3 ? 0 : r->e.a0 - 3, r->e.an + 6, f->line);
	}
	for (size_t i = 0; change_is_binary(f) && i < o->n; i++)
		add_need(d, who, o->lines[i], NEED_LINES, path, f->line);
	if (!f->d || !f->d->n)
		return;
	res = xcalloc(f->d->n, sizeof(*res));
	if (!place_hunks(p, f->d, &f->before, &out, res, NULL)) {
		for (size_t i = 0; i < f->d->n; i++) {
			const struct hunk *h = &p->hunks.v[f->d->first + i];

			hunk_needs(d, who, o, path, res[i].at, h->old_n, h->line);
		}
	}
	vec_free(&out);
	placements_free(res, f->d->n);
	free(res);
}

/* The file as the patch leaves it: its added lines and its seams are who's. */
static void take_over(struct owners *o, const struct change_file *f, size_t who)
{
	size_t n = f->after.n, at = 0, to = 0;
	size_t *lines = xcalloc(n + 1, sizeof(*lines)), *seams = xcalloc(n + 1, sizeof(*seams));

	for (size_t i = 0; i <= n; i++)
		lines[i] = seams[i] = NOBODY;
	for (size_t i = 0; i <= f->runs.n; i++) {
		const struct edit *e = i < f->runs.n ? &f->runs.v[i].e : NULL;
		size_t end = e ? e->a0 : f->before.n;

		for (; at < end; at++, to++) {
			lines[to] = o->lines[at];
			if (seams[to] == NOBODY)
				seams[to] = o->seams[at];
		}
		if (!e)
			break;
		for (size_t k = 0; k < e->bn; k++)
			lines[to + k] = who;
		if (!e->bn)
			seams[to] = who;
		to += e->bn;
		at += e->an;
	}
	if (seams[n] == NOBODY && o->n <= f->before.n)
		seams[n] = o->seams[o->n];
	free(o->lines);
	free(o->seams);
	o->lines = lines;
	o->seams = seams;
	o->n = n;
}

static void one_patch(struct deps *d, size_t who, const struct change *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change_file *f = &c->v[i];
		const char *from = f->old_path ? f->old_path : f->new_path;
		struct owners *o = owners_of(d, from, f->before.n);
		bool moved = f->old_path && f->new_path && strcmp(f->old_path, f->new_path);

		if (o->n != f->before.n)
			continue;
		file_needs(d, who, c->p, f, o);
		if (moved) {	/* the lines go on under the new name */
			struct owners *to = owners_of(d, f->new_path, f->before.n);

			add_need(d, who, to->file, NEED_FILE, f->new_path, f->line);
			free(to->lines);
			free(to->seams);
			to->lines = xcalloc(o->n + 1, sizeof(*to->lines));
			to->seams = xcalloc(o->n + 1, sizeof(*to->seams));
			memcpy(to->lines, o->lines, (o->n + 1) * sizeof(*to->lines));
			memcpy(to->seams, o->seams, (o->n + 1) * sizeof(*to->seams));
			to->n = o->n;
			take_over(to, f, who);
			to->file = o->file = who;
			continue;
		}
		take_over(o, f, who);
		if (!f->old_path || !f->new_path || (f->old_mode & 0100) != (f->new_mode & 0100) ||
		    change_is_binary(f))
			o->file = who;
	}
}

static void deps_free(struct deps *d)
{
	for (size_t i = 0; i < d->nodes.n; i++) {
		for (size_t k = 0; k < d->nodes.v[i].needs.n; k++)
			free(d->nodes.v[i].needs.v[k].path);
		vec_free(&d->nodes.v[i].needs);
		vec_free(&d->nodes.v[i].needed_by);
	}
	vec_free(&d->nodes);
	for (size_t i = 0; i < d->files.n; i++) {
		struct owners *o = d->files.v[i].value;

		free(o->lines);
		free(o->seams);
		free(o);
	}
	strmap_free(&d->files);
}

static int compute(struct deps *d, const struct patch_list *list, const char *dir,
		   struct azk_report *r)
{
	struct tree t;
	int rc = tree_open(&t, dir);

	if (rc) {
		report_bad(r, "tree", dir, 0, "opening the tree: %s", strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < list->patches.n && !rc; i++) {
		const struct patch *p = &list->patches.v[i];
		struct change c;
		struct node *n;

		if (!p->name)
			continue;
		n = vec_add(&d->nodes);
		n->p = p;
		rc = change_apply(&t, p, NULL, &c);
		if (rc) {
			report_bad(r, "no-apply", p->file, 0, "does not apply to %s", dir);
			change_free(&c);
			change_apply(&t, p, r, &c);
		} else {
			one_patch(d, d->nodes.n - 1, &c);
		}
		change_free(&c);
	}
	tree_close(&t);
	return rc;
}

static json_t *record(const struct deps *d)
{
	json_t *out = json_array();

	for (size_t i = 0; i < d->nodes.n; i++) {
		const struct node *n = &d->nodes.v[i];
		json_t *needs = json_array(), *by = json_array(), *o;
		size_t first = 0, last = d->nodes.n - 1;

		for (size_t k = 0; k < n->needs.n; k++) {
			const struct need *x = &n->needs.v[k];

			json_array_append_new(needs, json_pack("{s:s, s:s, s:s, s:I}", "patch",
				d->nodes.v[x->on].p->name, "why", why_text(x->why), "file", x->path,
				"line", (json_int_t)x->line));
			if (x->on + 1 > first)
				first = x->on + 1;
		}
		for (size_t k = 0; k < n->needed_by.n; k++) {
			size_t who = n->needed_by.v[k];

			json_array_append_new(by, json_string(d->nodes.v[who].p->name));
			if (who - 1 < last)
				last = who - 1;
		}
		/* positions from 1, itself counted */
		o = json_pack("{s:s, s:o, s:o, s:b, s:I, s:I, s:I}", "patch", n->p->name, "needs",
			      needs, "needed_by", by, "drop_alone", !n->needed_by.n, "position",
			      (json_int_t)i + 1, "move_from", (json_int_t)first + 1, "move_to",
			      (json_int_t)last + 1);
		json_array_append_new(out, o);
	}
	return out;
}

static void deps_text(json_t *root, FILE *out)
{
	json_t *p, *x;
	size_t i, k;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		fprintf(out, "%lld %s\n", (long long)json_integer_value(json_object_get(p, "position")),
			str_of(p, "patch"));
		json_array_foreach(json_object_get(p, "needs"), k, x)
			fprintf(out, "    needs %s (%s of %s)\n", str_of(x, "patch"), str_of(x, "why"),
				str_of(x, "file"));
		json_array_foreach(json_object_get(p, "needed_by"), k, x)
			fprintf(out, "    needed by %s\n", json_string_value(x));
		fprintf(out, "    %s; may stand at %lld to %lld\n",
			json_is_true(json_object_get(p, "drop_alone")) ? "can be dropped alone" :
			"cannot be dropped alone",
			(long long)json_integer_value(json_object_get(p, "move_from")),
			(long long)json_integer_value(json_object_get(p, "move_to")));
	}
}

static void deps_dot(json_t *root, FILE *out)
{
	json_t *p, *x;
	size_t i, k;

	fputs("digraph series {\n\trankdir=LR;\n\tnode [shape=box, fontname=monospace];\n", out);
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		fprintf(out, "\t\"%s\";\n", str_of(p, "patch"));
		json_array_foreach(json_object_get(p, "needs"), k, x)
			fprintf(out, "\t\"%s\" -> \"%s\" [style=%s, label=\"%s\"];\n", str_of(p, "patch"),
				str_of(x, "patch"),
				!strcmp(str_of(x, "why"), "context") ? "dashed" : "solid",
				path_basename(str_of(x, "file")));
	}
	fputs("}\n", out);
}

int queue_deps(int argc, char **argv)
{
	const char *file = NULL, *dir = NULL;
	unsigned long jobs = 2;
	bool json = false, dot = false;
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &file, .required = true, .help = "the series" },
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true,
		  .help = "the tree it applies to, without patches" },
		{ .name = "dot", .flag = &dot, .help = "print a graph for dot(1)" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct patch_list list = { 0 };
	struct series s = { 0 };
	struct deps d = { 0 };
	struct azk_report *r;
	int rc = azk_parse_opts(opts, "queue deps --series FILE --tree DIR [--dot] [--json]",
				"queue deps --series patches/series --tree linux-6.18.15 --dot | dot -Tsvg >deps.svg",
				argc, argv);

	if (rc || (dot && json)) {
		if (rc > 0)
			return azk_error("queue deps takes no argument '%s'", argv[1]);
		if (!rc)
			return azk_error("--dot and --json exclude each other");
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	r = report_new("queue deps");
	if (!series_load(&s, file, r) && !patches_load(&list, &s, jobs, r) &&
	    !compute(&d, &list, dir, r))
		json_object_set_new(report_root(r), "patches", record(&d));
	rc = report_print(r, json, stdout, dot && !report_status(r) ? deps_dot : deps_text);
	deps_free(&d);
	patches_free(&list);
	series_free(&s);
	report_free(r);
	return rc;
}
