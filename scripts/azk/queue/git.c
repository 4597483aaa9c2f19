// SPDX-License-Identifier: GPL-2.0-or-later
/* Commits as patches, and trees as views. */
#include <errno.h>
#include <pthread.h>

#include "queue/git.h"
#include "queue/write.h"

static void start(void)
{
	git_libgit2_init();
}

void git_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

const char *git_why(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "unknown error";
}

void blob_id(const void *data, size_t len, char hex[41])
{
	git_oid oid;

	git_start();
	git_odb_hash(&oid, data, len, GIT_OBJECT_BLOB);
	git_oid_tostr(hex, 41, &oid);
}

git_commit *git_commit_by_id(git_repository *repo, const char *sha, const char **why)
{
	git_commit *c = NULL;
	git_oid oid;

	if (git_oid_fromstrn(&oid, sha, strlen(sha)) ||
	    git_commit_lookup_prefix(&c, repo, &oid, strlen(sha))) {
		*why = git_why();
		return NULL;
	}
	return c;
}

struct side {
	git_blob *blob;
	struct lines lines;
};

static bool load_side(git_repository *repo, const git_diff_file *f, bool exists, struct side *s)
{
	memset(s, 0, sizeof(*s));
	if (!exists)
		return true;
	if (git_blob_lookup(&s->blob, repo, &f->id))
		return false;
	lines_split(&s->lines, git_blob_rawcontent(s->blob), (size_t)git_blob_rawsize(s->blob));
	return true;
}

static void free_side(struct side *s)
{
	vec_free(&s->lines);
	git_blob_free(s->blob);
}

static bool plain_mode(const git_diff_file *f, bool exists)
{
	return !exists || f->mode == GIT_FILEMODE_BLOB || f->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static int add_delta(git_repository *repo, const git_diff_delta *d, struct strbuf *out,
		     const char **why)
{
	bool has_old = d->status != GIT_DELTA_ADDED, has_new = d->status != GIT_DELTA_DELETED;
	struct file_change c = { 0 };
	struct side a, b = { 0 };
	int rc = -EINVAL;

	if (!plain_mode(&d->old_file, has_old) || !plain_mode(&d->new_file, has_new)) {
		*why = "it changes a symbolic link or a submodule";
		return -EINVAL;
	}
	if (load_side(repo, &d->old_file, has_old, &a) && load_side(repo, &d->new_file, has_new, &b)) {
		c.old_path = has_old ? d->old_file.path : NULL;
		c.new_path = has_new ? d->new_file.path : NULL;
		c.old_mode = d->old_file.mode & 0777;
		c.new_mode = d->new_file.mode & 0777;
		c.old = &a.lines;
		c.new = &b.lines;
		c.copy = d->status == GIT_DELTA_COPIED;
		write_change(&c, out);
		rc = 0;
	} else {
		*why = git_why();
	}
	free_side(&a);
	free_side(&b);
	return rc;
}

static git_diff *diff_of(git_repository *repo, git_commit *c, const char **why)
{
	git_diff_find_options find;
	git_tree *new = NULL, *old = NULL;
	git_commit *parent = NULL;
	git_diff *diff = NULL;

	git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
	find.flags = GIT_DIFF_FIND_RENAMES;
	if (git_commit_parentcount(c) > 1)
		*why = "it is a merge";
	else if ((git_commit_parentcount(c) && (git_commit_parent(&parent, c, 0) ||
						git_commit_tree(&old, parent))) ||
		 git_commit_tree(&new, c) || git_diff_tree_to_tree(&diff, repo, old, new, NULL) ||
		 git_diff_find_similar(diff, &find))
		*why = git_why();
	git_tree_free(old);
	git_tree_free(new);
	git_commit_free(parent);
	return diff;
}

int git_commit_patch(git_repository *repo, git_commit *c, struct strbuf *out, const char **why)
{
	const git_signature *who = git_commit_author(c);
	struct message m = { .name = who->name, .mail = who->email, .when = who->when.time,
			     .zone = who->when.offset, .has_date = true,
			     .text = (char *)git_commit_message(c) };
	_cleanup_sb_ struct strbuf text = STRBUF_INIT;
	git_diff *diff;
	struct patch p;
	int rc = 0;

	*why = NULL;
	diff = diff_of(repo, c, why);
	if (*why)
		rc = -EINVAL;
	for (size_t i = 0; !rc && i < git_diff_num_deltas(diff); i++)
		rc = add_delta(repo, git_diff_get_delta(diff, i), &text, why);
	git_diff_free(diff);
	if (!rc && !text.len) {
		*why = "it changes nothing";
		rc = -EINVAL;
	}
	if (rc)
		return rc;
	if (patch_parse(&p, "commit", "commit", xmemdup0(text.buf, text.len), text.len)) {
		*why = "its diff is not one a patch can hold";
		rc = -EINVAL;
	} else {
		message_write(&m, out);
		write_diffstat(&p, out);
		sb_addch(out, '\n');
		sb_add(out, text.buf, text.len);
	}
	patch_free(&p);
	return rc;
}

static const char *load_git(void *ctx, struct vfile *f, size_t *len)
{
	struct git_view *v = ctx;
	git_tree_entry *e = NULL;
	git_blob *blob = NULL;
	const char *why = NULL;
	int rc = git_tree_entry_bypath(&e, v->root, f->path);

	if (rc == GIT_ENOTFOUND)
		return NULL;
	if (rc)
		return "cannot be read from git";
	if (git_tree_entry_type(e) == GIT_OBJECT_TREE)
		f->disk_is_dir = true;
	else if (git_tree_entry_filemode(e) == GIT_FILEMODE_LINK)
		why = "is a symbolic link in the tree";
	else if (git_tree_entry_type(e) != GIT_OBJECT_BLOB ||
		 git_blob_lookup(&blob, v->repo, git_tree_entry_id(e)))
		why = "cannot be read from git";
	if (blob) {
		f->exists = f->disk_exists = true;
		f->mode = f->disk_mode = git_tree_entry_filemode(e) & 0777;
		*len = (size_t)git_blob_rawsize(blob);
		f->buf = xmemdup0(git_blob_rawcontent(blob), *len);
		git_blob_free(blob);
	}
	git_tree_entry_free(e);
	return why;
}

int git_view_open(struct git_view *v, git_repository *repo, git_commit *c)
{
	memset(v, 0, sizeof(*v));
	v->repo = repo;
	tree_open_load(&v->tree, load_git, v);
	return git_commit_tree(&v->root, c) ? -EIO : 0;
}

void git_view_close(struct git_view *v)
{
	tree_close(&v->tree);
	git_tree_free(v->root);
}
