// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a file of the old base went. No history is at hand, so a move is told by
 * content, as git does it: a file that only the new base has, with at least half
 * of the lines.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/moved.h"

#define HALF 50		/* percent of the lines */

struct walk {
	struct tree *base;
	int old_fd;
	struct strbuf path;
};

static void walk(struct walk *w, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	size_t len = w->path.len;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..") || !strcmp(de->d_name, ".git"))
			continue;
		sb_addf(&w->path, "%s%s", len ? "/" : "", de->d_name);
		if (de->d_type == DT_DIR)
			walk(w, fd, de->d_name);
		else if (de->d_type == DT_REG && faccessat(w->old_fd, w->path.buf, F_OK, AT_SYMLINK_NOFOLLOW))
			strlist_add(&w->base->fresh, w->path.buf);
		w->path.len = len;
		w->path.buf[len] = '\0';
	}
	closedir(d);
}

/* The lines that hold more than blanks and brackets, as sorted hashes. */
static uint64_t *words_of(const struct lines *l, size_t *n)
{
	uint64_t *h = xcalloc(l->n + 1, sizeof(*h));

	*n = 0;
	for (size_t i = 0; i < l->n; i++) {
		size_t k = strspn(l->v[i].len ? l->v[i].s : "\n", " \t\r\n(){};,*/#");

		if (k < l->v[i].len)
			h[(*n)++] = azk_hash(0, l->v[i].s, l->v[i].len);
	}
	qsort(h, *n, sizeof(*h), lines_by_hash);
	return h;
}

static unsigned int percent_of(const uint64_t *a, size_t an, const struct lines *in)
{
	size_t bn, same = 0, i = 0, k = 0;
	uint64_t *b = words_of(in, &bn);

	while (i < an && k < bn) {
		if (a[i] == b[k]) {
			same++;
			i++;
			k++;
		} else if (a[i] < b[k]) {
			i++;
		} else {
			k++;
		}
	}
	free(b);
	return an ? (unsigned int)(same * 100 / an) : 0;
}

bool moved_known(const struct tree *base, const struct tree *old)
{
	return base->fd >= 0 && old && old->fd >= 0;
}

const char *moved_to(struct tree *base, const struct tree *old, const struct lines *l,
		     unsigned int *percent)
{
	const char *best = NULL, *why;
	uint64_t *words;
	size_t n;

	*percent = 0;
	if (!moved_known(base, old))
		return NULL;
	if (!base->fresh_listed) {
		struct walk w = { .base = base, .old_fd = old->fd };

		walk(&w, base->fd, ".");
		sb_free(&w.path);
		strlist_sort(&base->fresh);
		base->fresh_listed = true;
	}
	words = words_of(l, &n);
	for (size_t i = 0; i < base->fresh.n; i++) {
		struct vfile *f = tree_get(base, base->fresh.v[i], &why);
		unsigned int p = f && f->exists ? percent_of(words, n, &f->lines) : 0;

		if (p >= HALF && p > *percent) {
			*percent = p;
			best = base->fresh.v[i];
		}
	}
	free(words);
	return best;
}
