// SPDX-License-Identifier: GPL-2.0-or-later
/* SPDX licence tags in source files, and license expressions. */
#include <ctype.h>

#include "release/release.h"

/*
 * Documentation/process/license-rules.rst: the tag is in the first line that can
 * hold a comment. Files where it came to stand lower are many, so the first 64
 * lines count.
 */
#define TAG_LINES 64

char *licence_tag(const char *buf, size_t len)
{
	static const char key[] = "SPDX-License-Identifier:";
	size_t pos = 0, n;
	const char *line;

	for (int i = 0; i < TAG_LINES && azk_next_line(buf, len, &pos, &line, &n); i++) {
		const char *at = memmem(line, n, key, sizeof(key) - 1);
		char *s, *t, *end;

		if (!at || memchr(line, '\0', n))
			continue;
		at += sizeof(key) - 1;
		s = xstrndup(at, n - (size_t)(at - line));
		/* up to where the comment ends */
		end = strstr(s, "*/");
		if (!end)
			end = strstr(s, "-->");
		if (end)
			*end = '\0';
		t = xstrdup(str_trim(s));
		free(s);
		/* COPYING-like prose or a sed script may hold the key too */
		if (licence_valid(t))
			return t;
		free(t);
	}
	return NULL;
}

struct expr {
	const char *s;
	int depth;
};

static void blanks(struct expr *e)
{
	while (*e->s == ' ' || *e->s == '\t')
		e->s++;
}

static bool keyword(struct expr *e, const char *w)
{
	size_t n = strlen(w);

	blanks(e);
	if (strncmp(e->s, w, n) || (isalnum((unsigned char)e->s[n]) || e->s[n] == '-'))
		return false;
	e->s += n;
	return true;
}

static bool idstring(struct expr *e)
{
	static const char *const reserved[] = { "AND", "OR", "WITH" };
	const char *first;
	size_t n;

	blanks(e);
	first = e->s;
	while (isalnum((unsigned char)*e->s) || (*e->s && strchr("-.:", *e->s)))
		e->s++;
	n = (size_t)(e->s - first);
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (n == strlen(reserved[i]) && !strncmp(first, reserved[i], n))
			return false;
	}
	if (*e->s == '+')
		e->s++;
	return n;
}

static bool compound(struct expr *e);

static bool simple(struct expr *e)
{
	blanks(e);
	if (*e->s == '(') {
		e->s++;
		if (++e->depth > 32 || !compound(e))
			return false;
		e->depth--;
		blanks(e);
		return *e->s++ == ')';
	}
	return idstring(e) && (!keyword(e, "WITH") || idstring(e));
}

static bool compound(struct expr *e)
{
	do {
		if (!simple(e))
			return false;
	} while (keyword(e, "AND") || keyword(e, "OR"));
	return true;
}

bool licence_valid(const char *s)
{
	struct expr e = { s, 0 };

	if (!compound(&e))
		return false;
	blanks(&e);
	return !*e.s;
}

/* An OR that no parentheses hold together. */
static bool open_or(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		depth += (*s == '(') - (*s == ')');
		if (!depth && !strncmp(s, " OR ", 4))
			return true;
	}
	return false;
}

char *licence_join(const struct strlist *l)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct strlist sorted = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (!strlist_has(&sorted, l->v[i]))
			strlist_add(&sorted, l->v[i]);
	}
	strlist_sort(&sorted);
	for (size_t i = 0; i < sorted.n; i++) {
		bool paren = sorted.n > 1 && open_or(sorted.v[i]);

		sb_addf(&sb, "%s%s%s%s", i ? " AND " : "", paren ? "(" : "", sorted.v[i],
			paren ? ")" : "");
	}
	strlist_free(&sorted);
	return sb.len ? sb_detach(&sb) : NULL;
}
