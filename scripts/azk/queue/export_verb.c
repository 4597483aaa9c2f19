// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue export: the queue for other tools. A branch holds one commit a patch,
 * and for each a note in refs/notes/azk-queue: the patch's name, the trees of the
 * commit and of its parent, and the patch's bytes. As long as a commit still has
 * these trees and this message, import takes the bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "queue/apply.h"
#include "queue/git.h"
#include "queue/queue.h"
#include "queue/write.h"

struct export {
	struct azk_report *r;
	struct series series;
	struct patch_list list;
	git_repository *repo;
	json_t *out;
};

static int git_bad(struct export *x, const char *what, const char *arg)
{
	report_bad(x->r, "git", arg, 0, "%s: %s", what, git_why());
	return -EIO;
}

/* ---- mbox and quilt ----------------------------------------------------- */

/* One mail after the other; a patch without a mail header gets one. */
static int to_mbox(struct export *x, const char *file)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc;

	for (size_t i = 0; i < x->list.patches.n; i++) {
		const struct patch *p = &x->list.patches.v[i];

		if (!p->name)
			continue;
		if (p->len < 5 || memcmp(p->buf, "From ", 5))
			sb_addstr(&sb, "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n");
		if (!p->subject)
			sb_addf(&sb, "From: unknown <unknown@invalid>\nSubject: [PATCH] %s\n\n", p->name);
		sb_add(&sb, p->buf, p->len);
		if (p->len && p->buf[p->len - 1] != '\n')
			sb_addch(&sb, '\n');
		sb_addch(&sb, '\n');
	}
	rc = azk_write_file(file, sb_str(&sb), sb.len, 0644);
	if (rc)
		report_bad(x->r, "write", file, 0, "writing the mbox: %s", strerror(-rc));
	return rc;
}

/* A folder that quilt can use: made beside it and renamed when it is complete. */
static int to_quilt(struct export *x, const char *dir)
{
	_cleanup_free_ char *tmp = xasprintf("%s.azk-tmp", dir);
	_cleanup_sb_ struct strbuf series = STRBUF_INIT;
	int rc = azk_exists(dir) ? -EEXIST : azk_remove_tree(tmp);

	for (size_t i = 0; !rc && i < x->list.patches.n; i++) {
		const struct patch *p = &x->list.patches.v[i];
		_cleanup_free_ char *name = NULL, *path = NULL, *parent = NULL;

		if (!p->name)
			continue;
		name = x->series.entries.v[i].pick ? xasprintf("%s.patch", p->name) : xstrdup(p->name);
		path = path_join(tmp, name);
		parent = path_dirname(path);
		rc = azk_mkdir_p(parent, 0777);
		if (!rc)
			rc = azk_write_new_at(AT_FDCWD, path, p->buf, p->len, 0644, false, false);
		sb_addf(&series, p->strip == 1 ? "%s\n" : "%s -p%u\n", name, p->strip);
	}
	if (!rc) {
		_cleanup_free_ char *path = path_join(tmp, "series");

		rc = azk_mkdir_p(tmp, 0777);
		if (!rc)
			rc = azk_write_file(path, sb_str(&series), series.len, 0644);
	}
	if (!rc && rename(tmp, dir) < 0)
		rc = -errno;
	if (rc) {
		report_bad(x->r, "write", dir, 0, "writing the folder: %s", strerror(-rc));
		azk_remove_tree(tmp);
	}
	return rc;
}

/* ---- branch ------------------------------------------------------------- */

struct branch {
	git_oid tip, tree;
	struct git_view view;
	const char *name;	/* refs/heads/... */
};

