// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strict reader of git and plain unified diffs. A line is either part of the
 * free text before the first diff or it means something; a line after that
 * which means nothing is an error.
 */
#include <errno.h>
#include <limits.h>

#include "queue/parser.h"

void lines_split(struct lines *out, const char *buf, size_t len)
{
	for (size_t pos = 0; pos < len;) {
		const char *nl = memchr(buf + pos, '\n', len - pos);
		size_t n = nl ? (size_t)(nl - buf) + 1 - pos : len - pos;
		struct line l = { buf + pos, (uint32_t)n };

		vec_push(out, l);
		pos += n;
	}
}

void parse_next(struct parser *ps)
{
	const char *buf = ps->p->buf;

	if (ps->pos >= ps->p->len) {
		ps->eof = true;
		ps->s = "";
		ps->n = 0;
		ps->lineno++;
		return;
	}
	ps->s = buf + ps->pos;
	const char *nl = memchr(ps->s, '\n', ps->p->len - ps->pos);

	ps->eol = nl;
	ps->n = nl ? (size_t)(nl - ps->s) : ps->p->len - ps->pos;
	ps->pos += ps->n + ps->eol;
	ps->lineno++;
}

int parse_fail(struct parser *ps, size_t line, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	struct patch_err *e;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	e = vec_add(&ps->p->errs);
	e->line = line;
	e->msg = sb_detach(&sb);
	return -EINVAL;
}

bool parse_starts(const struct parser *ps, const char *prefix)
{
	size_t k = strlen(prefix);

	return ps->n >= k && !memcmp(ps->s, prefix, k);
}

static bool is_blank(const struct parser *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->s[i] != ' ' && ps->s[i] != '\t' && ps->s[i] != '\r')
			return false;
	}
	return true;
}

/* "-- ", or what a mailer that strips blanks leaves of it. */
static bool is_signature(const struct parser *ps)
{
	return (ps->n == 3 && parse_starts(ps, "-- ")) || (ps->n == 2 && parse_starts(ps, "--"));
}

/* Whether the line after the current one starts with prefix. */
static bool peek(const struct parser *ps, const char *prefix)
{
	size_t k = strlen(prefix);

	return ps->p->len - ps->pos >= k && !memcmp(ps->p->buf + ps->pos, prefix, k);
}

static bool number(const char **s, const char *end, size_t *out)
{
	const char *c = *s;
	size_t v = 0;

	while (c < end && *c >= '0' && *c <= '9' && v < INT_MAX / 16)
		v = v * 10 + (size_t)(*c++ - '0');
	if (c == *s || (c < end && *c >= '0' && *c <= '9'))
		return false;
	*s = c;
	*out = v;
	return true;
}

static bool range(const char **s, const char *end, char sign, size_t *start, size_t *n)
{
	if (*s >= end || **s != sign)
		return false;
	(*s)++;
	if (!number(s, end, start))
		return false;
	*n = 1;
	if (*s < end && **s == ',') {
		(*s)++;
		return number(s, end, n);
	}
	return true;
}

/* "@@ -a[,b] +c[,d] @@[ function]" */
static bool hunk_header(const struct parser *ps, struct hunk *h)
{
	const char *s = ps->s + 3, *end = ps->s + ps->n;

	if (!parse_starts(ps, "@@ ") || !range(&s, end, '-', &h->old_start, &h->old_n))
		return false;
	if (s >= end || *s++ != ' ' || !range(&s, end, '+', &h->new_start, &h->new_n))
		return false;
	if (end - s < 3 || memcmp(s, " @@", 3))
		return false;
	s += 3;
	return s == end || *s == ' ' || *s == '\r';
}

static int add_body_line(struct parser *ps, struct hunk *h, char op, size_t skip)
{
	struct hunk_line *l;

	if (!ps->eol)
		return parse_fail(ps, ps->lineno, "the patch ends in the middle of a line");
	if (ps->n >= UINT32_MAX)
		return parse_fail(ps, ps->lineno, "line too long");
	l = vec_add(&ps->p->body);
	l->op = op;
	l->text.s = ps->s + skip;
	l->text.len = (uint32_t)(ps->n - skip + 1);
	h->n++;
	return 0;
}

/* "\ No newline at end of file": the line before has no newline on its sides. */
static int no_newline(struct parser *ps, struct hunk *h, bool *old_end, bool *new_end)
{
	struct hunk_line *l = h->n ? &ps->p->body.v[ps->p->body.n - 1] : NULL;

	/* a line that is empty and has no newline is no line at all */
	if (!l || l->text.len < 2 || l->text.s[l->text.len - 1] != '\n')
		return parse_fail(ps, ps->lineno, "'\\' line without a line it could belong to");
	l->text.len--;
	if (l->op != '+')
		*old_end = true;
	if (l->op != '-')
		*new_end = true;
	return 0;
}

