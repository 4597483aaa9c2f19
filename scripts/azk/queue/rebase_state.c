// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a rebase keeps beside the series, in DIR/.azk:
 *
 *   series-lock      flock()ed by whoever changes the series
 *   rebase/          a rebase that waits for a person: state.json, the files to
 *                    edit in conflict/PATCH/FILE, the same untouched in asked/N
 *   resolved/        remembered resolutions
 *   rebase-tx/       new patch files of a transaction that is not decided yet
 *   rebase-journal   a decided one: its moves and removals
 *
 * The new files are complete and synced before the journal appears, so the
 * series is as before without it, and as after once the next azk finished it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/rebase.h"

static int sys_bad(struct azk_report *r, const char *file, int rc, const char *doing)
{
	report_bad(r, "rebase", file, 0, "%s: %s", doing, strerror(-rc));
	return rc;
}

static json_t *read_json(const char *path)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	return azk_read_file(path, &sb) ? NULL : json_loadb(sb_str(&sb), sb.len, 0, NULL);
}

static int write_json(const char *path, json_t *root)
{
	_cleanup_free_ char *text = json_dumps(root, JSON_INDENT(2));

	return azk_write_file(path, text, strlen(text), 0644);
}

/* ---- the transaction ---- */

static int move_one(int dirfd, int azkfd, const char *from, const char *to)
{
	const char *base;
	int fd = azk_open_parent_at(dirfd, to, &base), rc = 0;

	if (fd < 0)
		return fd;
	/* a missing source was moved before the interruption */
	if (renameat(azkfd, from, fd, base) < 0 && errno != ENOENT)
		rc = -errno;
	if (!rc && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int remove_one(int dirfd, const char *name)
{
	_cleanup_free_ char *parent = path_dirname(name);
	const char *base;
	int fd = azk_open_parent_at(dirfd, name, &base), rc = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (unlinkat(fd, base, 0) < 0 && errno != ENOENT)
		rc = -errno;
	if (!rc && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	if (strcmp(parent, "."))	/* only goes when it is empty */
		unlinkat(dirfd, parent, AT_REMOVEDIR);
	return rc;
}

/* Does what the journal says; may be cut short and repeated. */
static int finish(const char *dir, const char *azk, json_t *journal)
{
	_cleanup_free_ char *file = path_join(azk, "rebase-journal");
	_cleanup_free_ char *tx = path_join(azk, "rebase-tx");
	_cleanup_free_ char *state = path_join(azk, "rebase");
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int azkfd = open(azk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *m;
	size_t i;
	int rc = dirfd < 0 || azkfd < 0 ? -errno : 0;

	json_array_foreach(json_object_get(journal, "moves"), i, m) {
		if (!rc)
			rc = move_one(dirfd, azkfd, str_of(m, "from"), str_of(m, "to"));
		AZK_FAILPOINT();
	}
	json_array_foreach(json_object_get(journal, "removes"), i, m) {
		if (!rc)
			rc = remove_one(dirfd, json_string_value(m));
		AZK_FAILPOINT();
	}
	if (!rc)
		rc = azk_remove_tree(state);
	AZK_FAILPOINT();
	/* before the journal: staged files without one mean that nothing was decided */
	if (!rc)
		rc = azk_remove_tree(tx);
	AZK_FAILPOINT();
	if (!rc && unlink(file) < 0 && errno != ENOENT)
		rc = -errno;
	if (!rc)
		rc = azk_fsync_dir_at(AT_FDCWD, azk);
	AZK_FAILPOINT();
	if (dirfd >= 0)
		close(dirfd);
	if (azkfd >= 0)
		close(azkfd);
	return rc;
}

static int recover_locked(const char *dir, const char *azk, struct azk_report *r)
{
	_cleanup_free_ char *file = path_join(azk, "rebase-journal");
	_cleanup_free_ char *tx = path_join(azk, "rebase-tx");
	json_t *journal;
	int rc;

	if (!azk_exists(file)) {
		if (!azk_exists(tx))
			return 0;
		rc = azk_remove_tree(tx);
		if (rc)
			return sys_bad(r, tx, rc, "removing the staged patches");
		report_add(r, AZK_NOTE, "recovered", dir, 0,
			   "a rebase was interrupted before it was decided: the series is as before it");
		return 0;
	}
	journal = read_json(file);
	if (!journal) {
		report_bad(r, "rebase", file, 0, "is damaged: restore the series from git and remove this file");
		return -EINVAL;
	}
	rc = finish(dir, azk, journal);
	json_decref(journal);
	if (rc)
		return sys_bad(r, dir, rc, "finishing an interrupted rebase");
	report_add(r, AZK_NOTE, "recovered", dir, 0,
		   "a rebase was interrupted while it wrote the series: finished, the series is as after it");
	return 0;
}

static int take_lock(const char *azk, struct azk_report *r)
{
	_cleanup_free_ char *file = path_join(azk, "series-lock");
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return sys_bad(r, file, -errno, "locking the series");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		report_bad(r, "busy", azk, 0, "another azk is at work on this series");
		close(fd);
		return -EBUSY;
	}
	return fd;
}

int rebase_recover(const char *series, struct azk_report *r)
{
	_cleanup_free_ char *dir = path_dirname(series);
	_cleanup_free_ char *azk = path_join(dir, ".azk");
	_cleanup_free_ char *journal = path_join(azk, "rebase-journal");
	_cleanup_free_ char *tx = path_join(azk, "rebase-tx");
	int fd, rc;

	if (!azk_exists(journal) && !azk_exists(tx))
		return 0;
	fd = take_lock(azk, r);
	if (fd < 0)
		return fd;
	rc = recover_locked(dir, azk, r);
	close(fd);
	return rc;
}

int rebase_state_open(struct rebase_state *s, const char *series, struct azk_report *r)
{
	_cleanup_free_ char *file = NULL;
	int rc;

	memset(s, 0, sizeof(*s));
	s->series = xstrdup(series);
	s->dir = path_dirname(series);
	s->azk = path_join(s->dir, ".azk");
	rc = azk_mkdir_p(s->azk, 0755);
	s->lock_fd = -1;
	if (rc)
		return sys_bad(r, s->azk, rc, "making the folder for the state");
	s->lock_fd = take_lock(s->azk, r);
	if (s->lock_fd < 0)
		return s->lock_fd;
	rc = recover_locked(s->dir, s->azk, r);
	if (rc)
		return rc;
	file = path_join(s->azk, "rebase/state.json");
	if (azk_exists(file)) {
		s->root = read_json(file);
		if (!s->root) {
			report_bad(r, "rebase", file, 0, "is damaged: azk queue abort starts over");
			s->root = json_object();
		}
	}
	return 0;
}

void rebase_state_close(struct rebase_state *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	json_decref(s->root);
	free(s->series);
	free(s->dir);
	free(s->azk);
}

int rebase_state_drop(struct rebase_state *s, struct azk_report *r)
{
	_cleanup_free_ char *dir = path_join(s->azk, "rebase");
	int rc = azk_remove_tree(dir);

	return rc ? sys_bad(r, dir, rc, "removing the work folder") : 0;
}

/* ---- waiting for a person ---- */

static int put(const char *dir, const char *name, const char *text, mode_t mode)
{
	_cleanup_free_ char *path = path_join(dir, name);
	_cleanup_free_ char *parent = path_dirname(path);
	int rc = azk_mkdir_p(parent, 0755);

	return rc ? rc : azk_write_file_at(AT_FDCWD, path, text, strlen(text), mode, false);
}

static json_t *names(const struct strlist *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_string(l->v[i]));
	return a;
}

int rebase_state_stop(struct rebase_state *s, const struct rebase *rb, struct azk_report *r)
{
	_cleanup_free_ char *dir = path_join(s->azk, "rebase");
	_cleanup_free_ char *fresh = path_join(s->azk, "rebase-new");
	_cleanup_free_ char *state = path_join(fresh, "state.json");
	json_t *list = json_array(), *root;
	size_t n = 0;
	int rc = azk_remove_tree(fresh);

	if (!rc)
		rc = azk_mkdir_p(fresh, 0755);
	for (size_t i = 0; i < rb->patches.n; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];

		for (size_t k = 0; k < p->conflicts.n && !rc; k++) {
			const struct file_result *c = &p->conflicts.v[k];
			_cleanup_free_ char *asked = xasprintf("asked/%zu", n);
			_cleanup_free_ char *edit = xasprintf("conflict/%s/%s", p->p->name,
							      c->marker_path);
			_cleanup_free_ char *key = xasprintf("%016llx", (unsigned long long)c->key);

			rc = put(fresh, asked, c->markers, 0444);
			if (!rc)
				rc = put(fresh, edit, c->markers, 0644);
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
				"patch", p->p->name, "file", c->marker_path, "key", key, "asked", asked,
				"edit", edit, "class", rebase_class_name(p->cls)));
			n++;
		}
		/* nothing to edit, but it can be skipped */
		if (!p->conflicts.n && !p->blocked_by &&
		    (p->cls == REBASE_AMBIGUOUS || p->cls == REBASE_CONFLICT))
			json_array_append_new(list, json_pack("{s:s, s:s}", "patch", p->p->name, "class",
							      rebase_class_name(p->cls)));
	}
	root = json_pack("{s:i, s:s, s:s, s:o, s:o}", "version", 1, "old", rb->old_dir, "new",
			 rb->new_dir, "skip", names(&rb->skip), "conflicts", list);
	if (!rc)
		rc = write_json(state, root);
	AZK_FAILPOINT();
	if (!rc)
		rc = azk_remove_tree(dir);
	AZK_FAILPOINT();
	if (!rc && rename(fresh, dir) < 0)
		rc = -errno;
	if (!rc)
		rc = azk_fsync_dir_at(AT_FDCWD, s->azk);
	json_decref(s->root);
	s->root = root;
	return rc ? sys_bad(r, dir, rc, "writing the work folder") : 0;
}