/* The tree with these files as the view has them. */
static int write_tree(struct export *x, struct branch *b, const struct strlist *paths)
{
	VEC(git_tree_update) up = { 0 };
	git_tree *base = NULL;
	git_oid out;
	int rc = 0;

	for (size_t i = 0; i < paths->n && !rc; i++) {
		struct vfile *f = strmap_get(&b->view.tree.files, paths->v[i]);
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
		git_tree_update u = { .path = f->path };

		for (size_t k = 0; k < up.n; k++) {
			if (!strcmp(up.v[k].path, f->path))
				u.path = NULL;
		}
		if (!u.path || (!f->exists && !f->disk_exists))
			continue;
		for (size_t k = 0; k < f->lines.n; k++)
			sb_add(&sb, f->lines.v[k].s, f->lines.v[k].len);
		u.action = f->exists ? GIT_TREE_UPDATE_UPSERT : GIT_TREE_UPDATE_REMOVE;
		u.filemode = f->mode & 0100 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
		if (f->exists && git_blob_create_from_buffer(&u.id, x->repo, sb_str(&sb), sb.len))
			rc = git_bad(x, "writing a file", f->path);
		f->disk_exists = f->exists;	/* from here on: in the tree of git */
		vec_push(&up, u);
	}
	if (!rc && (git_tree_lookup(&base, x->repo, &b->tree) ||
		    git_tree_create_updated(&out, x->repo, base, up.n, up.v)))
		rc = git_bad(x, "writing a tree", b->name);
	git_tree_free(base);
	vec_free(&up);
	if (!rc)
		git_oid_cpy(&b->tree, &out);
	return rc;
}

/* Author and committer are the patch's, so that exporting again gives the same commits. */
static int write_commit(struct export *x, struct branch *b, const struct message *m)
{
	git_signature *who = NULL;
	git_commit *parent = NULL;
	git_tree *tree = NULL;
	const git_commit *parents[1];
	git_oid out;
	int rc = 0;

	if (git_signature_new(&who, *m->name ? m->name : "unknown", *m->mail ? m->mail : "unknown@invalid",
			      m->when, m->zone) ||
	    git_commit_lookup(&parent, x->repo, &b->tip) || git_tree_lookup(&tree, x->repo, &b->tree))
		rc = git_bad(x, "making a commit", b->name);
	parents[0] = parent;
	if (!rc && git_commit_create(&out, x->repo, NULL, who, who, NULL, m->text, tree, 1, parents))
		rc = git_bad(x, "making a commit", b->name);
	git_signature_free(who);
	git_commit_free(parent);
	git_tree_free(tree);
	if (!rc)
		git_oid_cpy(&b->tip, &out);
	return rc;
}

static int write_note(struct export *x, const struct branch *b, const char *text, const char *name)
{
	git_signature *who = NULL;
	git_oid out;
	int rc = 0;

	if (git_signature_new(&who, "azk", "azk@invalid", 0, 0) ||
	    git_note_create(&out, x->repo, GIT_NOTES, who, who, &b->tip, text, 1))
		rc = git_bad(x, "writing a note", name);
	git_signature_free(who);
	return rc;
}

static int note_patch(struct export *x, const struct branch *b, const git_oid *was,
		      const struct patch *p)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	char tree[41], parent[41];

	git_oid_tostr(tree, sizeof(tree), &b->tree);
	git_oid_tostr(parent, sizeof(parent), was);
	sb_addf(&sb, "%s\n%s\n%s\n", p->name, tree, parent);
	sb_add(&sb, p->buf, p->len);
	return write_note(x, b, sb_str(&sb), p->name);
}

static int patch_commit(struct export *x, struct branch *b, const struct patch *p)
{
	struct strlist paths = { 0 };
	struct apply_stats st;
	struct message m;
	git_oid was = b->tree;
	int rc = apply_patch(&b->view.tree, p, x->r, NULL, &paths, &st);

	message_read(p, &m);
	if (!rc)
		rc = write_tree(x, b, &paths);
	if (!rc)
		rc = write_commit(x, b, &m);
	/* bytes with a NUL do not fit into a note; such a patch comes back as git writes it */
	if (!rc && !memchr(p->buf, '\0', p->len))
		rc = note_patch(x, b, &was, p);
	if (!rc) {
		char id[41];

		git_oid_tostr(id, sizeof(id), &b->tip);
		json_array_append_new(x->out, json_pack("{s:s, s:s}", "patch", p->name, "commit", id));
	}
	message_free(&m);
	strlist_free(&paths);
	return rc;
}

