// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue: the verbs that change a tree. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "queue/queue.h"
#include "queue/state.h"

#define MAX_JOBS 64

struct load_job {
	struct patch_list *l;
	const struct series *s;
	atomic_size_t next;
};

static void *load_worker(void *arg)
{
	struct load_job *job = arg;
	size_t i;

	while ((i = atomic_fetch_add(&job->next, 1)) < job->s->entries.n) {
		const struct series_entry *e = &job->s->entries.v[i];
		_cleanup_free_ char *file = NULL;

		if (e->pick || !e->name)
			continue;
		file = path_join(job->s->dir, e->name);
		patch_load(&job->l->patches.v[i], e->name, file);
	}
	return NULL;
}

int patches_load(struct patch_list *l, const struct series *s, unsigned long jobs,
		 struct azk_report *r)
{
	struct load_job job = { .l = l, .s = s };
	pthread_t threads[MAX_JOBS];
	size_t n = 0;
	int rc = 0;

	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < s->entries.n; i++)
		(void)vec_add(&l->patches);
	while (n + 1 < jobs && n < MAX_JOBS && n * 8 < s->entries.n &&
	       !pthread_create(&threads[n], NULL, load_worker, &job))
		n++;
	load_worker(&job);
	while (n)
		pthread_join(threads[--n], NULL);
	for (size_t i = 0; i < l->patches.n; i++) {
		const struct patch *p = &l->patches.v[i];

		for (size_t k = 0; k < p->errs.n; k++) {
			report_bad(r, "parse", p->file, p->errs.v[k].line, "%s", p->errs.v[k].msg);
			rc = -EINVAL;
		}
	}
	return rc;
}

void patches_free(struct patch_list *l)
{
	for (size_t i = 0; i < l->patches.n; i++)
		patch_free(&l->patches.v[i]);
	vec_free(&l->patches);
}

static char *hash_hex(uint64_t h)
{
	return xasprintf("%016llx", (unsigned long long)h);
}

static const char *str_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- apply -------------------------------------------------------------- */

struct apply_run {
	struct azk_report *r;
	struct series series;
	struct patch_list list;
	struct state state;
	struct tree tree;
	struct strbuf pack;
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

		while (k < a->series.entries.n && a->series.entries.v[k].pick)
			k++;
		if (k == a->series.entries.n || strcmp(a->series.entries.v[k].name, name)) {
			report_bad(a->r, "order", a->series.file,
				   k < a->series.entries.n ? a->series.entries.v[k].line : 0,
				   "'%s' is applied as number %zu, but the series has '%s' there; pop first",
				   name, i + 1,
				   k < a->series.entries.n ? a->series.entries.v[k].name : "nothing");
			return -EINVAL;
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
	size_t at = a->pack.len;
	int rc;

	rc = apply_patch(&a->tree, p, a->r, &a->pack, &paths, &st);
	json_array_append_new(a->out, json_pack("{s:s, s:s, s:I, s:I, s:I}", "patch", p->name,
		"status", rc ? "failed" : st.offset ? "offset" : "exact",
		"files", (json_int_t)st.files, "exact", (json_int_t)st.exact,
		"offset", (json_int_t)st.offset));
	if (!rc) {
		a->done++;
		note_files(a, &paths);
		json_array_append_new(json_object_get(a->next, "patches"),
				      json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", p->name,
						"hash", hash, "pack", pack, "at", (json_int_t)at,
						"len", (json_int_t)(a->pack.len - at)));
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
	json_int_t exact = 0, offset = 0, not_tried = 0;
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "not_carried"), i, p)
		fprintf(out, "not carried (no --git): pick %s # %s\n", str_of(p, "commit"),
			str_of(p, "why"));
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		exact += json_integer_value(json_object_get(p, "exact"));
		offset += json_integer_value(json_object_get(p, "offset"));
		not_tried += !strcmp(str_of(p, "status"), "not tried");
		if (!strcmp(str_of(p, "status"), "failed"))
			fprintf(out, "%s does not apply\n", str_of(p, "patch"));
	}
	if (not_tried)
		fprintf(out, "%lld patches behind it were not tried\n", (long long)not_tried);
	if (json_integer_value(json_object_get(root, "status")))
		fputs("nothing was applied by this run\n", out);
	else
		fprintf(out, "%lld patches applied (%lld hunks exact, %lld at an offset), %zu in all\n",
			(long long)json_integer_value(json_object_get(root, "applied")),
			(long long)exact, (long long)offset,
			json_array_size(json_object_get(root, "patches")));
}

