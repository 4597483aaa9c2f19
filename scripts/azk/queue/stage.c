// SPDX-License-Identifier: GPL-2.0-or-later
/* Before the decision: what changes, whether it can, staged content, the journal. See state.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue.h"
#include "queue/tx.h"

struct staged {
	struct vfile *f;
	const char *orig;	/* name in orig/ that a link to the file of before gets; or NULL */
	bool write;		/* new content goes to tx/<index> */
	size_t index;
	ino_t ino;		/* of the staged file */
};

struct stage {
	VEC(struct staged) v;
	size_t n_write;
	int tree_fd, tx_fd, orig_fd;
	atomic_size_t next;
	_Atomic int rc;		/* first failure, -errno */
	_Atomic size_t bad;	/* which file failed */
};

/*
 * A new file dirfd/name whose inode belongs to the folder it will be moved into,
 * where the system can do that: ext4 keeps the inodes of a folder together, and a
 * thousand new ones in one place cost it more than all the rest of an apply.
 * -errno or a descriptor.
 */
static int create_staged(int dirfd, const char *name, int parent)
{
	int fd = parent < 0 ? -1 : openat(parent, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char self[40];

	if (fd >= 0) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		if (linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW) == 0)
			return fd;
		close(fd);
	}
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static int write_staged(struct stage *st, struct staged *sf)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const struct vfile *f = sf->f;
	const char *base;
	struct stat now;
	char name[24];
	int fd, rc, parent = azk_open_parent_at(st->tree_fd, f->path, &base);

	snprintf(name, sizeof(name), "%zu", sf->index);
	fd = create_staged(st->tx_fd, name, parent);
	if (parent >= 0)
		close(parent);
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < f->lines.n; i++)
		sb_add(&sb, f->lines.v[i].s, f->lines.v[i].len);
	rc = azk_write_fd(fd, sb.buf, sb.len);
	/* the mode last: chown clears set-id bits */
	if (!rc && f->disk_exists && geteuid() == 0 && fchown(fd, f->uid, f->gid) < 0)
		rc = -errno;
	if (!rc && (fchmod(fd, f->mode) < 0 || fstat(fd, &now) < 0))
		rc = -errno;
	if (close(fd) < 0 && !rc)
		rc = -errno;
	sf->ino = rc ? 0 : now.st_ino;
	return rc;
}

/* Keeps the file of before: a link where the file system has them, else a copy. */
static int keep_orig(struct stage *st, const struct staged *sf)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *base;
	int fd = azk_open_parent_at(st->tree_fd, sf->f->path, &base);
	int rc = 0;

	if (fd < 0)
		return fd;
	if (linkat(fd, base, st->orig_fd, sf->orig, 0) < 0) {
		rc = azk_read_file_at(fd, base, &sb);
		if (!rc)
			rc = azk_write_new_at(st->orig_fd, sf->orig, sb.buf, sb.len,
					      sf->f->disk_mode, true, true);
	}
	close(fd);
	return rc;
}

static void *stage_worker(void *arg)
{
	struct stage *st = arg;
	size_t i;

	while (!st->rc && (i = atomic_fetch_add(&st->next, 1)) < st->v.n) {
		struct staged *sf = &st->v.v[i];
		int rc = 0;

		if (sf->orig)
			rc = keep_orig(st, sf);
		if (!rc && sf->write)
			rc = write_staged(st, sf);
		if (rc) {
			st->bad = i;
			st->rc = rc;
		}
		AZK_FAILPOINT();
	}
	return NULL;
}

