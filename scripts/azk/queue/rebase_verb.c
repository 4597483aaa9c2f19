// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue rebase, continue, skip, abort. */
#include <errno.h>

#include "queue/rebase.h"

struct rebase_opts {
	const char *series, *old, *new, *html;
	unsigned long jobs;
	bool json, dry_run;
};

static void cause_text(json_t *c, FILE *out)
{
	json_t *old = json_object_get(c, "old"), *text, *l;
	long long first, last;
	size_t i;

	if (!old) {
		fprintf(out, "    upstream: %s %s\n", str_of(c, "file"), str_of(c, "where"));
		return;
	}
	first = json_integer_value(json_array_get(old, 0));
	last = json_integer_value(json_array_get(old, 1));
	fprintf(out, "    upstream %s: %s:", str_of(c, "where"), str_of(c, "file"));
	if (last < first)
		fprintf(out, "behind %lld", last);
	else if (last == first)
		fprintf(out, "%lld", first);
	else
		fprintf(out, "%lld-%lld", first, last);
	if (*str_of(c, "function"))
		fprintf(out, " in '%s'", str_of(c, "function"));
	fputc('\n', out);
	if (strcmp(str_of(c, "where"), "touches"))
		return;
	text = json_object_get(c, "text");
	json_array_foreach(text, i, l) {
		if (i == 8) {
			fprintf(out, "      ... %zu more\n", json_array_size(text) - i +
				(size_t)json_integer_value(json_object_get(c, "more")));
			break;
		}
		fprintf(out, "      %s\n", json_string_value(l));
	}
}

static void proof_text(json_t *p, FILE *out)
{
	json_t *f, *run;
	size_t i, k;

	json_array_foreach(json_object_get(json_object_get(p, "landed"), "files"), i, f) {
		json_array_foreach(json_object_get(f, "runs"), k, run) {
			if (strcmp(str_of(run, "verdict"), "landed"))
				continue;
			if (!json_integer_value(json_object_get(run, "at"))) {
				fprintf(out, "    landed: %s as a whole\n", str_of(f, "file"));
				continue;
			}
			fprintf(out, "    landed: hunk %lld stands at %s:%lld",
				(long long)json_integer_value(json_object_get(run, "hunk")),
				str_of(f, "file"),
				(long long)json_integer_value(json_object_get(run, "at")));
			if (*str_of(run, "function"))
				fprintf(out, " in '%s'", str_of(run, "function"));
			fputc('\n', out);
		}
	}
	if (*str_of(p, "landed_with"))
		fprintf(out, "    landed together with %s\n", str_of(p, "landed_with"));
}

static void rebase_text(json_t *root, FILE *out)
{
	json_t *p, *c, *n, *conflicts = json_object_get(root, "conflicts");
	const char *cls;
	size_t i, k;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		fprintf(out, "%-9s  %s\n", str_of(p, "class"), str_of(p, "patch"));
		if (*str_of(p, "why"))
			fprintf(out, "    %s\n", str_of(p, "why"));
		if (*str_of(p, "blocked_by"))
			fprintf(out, "    decided again when %s is resolved\n", str_of(p, "blocked_by"));
		proof_text(p, out);
		json_array_foreach(json_object_get(p, "causes"), k, c) {
			if (k < 4)
				cause_text(c, out);
		}
		if (k > 4)
			fprintf(out, "    ... %zu more upstream hunks (--json has them all)\n", k - 4);
	}
	k = 0;
	json_object_foreach(json_object_get(root, "counts"), cls, n)
		fprintf(out, "%s%lld %s", k++ ? ", " : "", (long long)json_integer_value(n), cls);
	fprintf(out, "%s%s\n", k ? ": " : "", str_of(root, "outcome"));
	json_array_foreach(conflicts, i, c)
		fprintf(out, "  edit %s\n", str_of(c, "path"));
	if (json_array_size(conflicts))
		fputs("then: azk queue continue (or skip, or abort)\n", out);
}

static const char *set_outcome(json_t *root, const char *text)
{
	json_object_set_new(root, "outcome", json_string(text));
	return text;
}

static void report_stops(const struct rebase *rb, struct azk_report *r)
{
	for (size_t i = 0; i < rb->patches.n; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];

		if (p->cls == REBASE_AMBIGUOUS || p->cls == REBASE_CONFLICT)
			report_add(r, AZK_ERROR, rebase_class_name(p->cls), p->p->file, 0, "%s",
				   p->why ? p->why : "cannot be carried over");
	}
}