/* Lines "from to": files of the folder from lies in, into the tree. */
static int overlay_commit(struct export *x, struct branch *b, const char *list, const char *from,
			  const struct message *first)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct message m = *first;
	struct strlist paths = { 0 };
	size_t pos = 0, n, lineno = 0;
	const char *line;
	int rc = azk_read_file(list, &sb);

	if (rc)
		report_bad(x->r, "overlay", list, 0, "reading the list: %s", strerror(-rc));
	while (!rc && azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *src = xstrndup(line, n), *path = NULL;
		_cleanup_sb_ struct strbuf data = STRBUF_INIT;
		char *to = strchr(src, ' ');
		const char *why = "is not a pair of names";
		struct vfile *f = NULL;
		struct stat st;

		lineno++;
		if (to)
			*to++ = '\0';
		if (to)
			why = path_unsafe_why(src) ?: path_unsafe_why(to);
		path = path_join(from, src);
		if (!why)
			f = tree_get(&b->view.tree, to, &why);
		if (f && (azk_read_file(path, &data) || stat(path, &st) < 0))
			why = "cannot be read";
		if (why) {
			report_bad(x->r, "overlay", list, lineno, "'%s' %s", src, why);
			rc = -EINVAL;
			break;
		}
		vec_free(&f->lines);
		lines_split(&f->lines, data.buf, data.len);
		vec_push(&b->view.tree.text, sb_detach(&data));
		f->exists = true;
		f->mode = st.st_mode & 0100 ? 0755 : 0644;
		strlist_add(&paths, to);
	}
	m.text = (char *)"Overlay: what this repository adds to the base\n\n"
		"Files that lie over the upstream tree and are no patches to it.\n";
	if (!rc)
		rc = write_tree(x, b, &paths);
	if (!rc)
		rc = write_commit(x, b, &m);
	if (!rc)
		rc = write_note(x, b, GIT_NOTE_OVERLAY, list);
	strlist_free(&paths);
	return rc;
}

static int to_branch(struct export *x, const char *branch, const char *onto, const char *overlay,
		     const char *from, bool force)
{
	_cleanup_free_ char *ref = xasprintf("refs/heads/%s", branch);
	struct branch b = { .name = ref };
	git_reference *out = NULL;
	git_commit *base = NULL;
	git_object *obj = NULL;
	git_oid old;
	bool view = false;
	int rc = 0;

	if (!force && git_reference_name_to_id(&old, x->repo, ref) == 0) {
		report_bad(x->r, "branch", branch, 0, "exists already; --force replaces it");
		return -EEXIST;
	}
	if (git_revparse_single(&obj, x->repo, onto) ||
	    git_object_peel((git_object **)&base, obj, GIT_OBJECT_COMMIT))
		rc = git_bad(x, "no such commit", onto);
	if (!rc) {
		git_oid_cpy(&b.tip, git_commit_id(base));
		git_oid_cpy(&b.tree, git_commit_tree_id(base));
		rc = git_view_open(&b.view, x->repo, base);
		view = true;
		if (rc)
			git_bad(x, "reading the tree", onto);
	}
	if (!rc && overlay) {
		const git_signature *who = git_commit_author(base);
		struct message m = { .name = (char *)"azk", .mail = (char *)"azk@invalid",
				     .when = who->when.time, .zone = who->when.offset };

		rc = overlay_commit(x, &b, overlay, from, &m);
	}
	for (size_t i = 0; !rc && i < x->list.patches.n; i++) {
		if (x->list.patches.v[i].name)
			rc = patch_commit(x, &b, &x->list.patches.v[i]);
	}
	/* last, so that a branch is there as a whole or not at all */
	if (!rc && git_reference_create(&out, x->repo, ref, &b.tip, 1, "azk queue export"))
		rc = git_bad(x, "setting the branch", ref);
	git_reference_free(out);
	if (view)
		git_view_close(&b.view);
	git_commit_free(base);
	git_object_free(obj);
	return rc;
}

