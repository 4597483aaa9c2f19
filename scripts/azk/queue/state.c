// SPDX-License-Identifier: GPL-2.0-or-later
/* Lock, load, recovery and closing of a tree's state; see state.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue.h"
#include "queue/tx.h"

static json_t *empty_state(void)
{
	return json_pack("{s:i, s:[], s:{}}", "generation", 0, "patches", "files");
}

static int __attribute__((format(printf, 4, 5)))
bad(struct azk_report *r, const struct state *s, int rc, const char *fmt, ...)
{
	_cleanup_free_ char *file = path_join(s->dir, ".azk");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	report_bad(r, "state", file, 0, "%s", sb_str(&sb));
	return rc;
}

/*
 * The lock file may be removed by an azk that ends while we wait for it: the
 * lock counts only when the name still leads to the file that is locked.
 */
static int lock(struct state *s, bool create, struct azk_report *r)
{
	struct stat a, b;

	for (int tries = 0; tries < 10; tries++) {
		if (create && mkdirat(s->tree_fd, ".azk", 0755) < 0 && errno != EEXIST)
			return bad(r, s, -errno, "creating the state folder: %s", strerror(errno));
		s->fd = openat(s->tree_fd, ".azk", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (s->fd < 0 && errno == ENOENT) {
			if (create)
				continue;
			return 0;
		}
		if (s->fd < 0)
			return bad(r, s, -errno, "opening the state folder: %s", strerror(errno));
		s->lock_fd = openat(s->fd, "lock",
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (s->lock_fd < 0 && errno != ENOENT)
			return bad(r, s, -errno, "opening the lock: %s", strerror(errno));
		if (s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
			return bad(r, s, -EBUSY, "another azk works on this tree");
		if (s->lock_fd >= 0 && fstat(s->lock_fd, &a) == 0 &&
		    fstatat(s->tree_fd, ".azk/lock", &b, AT_SYMLINK_NOFOLLOW) == 0 &&
		    a.st_ino == b.st_ino && a.st_dev == b.st_dev)
			return 0;
		if (s->lock_fd >= 0)
			close(s->lock_fd);
		close(s->fd);
		s->fd = s->lock_fd = -1;
	}
	return bad(r, s, -EBUSY, "another azk works on this tree");
}

static json_t *load_json(int dirfd, const char *name, int *rc)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	json_t *j;

	*rc = azk_read_file_at(dirfd, name, &sb);
	if (*rc)
		return NULL;
	j = json_loadb(sb_str(&sb), sb.len, 0, NULL);
	if (!j || !json_is_object(j)) {
		json_decref(j);
		*rc = -EINVAL;
		return NULL;
	}
	return j;
}

static bool referenced(const struct state *s, const char *pack)
{
	json_t *p;
	size_t i;

	json_array_foreach(state_patches(s), i, p) {
		if (!strcmp(str_of(p, "pack"), pack) || !strcmp(str_of(p, "text_pack"), pack))
			return true;
	}
	return false;
}

/* Originals of files that no patch touches any more. */
static void sweep_orig(struct state *s)
{
	_cleanup_free_ char *dir = xasprintf("%s/.azk/orig", s->dir);
	struct strlist names = { 0 };
	struct strmap used = { 0 };
	const char *path;
	json_t *e;

	if (azk_list_dir(dir, &names))
		return;
	json_object_foreach(state_files(s), path, e)
		strmap_put(&used, str_of(e, "orig"), s);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *name = path_join("orig", names.v[i]);

		if (!strmap_get(&used, names.v[i]))
			unlinkat(s->fd, name, 0);
	}
	strmap_free(&used);
	strlist_free(&names);
}

/* What a killed azk may have left: half-written files and packs without a state. */
static void sweep(struct state *s)
{
	_cleanup_free_ char *path = path_join(s->dir, ".azk");
	struct strlist names = { 0 };

	azk_list_dir(path, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (str_starts(names.v[i], ".azk-tmp.") ||
		    (str_starts(names.v[i], "undo-") && !referenced(s, names.v[i])))
			unlinkat(s->fd, names.v[i], 0);
	}
	strlist_free(&names);
	sweep_orig(s);
}

static bool other_boot(json_t *journal)
{
	return strcmp(str_of(journal, "boot"), boot_id());
}

static int recover(struct state *s, struct azk_report *r)
{
	_cleanup_free_ char *tx = xasprintf("%s/.azk/tx", s->dir);
	json_t *journal;
	const char *op;
	int rc;

	journal = load_json(s->fd, "journal", &rc);
	if (rc == -ENOENT) {
		if (!azk_exists(tx))
			return 0;
		report_add(r, AZK_NOTE, "recovered", s->dir, 0,
			   "an azk was interrupted before it changed the tree; its unfinished work is removed");
		rc = azk_remove_tree(tx);
		return rc ? bad(r, s, rc, "removing tx: %s", strerror(-rc)) : 0;
	}
	if (rc)
		return bad(r, s, rc, "reading the journal: %s", strerror(-rc));
	op = json_string_value(json_object_get(journal, "op"));
	rc = other_boot(journal) ? recover_torn(s, journal, r) : 0;
	if (!rc)
		rc = tx_finish(s, journal, r);
	if (!rc)
		report_add(r, AZK_NOTE, "recovered", s->dir, 0,
			   "an interrupted %s was decided but not finished; it is finished now, %zu patches are applied",
			   op ? op : "command",
			   json_array_size(json_object_get(json_object_get(journal, "state"),
							   "patches")));
	json_decref(journal);
	return rc;
}

int state_open(struct state *s, const char *dir, bool create, struct azk_report *r)
{
	json_t *j;
	int rc;

	memset(s, 0, sizeof(*s));
	s->fd = s->lock_fd = -1;
	s->dir = xstrdup(dir);
	s->root = empty_state();
	s->tree_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->tree_fd < 0) {
		rc = -errno;
		report_bad(r, "tree", dir, 0, "opening the tree: %s", strerror(-rc));
		return rc;
	}
	rc = lock(s, create, r);
	if (rc || s->fd < 0)
		return rc;
	rc = recover(s, r);
	if (rc)
		return rc;
	j = load_json(s->fd, "state.json", &rc);
	if (rc && rc != -ENOENT)
		return bad(r, s, rc, "state.json is not readable: %s", strerror(-rc));
	if (j) {
		bool rebooted = other_boot(j);

		rc = json_integer_value(json_object_get(j, "version")) == STATE_VERSION ? 0 : -EINVAL;
		json_decref(s->root);
		s->root = json_incref(json_object_get(j, "state"));
		json_decref(j);
		if (rc || !json_is_array(state_patches(s)) || !json_is_object(state_files(s)))
			return bad(r, s, -EINVAL, "state.json is not what this azk writes (version %d)",
				   STATE_VERSION);
		rc = rebooted ? recover_torn(s, NULL, r) : 0;
		if (rc)
			return rc;
	}
	s->good = true;
	sweep(s);
	return 0;
}

