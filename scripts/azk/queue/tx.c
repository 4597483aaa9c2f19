// SPDX-License-Identifier: GPL-2.0-or-later
/* A decided transaction: its moves, again and again until they are done. See state.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue.h"
#include "queue/tx.h"

static int remove_file(struct state *s, const char *path)
{
	const char *base;
	int fd = azk_open_parent_at(s->tree_fd, path, &base);
	int rc = 0;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	/* EISDIR: already replaced by a folder when this is a second run */
	if (unlinkat(fd, base, 0) < 0 && errno != ENOENT && errno != EISDIR)
		rc = -errno;
	close(fd);
	return rc;
}

/* Removes folders that a removed file left empty; only those in allowed, if given. */
static void remove_empty_parents(struct state *s, const char *path, json_t *allowed)
{
	_cleanup_free_ char *p = xstrdup(path);
	char *slash;

	while ((slash = strrchr(p, '/'))) {
		const char *base;
		int fd, rc;

		*slash = '\0';
		if (json_is_object(allowed) && !json_object_get(allowed, p))
			return;
		fd = azk_open_parent_at(s->tree_fd, p, &base);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return;
		rc = unlinkat(fd, base, AT_REMOVEDIR) < 0 && errno != ENOENT;
		close(fd);
		if (rc)
			return;
	}
}

static int make_parents(struct state *s, const char *path, json_t *modes)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *c = strchr(p, '/'); c; c = strchr(c + 1, '/')) {
		json_t *mode;
		const char *base;
		int fd, rc = 0;

		*c = '\0';
		mode = json_object_get(modes, p);
		fd = azk_open_parent_at(s->tree_fd, p, &base);
		if (fd < 0)
			return fd;
		if (mkdirat(fd, base, 0777) == 0) {
			if (mode && fchmodat(fd, base, (mode_t)json_integer_value(mode), 0) < 0)
				rc = -errno;
		} else if (errno != EEXIST) {
			rc = -errno;
		}
		close(fd);
		if (rc)
			return rc;
		*c = '/';
	}
	return 0;
}

static int open_or_make_parents(struct state *s, const char *path, json_t *modes,
				const char **base)
{
	int fd = azk_open_parent_at(s->tree_fd, path, base), rc;

	if (fd != -ENOENT)
		return fd;
	rc = make_parents(s, path, modes);
	return rc ? rc : azk_open_parent_at(s->tree_fd, path, base);
}

