// SPDX-License-Identifier: GPL-2.0-or-later
/* Staging, deciding and finishing a transaction; the protocol is in state.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/tx.h"

struct stage {
	struct vfile **v;	/* files to write, staged as tx/<index> */
	size_t n;
	int fd;			/* of tx */
	atomic_size_t next;
	bool sync;		/* second pass: only fsync */
	_Atomic int rc;		/* first failure, -errno */
	_Atomic size_t bad;	/* which file failed */
};

static int write_staged(int dirfd, const char *name, const struct vfile *f)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t done = 0;
	int fd, rc = 0;

	for (size_t i = 0; i < f->lines.n; i++)
		sb_add(&sb, f->lines.v[i].s, f->lines.v[i].len);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (!rc && done < sb.len) {
		ssize_t n = write(fd, sb.buf + done, sb.len - done);

		if (n >= 0)
			done += n;
		else if (errno != EINTR)
			rc = -errno;
	}
	if (!rc && f->disk_exists && geteuid() == 0 && fchown(fd, f->uid, f->gid) < 0)
		rc = -errno;
	if (!rc && fchmod(fd, f->mode) < 0)
		rc = -errno;
	/* start writing now, so that the fsync of the second pass is short */
	if (!rc)
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (close(fd) < 0 && !rc)
		rc = -errno;
	return rc;
}