/* The current line is the hunk header; leaves the line behind the hunk current. */
static int parse_hunk(struct parser *ps, struct file_diff *d, struct hunk h)
{
	size_t old_n = 0, new_n = 0, changes = 0;
	bool old_end = false, new_end = false;

	h.line = ps->lineno;
	h.first = ps->p->body.n;
	for (parse_next(ps); ; parse_next(ps)) {
		char op = ps->n ? ps->s[0] : ' ';
		bool want = old_n < h.old_n || new_n < h.new_n;

		if (!ps->eof && ps->n && op == '\\') {
			if (no_newline(ps, &h, &old_end, &new_end))
				return -EINVAL;
			continue;
		}
		if (!want)
			break;
		if (ps->eof || (op != ' ' && op != '+' && op != '-'))
			return parse_fail(ps, h.line,
				    "hunk header counts %zu old and %zu new lines, its body has %zu and %zu (it ends at line %zu)",
				    h.old_n, h.new_n, old_n, new_n, ps->lineno);
		if (!d->git && parse_starts(ps, "--- ") && peek(ps, "+++ "))
			return parse_fail(ps, h.line,
				    "hunk header counts more lines than there are: line %zu is a file header",
				    ps->lineno);
		if ((op != '+' && (old_end || old_n == h.old_n)) ||
		    (op != '-' && (new_end || new_n == h.new_n)))
			return parse_fail(ps, ps->lineno, old_end || new_end ?
				    "hunk goes on behind a line without newline" :
				    "hunk has more '%c' lines than its header at line %zu counts",
				    op, h.line);
		if (add_body_line(ps, &h, op, ps->n ? 1 : 0))
			return -EINVAL;
		old_n += op != '+';
		new_n += op != '-';
		changes += op != ' ';
	}
	if (!changes)
		return parse_fail(ps, h.line, "hunk changes nothing");
	if (!ps->eof && ps->n && (ps->s[0] == ' ' || ps->s[0] == '+' ||
	    (ps->s[0] == '-' && !parse_starts(ps, "--- ") && !is_signature(ps))))
		return parse_fail(ps, ps->lineno, "hunk body is longer than its header at line %zu counts",
			    h.line);
	vec_push(&ps->p->hunks, h);
	d->n++;
	return 0;
}

static int check_hunks(struct parser *ps, struct file_diff *d)
{
	const struct hunk *h;

	if (!d->n)
		return 0;
	h = &ps->p->hunks.v[d->first];
	for (size_t i = 0; i < d->n; i++) {
		if (!h[i].old_n && h[i].new_n && d->kind != DIFF_CREATE && h[i].old_start)
			return parse_fail(ps, h[i].line,
				    "hunk has no context: nothing proves where it belongs");
		if (h[i].old_n && !h[i].old_start)
			return parse_fail(ps, h[i].line, "hunk starts at line 0 but has old lines");
		if (i && h[i].old_start < h[i - 1].old_start + h[i - 1].old_n)
			return parse_fail(ps, h[i].line, "hunk overlaps or precedes the one before it");
	}
	if (d->kind == DIFF_CREATE && (d->n > 1 || h->old_n))
		return parse_fail(ps, d->line, "a new file must be one hunk without old lines");
	if (d->kind == DIFF_DELETE && (d->n > 1 || h->new_n))
		return parse_fail(ps, d->line, "a deleted file must be one hunk without new lines");
	return 0;
}

static int parse_hunks(struct parser *ps, struct file_diff *d)
{
	struct hunk h = { 0 };

	while (!ps->eof && parse_starts(ps, "@@")) {
		if (!hunk_header(ps, &h))
			return parse_fail(ps, ps->lineno, "malformed hunk header '%.*s'",
				    (int)(ps->n > 60 ? 60 : ps->n), ps->s);
		h.n = 0;
		if (parse_hunk(ps, d, h))
			return -EINVAL;
	}
	if (!d->n)
		return parse_fail(ps, ps->lineno, "expected a hunk header (@@ -a,b +c,d @@) here");
	return 0;
}

static int parse_diff(struct parser *ps, struct file_diff *d, struct names *nm)
{
	bool sides;

	d->line = ps->lineno;
	d->off = (size_t)(ps->s - ps->p->buf);
	d->first = ps->p->hunks.n;
	d->git = parse_starts(ps, "diff --git ");
	if (d->git && parse_git_headers(ps, d, nm))
		return -EINVAL;
	if (d->git && parse_starts(ps, "GIT binary patch")) {
		if (parse_binary(ps, d))
			return -EINVAL;
		sides = false;
	} else {
		sides = parse_starts(ps, "--- ");
		if (sides && (parse_sides(ps, nm) || parse_hunks(ps, d)))
			return -EINVAL;
	}
	d->end = ps->eof ? ps->p->len : (size_t)(ps->s - ps->p->buf);
	memcpy(d->old_id, nm->index[0], sizeof(d->old_id));
	memcpy(d->new_id, nm->index[1], sizeof(d->new_id));
	if (parse_settle(ps, d, nm, sides))
		return -EINVAL;
	return check_hunks(ps, d);
}

