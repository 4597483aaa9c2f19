// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue refresh: the applied patches as they would have to be written now.
 * The top patch takes what was edited in the tree; those below it get the lines
 * where their hunks were placed. Patch files and state change in one step.
 */
#include <errno.h>
#include <limits.h>

#include "queue/queue.h"
#include "queue/replay.h"
#include "queue/write.h"

struct refresh {
	struct azk_report *r;
	struct series series;
	struct state state;
	struct tree tree;		/* the disk */
	const char *base;		/* where files no patch touched yet are as they were */
	struct strlist add;		/* named by the user */
	struct strlist edited;		/* add, and files that differ from what azk wrote */
	json_t *next, *out;
	struct strbuf pack;
	struct strlist paths;		/* of the patch files to write */
	VEC(struct strbuf) texts;
	bool top_edited;
};

static void fail(struct refresh *rf, const char *rule, const char *file, const char *fmt,
		 const char *arg)
{
	report_bad(rf->r, rule, file, 0, fmt, arg);
}

/* The file of an applied patch, which must still be the text that was applied. */
static char *patch_path(struct refresh *rf, json_t *e)
{
	_cleanup_free_ char *rel = path_join(rf->series.dir, str_of(e, "name"));
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *hash = NULL;
	char *path = realpath(rel, NULL);
	int rc = path ? azk_read_file(path, &sb) : -errno;

	if (rc) {
		fail(rf, "patch", rel, "reading the patch: %s", strerror(-rc));
	} else {
		hash = hash_hex(azk_hash(0, sb.buf, sb.len));
		if (!strcmp(hash, str_of(e, "hash")))
			return path;
		fail(rf, "order", rel, "was changed after it was applied; pop it first%s", "");
	}
	free(path);
	return NULL;
}

/* Files azk knows that are not as it wrote them, and those the user names. */
static int find_edits(struct refresh *rf)
{
	const char *path, *why = NULL;
	json_t *e;

	for (size_t i = 0; i < rf->add.n; i++) {
		why = path_unsafe_why(rf->add.v[i]);
		if (why || !tree_get(&rf->tree, rf->add.v[i], &why)) {
			fail(rf, "add", rf->add.v[i], "%s", why);
			return -EINVAL;
		}
		strlist_add(&rf->edited, rf->add.v[i]);
	}
	json_object_foreach(state_files(&rf->state), path, e) {
		struct azk_report *quiet = report_new("refresh");
		struct vfile *f = tree_get(&rf->tree, path, &why);

		if (!f)
			fail(rf, "changed", path, "%s", why);
		else if (!state_file_ok(&rf->state, f, quiet) && !strlist_has(&rf->edited, path))
			strlist_add(&rf->edited, path);
		report_free(quiet);
	}
	return report_status(rf->r) == AZK_OK ? 0 : -EINVAL;
}

/*
 * A file no patch touched so far enters the state. What it was before comes
 * from the base; without one it must be new.
 */
static int adopt(struct refresh *rf, const char *path)
{
	json_t *files = json_object_get(rf->next, "files");
	struct vfile *f = NULL;
	const char *why = NULL;
	struct tree base;
	int rc = 0;

	if (json_object_get(files, path))
		return 0;
	if (rf->base) {
		rc = tree_open(&base, rf->base);
		if (!rc)
			f = tree_get(&base, path, &why);
		if (rc || !f) {
			fail(rf, "base", rf->base, "%s", rc ? strerror(-rc) : why);
			if (!rc)
				tree_close(&base);
			return -EINVAL;
		}
	}
	if (f && f->exists) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
		_cleanup_free_ char *hex = hash_hex(f->disk_hash);
		_cleanup_free_ char *name = xasprintf("%lld-add-%zu",
			(long long)json_integer_value(json_object_get(rf->next, "generation")),
			json_object_size(files));
		_cleanup_free_ char *orig = path_join("orig", name);

		for (size_t i = 0; i < f->lines.n; i++)
			sb_add(&sb, f->lines.v[i].s, f->lines.v[i].len);
		rc = azk_write_new_at(rf->state.fd, orig, sb.buf, sb.len, f->mode, true, true);
		json_object_set_new(files, path,
				    json_pack("{s:i, s:b, s:s, s:i, s:s}", "patches", 0, "was", 1,
					      "was_hash", hex, "was_mode", (int)f->mode, "orig", name));
	} else {
		json_object_set_new(files, path, json_pack("{s:i, s:b, s:s, s:i}", "patches", 0,
							   "was", 0, "was_hash", "", "was_mode", 0));
	}
	if (rf->base)
		tree_close(&base);
	if (rc)
		fail(rf, "write", path, "keeping the file of before: %s", strerror(-rc));
	return rc;
}