static int sync_staged(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static void *stage_worker(void *arg)
{
	struct stage *st = arg;
	size_t i;

	while (!st->rc && (i = atomic_fetch_add(&st->next, 1)) < st->n) {
		char name[24];
		int rc;

		snprintf(name, sizeof(name), "%zu", i);
		rc = st->sync ? sync_staged(st->fd, name) :
			write_staged(st->fd, name, st->v[i]);
		if (rc) {
			st->bad = i;
			st->rc = rc;
		}
		AZK_FAILPOINT();
	}
	return NULL;
}

static int stage_pass(struct stage *st, bool sync, unsigned long jobs)
{
	pthread_t threads[16];
	size_t n = 0;

	st->sync = sync;
	st->next = 0;
	while (n + 1 < jobs && n < ARRAY_SIZE(threads) && n * 8 < st->n &&
	       !pthread_create(&threads[n], NULL, stage_worker, st))
		n++;
	stage_worker(st);
	while (n)
		pthread_join(threads[--n], NULL);
	return st->rc;
}

/* The moves must not fail for reasons that can be seen before. */
static int check_target(struct state *s, const char *path, dev_t dev)
{
	_cleanup_free_ char *p = path_dirname(path);
	struct stat st;

	while (fstatat(s->tree_fd, p, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		char *up;

		if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
		up = path_dirname(p);
		free(p);
		p = up;
	}
	if (S_ISDIR(st.st_mode)) {
		if (st.st_dev != dev)
			return -EXDEV;
		if (faccessat(s->tree_fd, p, W_OK | X_OK, AT_EACCESS) < 0)
			return -errno;
	}
	return 0;
}

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

static int move_in(struct state *s, int tx_fd, size_t i, const char *path, json_t *modes)
{
	char name[24];
	const char *base;
	int fd, rc;

	snprintf(name, sizeof(name), "%zu", i);
	if (tx_fd < 0 || faccessat(tx_fd, name, F_OK, 0) < 0)
		return 0;	/* moved before the interruption */
	rc = make_parents(s, path, modes);
	if (rc)
		return rc;
	fd = azk_open_parent_at(s->tree_fd, path, &base);
	if (fd < 0)
		return fd;
	if (renameat(tx_fd, name, fd, base) < 0)
		rc = -errno;
	close(fd);
	AZK_FAILPOINT();
	return rc;
}

/* Every file as the journal wants it; *path is the one that failed. */
static int move_all(struct state *s, json_t *journal, int tx_fd, const char **path)
{
	json_t *removed = json_object_get(journal, "remove");
	json_t *written = json_object_get(journal, "write");
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
	json_array_foreach(written, i, j) {
		*path = json_string_value(j);
		if (!*path || path_unsafe_why(*path))
			return -EINVAL;
		rc = move_in(s, tx_fd, i, *path, json_object_get(journal, "modes"));
		if (rc)
			return rc;
	}
	return 0;
}

static int write_json(int dirfd, const char *name, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	int rc;

	if (!text)
		return -EINVAL;
	rc = azk_write_file_at(dirfd, name, text, strlen(text), 0644, true);
	free(text);
	return rc;
}

int tx_finish(struct state *s, json_t *journal, struct azk_report *r)
{
	_cleanup_free_ char *tx = xasprintf("%s/.azk/tx", s->dir);
	const char *pack = json_string_value(json_object_get(journal, "pack"));
	const char *path = ".azk";
	int tx_fd, rc;

	tx_fd = openat(s->fd, "tx", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = move_all(s, journal, tx_fd, &path);
	if (!rc && pack && tx_fd >= 0 && renameat(tx_fd, "pack", s->fd, pack) < 0 &&
	    errno != ENOENT)
		rc = -errno;
	if (tx_fd >= 0)
		close(tx_fd);
	if (!rc)
		rc = write_json(s->fd, "state.json", json_object_get(journal, "state"));
	AZK_FAILPOINT();
	if (!rc && unlinkat(s->fd, "journal", 0) < 0)
		rc = -errno;
	if (rc) {
		report_bad(r, "unfinished", path ? path : ".azk", 0, "finishing the %s: %s",
			   json_string_value(json_object_get(journal, "op")) ?: "command",
			   strerror(-rc));
		report_note(r, "the journal is kept: the next azk on this tree goes on from here");
		return rc;
	}
	AZK_FAILPOINT();
	azk_remove_tree(tx);
	json_decref(s->root);
	s->root = json_incref(json_object_get(journal, "state"));
	return 0;
}

/* Lists the changes against the disk and records them in the state's file table. */
static void collect(struct tree *t, json_t *files, json_t *written, json_t *removed,
		    struct stage *st)
{
	VEC(struct vfile *) v = { 0 };

	for (size_t i = 0; i < t->files.n; i++) {
		struct vfile *f = t->files.v[i].value;
		uint64_t hash;
		json_t *e;

		if (!f->dirty)
			continue;
		hash = f->exists ? lines_hash(&f->lines) : 0;
		e = json_object_get(files, f->path);
		if (e) {
			char hex[17];

			snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)hash);
			json_object_set_new(e, "exists", json_boolean(f->exists));
			json_object_set_new(e, "hash", json_string(hex));
			json_object_set_new(e, "mode", json_integer(f->mode));
		}
		if (!f->exists) {
			if (f->disk_exists)
				json_array_append_new(removed, json_string(f->path));
		} else if (!f->disk_exists || f->mode != f->disk_mode || hash != f->disk_hash) {
			json_array_append_new(written, json_string(f->path));
			vec_push(&v, f);
		}
	}
	st->v = v.v;
	st->n = v.n;
}

static json_t *dir_set(const struct strmap *m, bool modes)
{
	json_t *o = json_object();

	for (size_t i = 0; i < m->n; i++) {
		uintptr_t v = (uintptr_t)m->v[i].value;

		json_object_set_new(o, m->v[i].key, json_integer(modes ? (json_int_t)v - 1 : 1));
	}
	return o;
}

static int stage_all(struct state *s, struct stage *st, const struct strbuf *pack,
		     unsigned long jobs)
{
	int rc;

	if (mkdirat(s->fd, "tx", 0700) < 0)
		return -errno;
	st->fd = openat(s->fd, "tx", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (st->fd < 0)
		return -errno;
	rc = stage_pass(st, false, jobs);
	if (!rc && pack)
		rc = azk_write_file_at(st->fd, "pack", pack->buf, pack->len, 0644, true);
	if (!rc)
		rc = stage_pass(st, true, jobs);
	if (!rc && fsync(st->fd) < 0)
		rc = -errno;
	close(st->fd);
	return rc;
}

int state_commit(struct state *s, struct tree *t, const char *op, json_t *next,
		 const struct strbuf *pack, const struct undo_dirs *dirs, unsigned long jobs,
		 struct azk_report *r)
{
	_cleanup_free_ char *tx = xasprintf("%s/.azk/tx", s->dir);
	json_t *written = json_array(), *removed = json_array(), *journal, *j;
	struct stage st = { .bad = SIZE_MAX };
	const char *path = NULL;
	struct stat sb;
	size_t i;
	int rc;

	collect(t, json_object_get(next, "files"), written, removed, &st);
	journal = json_pack("{s:s, s:o, s:o, s:O}", "op", op, "write", written, "remove", removed,
			    "state", next);
	if (!journal) {
		rc = -EINVAL;
		goto out;
	}
	if (pack) {
		char name[40];

		snprintf(name, sizeof(name), "undo-%lld",
			 (long long)json_integer_value(json_object_get(next, "generation")));
		json_object_set_new(journal, "pack", json_string(name));
	}
	if (dirs) {
		json_object_set_new(journal, "rmdirs", dir_set(&dirs->made, false));
		json_object_set_new(journal, "modes", dir_set(&dirs->modes, true));
	}
	rc = fstat(s->fd, &sb) < 0 ? -errno : 0;
	json_array_foreach(written, i, j) {
		if (!rc && (rc = check_target(s, json_string_value(j), sb.st_dev)))
			path = json_string_value(j);
	}
	json_array_foreach(removed, i, j) {
		if (!rc && (rc = check_target(s, json_string_value(j), sb.st_dev)))
			path = json_string_value(j);
	}
	if (!rc) {
		rc = stage_all(s, &st, pack, jobs);
		if (rc && st.bad != SIZE_MAX)
			path = st.v[st.bad]->path;
	}
	if (!rc)
		rc = write_json(s->fd, "journal", journal);
	AZK_FAILPOINT();
	if (!rc) {
		rc = tx_finish(s, journal, r);
		goto out_journal;
	}
out:
	report_bad(r, "write", path ? path : s->dir, 0, "preparing the %s: %s; the tree is unchanged",
		   op, strerror(-rc));
	unlinkat(s->fd, "journal", 0);
	azk_remove_tree(tx);
out_journal:
	json_decref(journal);
	free(st.v);
	return rc;
}
