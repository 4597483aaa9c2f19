// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A running system, or a snapshot of one: the files an audit reads, under their
 * own paths, and azk-snapshot, which says of every path asked for what came of it:
 *
 *	azk snapshot 1
 *	taken 2026-11-20
 *	got proc/cmdline
 *	absent sys/kernel/security/lockdown
 *	unreadable 13 proc/kcore
 *	node dev/mem
 *
 * So that "not there" is not mistaken for "not saved". A folder made by hand
 * without this file may be audited too; what it lacks is then unknown. A
 * snapshot comes from elsewhere: no link in it leads out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"

#define MANIFEST "azk-snapshot"
#define NAMES ".azk-names"
#define FILE_MAX (256u << 20)

static int open_below(const struct root *rt, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = rt->snapshot ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS : 0,
	};
	int fd = (int)syscall(SYS_openat2, rt->fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* sysfs and procfs files have no size; devices and folders are not read. */
static int read_below(const struct root *rt, const char *path, struct strbuf *out)
{
	int fd = open_below(rt, path), rc = 0;
	char buf[65536];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		rc = -EINVAL;
	while (!rc && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno != EINTR)
			rc = -errno;
		else if (n > 0)
			sb_add(out, buf, (size_t)n);
		if (out->len > FILE_MAX)
			rc = -EFBIG;
	}
	close(fd);
	return rc;
}

static int bad_manifest(struct azk_report *r, const char *path, size_t line, const char *why)
{
	report_bad(r, "snapshot", path, line, "%s", why);
	return -EINVAL;
}

static int read_manifest(struct root *rt, struct azk_report *r)
{
	_cleanup_free_ char *path = path_join(rt->dir, MANIFEST);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, line = 0, n;
	const char *p;
	int rc = read_below(rt, MANIFEST, &sb);

	if (rc == -ENOENT)
		return 0;
	if (rc) {
		report_bad(r, "snapshot", path, 0, "cannot be read: %s", strerror(-rc));
		return rc;
	}
	rt->has_manifest = true;
	while (azk_next_line(sb_str(&sb), sb.len, &pos, &p, &n)) {
		_cleanup_free_ char *text = xmemdup0(p, n);
		char *rest = text, *word, *name;

		if (!line++) {
			if (strcmp(text, "azk snapshot 1"))
				return bad_manifest(r, path, line, "not \"azk snapshot 1\"");
			continue;
		}
		word = cfg_word(&rest);
		if (!word || !*rest)
			return bad_manifest(r, path, line, "expected a word and a path");
		if (!strcmp(word, "taken")) {
			snprintf(rt->taken, sizeof(rt->taken), "%s", rest);
			continue;
		}
		name = rest;
		if (!strcmp(word, "unreadable") && (!cfg_word(&name) || !*name))
			return bad_manifest(r, path, line, "expected: unreadable ERRNO PATH");
		if (strcmp(word, "unreadable") && strcmp(word, "got") && strcmp(word, "absent") &&
		    strcmp(word, "node"))
			return bad_manifest(r, path, line,
					    "expected got, absent, unreadable or node");
		if (path_unsafe_why(name))
			return bad_manifest(r, path, line, path_unsafe_why(name));
		free(strmap_get(&rt->manifest, name));
		strmap_put(&rt->manifest, name,
			   !strcmp(word, "unreadable") ? xasprintf("u%ld", strtol(rest, NULL, 10)) :
			   xstrdup(word));
	}
	return line ? 0 : bad_manifest(r, path, 1, "empty");
}

int root_open(struct root *rt, const char *dir, const char *save, struct azk_report *r)
{
	memset(rt, 0, sizeof(*rt));
	rt->dir = dir ? dir : "/";
	rt->snapshot = dir != NULL;
	rt->save = save;
	rt->fd = open(rt->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rt->fd < 0) {
		report_bad(r, "read", rt->dir, 0, "cannot be opened: %s", strerror(errno));
		return -EINVAL;
	}
	if (save) {
		int rc = azk_mkdir_p(save, 0755);

		if (rc) {
			report_bad(r, "write", save, 0, "cannot be made: %s", strerror(-rc));
			return rc;
		}
	}
	return rt->snapshot ? read_manifest(rt, r) : 0;
}

static void save_bytes(struct root *rt, const char *path, const struct strbuf *sb)
{
	_cleanup_free_ char *to = path_join(rt->save, path), *dir = path_dirname(to);
	int rc = azk_mkdir_p(dir, 0755);

	if (!rc)
		rc = azk_write_new_at(AT_FDCWD, to, sb_str(sb), sb->len, 0644, true, false);
	if (rc && !rt->save_err)
		rt->save_err = rc;
}

