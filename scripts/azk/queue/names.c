// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file a diff is about, and what happens to it besides hunks. */
#include <errno.h>

#include "queue/parser.h"

/*
 * A C-quoted name as git writes it: "a/\303\244\t". *s stands on the quote and
 * is moved behind the closing one. NULL when malformed.
 */
static char *unquote(const char **s, const char *end)
{
	static const char from[] = "abtnvfr\"\\", to[] = "\a\b\t\n\v\f\r\"\\";
	struct strbuf sb = STRBUF_INIT;
	const char *c = *s + 1;

	while (c < end && *c != '"') {
		const char *f;

		if (*c != '\\') {
			sb_addch(&sb, *c++);
			continue;
		}
		if (++c >= end)
			break;
		f = memchr(from, *c, sizeof(from) - 1);
		if (f) {
			sb_addch(&sb, to[f - from]);
			c++;
		} else if (end - c >= 3 && c[0] >= '0' && c[0] <= '3' && c[1] >= '0' &&
			   c[1] <= '7' && c[2] >= '0' && c[2] <= '7') {
			sb_addch(&sb, (char)((c[0] - '0') << 6 | (c[1] - '0') << 3 | (c[2] - '0')));
			c += 3;
		} else {
			break;
		}
	}
	if (c >= end || *c != '"' || (sb.len && memchr(sb.buf, '\0', sb.len))) {
		sb_free(&sb);
		return NULL;
	}
	*s = c + 1;
	return sb_detach(&sb);
}

/*
 * The name of a ---, +++, rename or copy line, starting at s. A tab ends an
 * unquoted name (time stamp, or git's mark of a name with blanks); *rest is
 * what stands behind it. NULL when malformed.
 */
static char *name_at(struct parser *ps, size_t skip, const char **rest)
{
	const char *s = ps->s + skip, *end = ps->s + ps->n;
	const char *tab;
	char *name;

	if (s < end && *s == '"') {
		name = unquote(&s, end);
		if (name && s < end && *s != '\t') {
			free(name);
			return NULL;
		}
		*rest = s;
		return name;
	}
	tab = memchr(s, '\t', end - s);
	*rest = tab ? tab : end;
	if (memchr(s, '\0', *rest - s))
		return NULL;
	return xstrndup(s, *rest - s);
}

/* Strips folders as -p does. NULL when there are not so many. */
static char *strip(const struct parser *ps, const char *name)
{
	for (unsigned int n = ps->p->strip; n; n--) {
		const char *s = strchr(name, '/');

		if (!s || s == name)
			return NULL;
		name = s + 1;
	}
	return xstrdup(name);
}

/* diff's way of saying that a file is absent: its time is the epoch (in any zone). */
static bool is_epoch(const char *s, const char *end)
{
	static const char *const epochs[] = { "1970-01-01 ", "1969-12-31 ", "Thu Jan  1 ",
					      "Wed Dec 31 " };
	bool year;

	if (s < end && *s == '\t')
		s++;
	for (size_t i = 0; i < ARRAY_SIZE(epochs); i++) {
		size_t k = strlen(epochs[i]);

		if ((size_t)(end - s) < k || memcmp(s, epochs[i], k))
			continue;
		year = i < 2 || memmem(s, end - s, " 1970", 5) || memmem(s, end - s, " 1969", 5);
		return year && (memmem(s, end - s, ":00:00", 6) || memmem(s, end - s, ":30:00", 6));
	}
	return false;
}

/*
 * "diff --git a/NAME b/NAME". Unquoted names may hold blanks; then only the
 * split where both sides name the same file counts, as in git. Where renames
 * make that fail, the extended headers carry the names.
 */
