// SPDX-License-Identifier: GPL-2.0-or-later
/* Copy-on-write view of a folder. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/tree.h"

int tree_open(struct tree *t, const char *dir)
{
	memset(t, 0, sizeof(*t));
	t->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	t->dir = xstrdup(dir);
	return 0;
}

void tree_open_load(struct tree *t, const char *(*load)(void *ctx, struct vfile *f, size_t *len),
		    void *ctx)
{
	memset(t, 0, sizeof(*t));
	t->fd = -1;
	t->load = load;
	t->ctx = ctx;
}

void tree_close(struct tree *t)
{
	for (size_t i = 0; i < t->files.n; i++) {
		struct vfile *f = t->files.v[i].value;

		free(f->path);
		free(f->buf);
		vec_free(&f->lines);
		free(f);
	}
	strmap_free(&t->files);
	strmap_free(&t->new_dirs);
	strmap_free(&t->above);
	for (size_t i = 0; i < t->text.n; i++)
		free(t->text.v[i]);
	vec_free(&t->text);
	strlist_free(&t->fresh);
	free(t->dir);
	if (t->fd >= 0)
		close(t->fd);
}

uint64_t lines_hash(const struct lines *l)
{
	uint64_t h = l->n;

	for (size_t i = 0; i < l->n; i++)
		h = azk_hash(h, l->v[i].s, l->v[i].len);
	return h;
}

int lines_by_hash(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void lines_append(struct lines *out, const struct lines *in, size_t from, size_t n)
{
	if (!n)		/* also where in->v is NULL */
		return;
	vec_reserve(out, n);
	memcpy(out->v + out->n, in->v + from, n * sizeof(*in->v));
	out->n += n;
}

/* A file the patches made or kept where path needs a folder. */
static bool parent_is_file(struct tree *t, const char *path, bool *gone)
{
	_cleanup_free_ char *p = xstrdup(path);
	char *s;

	*gone = false;
	while ((s = strrchr(p, '/'))) {
		struct vfile *f;

		*s = '\0';
		f = strmap_get(&t->files, p);
		if (f && f->exists)
			return true;
		if (f && f->disk_exists)
			*gone = true;
	}
	return false;
}

void tree_note_above(struct tree *t, const char *path)
{
	_cleanup_free_ char *p = xstrdup(path);
	char *s;

	while ((s = strrchr(p, '/'))) {
		*s = '\0';
		if (strmap_get(&t->above, p))
			return;
		strmap_put(&t->above, p, t);
	}
}

bool tree_below(const struct tree *t, const char *path, bool (*stood)(void *ctx, const char *path),
		void *ctx)
{
	size_t len = strlen(path);

	if (!strmap_get(&t->above, path))
		return false;
	for (size_t i = 0; i < t->files.n; i++) {
		struct vfile *f = t->files.v[i].value;

		if (!strncmp(f->path, path, len) && f->path[len] == '/' &&
		    (f->exists || stood(ctx, f->path)))
			return true;
	}
	return false;
}

static const char *load(struct vfile *f, int dirfd, const char *base)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct stat st;
	int rc;

	if (fstatat(dirfd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (S_ISDIR(st.st_mode)) {
		f->disk_is_dir = true;
		return NULL;
	}
	if (S_ISLNK(st.st_mode))
		return "is a symbolic link in the tree";
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_size > INT32_MAX)
		return "is larger than 2 GiB";
	rc = azk_read_file_at(dirfd, base, &sb);
	if (rc)
		return strerror(-rc);
	f->exists = f->disk_exists = true;
	f->mode = f->disk_mode = st.st_mode & 07777;
	f->uid = st.st_uid;
	f->gid = st.st_gid;
	lines_split(&f->lines, sb.buf, sb.len);
	f->buf = sb_detach(&sb);
	f->disk_hash = lines_hash(&f->lines);
	return NULL;
}

static const char *load_disk(struct tree *t, struct vfile *f, bool gone)
{
	const char *base, *why;
	int fd = azk_open_parent_at(t->fd, f->path, &base);

	if (fd == -ELOOP)
		return "goes through a symbolic link";
	if (fd == -ENOTDIR && !gone)
		return "lies below something that is a file";
	if (fd == -ENOENT || fd == -ENOTDIR)
		return NULL;
	if (fd < 0)
		return strerror(-fd);
	why = load(f, fd, base);
	close(fd);
	return why;
}

static const char *load_from(struct tree *t, struct vfile *f)
{
	size_t len = 0;
	const char *why = t->load(t->ctx, f, &len);

	if (why)
		/* cppcheck-suppress returnDanglingLifetime ; static words, nothing of len */
		return why;
	lines_split(&f->lines, f->buf, len);
	f->disk_hash = f->exists ? lines_hash(&f->lines) : 0;
	return NULL;
}

struct vfile *tree_get(struct tree *t, const char *path, const char **why)
{
	struct vfile *f = strmap_get(&t->files, path);
	bool gone;

	if (parent_is_file(t, path, &gone)) {
		*why = "lies below something that is a file";
		return NULL;
	}
	if (f)
		return f;
	*why = path_unsafe_why(path);
	if (*why)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->path = xstrdup(path);
	*why = t->load ? load_from(t, f) : load_disk(t, f, gone);
	if (*why) {
		free(f->path);
		free(f->buf);
		free(f);
		return NULL;
	}
	strmap_put(&t->files, path, f);
	return f;
}