static void count_paths(json_t *files, const struct strlist *paths, int by)
{
	for (size_t i = 0; i < paths->n; i++) {
		json_t *e = json_object_get(files, paths->v[i]);
		json_int_t n = json_integer_value(json_object_get(e, "patches")) + by;

		json_object_set_new(e, "patches", json_integer(n));
		if (n <= 0 && by < 0)
			json_object_set_new(e, "gone", json_true());
		else
			json_object_del(e, "gone");
	}
}

/* The edited top patch, proven: applied to what is below it, it gives the tree. */
static int prove(struct refresh *rf, json_t *e, const struct patch *old, const struct strbuf *text)
{
	json_t *files = json_object_get(rf->next, "files");
	struct strlist was = { 0 }, is = { 0 };
	struct apply_stats st;
	struct azk_report *quiet = report_new("refresh");
	struct replay rp;
	struct patch p;
	size_t at = rf->pack.len;
	int rc;

	/* run by the recorded texts; files of --add come from the next state */
	replay_open(&rp, &rf->state, rf->state.root);
	rc = patch_parse_strip(&p, old->name, old->file, xmemdup0(sb_str(text), text->len), text->len,
			       old->strip);
	if (!rc)
		rc = replay_run(&rp, json_array_size(json_object_get(rf->next, "patches")) - 1);
	rp.state = rf->next;
	if (!rc)
		rc = apply_patch_with(&rp.tree, &p, &(struct apply_opts){ 0 }, quiet, &rf->pack, &is, &st);
	for (size_t i = 0; !rc && i < is.n; i++) {
		struct vfile *have = strmap_get(&rp.tree.files, is.v[i]);
		const char *why = NULL;
		struct vfile *want = tree_get(&rf->tree, is.v[i], &why);

		if (!want || want->exists != have->exists ||
		    (want->exists && lines_hash(&want->lines) != lines_hash(&have->lines)))
			rc = -EIO;
	}
	for (size_t i = 0; i < old->diffs.n; i++) {
		const struct file_diff *d = &old->diffs.v[i];
		const char *both[] = { d->kind == DIFF_COPY ? NULL : d->old_path, d->new_path };

		for (size_t k = 0; k < 2; k++) {
			if (both[k] && !strlist_has(&was, both[k]))
				strlist_add(&was, both[k]);
		}
	}
	if (rc) {
		fail(rf, "refresh", str_of(e, "name"), "the new patch does not lead to what is in the tree; nothing is done%s", "");
	} else {
		count_paths(files, &was, -1);
		count_paths(files, &is, 1);
		for (size_t i = 0; i < is.n; i++) {
			const char *why = NULL;
			struct vfile *f = tree_get(&rf->tree, is.v[i], &why);
			_cleanup_free_ char *hex = hash_hex(f->disk_hash);
			json_t *fe = json_object_get(files, is.v[i]);

			json_object_set_new(fe, "exists", json_boolean(f->exists));
			json_object_set_new(fe, "hash", json_string(hex));
			json_object_set_new(fe, "mode", json_integer(f->disk_mode));
		}
		for (size_t i = 0; i < was.n; i++) {
			if (json_object_get(json_object_get(files, was.v[i]), "gone"))
				json_object_del(files, was.v[i]);
		}
		json_object_set_new(e, "at", json_integer((json_int_t)at));
		json_object_set_new(e, "len", json_integer((json_int_t)(rf->pack.len - at)));
	}
	strlist_free(&was);
	strlist_free(&is);
	patch_free(&p);
	report_free(quiet);
	replay_close(&rp);
	return rc;
}