static int collect_one(struct rebase_state *s, json_t *c, const struct resolutions *known,
		       size_t *left, struct azk_report *r)
{
	_cleanup_free_ char *asked_path = xasprintf("%s/rebase/%s", s->azk, str_of(c, "asked"));
	_cleanup_free_ char *edit_path = xasprintf("%s/rebase/%s", s->azk, str_of(c, "edit"));
	_cleanup_sb_ struct strbuf asked = STRBUF_INIT, edit = STRBUF_INIT;
	int rc = azk_read_file(asked_path, &asked);

	if (rc)
		return sys_bad(r, asked_path, rc, "reading the conflict");
	rc = azk_read_file(edit_path, &edit);
	if (rc) {
		report_add(r, AZK_ERROR, "unresolved", edit_path, 0,
			   "cannot be read (%s): write the resolved file there, empty to delete it",
			   strerror(-rc));
	} else if (memchr(sb_str(&edit), '\0', edit.len)) {
		report_add(r, AZK_ERROR, "unresolved", edit_path, 0, "has NUL bytes");
	} else if (has_markers(sb_str(&edit))) {
		report_add(r, AZK_ERROR, "unresolved", edit_path, 0, "still has conflict markers");
	} else if (!strcmp(sb_str(&edit), sb_str(&asked))) {
		report_add(r, AZK_ERROR, "unresolved", edit_path, 0,
			   "is not edited yet: make the patch's change in it, or azk queue skip");
	} else {
		rc = resolution_keep(known, strtoull(str_of(c, "key"), NULL, 16), sb_str(&asked),
				     sb_str(&edit));
		return rc ? sys_bad(r, known->dir, rc, "remembering a resolution") : 0;
	}
	(*left)++;
	return 0;
}