static ino_t ino_at(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

/*
 * from/name takes the place of fd/base. The two change places where the file
 * system can do that: a rename over a file makes ext4 write out the new content
 * at once, which costs seconds for a thousand files and gains nothing here. What
 * lies at from/name afterwards goes with tx/.
 */
static int put_in_place(int from, const char *name, int fd, const char *base)
{
	if (renameat2(from, name, fd, base, RENAME_EXCHANGE) == 0)
		return 0;
	return renameat(from, name, fd, base) < 0 ? -errno : 0;
}

/* A staged file that has the inode ino becomes path. */
static int move_staged(struct state *s, int tx_fd, const char *name, const char *path, ino_t ino,
		       json_t *modes)
{
	ino_t staged = tx_fd < 0 ? 0 : ino_at(tx_fd, name);
	const char *base;
	int fd, rc = 0;

	if (!staged)
		return 0;	/* renamed before the interruption */
	fd = open_or_make_parents(s, path, modes, &base);
	if (fd < 0)
		return fd;
	if (staged == ino)	/* else it has changed places already */
		rc = put_in_place(tx_fd, name, fd, base);
	else if (ino_at(fd, base) != ino)
		rc = -ESTALE;
	close(fd);
	AZK_FAILPOINT();
	return rc;
}

/* The kept original becomes path again; make must see it as new. */
static int move_orig(struct state *s, int orig_fd, const char *name, const char *path,
		     json_t *modes)
{
	const char *base;
	int fd, rc = 0;

	if (orig_fd < 0 || !ino_at(orig_fd, name))
		return 0;	/* moved before the interruption */
	if (utimensat(orig_fd, name, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	fd = open_or_make_parents(s, path, modes, &base);
	if (fd < 0)
		return fd;
	if (renameat(orig_fd, name, fd, base) < 0)
		rc = -errno;
	close(fd);
	AZK_FAILPOINT();
	return rc;
}

/* Every file as the journal wants it; *path is the one that failed. */
static int move_all(struct state *s, json_t *journal, int tx_fd, int orig_fd, const char **path)
{
	json_t *removed = json_object_get(journal, "remove");
	json_t *modes = json_object_get(journal, "modes");
	json_t *rmdirs = json_object_get(journal, "rmdirs");
	json_t *j;
	size_t i;
	int rc;

	json_array_foreach(removed, i, j) {
		*path = json_string_value(j);
		if (!*path || path_unsafe_why(*path))
			return -EINVAL;
		rc = remove_file(s, *path);
		if (rc)
			return rc;
		AZK_FAILPOINT();
	}
	json_array_foreach(removed, i, j)
		remove_empty_parents(s, json_string_value(j), rmdirs);
	AZK_FAILPOINT();
	json_array_foreach(json_object_get(journal, "write"), i, j) {
		char name[24];

		*path = str_of(j, "path");
		snprintf(name, sizeof(name), "%zu", i);
		rc = path_unsafe_why(*path) ? -EINVAL :
			move_staged(s, tx_fd, name, *path,
				    (ino_t)json_integer_value(json_object_get(j, "ino")), modes);
		if (rc)
			return rc;
	}
	json_array_foreach(json_object_get(journal, "restore"), i, j) {
		const char *orig = str_of(j, "orig");

		*path = str_of(j, "path");
		rc = path_unsafe_why(*path) || path_unsafe_why(orig) ? -EINVAL :
			move_orig(s, orig_fd, orig, *path, modes);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Files outside of the tree: staged and synced here, and written through a name
 * that does not change, so that a second run replaces what the first left.
 */
static int write_outside(json_t *journal, int tx_fd, const char **path)
{
	json_t *j;
	size_t i;

	json_array_foreach(json_object_get(journal, "outside"), i, j) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
		_cleanup_free_ char *dir = NULL, *tmp = NULL;
		char name[40];
		int rc;

		*path = json_string_value(j) ?: "";
		snprintf(name, sizeof(name), "out-%zu", i);
		rc = tx_fd < 0 ? -ENOENT : azk_read_file_at(tx_fd, name, &sb);
		if (rc == -ENOENT) {
			if (unlink(*path) < 0 && errno != ENOENT)
				return -errno;
			continue;
		}
		if (rc)
			return rc;
		dir = path_dirname(*path);
		rc = azk_mkdir_p(dir, 0777);
		tmp = xasprintf("%s/.azk-tmp.%s", dir, path_basename(*path));
		if (!rc)
			rc = azk_write_new_at(AT_FDCWD, tmp, sb.buf, sb.len, 0644, true, true);
		AZK_FAILPOINT();
		if (!rc && rename(tmp, *path) < 0)
			rc = -errno;
		if (!rc)
			rc = azk_fsync_dir_at(AT_FDCWD, dir);
		if (rc)
			return rc;
		AZK_FAILPOINT();
	}
	return 0;
}

int tx_write_json(int dirfd, const char *name, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	int rc;

	if (!text)
		return -EINVAL;
	rc = azk_write_file_at(dirfd, name, text, strlen(text), 0644, true);
	free(text);
	return rc;
}

int tx_settle_pack(struct state *s, json_t *journal)
{
	const char *pack = json_string_value(json_object_get(journal, "pack"));
	int fd, rc = 0;

	if (!pack)
		return 0;
	fd = openat(s->fd, "tx", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (strchr(pack, '/'))
		rc = -EINVAL;
	else if (renameat(fd, "pack", s->fd, pack) < 0 && errno != ENOENT)
		rc = -errno;
	close(fd);
	return rc;
}

int tx_finish(struct state *s, json_t *journal, struct azk_report *r)
{
	_cleanup_free_ char *tx = xasprintf("%s/.azk/tx", s->dir);
	const char *path = ".azk";
	int tx_fd, orig_fd, rc;

	rc = tx_settle_pack(s, journal);
	tx_fd = openat(s->fd, "tx", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	orig_fd = openat(s->fd, "orig", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!rc)
		rc = move_all(s, journal, tx_fd, orig_fd, &path);
	if (!rc)
		rc = write_outside(journal, tx_fd, &path);
	if (tx_fd >= 0)
		close(tx_fd);
	if (orig_fd >= 0)
		close(orig_fd);
	AZK_FAILPOINT();
	if (!rc && renameat(s->fd, "journal", s->fd, "state.json") < 0) {
		path = ".azk";
		rc = -errno;
	}
	if (rc) {
		report_bad(r, "unfinished", *path ? path : ".azk", 0, "finishing the %s: %s",
			   str_of(journal, "op"), strerror(-rc));
		report_note(r, "the journal is kept: the next azk on this tree goes on from here");
		return rc;
	}
	AZK_FAILPOINT();
	azk_remove_tree(tx);
	json_decref(s->root);
	s->root = json_incref(json_object_get(journal, "state"));
	return 0;
}