static int git_names(struct parser *ps, char **a, char **b)
{
	const char *s = ps->s + strlen("diff --git "), *end = ps->s + ps->n;
	const char *sp = s;

	*a = *b = NULL;
	if (memchr(s, '\0', end - s))
		return parse_fail(ps, ps->lineno, "NUL in a file name");
	if (end > s && end[-1] == '\r')
		return parse_fail(ps, ps->lineno,
			    "the header line ends in CR: the patch file was converted to CRLF");
	if (s < end && *s == '"') {
		_cleanup_free_ char *q = unquote(&s, end);

		if (!q || s >= end || *s++ != ' ')
			return parse_fail(ps, ps->lineno, "malformed quoted name");
		*a = strip(ps, q);
		if (s < end && *s == '"') {
			_cleanup_free_ char *q2 = unquote(&s, end);

			if (!q2 || s != end)
				return parse_fail(ps, ps->lineno, "malformed quoted name");
			*b = strip(ps, q2);
		} else {
			_cleanup_free_ char *q2 = xstrndup(s, end - s);

			*b = strip(ps, q2);
		}
		return 0;
	}
	while ((sp = memchr(sp, ' ', end - sp))) {
		_cleanup_free_ char *l = xstrndup(s, sp - s), *r = NULL;
		_cleanup_free_ char *l1 = strip(ps, l), *r1 = NULL;
		const char *c = ++sp;

		if (c < end && *c == '"') {
			r = unquote(&c, end);
			if (!r || c != end)
				continue;
		} else {
			r = xstrndup(c, end - c);
		}
		r1 = strip(ps, r);
		if (l1 && r1 && !strcmp(l1, r1)) {
			*a = TAKE_PTR(l1);
			*b = TAKE_PTR(r1);
			return 0;
		}
	}
	return 0;
}

static int parse_mode(struct parser *ps, const char *prefix, mode_t *out)
{
	_cleanup_free_ char *s = xstrndup(ps->s + strlen(prefix), ps->n - strlen(prefix));

	if (!strcmp(s, "100644"))
		*out = 0644;
	else if (!strcmp(s, "100755"))
		*out = 0755;
	else if (!strcmp(s, "120000"))
		return parse_fail(ps, ps->lineno, "symbolic links are refused: a link could lead out of the tree");
	else if (!strcmp(s, "160000"))
		return parse_fail(ps, ps->lineno, "submodules are refused: a kernel tree has none");
	else
		return parse_fail(ps, ps->lineno, "unknown file mode '%s'", s);
	return 0;
}

void names_free(struct names *nm)
{
	free(nm->git_a);
	free(nm->git_b);
	free(nm->from);
	free(nm->to);
	free(nm->minus);
	free(nm->plus);
}

static int one_name(struct parser *ps, const char *prefix, char **out)
{
	const char *rest;
	char *name = name_at(ps, strlen(prefix), &rest);

	if (!name || rest != ps->s + ps->n || *out) {
		free(name);
		return parse_fail(ps, ps->lineno, "malformed or repeated '%s' line", prefix);
	}
	*out = name;
	return 0;
}

static bool index_line(struct parser *ps, struct names *nm)
{
	const char *s = ps->s + strlen("index "), *end = ps->s + ps->n;

	for (int i = 0; i < 2; i++) {
		size_t k = 0;

		while (s < end && strchr("0123456789abcdef", *s) && *s && k < 40)
			nm->index[i][k++] = *s++;
		if (k < 4 || (i == 0 && (end - s < 2 || memcmp(s, "..", 2))))
			return false;
		s += i ? 0 : 2;
	}
	return s == end || *s == ' ';
}