static int run_apply(int argc, char **argv)
{
	const char *dir = NULL, *file = NULL;
	unsigned long jobs = 2, fuzz = 0;
	bool json = false, tree = false;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true,
		  .help = "the tree to patch; state is kept in DIR/.azk" },
		{ .name = "series", .arg = "FILE", .str = &file, .required = true,
		  .help = "the series file; patches are named relative to it" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "fuzz", .arg = "N", .num = &fuzz, .help = "only 0: hunks are placed without fuzz" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct apply_run a = { 0 };
	json_t *carried = json_array();
	size_t first;
	int rc;

	rc = azk_parse_opts(opts, "queue apply --tree DIR --series FILE [--jobs N] [--json]",
			    "queue apply --tree linux-6.18.15 --series patches/series", argc, argv);
	if (rc < 0 || rc > 0 || fuzz) {
		json_decref(carried);
		if (rc == AZK_OPT_HELP)
			return AZK_OK;
		if (rc > 0)
			return azk_error("queue apply takes no argument '%s'", argv[1]);
		if (fuzz)
			return azk_error("--fuzz %lu: this azk places hunks without fuzz only; refresh the patch instead",
					 fuzz);
		return AZK_BAD;
	}
	a.r = report_new("queue apply");
	a.out = json_array();
	json_object_set_new(report_root(a.r), "tree", json_string(dir));
	json_object_set_new(report_root(a.r), "series", json_string(file));
	json_object_set_new(report_root(a.r), "patches", a.out);
	json_object_set_new(report_root(a.r), "not_carried", carried);
	rc = series_load(&a.series, file, a.r);
	if (!rc)
		rc = patches_load(&a.list, &a.series, jobs, a.r);
	for (size_t i = 0; !rc && i < a.series.entries.n; i++) {
		const struct series_entry *e = &a.series.entries.v[i];

		if (e->pick)
			json_array_append_new(carried, json_pack("{s:s, s:s}", "commit", e->name,
								 "why", e->why));
	}
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

/* ---- pop ---------------------------------------------------------------- */

struct packs {
	struct strmap by_name;	/* to struct strbuf */
};

static const struct strbuf *pack_get(struct packs *packs, const struct state *s, const char *name,
				     struct azk_report *r)
{
	struct strbuf *sb = strmap_get(&packs->by_name, name);
	int rc;

	if (sb)
		return sb;
	sb = xcalloc(1, sizeof(*sb));
	strmap_put(&packs->by_name, name, sb);
	rc = strchr(name, '/') ? -EINVAL : azk_read_file_at(s->fd, name, sb);
	if (rc)
		report_bad(r, "state", name, 0, "reading the undo records: %s", strerror(-rc));
	return sb;
}

static void packs_free(struct packs *packs)
{
	for (size_t i = 0; i < packs->by_name.n; i++) {
		sb_free(packs->by_name.v[i].value);
		free(packs->by_name.v[i].value);
	}
	strmap_free(&packs->by_name);
}

/* The file is back where it was before the first patch: is it really? */
static bool back_to_start(json_t *e, const struct vfile *f)
{
	_cleanup_free_ char *hex = hash_hex(lines_hash(&f->lines));

	if (json_is_true(json_object_get(e, "was")) != f->exists)
		return false;
	return !f->exists || (!strcmp(hex, str_of(e, "was_hash")) &&
			      json_integer_value(json_object_get(e, "was_mode")) ==
			      (json_int_t)f->mode);
}

static int pop_one(struct state *s, struct tree *t, json_t *p, json_t *files, struct packs *packs,
		   struct undo_dirs *dirs, struct azk_report *r)
{
	size_t at = (size_t)json_integer_value(json_object_get(p, "at"));
	size_t len = (size_t)json_integer_value(json_object_get(p, "len"));
	const struct strbuf *sb = pack_get(packs, s, str_of(p, "pack"), r);
	struct strlist paths = { 0 };
	const char *why;

	if (at > sb->len || len > sb->len - at)
		why = "undo record is missing";
	else
		why = undo_patch(t, sb_str(sb) + at, len, dirs, &paths);
	for (size_t i = 0; why && i < paths.n; i++) {
		/* a record that does not fit an edited file is not damaged */
		if (!state_file_ok(s, strmap_get(&t->files, paths.v[i]), r))
			goto out;
	}
	if (why)
		report_bad(r, "state", str_of(p, "name"), 0, "popping: %s", why);
	for (size_t i = 0; !why && i < paths.n; i++) {
		struct vfile *f = strmap_get(&t->files, paths.v[i]);
		json_t *e = json_object_get(files, paths.v[i]);
		json_int_t n = json_integer_value(json_object_get(e, "patches")) - 1;

		json_object_set_new(e, "patches", json_integer(n));
		if (!state_file_ok(s, f, r))
			why = "changed";
		if (n > 0 || why)
			continue;
		if (!e || !back_to_start(e, f))
			report_bad(r, "state", paths.v[i], 0,
				   "popping would not give back the file as it was; nothing is done");
		json_object_del(files, paths.v[i]);
	}
out:
	strlist_free(&paths);
	return why || report_status(r) == AZK_BAD ? -EINVAL : 0;
}

static size_t pop_count(const struct state *s, bool all, const char *to, struct azk_report *r)
{
	size_t n = json_array_size(state_patches(s));

	if (all || !n)
		return n;
	if (!to)
		return 1;
	for (size_t i = n; i; i--) {
		if (!strcmp(str_of(json_array_get(state_patches(s), i - 1), "name"), to))
			return n - i;
	}
	report_bad(r, "not-applied", to, 0, "is not applied");
	return 0;
}

static void pop_text(json_t *root, FILE *out)
{
	json_t *popped = json_object_get(root, "popped");
	json_t *p;
	size_t i;

	if (json_integer_value(json_object_get(root, "status"))) {
		fputs("nothing was popped\n", out);
		return;
	}
	json_array_foreach(popped, i, p) {
		if (i < 20)
			fprintf(out, "popped %s\n", json_string_value(p));
	}
	fprintf(out, "%zu patches popped, %lld left\n", json_array_size(popped),
		(long long)json_integer_value(json_object_get(root, "left")));
}

static void pop(struct state *s, struct tree *t, bool all, const char *to, unsigned long jobs,
		struct azk_report *r)
{
	json_t *popped = json_object_get(report_root(r), "popped");
	json_t *next = json_deep_copy(s->root), *list = json_object_get(next, "patches");
	size_t n = pop_count(s, all, to, r);
	struct undo_dirs dirs = { 0 };
	struct packs packs = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		size_t top = json_array_size(list) - 1;
		json_t *p = json_array_get(list, top);

		rc = pop_one(s, t, p, json_object_get(next, "files"), &packs, &dirs, r);
		if (rc)
			break;
		json_array_append(popped, json_object_get(p, "name"));
		json_array_remove(list, top);
	}
	if (!rc && n && report_status(r) == AZK_OK)
		rc = state_commit(s, t, "pop", next, NULL, &dirs, jobs, r);
	if (rc || report_status(r) != AZK_OK)
		json_array_clear(popped);
	json_object_set_new(report_root(r), "left",
			    json_integer((json_int_t)json_array_size(state_patches(s))));
	json_decref(next);
	strmap_free(&dirs.made);
	strmap_free(&dirs.modes);
	packs_free(&packs);
}