void state_close(struct state *s)
{
	if (s->lock_fd >= 0) {
		/* a journal means that something failed halfway: keep everything */
		if (s->good && !json_array_size(state_patches(s)) &&
		    faccessat(s->fd, "journal", F_OK, 0) < 0) {
			_cleanup_free_ char *path = path_join(s->dir, ".azk");

			sweep(s);
			unlinkat(s->fd, "orig", AT_REMOVEDIR);
			unlinkat(s->fd, "state.json", 0);
			unlinkat(s->fd, "lock", 0);
			rmdir(path);
		}
		close(s->lock_fd);
	}
	if (s->fd >= 0)
		close(s->fd);
	if (s->tree_fd >= 0)
		close(s->tree_fd);
	json_decref(s->root);
	free(s->dir);
}

json_t *state_patches(const struct state *s)
{
	return json_object_get(s->root, "patches");
}

json_t *state_files(const struct state *s)
{
	return json_object_get(s->root, "files");
}

bool state_file_ok(const struct state *s, const struct vfile *f, struct azk_report *r)
{
	json_t *e = json_object_get(state_files(s), f->path);
	char hash[17];

	if (!e)
		return true;
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)f->disk_hash);
	if (json_is_true(json_object_get(e, "exists")) == f->disk_exists &&
	    (!f->disk_exists ||
	     (!strcmp(hash, json_string_value(json_object_get(e, "hash")) ?: "") &&
	      json_integer_value(json_object_get(e, "mode")) == (json_int_t)f->disk_mode)))
		return true;
	report_add(r, AZK_ERROR, "changed", f->path, 0,
		   "%s since azk wrote it; nothing is done, so that the change is not lost",
		   f->disk_exists ? "was changed" : "was removed");
	return false;
}
