// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>

#include "queue/git.h"
#include "queue/linediff.h"

#define HEADING_MAX 80	/* as git cuts them */

/* libgit2 fails only when memory runs out, which ends azk anyway. */
static void check(int rc, const char *what)
{
	if (rc >= 0)
		return;
	azk_error("%s: %s", what, git_why());
	exit(AZK_BAD);
}

bool lines_have_nul(const struct lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (memchr(l->v[i].s, '\0', l->v[i].len))
			return true;
	}
	return false;
}

bool lines_equal(const struct lines *a, const struct lines *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!line_eq(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

void lines_join(const struct lines *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n; i++)
		sb_add(out, l->v[i].s, l->v[i].len);
}

struct marks {
	bool *gone, *fresh;	/* lines of a that went, lines of b that came */
};

static int mark_line(const git_diff_delta *d, const git_diff_hunk *h, const git_diff_line *l,
		     void *arg)
{
	struct marks *m = arg;

	(void)d;
	(void)h;
	if (l->origin == GIT_DIFF_LINE_DELETION)
		m->gone[l->old_lineno - 1] = true;
	else if (l->origin == GIT_DIFF_LINE_ADDITION)
		m->fresh[l->new_lineno - 1] = true;
	return 0;
}

void lines_diff(const struct lines *a, const struct lines *b, struct edits *out)
{
	git_diff_options opts;
	_cleanup_sb_ struct strbuf sa = STRBUF_INIT, sb = STRBUF_INIT;
	struct marks m;
	size_t i = 0, k = 0;

	if (lines_equal(a, b))
		return;
	m.gone = xcalloc(a->n + 1, 1);
	m.fresh = xcalloc(b->n + 1, 1);
	lines_join(a, &sa);
	lines_join(b, &sb);
	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
	git_start();
	check(git_diff_buffers(sb_str(&sa), sa.len, NULL, sb_str(&sb), sb.len, NULL, &opts, NULL,
			       NULL, NULL, mark_line, &m), "comparing files");
	while (i < a->n || k < b->n) {
		struct edit e = { i, 0, k, 0 };

		while (i < a->n && m.gone[i])
			i++;
		while (k < b->n && m.fresh[k])
			k++;
		e.an = i - e.a0;
		e.bn = k - e.b0;
		if (e.an || e.bn) {
			vec_push(out, e);
			continue;
		}
		i++;
		k++;
	}
	free(m.gone);
	free(m.fresh);
}

ssize_t *edits_match(const struct edits *e, size_t an, size_t bn)
{
	ssize_t *map = xcalloc(an + 1, sizeof(*map));
	size_t i = 0, k = 0;

	for (size_t n = 0; n <= e->n; n++) {
		size_t end = n < e->n ? e->v[n].a0 : an;

		while (i < end)
			map[i++] = (ssize_t)k++;
		if (n == e->n)
			break;
		for (size_t j = 0; j < e->v[n].an; j++)
			map[i++] = -1;
		k += e->v[n].bn;
	}
	map[an] = (ssize_t)bn;
	return map;
}

ssize_t *lines_match(const struct lines *a, const struct lines *b)
{
	struct edits e = { 0 };
	ssize_t *map;

	lines_diff(a, b, &e);
	map = edits_match(&e, a->n, b->n);
	vec_free(&e);
	return map;
}

bool lines_merge(const struct lines *base, const struct lines *ours, const struct lines *theirs,
		 const struct merge_labels *labels, struct strbuf *out)
{
	git_merge_file_options opts;
	git_merge_file_input in[3];
	struct strbuf text[3] = { STRBUF_INIT, STRBUF_INIT, STRBUF_INIT };
	git_merge_file_result res = { 0 };
	bool clean;

	lines_join(base, &text[0]);
	lines_join(ours, &text[1]);
	lines_join(theirs, &text[2]);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		git_merge_file_input_init(&in[i], GIT_MERGE_FILE_INPUT_VERSION);
		in[i].ptr = sb_str(&text[i]);
		in[i].size = text[i].len;
		in[i].path = "file";
		in[i].mode = 0100644;
	}
	git_merge_file_options_init(&opts, GIT_MERGE_FILE_OPTIONS_VERSION);
	opts.ancestor_label = labels->base;
	opts.our_label = labels->ours;
	opts.their_label = labels->theirs;
	opts.flags = GIT_MERGE_FILE_STYLE_DIFF3;
	git_start();
	check(git_merge_file(&res, &in[0], &in[1], &in[2], &opts), "merging files");
	clean = res.automergeable;
	if (res.len)
		sb_add(out, res.ptr, res.len);
	git_merge_file_result_free(&res);
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		sb_free(&text[i]);
	return clean;
}

/* "label:" and "public:" are no headings in C. */
static bool is_label(const struct line *l)
{
	size_t i = 0;

	while (i < l->len && (isalnum((unsigned char)l->s[i]) || l->s[i] == '_'))
		i++;
	if (!i || i >= l->len || l->s[i] != ':')
		return false;
	for (i++; i < l->len && isspace((unsigned char)l->s[i]); i++)
		;
	return i == l->len ||
	       (l->s[i] == '/' && i + 1 < l->len && (l->s[i + 1] == '/' || l->s[i + 1] == '*'));
}

/* The kernel's .gitattributes has "diff=cpp" for these. */
static bool is_c(const char *path)
{
	return str_ends(path, ".c") || str_ends(path, ".h");
}

bool line_is_heading(const struct line *l, const char *path)
{
	unsigned char c = l->len ? (unsigned char)l->s[0] : 0;

	if (is_c(path)) {
		if (!isalpha(c) && c != '_' &&
		    !(c == ':' && l->len > 2 && l->s[1] == ':'))
			return false;
		return !is_label(l);
	}
	return isalpha(c) || c == '_' || c == '$';
}

const char *lines_heading(const struct lines *l, size_t at, const char *path, size_t *len)
{
	for (size_t i = at; i; i--) {
		const struct line *c = &l->v[i - 1];
		size_t n = c->len > HEADING_MAX ? HEADING_MAX : c->len;

		if (!line_is_heading(c, path))
			continue;
		while (n && isspace((unsigned char)c->s[n - 1]))
			n--;
		*len = n;
		return c->s;
	}
	*len = 0;
	return NULL;
}