static int run_pop(int argc, char **argv)
{
	const char *dir = NULL, *to = NULL;
	bool all = false, json = false;
	unsigned long jobs = 2;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true, .help = "the patched tree" },
		{ .name = "all", .flag = &all, .help = "pop every applied patch" },
		{ .name = "to", .arg = "NAME", .str = &to, .help = "pop what lies on top of NAME" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct azk_report *r;
	struct state s;
	struct tree t;
	int rc;

	rc = azk_parse_opts(opts, "queue pop --tree DIR [--all | --to NAME] [--json]",
			    "queue pop --tree linux-6.18.15 --all", argc, argv);
	if (rc < 0)
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	if (rc > 0 || (all && to))
		return azk_error(all && to ? "--all and --to exclude each other" :
				 "queue pop takes no argument; did you mean --to %s", argv[1]);
	r = report_new("queue pop");
	json_object_set_new(report_root(r), "tree", json_string(dir));
	json_object_set_new(report_root(r), "popped", json_array());
	if (!state_open(&s, dir, false, r)) {
		rc = tree_open(&t, dir);
		if (!rc) {
			pop(&s, &t, all, to, jobs, r);
			tree_close(&t);
		} else {
			report_bad(r, "tree", dir, 0, "opening the tree: %s", strerror(-rc));
		}
	}
	state_close(&s);
	rc = report_print(r, json, stdout, pop_text);
	report_free(r);
	return rc;
}

