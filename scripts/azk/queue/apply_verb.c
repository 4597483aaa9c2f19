// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue apply: the series onto a tree, all of it or nothing. */
#include <errno.h>

#include "queue/queue.h"
#include "queue/state.h"

#define MAX_FUZZ 8

struct apply_run {
	struct azk_report *r;
	struct series series;
	struct patch_list list;
	struct state state;
	struct tree tree;
	struct strbuf pack;
	struct apply_opts opts;
	json_t *next;		/* the state after it */
	json_t *out;		/* "patches" of the record */
	size_t done;
};

/* What is applied must be what the series begins with. Sets *first to the rest. */
static int check_applied(struct apply_run *a, size_t *first)
{
	json_t *p;
	size_t i, k = 0;

	json_array_foreach(state_patches(&a->state), i, p) {
		const char *name = str_of(p, "name");
		_cleanup_free_ char *hash = NULL;

		/* a pick that was not carried then, nor is now */
		while (k < a->series.entries.n && a->series.entries.v[k].pick &&
		       !a->list.patches.v[k].name && strcmp(a->series.entries.v[k].name, name))
			k++;
		if (k == a->series.entries.n || strcmp(a->series.entries.v[k].name, name)) {
			report_bad(a->r, "order", a->series.file,
				   k < a->series.entries.n ? a->series.entries.v[k].line : 0,
				   "'%s' is applied as number %zu, but the series has '%s' there; pop first",
				   name, i + 1,
				   k < a->series.entries.n ? a->series.entries.v[k].name : "nothing");
			return -EINVAL;
		}
		if (!a->list.patches.v[k].name) {	/* carried then, and no clone given now */
			json_array_append_new(a->out, json_pack("{s:s, s:s}", "patch", name, "status",
								"already applied"));
			k++;
			continue;
		}
		hash = hash_hex(azk_hash(0, a->list.patches.v[k].buf, a->list.patches.v[k].len));
		if (strcmp(hash, str_of(p, "hash"))) {
			report_bad(a->r, "order", a->list.patches.v[k].file, 0,
				   "was changed after it was applied; pop it first");
			return -EINVAL;
		}
		json_array_append_new(a->out, json_pack("{s:s, s:s}", "patch", name, "status",
							"already applied"));
		k++;
	}
	*first = k;
	return 0;
}

/* Every touched file is listed with how it was before the first patch to it. */
static void note_files(struct apply_run *a, const struct strlist *paths)
{
	json_t *files = json_object_get(a->next, "files");

	for (size_t i = 0; i < paths->n; i++) {
		struct vfile *f = strmap_get(&a->tree.files, paths->v[i]);
		json_t *e = json_object_get(files, paths->v[i]);

		if (!e) {
			_cleanup_free_ char *hex = hash_hex(f->disk_hash);

			e = json_pack("{s:i, s:b, s:s, s:i}", "patches", 0, "was", f->disk_exists,
				      "was_hash", hex, "was_mode", (int)f->disk_mode);
			json_object_set_new(files, paths->v[i], e);
		}
		json_object_set_new(e, "patches", json_integer(
			json_integer_value(json_object_get(e, "patches")) + 1));
	}
}

static int apply_one(struct apply_run *a, const struct patch *p, const char *pack)
{
	_cleanup_free_ char *hash = hash_hex(azk_hash(0, p->buf, p->len));
	struct strlist paths = { 0 };
	struct apply_stats st;
	size_t at = a->pack.len, len;
	int rc;

	rc = apply_patch_with(&a->tree, p, &a->opts, a->r, &a->pack, &paths, &st);
	json_array_append_new(a->out, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "patch", p->name,
		"status", rc ? "failed" : st.fuzz ? "fuzz" : st.offset ? "offset" : "exact",
		"files", (json_int_t)st.files, "exact", (json_int_t)st.exact,
		"offset", (json_int_t)st.offset, "fuzz", (json_int_t)st.fuzz));
	if (!rc) {
		a->done++;
		note_files(a, &paths);
		len = a->pack.len - at;
		sb_add(&a->pack, p->buf, p->len);
		json_array_append_new(json_object_get(a->next, "patches"),
				      json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i}",
						"name", p->name, "hash", hash, "pack", pack,
						"at", (json_int_t)at, "len", (json_int_t)len,
						"text_at", (json_int_t)(at + len),
						"text_len", (json_int_t)p->len,
						"fuzz", (int)a->opts.fuzz, "strip", (int)p->strip));
	}
	strlist_free(&paths);
	return rc;
}

static bool files_ok(struct apply_run *a)
{
	bool ok = true;

	for (size_t i = 0; i < a->tree.files.n; i++)
		ok &= state_file_ok(&a->state, a->tree.files.v[i].value, a->r);
	return ok;
}