int rebase_state_collect(struct rebase_state *s, const struct resolutions *known, size_t *left,
			 struct azk_report *r)
{
	json_t *c;
	size_t i;
	int rc = 0;

	*left = 0;
	json_array_foreach(json_object_get(s->root, "conflicts"), i, c) {
		if (!json_object_get(c, "edit"))
			continue;
		if (!rc)
			rc = collect_one(s, c, known, left, r);
	}
	return rc;
}

/* ---- done ---- */

struct commit {
	struct rebase_state *s;
	json_t *moves, *removes;
	size_t n;
};

static int stage(struct commit *c, const char *to, const char *text, size_t len, mode_t mode)
{
	_cleanup_free_ char *from = xasprintf("rebase-tx/%zu", c->n++);
	_cleanup_free_ char *path = path_join(c->s->azk, from);
	int rc = azk_write_file(path, text, len, mode);

	json_array_append_new(c->moves, json_pack("{s:s, s:s}", "from", from, "to", to));
	return rc;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0644 : st.st_mode & 07777;
}

static bool dropped(const struct rebase *rb, const char *line, size_t n)
{
	while (n && strchr(" \t\r", line[n - 1]))
		n--;
	while (n && strchr(" \t", *line)) {
		line++;
		n--;
	}
	for (size_t i = 0; i < rb->patches.n; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];
		size_t k = strlen(p->p->name);

		if ((p->cls != REBASE_LANDED && p->cls != REBASE_SKIPPED) || n < k ||
		    memcmp(line, p->p->name, k))
			continue;
		if (n == k || strchr(" \t", line[k]))
			return true;
	}
	return false;
}