/* ---- status ------------------------------------------------------------- */

static void status_text(json_t *root, FILE *out)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "applied"), i, p)
		fprintf(out, "%s\n", json_string_value(p));
	fprintf(out, "%zu patches applied\n", json_array_size(json_object_get(root, "applied")));
}

static int run_status(int argc, char **argv)
{
	const char *dir = NULL;
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true, .help = "the tree" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct azk_report *r;
	struct state s;
	struct tree t;
	json_t *applied = json_array(), *e;
	const char *path;
	size_t i;
	int rc;

	rc = azk_parse_opts(opts, "queue status --tree DIR [--json]",
			    "queue status --tree linux-6.18.15", argc, argv);
	if (rc) {
		json_decref(applied);
		if (rc > 0)
			return azk_error("queue status takes no argument '%s'", argv[1]);
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	r = report_new("queue status");
	json_object_set_new(report_root(r), "tree", json_string(dir));
	json_object_set_new(report_root(r), "applied", applied);
	if (!state_open(&s, dir, false, r) && !tree_open(&t, dir)) {
		json_array_foreach(state_patches(&s), i, e)
			json_array_append(applied, json_object_get(e, "name"));
		json_object_foreach(state_files(&s), path, e) {
			const char *why = NULL;
			struct vfile *f = tree_get(&t, path, &why);

			if (f)
				state_file_ok(&s, f, r);
			else
				report_add(r, AZK_ERROR, "changed", path, 0, "%s", why);
		}
		tree_close(&t);
	}
	state_close(&s);
	rc = report_print(r, json, stdout, status_text);
	report_free(r);
	return rc;
}

static const struct azk_verb verbs[] = {
	{ "apply", run_apply, "apply the series to a tree, all of it or nothing" },
	{ "pop", run_pop, "take applied patches off a tree, byte for byte" },
	{ "status", run_status, "list what is applied and what changed since" },
	{ "lint", queue_lint, "check the patches themselves: trailers, subject, whitespace" },
	{ 0 },
};

const struct azk_noun queue_noun = { "queue", "the patch queue", verbs };
