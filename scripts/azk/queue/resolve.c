// SPDX-License-Identifier: GPL-2.0-or-later
/* Resolutions of conflicts, remembered by what was in conflict. */
#include <errno.h>
#include <fcntl.h>

#include "queue/rebase.h"

static bool is_marker(const char *l, size_t n, char c)
{
	if (n < 7 || (n > 7 && l[7] != ' ' && l[7] != '\r'))
		return false;
	for (size_t i = 0; i < 7; i++) {
		if (l[i] != c)
			return false;
	}
	return true;
}

bool has_markers(const char *text)
{
	size_t pos = 0, n, len = strlen(text);
	bool start = false, end = false;
	const char *l;

	while (azk_next_line(text, len, &pos, &l, &n)) {
		start |= is_marker(l, n, '<');
		end |= is_marker(l, n, '>');
	}
	return start || end;
}

/* A conflict in a file with markers, or the text between two of them. */
struct part {
	size_t from, to;	/* bytes, markers included */
	bool conflict;
	uint64_t key;		/* of the three sides, labels left out */
};

struct parts {
	struct part *v;
	size_t n, cap;
};

static void split_markers(const char *text, struct parts *out)
{
	size_t pos = 0, n, len = strlen(text), start = 0;
	bool in = false;
	uint64_t key = 0;
	const char *l;

	while (azk_next_line(text, len, &pos, &l, &n)) {
		size_t at = (size_t)(l - text);

		if (!in && is_marker(l, n, '<')) {
			struct part p = { start, at, false, 0 };

			vec_push(out, p);
			in = true;
			start = at;
			key = 7;
		} else if (in && is_marker(l, n, '>')) {
			struct part p = { start, pos, true, key };

			vec_push(out, p);
			in = false;
			start = pos;
		} else if (in) {
			char c = is_marker(l, n, '|') ? '|' : is_marker(l, n, '=') ? '=' : 0;

			key = c ? azk_hash(key, &c, 1) : azk_hash(key + 1, l, n);
		}
	}
	vec_push(out, ((struct part){ start, len, false, 0 }));
}

static char *file_name(const struct resolutions *r, const char *kind, uint64_t key)
{
	return xasprintf("%s/%s-%016llx", r->dir, kind, (unsigned long long)key);
}

static char *read_key(const struct resolutions *r, const char *kind, uint64_t key)
{
	_cleanup_free_ char *file = file_name(r, kind, key);
	struct strbuf sb = STRBUF_INIT;

	if (azk_read_file(file, &sb)) {
		sb_free(&sb);
		return NULL;
	}
	return sb_detach(&sb);
}

char *resolution_find(const struct resolutions *r, uint64_t key, const char *markers)
{
	struct strbuf out = STRBUF_INIT;
	struct parts parts = { 0 };
	char *whole;
	bool all = true;

	if (!r || !r->dir)
		return NULL;
	whole = read_key(r, "file", key);
	if (whole)
		return whole;
	split_markers(markers, &parts);
	for (size_t i = 0; i < parts.n && all; i++) {
		const struct part *p = &parts.v[i];
		char *text;

		if (!p->conflict) {
			sb_add(&out, markers + p->from, p->to - p->from);
			continue;
		}
		text = read_key(r, "block", p->key);
		all = text;
		if (text)
			sb_addstr(&out, text);
		free(text);
	}
	all &= parts.n > 1;
	vec_free(&parts);
	if (!all) {
		sb_free(&out);
		return NULL;
	}
	return sb_detach(&out);
}

/* What each conflict became: the text between the unchanged parts around it. */
static int keep_blocks(const struct resolutions *r, const char *markers, const char *text)
{
	struct parts parts = { 0 };
	const char *at = text;
	int rc = 0;

	split_markers(markers, &parts);
	for (size_t i = 0; i + 1 < parts.n && !rc; i++) {
		const struct part *p = &parts.v[i], *next = &parts.v[i + 1];
		size_t n = p->to - p->from;
		const char *end;

		if (!p->conflict) {
			if (strncmp(at, markers + p->from, n))
				break;	/* edited outside of the conflicts */
			at += n;
			continue;
		}
		n = next->to - next->from;
		if (i + 2 == parts.n) {
			size_t rest = strlen(at);

			end = rest >= n && !memcmp(at + rest - n, markers + next->from, n) ?
				at + rest - n : NULL;
		} else {
			end = n ? memmem(at, strlen(at), markers + next->from, n) : NULL;
		}
		if (!end)
			break;
		{
			_cleanup_free_ char *file = file_name(r, "block", p->key);

			rc = azk_write_file(file, at, (size_t)(end - at), 0644);
		}
		at = end;
	}
	vec_free(&parts);
	return rc;
}

int resolution_keep(const struct resolutions *r, uint64_t key, const char *markers,
		    const char *text)
{
	_cleanup_free_ char *file = file_name(r, "file", key);
	int rc = azk_mkdir_p(r->dir, 0755);

	if (!rc)
		rc = azk_write_file(file, text, strlen(text), 0644);
	if (!rc && has_markers(markers))
		rc = keep_blocks(r, markers, text);
	return rc;
}