/* "-- " and one line of version, then only blank lines. */
static int parse_signature(struct parser *ps)
{
	parse_next(ps);
	if (!ps->eof && !is_blank(ps))
		parse_next(ps);
	for (; !ps->eof; parse_next(ps)) {
		if (!is_blank(ps))
			return parse_fail(ps, ps->lineno, "trailing text after the signature%s",
				    parse_starts(ps, "From ") ? ": a second message in one file" : "");
	}
	return 0;
}

static bool is_diff_start(const struct parser *ps)
{
	return parse_starts(ps, "diff --git ") || (parse_starts(ps, "--- ") && peek(ps, "+++ "));
}

/* Headers other tools put above "---": they say nothing we need. */
static bool is_filler(const struct parser *ps)
{
	return parse_starts(ps, "Index: ") || parse_starts(ps, "====") ||
	       (parse_starts(ps, "diff ") && !parse_starts(ps, "diff --git "));
}

static int parse_diffs(struct parser *ps)
{
	bool filler = false;

	while (!ps->eof) {
		if (is_diff_start(ps)) {
			struct file_diff *d = vec_add(&ps->p->diffs);
			struct names nm = { 0 };
			int rc = parse_diff(ps, d, &nm);

			names_free(&nm);
			if (rc)
				return rc;
			filler = false;
			continue;
		}
		if (parse_starts(ps, "Binary files "))
			return parse_fail(ps, ps->lineno,
				    BINARY_REFUSED);
		if (is_signature(ps))
			return parse_signature(ps);
		if (parse_starts(ps, "@@"))
			return parse_fail(ps, ps->lineno, "hunk header without a file header");
		if (is_filler(ps))
			filler = true;
		else if (!is_blank(ps))
			return parse_fail(ps, ps->lineno, "expected a hunk or file header, found '%.*s'",
				    (int)(ps->n > 60 ? 60 : ps->n), ps->s);
		parse_next(ps);
	}
	if (filler)
		return parse_fail(ps, ps->lineno - 1, "diff header without a diff");
	return 0;
}

int patch_parse(struct patch *p, const char *name, const char *file, char *buf, size_t len)
{
	return patch_parse_strip(p, name, file, buf, len, 1);
}

int patch_parse_strip(struct patch *p, const char *name, const char *file, char *buf, size_t len,
		      unsigned int strip)
{
	struct parser ps = { .p = p };
	struct hunk h;
	size_t end;

	memset(p, 0, sizeof(*p));
	p->name = xstrdup(name);
	p->file = xstrdup(file);
	p->buf = buf;
	p->len = len;
	p->strip = strip;
	for (parse_next(&ps); !ps.eof && !is_diff_start(&ps); parse_next(&ps)) {
		if (parse_starts(&ps, "Only in ") && memmem(ps.s, ps.n, ": ", 2))
			return parse_fail(&ps, ps.lineno, "'Only in' line: diff was run without -N and left a file out");
		if (parse_starts(&ps, "Binary files ") && memmem(ps.s, ps.n, " differ", 7))
			return parse_fail(&ps, ps.lineno, BINARY_REFUSED);
		if (parse_starts(&ps, "GIT binary patch"))
			return parse_fail(&ps, ps.lineno, "binary patch without a diff --git line");
		if (hunk_header(&ps, &h))
			return parse_fail(&ps, ps.lineno, "hunk header without a file header");
	}
	end = ps.eof ? len : (size_t)(ps.s - p->buf);
	patch_parse_message(p, end);
	if (ps.eof)
		return parse_fail(&ps, 1, "no diff in the file");
	return parse_diffs(&ps);
}

int patch_load(struct patch *p, const char *name, const char *file)
{
	return patch_load_strip(p, name, file, 1);
}

int patch_load_strip(struct patch *p, const char *name, const char *file, unsigned int strip)
{
	struct strbuf sb = STRBUF_INIT;
	struct patch_err *e;
	size_t len;
	int rc = azk_read_file(file, &sb);

	if (!rc) {
		len = sb.len;
		return patch_parse_strip(p, name, file, sb_detach(&sb), len, strip);
	}
	sb_free(&sb);
	memset(p, 0, sizeof(*p));
	p->name = xstrdup(name);
	p->file = xstrdup(file);
	e = vec_add(&p->errs);
	e->msg = xasprintf("reading the patch: %s", strerror(-rc));
	return -EINVAL;
}

void patch_free(struct patch *p)
{
	for (size_t i = 0; i < p->diffs.n; i++) {
		free(p->diffs.v[i].old_path);
		free(p->diffs.v[i].new_path);
		free(p->diffs.v[i].forward.data);
	}
	for (size_t i = 0; i < p->errs.n; i++)
		free(p->errs.v[i].msg);
	for (size_t i = 0; i < p->trailers.n; i++) {
		free(p->trailers.v[i].key);
		free(p->trailers.v[i].value);
	}
	vec_free(&p->diffs);
	vec_free(&p->hunks);
	vec_free(&p->body);
	vec_free(&p->errs);
	vec_free(&p->trailers);
	free(p->name);
	free(p->file);
	free(p->buf);
	free(p->from);
	free(p->date);
	free(p->subject);
}