/* What the errno of a failed read or stat says, given the manifest. */
static void settle(struct root *rt, struct root_file *f, const char *path, int rc)
{
	const char *word = strmap_get(&rt->manifest, path);

	if (!rc) {
		f->got = GOT_IT;
	} else if (!rt->snapshot) {
		f->got = rc == -ENOENT || rc == -ENOTDIR ? GOT_ABSENT : GOT_UNREADABLE;
		f->err = -rc;
	} else if (word && !strcmp(word, "absent")) {
		f->got = GOT_ABSENT;
	} else if (word && *word == 'u') {
		f->got = GOT_UNREADABLE;
		f->err = (int)strtol(word + 1, NULL, 10);
	} else if (rc == -ENOENT || rc == -ENOTDIR) {
		f->got = GOT_UNASKED;
	} else {
		f->got = GOT_UNREADABLE;
		f->err = -rc;
	}
}

/* cached when it was asked for before; *fresh otherwise */
static struct root_file *slot(struct root *rt, const char *path, bool *fresh)
{
	struct root_file *f = strmap_get(&rt->seen, path);

	*fresh = !f;
	if (!f) {
		f = xcalloc(1, sizeof(*f));
		strmap_put(&rt->seen, path, f);
	}
	return f;
}

const struct root_file *root_get(struct root *rt, const char *path)
{
	struct root_file *f;
	bool fresh;

	f = slot(rt, path, &fresh);
	if (!fresh)
		return f;
	settle(rt, f, path, read_below(rt, path, &f->text));
	if (rt->save && f->got == GOT_IT)
		save_bytes(rt, path, &f->text);
	return f;
}

const struct root_file *root_list(struct root *rt, const char *path)
{
	_cleanup_free_ char *names = path_join(path, NAMES), *real = path_join(rt->dir, path);
	struct strlist l = { 0 };
	struct root_file *f;
	bool fresh;
	int rc;

	f = slot(rt, names, &fresh);
	if (!fresh)
		return f;
	rc = rt->snapshot ? read_below(rt, names, &f->text) : -ENOENT;
	if (rc && !(rt->snapshot && rt->has_manifest)) {
		sb_reset(&f->text);
		rc = azk_list_dir(real, &l);
		for (size_t i = 0; !rc && i < l.n; i++)
			sb_addf(&f->text, "%s\n", l.v[i]);
	}
	strlist_free(&l);
	settle(rt, f, names, rc);
	if (rt->save && f->got == GOT_IT)
		save_bytes(rt, names, &f->text);
	return f;
}

const struct root_file *root_stat(struct root *rt, const char *path)
{
	const char *word = strmap_get(&rt->manifest, path);
	struct root_file *f;
	struct stat st;
	bool fresh;

	f = slot(rt, path, &fresh);
	if (!fresh)
		return f;
	if (word && !strcmp(word, "node"))
		f->got = GOT_IT;
	else
		settle(rt, f, path, fstatat(rt->fd, path, &st, 0) ? -errno : 0);
	if (f->got == GOT_IT)
		f->err = -1;	/* "node" in the manifest */
	return f;
}

const struct root_file *root_note(struct root *rt, const char *path,
				  void (*make)(struct strbuf *out))
{
	struct root_file *f;
	bool fresh;

	if (rt->snapshot)
		return root_get(rt, path);
	f = slot(rt, path, &fresh);
	if (!fresh)
		return f;
	f->got = GOT_IT;
	make(&f->text);
	if (rt->save)
		save_bytes(rt, path, &f->text);
	return f;
}

const char *root_text(struct root *rt, const char *path)
{
	const struct root_file *f = root_get(rt, path);
	size_t n = f->text.len;

	if (f->got != GOT_IT)
		return NULL;
	while (n && f->text.buf[n - 1] == '\n')
		f->text.buf[--n] = '\0';
	return sb_str(&f->text);
}

const char *root_why(const struct root_file *f)
{
	return f->got == GOT_ABSENT ? "does not exist" : f->got == GOT_UNASKED ? "not in the snapshot" :
	       strerror(f->err);
}

int root_finish(struct root *rt, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	time_t now = time(NULL);
	char day[11];
	struct tm tm;

	if (!rt->save)
		return 0;
	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&now, &tm));
	sb_addf(&sb, "azk snapshot 1\ntaken %s\n", day);
	for (size_t i = 0; i < rt->seen.n; i++) {
		const struct root_file *f = rt->seen.v[i].value;

		if (f->got == GOT_UNREADABLE)
			sb_addf(&sb, "unreadable %d %s\n", f->err, rt->seen.v[i].key);
		else
			sb_addf(&sb, "%s %s\n", f->got != GOT_IT ? "absent" :
				f->err ? "node" : "got", rt->seen.v[i].key);
	}
	save_bytes(rt, MANIFEST, &sb);
	if (rt->save_err)
		report_bad(r, "write", rt->save, 0, "the snapshot is not whole: %s",
			   strerror(-rt->save_err));
	return rt->save_err;
}

void root_close(struct root *rt)
{
	for (size_t i = 0; i < rt->seen.n; i++) {
		struct root_file *f = rt->seen.v[i].value;

		sb_free(&f->text);
		free(f);
	}
	strmap_free(&rt->seen);
	for (size_t i = 0; i < rt->manifest.n; i++)
		free(rt->manifest.v[i].value);
	strmap_free(&rt->manifest);
	if (rt->fd >= 0)
		close(rt->fd);
}