static void list_conflicts(const struct rebase_state *s, json_t *root)
{
	json_t *c, *out = json_array();
	size_t i;

	json_array_foreach(json_object_get(s->root, "conflicts"), i, c) {
		json_t *o;
		_cleanup_free_ char *path = xasprintf("%s/rebase/%s", s->azk, str_of(c, "edit"));

		if (!json_object_get(c, "edit"))
			continue;
		o = json_deep_copy(c);
		json_object_set_new(o, "path", json_string(path));
		json_array_append_new(out, o);
	}
	json_object_set_new(root, "conflicts", out);
}

static size_t stops(const struct rebase *rb)
{
	size_t n = 0;

	for (size_t i = 0; i < rb->patches.n; i++)
		n += rb->patches.v[i].cls == REBASE_AMBIGUOUS ||
		     rb->patches.v[i].cls == REBASE_CONFLICT;
	return n;
}

static void settle(struct rebase_state *s, struct rebase *rb, struct azk_report *r)
{
	json_t *root = report_root(r);

	if (stops(rb)) {
		report_stops(rb, r);
		if (!rebase_state_stop(s, rb, r)) {
			list_conflicts(s, root);
			set_outcome(root, "the series is not changed yet");
		}
	} else if (!rebase_verify(rb, r) && !rebase_state_commit(s, rb, r)) {
		set_outcome(root, "the series is rebased");
	}
}

/* Everything after the options: s is NULL for a dry run. */
static int compute(const struct rebase_opts *o, struct rebase_state *s, struct strlist *skip,
		   struct azk_report *r)
{
	_cleanup_free_ char *dir = path_dirname(o->series);
	struct rebase rb = { .old_dir = o->old, .new_dir = o->new };
	struct patch_list list = { 0 };
	struct series series = { 0 };
	json_t *root = report_root(r);
	size_t i;
	int rc;

	rb.known.dir = xasprintf("%s/.azk/resolved", dir);
	for (i = 0; i < skip->n; i++)
		strlist_add(&rb.skip, skip->v[i]);
	json_object_set_new(root, "old", json_string(o->old));
	json_object_set_new(root, "new", json_string(o->new));
	rb.list = &list;
	rc = series_load(&series, o->series, r);
	if (!rc)
		rc = patches_load(&list, &series, o->jobs, r);
	if (!rc)
		rc = rebase_run(&rb, r);
	if (!rc) {
		rebase_record(&rb, root);
		if (s) {
			settle(s, &rb, r);
		} else {
			report_stops(&rb, r);
			if (!stops(&rb))
				rebase_verify(&rb, r);
			set_outcome(root, "nothing is written (--dry-run)");
		}
	}
	rebase_free(&rb);
	patches_free(&list);
	series_free(&series);
	return rc;
}

static int finish(const struct rebase_opts *o, struct azk_report *r)
{
	int rc = 0;

	if (o->html && json_object_get(report_root(r), "patches"))
		rc = rebase_html(report_root(r), o->html);
	if (rc)
		report_bad(r, "html", o->html, 0, "writing the report: %s", strerror(-rc));
	rc = report_print(r, o->json, stdout, rebase_text);
	report_free(r);
	return rc;
}

static int parse(struct rebase_opts *o, const char *verb, const char *usage, const char *example,
		 bool bases, int argc, char **argv)
{
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &o->series, .required = true,
		  .help = "the series file" },
		{ .name = "jobs", .arg = "N", .num = &o->jobs, .help = "threads (default 2)" },
		{ .name = "html", .arg = "FILE", .str = &o->html,
		  .help = "write the report as one self-contained page" },
		{ .name = "json", .flag = &o->json, .help = "print the record as JSON" },
		{ .name = bases ? "old" : NULL, /* the others have no more */
		  .arg = "DIR", .str = &o->old, .required = bases,
		  .help = "the base the series applies to" },
		{ .name = "new", .arg = "DIR", .str = &o->new, .required = bases,
		  .help = "the base it shall apply to" },
		{ .name = "dry-run", .flag = &o->dry_run, .help = "the forecast: write nothing" },
		{ 0 },
	};
	int rc;

	o->jobs = 2;
	rc = azk_parse_opts(opts, usage, example, argc, argv);
	if (rc > 0 && strcmp(verb, "skip"))
		azk_error("queue %s takes no argument '%s'", verb, argv[1]);
	return rc;
}

static int status_of(int rc)
{
	return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
}