/* Lines between "diff --git" and the --- line. */
int parse_git_headers(struct parser *ps, struct file_diff *d, struct names *nm)
{
	if (git_names(ps, &nm->git_a, &nm->git_b))
		return -EINVAL;
	for (parse_next(ps); !ps->eof; parse_next(ps)) {
		int rc = 0;

		if (parse_starts(ps, "old mode ")) {
			rc = parse_mode(ps, "old mode ", &d->old_mode);
		} else if (parse_starts(ps, "new mode ")) {
			rc = parse_mode(ps, "new mode ", &d->new_mode);
		} else if (parse_starts(ps, "deleted file mode ")) {
			nm->is_deleted = true;
			rc = parse_mode(ps, "deleted file mode ", &d->old_mode);
		} else if (parse_starts(ps, "new file mode ")) {
			nm->is_new = true;
			rc = parse_mode(ps, "new file mode ", &d->new_mode);
		} else if (parse_starts(ps, "rename from ")) {
			nm->rename = true;
			rc = one_name(ps, "rename from ", &nm->from);
		} else if (parse_starts(ps, "rename to ")) {
			rc = one_name(ps, "rename to ", &nm->to);
		} else if (parse_starts(ps, "copy from ")) {
			nm->copy = true;
			rc = one_name(ps, "copy from ", &nm->from);
		} else if (parse_starts(ps, "copy to ")) {
			rc = one_name(ps, "copy to ", &nm->to);
		} else if (parse_starts(ps, "index ")) {
			if (*nm->index[0] || !index_line(ps, nm))
				return parse_fail(ps, ps->lineno, "malformed or repeated index line");
			continue;
		} else if (parse_starts(ps, "similarity index ") || parse_starts(ps, "dissimilarity index ")) {
			continue;
		} else if (parse_starts(ps, "Binary files ")) {
			return parse_fail(ps, ps->lineno, BINARY_REFUSED);
		} else {
			return 0;
		}
		if (rc)
			return rc;
		nm->headers = true;
	}
	return 0;
}

static int side_line(struct parser *ps, const char *prefix, char **out, bool *null, bool *epoch)
{
	_cleanup_free_ char *name = NULL;
	const char *rest, *end = ps->s + ps->n;

	if (ps->n && end[-1] == '\r')
		return parse_fail(ps, ps->lineno,
			    "the header line ends in CR: the patch file was converted to CRLF");
	name = name_at(ps, strlen(prefix), &rest);
	if (!name || !*name)
		return parse_fail(ps, ps->lineno, "malformed file name");
	*null = !strcmp(name, "/dev/null");
	*epoch = is_epoch(rest, end);
	if (*null)
		return 0;
	if (*name == '/')
		return parse_fail(ps, ps->lineno, "name '%s' is absolute", name);
	*out = strip(ps, name);
	if (!*out)
		return parse_fail(ps, ps->lineno, "name '%s' has not the leading folders that -p%u strips", name, ps->p->strip);
	return 0;
}

int parse_sides(struct parser *ps, struct names *nm)
{
	if (side_line(ps, "--- ", &nm->minus, &nm->minus_null, &nm->minus_epoch))
		return -EINVAL;
	parse_next(ps);
	if (!parse_starts(ps, "+++ "))
		return parse_fail(ps, ps->lineno, "expected a '+++' line after '---'");
	if (side_line(ps, "+++ ", &nm->plus, &nm->plus_null, &nm->plus_epoch))
		return -EINVAL;
	if (nm->minus_null && nm->plus_null)
		return parse_fail(ps, ps->lineno, "both sides are /dev/null");
	parse_next(ps);
	return 0;
}

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b);
}