/* Patch number i: its new text, if it has one, becomes part of the transaction. */
static int refresh_one(struct refresh *rf, size_t i, struct replay *before, struct tree *after,
		       bool top)
{
	json_t *e = json_array_get(json_object_get(rf->next, "patches"), i);
	_cleanup_free_ char *pack = xasprintf("undo-%lld", (long long)json_integer_value(
		json_object_get(rf->next, "generation")));
	_cleanup_free_ char *path = NULL, *hash = NULL;
	struct strbuf text = STRBUF_INIT;
	bool edited = top && rf->edited.n;
	const char *why = NULL;
	struct strlist add = { 0 };
	struct patch p;
	size_t len = 0;
	char *buf;
	int rc;

	for (size_t k = 0; k < rf->series.entries.n; k++) {
		const struct series_entry *se = &rf->series.entries.v[k];

		if (!se->pick || strcmp(se->name, str_of(e, "name")))
			continue;
		if (edited)
			fail(rf, "pick", se->name, "is a pick, which has no file that could take the edit%s", "");
		else
			json_array_append_new(rf->out, json_pack("{s:s, s:s}", "patch", se->name, "status",
								 "unchanged"));
		return edited ? -EINVAL : 0;
	}
	path = patch_path(rf, e);
	if (!path)
		return -EINVAL;
	buf = replay_text(&rf->state, e, &len);
	if (!buf) {
		fail(rf, "state", str_of(e, "pack"), "is damaged%s", "");
		return -EIO;
	}
	rc = patch_parse_strip(&p, str_of(e, "name"), path, buf, len,
			       (unsigned int)json_integer_value(json_object_get(e, "strip")));
	for (size_t k = 0; edited && k < rf->edited.n; k++) {
		bool has = false;

		for (size_t d = 0; d < p.diffs.n; d++)
			has |= (p.diffs.v[d].new_path && !strcmp(p.diffs.v[d].new_path, rf->edited.v[k])) ||
				(p.diffs.v[d].old_path && !strcmp(p.diffs.v[d].old_path, rf->edited.v[k]));
		if (!has)
			strlist_add(&add, rf->edited.v[k]);
		if (!rc)
			rc = adopt(rf, rf->edited.v[k]);
	}
	if (!rc)
		rc = patch_rewrite(&p, &before->tree, after, &add, &text, &why);
	if (rc && why)
		fail(rf, "refresh", str_of(e, "name"), "%s", why);
	if (!rc && text.len == p.len && !memcmp(text.buf, p.buf, p.len)) {
		json_array_append_new(rf->out, json_pack("{s:s, s:s}", "patch", p.name, "status", "unchanged"));
		sb_free(&text);
	} else if (!rc) {
		hash = hash_hex(azk_hash(0, text.buf, text.len));
		json_object_set_new(e, "hash", json_string(hash));
		if (edited)
			rc = prove(rf, e, &p, &text);
		if (edited && !rc)
			json_object_set_new(e, "pack", json_string(pack));
		json_object_set_new(e, "text_pack", json_string(pack));
		json_object_set_new(e, "text_at", json_integer((json_int_t)rf->pack.len));
		json_object_set_new(e, "text_len", json_integer((json_int_t)text.len));
		json_object_set_new(e, "fuzz", json_integer(0));
		sb_add(&rf->pack, text.buf, text.len);
		strlist_add(&rf->paths, path);
		vec_push(&rf->texts, text);
		json_array_append_new(rf->out, json_pack("{s:s, s:s}", "patch", p.name, "status",
							 edited ? "edited" : "moved"));
	}
	strlist_free(&add);
	patch_free(&p);
	return rc;
}

static int refresh_all(struct refresh *rf, bool all)
{
	size_t n = json_array_size(state_patches(&rf->state)), first = all ? 0 : n - 1;
	struct replay before, after;
	int rc = 0;

	replay_open(&before, &rf->state, rf->next);
	replay_open(&after, &rf->state, rf->state.root);
	for (size_t i = first; i < n && !rc; i++) {
		bool top = i + 1 == n;

		/* the view of before is made of the recorded texts, the refreshed ones give the same */
		before.state = rf->state.root;
		rc = replay_run(&before, i);
		before.state = rf->next;
		if (!rc && !top)
			rc = replay_run(&after, i + 1);
		if (rc)
			fail(rf, "state", rf->state.dir, "the records of what was applied are damaged%s", "");
		else
			rc = refresh_one(rf, i, &before, top ? &rf->tree : &after.tree, top);
	}
	replay_close(&before);
	replay_close(&after);
	return rc;
}