static void export_text(json_t *root, FILE *out)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "not_carried"), i, p)
		fprintf(out, "not carried (no --git): pick %s # %s\n", str_of(p, "commit"), str_of(p, "why"));
	if (json_integer_value(json_object_get(root, "status")))
		fputs("nothing was exported\n", out);
	else
		fprintf(out, "%lld patches exported to %s\n",
			(long long)json_integer_value(json_object_get(root, "exported")),
			str_of(root, "to"));
}

int queue_export(int argc, char **argv)
{
	const char *file = NULL, *mbox = NULL, *quilt = NULL, *git = NULL, *branch = NULL;
	const char *onto = NULL, *overlay = NULL, *from = ".";
	bool json = false, force = false;
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &file, .required = true, .help = "the series file" },
		{ .name = "mbox", .arg = "FILE", .str = &mbox, .help = "write one mailbox" },
		{ .name = "quilt", .arg = "DIR", .str = &quilt, .help = "write a folder quilt can use; must not exist" },
		{ .name = "branch", .arg = "NAME", .str = &branch,
		  .help = "make a branch of the repository --git: a commit for each patch" },
		{ .name = "git", .arg = "DIR", .str = &git, .help = "a kernel clone; picks come from it too" },
		{ .name = "onto", .arg = "COMMIT", .str = &onto, .help = "what the branch starts from, such as v6.18.15" },
		{ .name = "overlay", .arg = "LIST", .str = &overlay,
		  .help = "first a commit of files: lines 'from to' as in TREE/.azure-tree/overlay" },
		{ .name = "overlay-from", .arg = "DIR", .str = &from, .help = "what the list's names are relative to (default .)" },
		{ .name = "force", .flag = &force, .help = "replace a branch of that name" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct export x = { 0 };
	json_int_t n = 0;
	int rc;

	rc = azk_parse_opts(opts, "queue export --series FILE (--mbox FILE | --quilt DIR | --git DIR --branch NAME --onto COMMIT)",
			    "queue export --series patches/series --git ~/linux --branch azure-6.18 --onto v6.18.15",
			    argc, argv);
	if (rc < 0)
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	if (rc)
		return azk_error("queue export takes no argument '%s'", argv[1]);
	if (!!mbox + !!quilt + !!branch != 1)
		return azk_error("queue export needs one of --mbox, --quilt and --branch");
	if (branch && (!git || !onto))
		return azk_error("--branch needs --git and --onto");
	x.r = report_new("queue export");
	x.out = json_array();
	json_object_set_new(report_root(x.r), "to", json_string(mbox ? mbox : quilt ? quilt : branch));
	json_object_set_new(report_root(x.r), "patches", x.out);
	git_start();
	rc = series_load(&x.series, file, x.r);
	if (!rc && git && git_repository_open(&x.repo, git))
		rc = git_bad(&x, "opening the repository", git);
	if (!rc)
		rc = patches_load(&x.list, &x.series, 2, x.r);
	if (!rc)
		rc = patches_pick(&x.list, &x.series, git, x.r);
	if (!rc)
		rc = mbox ? to_mbox(&x, mbox) : quilt ? to_quilt(&x, quilt) :
			to_branch(&x, branch, onto, overlay, from, force);
	for (size_t i = 0; !rc && i < x.list.patches.n; i++)
		n += x.list.patches.v[i].name != NULL;
	json_object_set_new(report_root(x.r), "exported", json_integer(n));
	rc = report_print(x.r, json, stdout, export_text);
	patches_free(&x.list);
	series_free(&x.series);
	git_repository_free(x.repo);
	report_free(x.r);
	return rc;
}
