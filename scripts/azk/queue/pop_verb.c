// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue pop: applied patches off a tree, from the top, byte for byte. */
#include <errno.h>

#include "queue/queue.h"
#include "queue/state.h"

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

int queue_pop(int argc, char **argv)
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