static int settle_git(struct parser *ps, struct file_diff *d, struct names *nm, bool sides)
{
	if (nm->is_new && nm->is_deleted)
		return parse_fail(ps, d->line, "file is said to be both new and deleted");
	if (nm->rename || nm->copy) {
		if (!nm->from || !nm->to || nm->is_new || nm->is_deleted ||
		    (nm->rename && nm->copy))
			return parse_fail(ps, d->line, "rename or copy without both names, or with new or deleted file");
		if (differ(nm->minus, nm->from) || differ(nm->plus, nm->to) ||
		    nm->minus_null || nm->plus_null)
			return parse_fail(ps, d->line, "---/+++ names differ from the rename lines");
		d->kind = nm->rename ? DIFF_RENAME : DIFF_COPY;
		d->old_path = TAKE_PTR(nm->from);
		d->new_path = TAKE_PTR(nm->to);
		return 0;
	}
	if (nm->to)
		return parse_fail(ps, d->line, "rename or copy without both names");
	if (sides && (nm->minus_null != nm->is_new || nm->plus_null != nm->is_deleted))
		return parse_fail(ps, d->line, "/dev/null and the new or deleted file mode line disagree");
	if (differ(nm->minus, nm->plus) || differ(nm->git_a, nm->minus ? nm->minus : nm->plus))
		return parse_fail(ps, d->line, "file names of the header disagree and no rename is stated");
	if (!nm->git_a && !sides)
		return parse_fail(ps, d->line, "cannot tell the file name from the diff --git line");
	if (!nm->git_a)
		return parse_fail(ps, d->line, "names on the diff --git line differ and no rename is stated");
	d->kind = nm->is_new ? DIFF_CREATE : nm->is_deleted ? DIFF_DELETE : DIFF_MODIFY;
	if (!nm->is_new)
		d->old_path = xstrdup(nm->git_a);
	if (!nm->is_deleted)
		d->new_path = TAKE_PTR(nm->git_a);
	return 0;
}

static int settle_plain(struct parser *ps, struct file_diff *d, struct names *nm)
{
	const struct hunk *h = ps->p->hunks.v + d->first;

	if (differ(nm->minus, nm->plus))
		return parse_fail(ps, d->line, "old and new name differ and no rename is stated");
	if (nm->minus_null || (nm->minus_epoch && !h->old_n && !h->old_start))
		d->kind = DIFF_CREATE;
	else if (nm->plus_null || (nm->plus_epoch && !h->new_n && !h->new_start))
		d->kind = DIFF_DELETE;
	else
		d->kind = DIFF_MODIFY;
	if (d->kind != DIFF_CREATE)
		d->old_path = xstrdup(nm->minus ? nm->minus : nm->plus);
	if (d->kind != DIFF_DELETE)
		d->new_path = xstrdup(nm->plus ? nm->plus : nm->minus);
	return 0;
}

static int check_name(struct parser *ps, struct file_diff *d, const char *name)
{
	const char *why = name ? path_unsafe_why(name) : NULL;
	json_t *utf8 = name ? json_string(name) : NULL;

	if (name && !utf8)
		why = "is not UTF-8";
	json_decref(utf8);
	if (why)
		return parse_fail(ps, d->line, "name '%s' %s", name, why);
	if (name && (!strcmp(name, ".azk") || str_starts(name, ".azk/")))
		return parse_fail(ps, d->line, "name '%s' lies in azk's own state folder", name);
	return 0;
}

/* Git lists an empty file by its blob id; any other id without hunks lost them. */
static bool hunks_lost(const struct file_diff *d, const struct names *nm)
{
	const char *id = nm->index[d->kind == DIFF_DELETE ? 0 : 1];

	if (d->n || !*id)
		return false;
	if (d->kind == DIFF_CREATE || d->kind == DIFF_DELETE)
		return strncmp(id, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", strlen(id));
	return strcmp(nm->index[0], nm->index[1]);
}

int parse_settle(struct parser *ps, struct file_diff *d, struct names *nm, bool sides)
{
	if (d->git ? settle_git(ps, d, nm, sides) : settle_plain(ps, d, nm))
		return -EINVAL;
	if (d->is_binary && (strlen(d->old_id) != 40 || strlen(d->new_id) != 40))
		return parse_fail(ps, d->line, "binary patch without the full ids of an index line (git diff --binary --full-index)");
	if (!sides && !d->is_binary && (!nm->headers || hunks_lost(d, nm)))
		return parse_fail(ps, d->line, "file header without the hunks it announces");
	if (d->kind == DIFF_MODIFY && !d->n && !d->is_binary && !(d->old_mode && d->new_mode))
		return parse_fail(ps, d->line, "file header that changes nothing");
	if (check_name(ps, d, d->old_path) || check_name(ps, d, d->new_path))
		return -EINVAL;
	return 0;
}