/* A series file without the lines of dropped patches. */
static int stage_series(struct commit *c, const struct rebase *rb, const char *name)
{
	_cleanup_free_ char *path = path_join(c->s->dir, name);
	_cleanup_sb_ struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	size_t pos = 0, n;
	const char *l;
	int rc = azk_read_file(path, &in);

	if (rc)
		return rc;
	while (azk_next_line(in.buf, in.len, &pos, &l, &n)) {
		if (!dropped(rb, l, n))
			sb_add(&out, l, pos - (size_t)(l - in.buf));
	}
	if (out.len == in.len)
		return 0;
	return stage(c, name, sb_str(&out), out.len, mode_of(path));
}

/* The series and its siblings (series.hooks and the like). */
static int stage_all_series(struct commit *c, const struct rebase *rb)
{
	const char *base = path_basename(c->s->series);
	_cleanup_free_ char *dot = xasprintf("%s.", base);
	struct strlist entries = { 0 };
	int rc = azk_list_dir(c->s->dir, &entries);

	for (size_t i = 0; i < entries.n && !rc; i++) {
		if (!strcmp(entries.v[i], base) ||
		    (str_starts(entries.v[i], dot) && !str_ends(entries.v[i], "~")))
			rc = stage_series(c, rb, entries.v[i]);
	}
	strlist_free(&entries);
	return rc;
}

int rebase_state_commit(struct rebase_state *s, const struct rebase *rb, struct azk_report *r)
{
	_cleanup_free_ char *tx = path_join(s->azk, "rebase-tx");
	_cleanup_free_ char *file = path_join(s->azk, "rebase-journal");
	struct commit c = { .s = s, .moves = json_array(), .removes = json_array() };
	json_t *journal;
	int rc = azk_mkdir_p(tx, 0755);

	for (size_t i = 0; i < rb->patches.n && !rc; i++) {
		const struct rebase_patch *p = &rb->patches.v[i];

		if (p->cls == REBASE_LANDED || p->cls == REBASE_SKIPPED)
			json_array_append_new(c.removes, json_string(p->p->name));
		else if (p->changed)
			rc = stage(&c, p->p->name, p->text.buf, p->text.len, mode_of(p->p->file));
	}
	if (!rc)
		rc = stage_all_series(&c, rb);
	journal = json_pack("{s:i, s:o, s:o}", "version", 1, "moves", c.moves, "removes", c.removes);
	AZK_FAILPOINT();
	if (!rc)
		rc = write_json(file, journal);
	AZK_FAILPOINT();
	if (rc) {
		azk_remove_tree(tx);
		json_decref(journal);
		return sys_bad(r, s->dir, rc, "staging the patches (nothing was changed)");
	}
	rc = finish(s->dir, s->azk, journal);
	json_decref(journal);
	return rc ? sys_bad(r, s->dir, rc, "writing the series; the next azk goes on") : 0;
}
