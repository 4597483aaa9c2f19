// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * After a power loss: files whose rename reached the disk and whose content did
 * not. What they should be is made from the kept originals and patch texts.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/linediff.h"
#include "queue/queue.h"
#include "queue/replay.h"
#include "queue/tx.h"

const char *boot_id(void)
{
	static char id[64];
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

#ifdef AZK_TEST
	if (getenv("AZK_BOOT_ID"))
		return getenv("AZK_BOOT_ID");
#endif
	if (!*id && !azk_read_file("/proc/sys/kernel/random/boot_id", &sb))
		snprintf(id, sizeof(id), "%s", str_trim(sb.buf));
	return id;
}

/*
 * What a power loss makes of a file: nothing, a part up to some block, or blocks
 * of zeros. A file that differs otherwise was edited and is left alone.
 */
static bool is_torn(const struct strbuf *have, const struct strbuf *want)
{
	if (have->len > want->len || (have->len < want->len && have->len % 512))
		return false;
	for (size_t at = 0; at < have->len; at += 512) {
		size_t n = have->len - at < 512 ? have->len - at : 512;
		static const char zeros[512];

		if (memcmp(have->buf + at, want->buf + at, n) && memcmp(have->buf + at, zeros, n))
			return false;
	}
	return true;
}

static bool has_hash(const struct strbuf *sb, const char *hex)
{
	_cleanup_free_ char *have = NULL;
	struct lines l = { 0 };

	lines_split(&l, sb->buf, sb->len);
	have = hash_hex(lines_hash(&l));
	vec_free(&l);
	return !strcmp(have, hex);
}

/* Content of path at the end of the replay, proven by its hash. */
static int wanted(struct replay *rp, const char *path, const char *hex,
		  struct strbuf *out)
{
	struct vfile *f;
	const char *why = NULL;

	if (!rp->good)
		return -EIO;
	f = tree_get(&rp->tree, path, &why);
	if (!f || !f->exists)
		return -EIO;
	lines_join(&f->lines, out);
	return has_hash(out, hex) ? 0 : -EIO;
}

static int rewrite(int dirfd, const char *name, const struct strbuf *sb,
		   mode_t mode)
{
	_cleanup_free_ char *tmp = xasprintf("%s.azk-tmp", name);
	int rc = azk_write_new_at(dirfd, tmp, sb->buf, sb->len, mode, true, true);

	if (!rc && renameat(dirfd, tmp, dirfd, name) < 0)
		rc = -errno;
	return rc;
}

static int bad_torn(struct azk_report *r, const char *path, int rc)
{
	report_bad(r, "torn", path, 0,
		   "a power loss tore this file and it cannot be made again: %s", strerror(-rc));
	return rc;
}

/* Staged files, or those already moved, of a journal that the power loss interrupted. */
static int repair_staged(struct state *s, json_t *journal, struct replay *rp, struct azk_report *r)
{
	json_t *j;
	int tx_fd, rc = 0;
	size_t i;

	if (mkdirat(s->fd, "tx", 0700) < 0 && errno != EEXIST)
		return -errno;
	tx_fd = openat(s->fd, "tx", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tx_fd < 0)
		return -errno;
	json_array_foreach(json_object_get(journal, "write"), i, j) {
		_cleanup_sb_ struct strbuf have = STRBUF_INIT, want = STRBUF_INIT;
		const char *path = str_of(j, "path"), *hex = str_of(j, "hash"), *base;
		mode_t mode = (mode_t)json_integer_value(json_object_get(j, "mode"));
		struct stat st;
		char name[24];
		int fd;

		snprintf(name, sizeof(name), "%zu", i);
		fd = azk_open_parent_at(s->tree_fd, path, &base);
		if (fd >= 0) {
			bool mode_ok = fstatat(fd, base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				(st.st_mode & 07777) == mode;

			rc = azk_read_file_at(fd, base, &have);
			close(fd);
			if (!rc && mode_ok && has_hash(&have, hex)) {
				unlinkat(tx_fd, name, 0);	/* what was there before */
				continue;
			}
			sb_reset(&have);
		}
		rc = azk_read_file_at(tx_fd, name, &have);
		if (!rc && has_hash(&have, hex))
			continue;
		rc = wanted(rp, path, hex, &want);
		if (!rc)
			rc = rewrite(tx_fd, name, &want, mode);
		if (!rc && fstatat(tx_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = -errno;
		if (rc) {
			bad_torn(r, path, rc);
			break;
		}
		json_object_set_new(j, "ino", json_integer((json_int_t)st.st_ino));
		report_add(r, AZK_NOTE, "torn", path, 0, "was torn by a power loss; it is written again");
	}
	close(tx_fd);
	return rc;
}

/* Files of a finished transaction. */
static int repair_tree(struct state *s, struct replay *rp, struct azk_report *r)
{
	const char *path;
	json_t *e;

	json_object_foreach(state_files(s), path, e) {
		_cleanup_sb_ struct strbuf have = STRBUF_INIT, want = STRBUF_INIT;
		const char *hex = str_of(e, "hash"), *base;
		int fd, rc;

		if (!json_is_true(json_object_get(e, "exists")))
			continue;
		fd = azk_open_parent_at(s->tree_fd, path, &base);
		if (fd < 0)
			continue;	/* removed by hand: told by who needs it */
		rc = azk_read_file_at(fd, base, &have);
		if (rc || has_hash(&have, hex)) {
			close(fd);
			continue;
		}
		rc = replay_run(rp, SIZE_MAX);
		if (!rc)
			rc = wanted(rp, path, hex, &want);
		if (!rc && (is_torn(&have, &want) || has_hash(&have, str_of(e, "was_hash")))) {
			rc = rewrite(fd, base, &want,
				     (mode_t)json_integer_value(json_object_get(e, "mode")));
			if (!rc)
				report_add(r, AZK_NOTE, "torn", path, 0,
					   "was torn by a power loss; it is written again");
		}
		close(fd);
		if (rc)
			return bad_torn(r, path, rc);
	}
	return 0;
}

int recover_torn(struct state *s, json_t *journal, struct azk_report *r)
{
	struct replay rp;
	int rc;

	if (journal) {
		rc = tx_settle_pack(s, journal);
		if (rc)
			return rc;
	}
	replay_open(&rp, s, journal ? json_object_get(journal, "state") : s->root);
	if (journal) {
		replay_run(&rp, SIZE_MAX);	/* its failure matters only where a file is torn */
		rc = repair_staged(s, journal, &rp, r);
	} else {
		rc = repair_tree(s, &rp, r);
	}
	replay_close(&rp);
	return rc;
}
