// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue.h"
#include "queue/replay.h"

static const char *load_orig(void *ctx, struct vfile *f, size_t *len)
{
	struct replay *rp = ctx;
	json_t *e = json_object_get(json_object_get(rp->state, "files"), f->path);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *orig = str_of(e, "orig");
	int fd, rc;

	if (!e || !json_is_true(json_object_get(e, "was")))
		return NULL;
	if (path_unsafe_why(orig))
		return "has no kept original";
	fd = openat(rp->s->fd, "orig", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = fd < 0 ? -errno : azk_read_file_at(fd, orig, &sb);
	if (fd >= 0)
		close(fd);
	if (rc)
		return "has no kept original";
	f->exists = f->disk_exists = true;
	f->mode = f->disk_mode = (mode_t)json_integer_value(json_object_get(e, "was_mode"));
	*len = sb.len;
	f->buf = sb_detach(&sb);
	return NULL;
}

void replay_open(struct replay *rp, const struct state *s, json_t *state)
{
	memset(rp, 0, sizeof(*rp));
	rp->s = s;
	rp->state = state;
	rp->good = true;
	tree_open_load(&rp->tree, load_orig, rp);
}

char *replay_text(const struct state *s, json_t *e, size_t *len)
{
	/* a refresh leaves the undo record where it is */
	const char *pack = str_of(e, json_object_get(e, "text_pack") ? "text_pack" : "pack");
	json_int_t at = json_integer_value(json_object_get(e, "text_at"));
	char *buf = NULL;
	struct stat st;
	int fd;

	*len = (size_t)json_integer_value(json_object_get(e, "text_len"));
	if (path_unsafe_why(pack) || at < 0)
		return NULL;
	fd = openat(s->fd, pack, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && at <= st.st_size &&
	    *len <= (size_t)(st.st_size - at)) {
		buf = xmalloc(*len + 1);
		if (pread(fd, buf, *len, at) != (ssize_t)*len) {
			free(buf);
			buf = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return buf;
}

int replay_run(struct replay *rp, size_t n)
{
	json_t *list = json_object_get(rp->state, "patches");

	while (rp->good && rp->done < n && rp->done < json_array_size(list)) {
		json_t *e = json_array_get(list, rp->done);
		struct apply_opts opts = {
			.fuzz = (unsigned int)json_integer_value(json_object_get(e, "fuzz")),
		};
		struct azk_report *quiet = report_new("replay");
		struct patch *p = xcalloc(1, sizeof(*p));
		struct apply_stats st;
		size_t len = 0;
		char *text = replay_text(rp->s, e, &len);

		vec_push(&rp->patches, p);
		rp->good = text &&
			!patch_parse_strip(p, str_of(e, "name"), str_of(e, "name"), text, len,
					   (unsigned int)json_integer_value(
						   json_object_get(e, "strip"))) &&
			!apply_patch_with(&rp->tree, p, &opts, quiet, NULL, NULL, &st);
		report_free(quiet);
		rp->done++;
	}
	return rp->good ? 0 : -EIO;
}

void replay_close(struct replay *rp)
{
	tree_close(&rp->tree);
	for (size_t i = 0; i < rp->patches.n; i++) {
		patch_free(rp->patches.v[i]);
		free(rp->patches.v[i]);
	}
	vec_free(&rp->patches);
}
