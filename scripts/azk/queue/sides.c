// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are at hand on both sides, as the two views patch_rewrite() asks for. */
#include "queue/write.h"

/* Only what was put into the view exists. */
static const char *nothing_there(void *ctx, struct vfile *f, size_t *len)
{
	(void)ctx;
	(void)f;
	*len = 0;
	return NULL;
}

static void put(struct tree *t, const char *path, const struct lines *l, mode_t mode)
{
	struct vfile *f;

	if (!path || strmap_get(&t->files, path))
		return;
	f = xcalloc(1, sizeof(*f));
	f->path = xstrdup(path);
	f->exists = true;
	f->mode = mode;
	lines_append(&f->lines, l, 0, l->n);
	strmap_put(&t->files, path, f);
}

int patch_rewrite_sides(const struct patch *p, const struct file_change *files, size_t n,
			struct strbuf *out, const char **why)
{
	struct tree before, after;
	int rc;

	tree_open_load(&before, nothing_there, NULL);
	tree_open_load(&after, nothing_there, NULL);
	for (size_t i = 0; i < n; i++) {
		put(&before, files[i].old_path, files[i].old, files[i].old_mode);
		put(&after, files[i].new_path, files[i].new, files[i].new_mode);
	}
	rc = patch_rewrite(p, &before, &after, NULL, out, why);
	tree_close(&before);
	tree_close(&after);
	return rc;
}