static void apply_rest(struct apply_run *a, size_t first, unsigned long jobs)
{
	json_int_t gen = json_integer_value(json_object_get(a->state.root, "generation")) + 1;
	_cleanup_free_ char *pack = xasprintf("undo-%lld", (long long)gen);
	bool failed = false;

	a->next = json_deep_copy(a->state.root);
	json_object_set_new(a->next, "generation", json_integer(gen));
	for (size_t i = first; i < a->list.patches.n; i++) {
		const struct patch *p = &a->list.patches.v[i];

		if (!p->name)
			continue;
		if (failed)
			json_array_append_new(a->out, json_pack("{s:s, s:s}", "patch", p->name,
								"status", "not tried"));
		else
			failed = apply_one(a, p, pack);
	}
	if (!files_ok(a) || failed || !a->done) {
		if (failed || report_status(a->r) != AZK_OK)
			a->done = 0;
		return;
	}
	if (state_commit(&a->state, &a->tree, "apply", a->next, &a->pack, NULL, jobs, a->r))
		a->done = 0;
}

static void apply_text(json_t *root, FILE *out)
{
	json_int_t exact = 0, offset = 0, fuzz = 0, not_tried = 0;
	char with[40];
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "not_carried"), i, p)
		fprintf(out, "not carried (no --git): pick %s # %s\n", str_of(p, "commit"),
			str_of(p, "why"));
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		exact += json_integer_value(json_object_get(p, "exact"));
		offset += json_integer_value(json_object_get(p, "offset"));
		fuzz += json_integer_value(json_object_get(p, "fuzz"));
		not_tried += !strcmp(str_of(p, "status"), "not tried");
		if (!strcmp(str_of(p, "status"), "failed"))
			fprintf(out, "%s does not apply\n", str_of(p, "patch"));
	}
	snprintf(with, sizeof(with), ", %lld with fuzz", (long long)fuzz);
	if (not_tried)
		fprintf(out, "%lld patches behind it were not tried\n", (long long)not_tried);
	if (json_integer_value(json_object_get(root, "status")))
		fputs("nothing was applied by this run\n", out);
	else
		fprintf(out, "%lld patches applied (%lld hunks exact, %lld at an offset%s), %zu in all\n",
			(long long)json_integer_value(json_object_get(root, "applied")),
			(long long)exact, (long long)offset, fuzz ? with : "",
			json_array_size(json_object_get(root, "patches")));
}

int queue_apply(int argc, char **argv)
{
	const char *dir = NULL, *file = NULL, *git = NULL;
	unsigned long jobs = 2, fuzz = 0;
	bool json = false, tree = false;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true,
		  .help = "the tree to patch; state is kept in DIR/.azk" },
		{ .name = "series", .arg = "FILE", .str = &file, .required = true,
		  .help = "the series file; patches are named relative to it" },
		{ .name = "git", .arg = "DIR", .str = &git,
		  .help = "a kernel clone the picks come from; without it they are not carried" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "fuzz", .arg = "N", .num = &fuzz,
		  .help = "let up to N context lines at either end of a hunk differ (default 0)" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct apply_run a = { 0 };
	size_t first;
	int rc;

	rc = azk_parse_opts(opts, "queue apply --tree DIR --series FILE [--fuzz N] [--git DIR] [--jobs N] [--json]",
			    "queue apply --tree linux-6.18.15 --series patches/series", argc, argv);
	if (rc || fuzz > MAX_FUZZ) {
		if (rc > 0)
			return azk_error("queue apply takes no argument '%s'", argv[1]);
		if (!rc)
			return azk_error("--fuzz %lu: at most %d context lines", fuzz, MAX_FUZZ);
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	a.opts.fuzz = (unsigned int)fuzz;
	a.r = report_new("queue apply");
	a.out = json_array();
	json_object_set_new(report_root(a.r), "tree", json_string(dir));
	json_object_set_new(report_root(a.r), "series", json_string(file));
	json_object_set_new(report_root(a.r), "patches", a.out);
	rc = series_load(&a.series, file, a.r);
	if (!rc)
		rc = patches_load(&a.list, &a.series, jobs, a.r);
	if (!rc)
		rc = patches_pick(&a.list, &a.series, git, a.r);
	if (!rc) {
		rc = state_open(&a.state, dir, true, a.r);
		if (!rc)
			rc = tree_open(&a.tree, dir);
		tree = !rc;
		if (!rc)
			rc = check_applied(&a, &first);
		if (!rc)
			apply_rest(&a, first, jobs);
		state_close(&a.state);
	}
	json_object_set_new(report_root(a.r), "applied", json_integer((json_int_t)a.done));
	rc = report_print(a.r, json, stdout, apply_text);
	if (tree)
		tree_close(&a.tree);
	json_decref(a.next);
	sb_free(&a.pack);
	patches_free(&a.list);
	series_free(&a.series);
	report_free(a.r);
	return rc;
}