static int commit(struct refresh *rf)
{
	VEC(struct outside) out = { 0 };
	int rc;

	for (size_t i = 0; i < rf->paths.n; i++) {
		struct outside *o = vec_add(&out);

		o->path = rf->paths.v[i];
		o->data = rf->texts.v[i].buf;
		o->len = rf->texts.v[i].len;
	}
	rc = state_commit_with(&rf->state, &rf->tree, "refresh", rf->next, &rf->pack, NULL, out.v, out.n,
			       2, rf->r);
	vec_free(&out);
	return rc;
}

static void refresh_text(json_t *root, FILE *out)
{
	size_t i, n[3] = { 0 };
	json_t *p;

	if (json_integer_value(json_object_get(root, "status"))) {
		fputs("nothing was refreshed\n", out);
		return;
	}
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		const char *status = str_of(p, "status");

		n[*status == 'u' ? 0 : *status == 'm' ? 1 : 2]++;
		if (*status != 'u')
			fprintf(out, "%s %s\n", *status == 'm' ? "renumbered" : "refreshed", str_of(p, "patch"));
	}
	fprintf(out, "%zu patches unchanged, %zu renumbered, %zu edited\n", n[0], n[1], n[2]);
}

int queue_refresh(int argc, char **argv)
{
	const char *dir = NULL, *file = NULL;
	struct refresh rf = { 0 };
	bool all = false, json = false;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true, .help = "the patched tree" },
		{ .name = "series", .arg = "FILE", .str = &file, .required = true,
		  .help = "the series that was applied; its patch files are written" },
		{ .name = "all", .flag = &all, .help = "also patches below the top: lines they were placed at" },
		{ .name = "add", .arg = "FILE", .list = &rf.add,
		  .help = "a file of the tree no patch touches yet; may be repeated" },
		{ .name = "base", .arg = "DIR", .str = &rf.base,
		  .help = "the unpatched tree, for files of --add that are not new" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	bool tree = false;
	int rc;

	rc = azk_parse_opts(opts, "queue refresh --tree DIR --series FILE [--all] [--add FILE [--base DIR]]... [--json]",
			    "queue refresh --tree linux-6.18.15 --series patches/series", argc, argv);
	if (rc) {
		strlist_free(&rf.add);
		if (rc > 0)
			return azk_error("queue refresh takes no argument '%s'", argv[1]);
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	rf.r = report_new("queue refresh");
	rf.out = json_array();
	json_object_set_new(report_root(rf.r), "tree", json_string(dir));
	json_object_set_new(report_root(rf.r), "patches", rf.out);
	rc = series_load(&rf.series, file, rf.r);
	if (!rc) {
		rc = state_open(&rf.state, dir, false, rf.r);
		if (!rc && !json_array_size(state_patches(&rf.state))) {
			fail(&rf, "not-applied", dir, "no patch is applied%s", "");
			rc = -EINVAL;
		}
		if (!rc) {
			rc = tree_open(&rf.tree, dir);
			tree = !rc;
		}
		if (!rc) {
			rf.next = json_deep_copy(rf.state.root);
			json_object_set_new(rf.next, "generation", json_integer(1 + json_integer_value(
				json_object_get(rf.next, "generation"))));
			rc = find_edits(&rf);
		}
		if (!rc)
			rc = refresh_all(&rf, all);
		if (!rc && rf.paths.n)
			rc = commit(&rf);
		state_close(&rf.state);
	}
	rc = report_print(rf.r, json, stdout, refresh_text);
	if (tree)
		tree_close(&rf.tree);
	for (size_t i = 0; i < rf.texts.n; i++)
		sb_free(&rf.texts.v[i]);
	vec_free(&rf.texts);
	strlist_free(&rf.paths);
	strlist_free(&rf.add);
	strlist_free(&rf.edited);
	sb_free(&rf.pack);
	json_decref(rf.next);
	series_free(&rf.series);
	report_free(rf.r);
	return rc;
}