int queue_rebase(int argc, char **argv)
{
	struct rebase_opts o = { 0 };
	struct strlist skip = { 0 };
	struct rebase_state s;
	struct azk_report *r;
	int rc = parse(&o, "rebase",
		       "queue rebase --series FILE --old DIR --new DIR [--dry-run] [--html FILE] [--json]",
		       "queue rebase --series patches/series --old linux-6.18.5 --new linux-6.18.15 --dry-run",
		       true, argc, argv);

	if (rc)
		return status_of(rc);
	r = report_new("queue rebase");
	if (o.dry_run) {
		compute(&o, NULL, &skip, r);
		return finish(&o, r);
	}
	if (!rebase_state_open(&s, o.series, r)) {
		if (s.root)
			report_bad(r, "under-way", o.series, 0,
				   "a rebase waits for you: azk queue continue, skip or abort");
		else
			compute(&o, &s, &skip, r);
	}
	rebase_state_close(&s);
	return finish(&o, r);
}

/* Opens what is under way; false after a finding. */
static bool under_way(struct rebase_state *s, struct rebase_opts *o, struct strlist *skip,
		      struct azk_report *r)
{
	json_t *n;
	size_t i;

	if (rebase_state_open(s, o->series, r))
		return false;
	if (!s->root) {
		if (report_count(r, AZK_NOTE))	/* it was finished just now */
			set_outcome(report_root(r), "nothing else is under way");
		else
			report_bad(r, "no-rebase", o->series, 0, "no rebase is under way");
		return false;
	}
	o->old = str_of(s->root, "old");
	o->new = str_of(s->root, "new");
	json_array_foreach(json_object_get(s->root, "skip"), i, n)
		strlist_add(skip, json_string_value(n));
	return true;
}

int queue_continue(int argc, char **argv)
{
	struct rebase_opts o = { 0 };
	struct strlist skip = { 0 };
	struct resolutions known;
	struct rebase_state s;
	struct azk_report *r;
	size_t left;
	int rc = parse(&o, "continue", "queue continue --series FILE [--html FILE] [--json]",
		       "queue continue --series patches/series", false, argc, argv);

	if (rc)
		return status_of(rc);
	r = report_new("queue continue");
	if (under_way(&s, &o, &skip, r)) {
		_cleanup_free_ char *old = xstrdup(o.old), *new = xstrdup(o.new);

		o.old = old;
		o.new = new;
		known.dir = xasprintf("%s/resolved", s.azk);
		if (!rebase_state_collect(&s, &known, &left, r)) {
			if (left)
				set_outcome(report_root(r), "the series is not changed yet");
			else
				compute(&o, &s, &skip, r);
		}
		free(known.dir);
	}
	rebase_state_close(&s);
	strlist_free(&skip);
	return finish(&o, r);
}

/* The patch to leave out: the one named, or the first that waits. */
static const char *what_to_skip(const struct rebase_state *s, const char *name,
				struct azk_report *r)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(s->root, "conflicts"), i, c) {
		if (!name || !strcmp(str_of(c, "patch"), name))
			return str_of(c, "patch");
	}
	report_bad(r, "skip", name ? name : s->series, 0, name ? "does not wait for a resolution" :
		   "nothing waits for a resolution");
	return NULL;
}

int queue_skip(int argc, char **argv)
{
	struct rebase_opts o = { 0 };
	struct strlist skip = { 0 };
	struct rebase_state s;
	struct azk_report *r;
	const char *name;
	int rc = parse(&o, "skip", "queue skip [PATCH] --series FILE [--html FILE] [--json]",
		       "queue skip netvsc/0001-x.patch --series patches/series", false, argc, argv);

	if (rc < 0 || rc > 1)
		return rc > 1 ? azk_error("queue skip takes one patch") : status_of(rc);
	r = report_new("queue skip");
	if (under_way(&s, &o, &skip, r)) {
		_cleanup_free_ char *old = xstrdup(o.old), *new = xstrdup(o.new);

		o.old = old;
		o.new = new;
		name = what_to_skip(&s, rc == 1 ? argv[1] : NULL, r);
		if (name) {
			strlist_add(&skip, name);
			compute(&o, &s, &skip, r);
		}
	}
	rebase_state_close(&s);
	strlist_free(&skip);
	return finish(&o, r);
}

int queue_abort(int argc, char **argv)
{
	struct rebase_opts o = { 0 };
	struct strlist skip = { 0 };
	struct rebase_state s;
	struct azk_report *r;
	int rc = parse(&o, "abort", "queue abort --series FILE [--json]",
		       "queue abort --series patches/series", false, argc, argv);

	if (rc)
		return status_of(rc);
	r = report_new("queue abort");
	if (under_way(&s, &o, &skip, r) && !rebase_state_drop(&s, r))
		set_outcome(report_root(r), "the rebase is dropped, the series is as before");
	rebase_state_close(&s);
	strlist_free(&skip);
	return finish(&o, r);
}