static int stage_files(struct stage *st, unsigned long jobs)
{
	pthread_t threads[16];
	size_t n = 0;

	while (n + 1 < jobs && n < ARRAY_SIZE(threads) && n * 8 < st->v.n &&
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

/*
 * Whether the kept original of an entry can be moved back: it is the wanted
 * content, and no other name shares the inode, whose time stamp will change.
 */
static bool orig_usable(const struct stage *st, json_t *e, const struct vfile *f)
{
	const char *name = json_string_value(json_object_get(e, "orig"));
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct lines l = { 0 };
	struct stat sb_stat;
	bool ok;

	if (!name || st->orig_fd < 0 ||
	    fstatat(st->orig_fd, name, &sb_stat, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(sb_stat.st_mode) || sb_stat.st_nlink != 1 ||
	    (sb_stat.st_mode & 07777) != f->mode || azk_read_file_at(st->orig_fd, name, &sb))
		return false;
	lines_split(&l, sb.buf, sb.len);
	ok = lines_hash(&l) == lines_hash(&f->lines);
	vec_free(&l);
	return ok;
}

/* Lists the changes against the disk in the journal and in the next state's file table. */
static void collect(struct state *s, struct tree *t, json_t *journal, struct stage *st)
{
	json_t *files = json_object_get(json_object_get(journal, "state"), "files");
	json_int_t gen = json_integer_value(json_object_get(json_object_get(journal, "state"),
							    "generation"));

	for (size_t i = 0; i < t->files.n; i++) {
		struct staged sf = { .f = t->files.v[i].value };
		struct vfile *f = sf.f;
		_cleanup_free_ char *hex = NULL;
		json_t *e, *old;
		uint64_t hash;

		if (!f->dirty)
			continue;
		hash = f->exists ? lines_hash(&f->lines) : 0;
		hex = hash_hex(hash);
		e = json_object_get(files, f->path);
		old = json_object_get(state_files(s), f->path);
		if (e) {
			json_object_set_new(e, "exists", json_boolean(f->exists));
			json_object_set_new(e, "hash", json_string(hex));
			json_object_set_new(e, "mode", json_integer(f->mode));
			if (json_is_true(json_object_get(e, "was")) && !json_object_get(e, "orig")) {
				_cleanup_free_ char *name = xasprintf("%lld-%zu", (long long)gen, i);

				json_object_set_new(e, "orig", json_string(name));
				sf.orig = str_of(e, "orig");
			}
		}
		if (!f->exists) {
			if (f->disk_exists)
				json_array_append_new(json_object_get(journal, "remove"),
						      json_string(f->path));
		} else if (!f->disk_exists || f->mode != f->disk_mode || hash != f->disk_hash) {
			sf.write = e || !orig_usable(st, old, f);
			if (sf.write) {
				sf.index = st->n_write++;
				json_array_append_new(json_object_get(journal, "write"),
					json_pack("{s:s, s:s, s:i}", "path", f->path, "hash", hex,
						  "mode", (int)f->mode));
			} else {
				json_array_append_new(json_object_get(journal, "restore"),
					json_pack("{s:s, s:s}", "path", f->path, "orig",
						  str_of(old, "orig")));
			}
		}
		if (sf.write || sf.orig)
			vec_push(&st->v, sf);
	}
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

static int check_targets(struct state *s, json_t *journal, const char **path)
{
	static const char *const lists[] = { "write", "restore", "remove" };
	struct stat st;
	json_t *j;
	size_t i;

	if (fstat(s->fd, &st) < 0)
		return -errno;
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		json_array_foreach(json_object_get(journal, lists[k]), i, j) {
			int rc;

			*path = json_is_string(j) ? json_string_value(j) : str_of(j, "path");
			rc = check_target(s, *path, st.st_dev);
			if (rc)
				return rc;
		}
	}
	*path = NULL;
	return 0;
}

static int open_dir(int fd, const char *name, bool fresh)
{
	if (mkdirat(fd, name, 0700) < 0 && (fresh || errno != EEXIST))
		return -1;
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int stage_all(struct stage *st, const struct strbuf *pack, const struct outside *out,
		     size_t n_out, unsigned long jobs)
{
	int rc = stage_files(st, jobs);

	for (size_t i = 0; i < n_out && !rc; i++) {
		char name[40];

		snprintf(name, sizeof(name), "out-%zu", i);
		if (!out[i].remove)
			rc = azk_write_new_at(st->tx_fd, name, out[i].data, out[i].len, 0600, false, true);
	}
	if (!rc && pack)
		rc = azk_write_new_at(st->tx_fd, "pack", pack->buf, pack->len, 0644, false, true);
	if (!rc && fsync(st->tx_fd) < 0)
		rc = -errno;
	if (!rc && fsync(st->orig_fd) < 0)
		rc = -errno;
	return rc;
}

static json_t *journal_new(const char *op, json_t *next, bool pack, const struct undo_dirs *dirs,
			   const struct outside *out, size_t n_out)
{
	json_t *list = json_array(), *journal;

	for (size_t i = 0; i < n_out; i++)
		json_array_append_new(list, json_string(out[i].path));
	journal = json_pack("{s:i, s:s, s:s, s:[], s:[], s:[], s:o, s:O}", "version", STATE_VERSION,
			    "op", op, "boot", boot_id(), "write", "restore", "remove", "outside",
			    list, "state", next);
	if (journal && pack) {
		_cleanup_free_ char *name = xasprintf("undo-%lld", (long long)json_integer_value(
			json_object_get(next, "generation")));

		json_object_set_new(journal, "pack", json_string(name));
	}
	if (journal && dirs) {
		json_object_set_new(journal, "rmdirs", dir_set(&dirs->made, false));
		json_object_set_new(journal, "modes", dir_set(&dirs->modes, true));
	}
	return journal;
}

int state_commit_with(struct state *s, struct tree *t, const char *op, json_t *next,
		      const struct strbuf *pack, const struct undo_dirs *dirs,
		      const struct outside *out, size_t n_out, unsigned long jobs,
		      struct azk_report *r)
{
	_cleanup_free_ char *tx = xasprintf("%s/.azk/tx", s->dir);
	struct stage st = { .bad = SIZE_MAX, .tree_fd = s->tree_fd, .tx_fd = -1, .orig_fd = -1 };
	json_t *journal = journal_new(op, next, pack, dirs, out, n_out);
	const char *path = NULL;
	bool decided = false;
	int rc = journal ? 0 : -EINVAL;

	if (!rc) {
		st.orig_fd = open_dir(s->fd, "orig", false);
		st.tx_fd = open_dir(s->fd, "tx", true);
		if (st.orig_fd < 0 || st.tx_fd < 0)
			rc = -errno;
	}
	if (!rc) {
		collect(s, t, journal, &st);
		rc = check_targets(s, journal, &path);
	}
	if (!rc) {
		rc = stage_all(&st, pack, out, n_out, jobs);
		if (rc && st.bad != SIZE_MAX)
			path = st.v.v[st.bad].f->path;
	}
	for (size_t i = 0; i < st.v.n && !rc; i++) {
		if (st.v.v[i].write)
			json_object_set_new(json_array_get(json_object_get(journal, "write"),
							   st.v.v[i].index),
					    "ino", json_integer((json_int_t)st.v.v[i].ino));
	}
	if (!rc)
		rc = tx_write_json(s->fd, "journal", journal);
	if (!rc) {
		decided = true;
		AZK_FAILPOINT();
		rc = tx_finish(s, journal, r);
	} else {
		report_bad(r, "write", path ? path : s->dir, 0,
			   "preparing the %s: %s; the tree is unchanged", op, strerror(-rc));
	}
	if (st.tx_fd >= 0)
		close(st.tx_fd);
	if (st.orig_fd >= 0)
		close(st.orig_fd);
	if (!decided) {
		unlinkat(s->fd, "journal", 0);
		azk_remove_tree(tx);
	}
	json_decref(journal);
	vec_free(&st.v);
	return rc;
}

int state_commit(struct state *s, struct tree *t, const char *op, json_t *next,
		 const struct strbuf *pack, const struct undo_dirs *dirs, unsigned long jobs,
		 struct azk_report *r)
{
	return state_commit_with(s, t, op, next, pack, dirs, NULL, 0, jobs, r);
}
