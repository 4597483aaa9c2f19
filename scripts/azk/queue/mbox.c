// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of a patch before its diff: mail header, message, trailers. */
#include <ctype.h>

#include "queue/patch.h"

struct text_line {
	const char *s;
	size_t n;
};

struct text {
	VEC(struct text_line) lines;
};

static bool blank(const struct text_line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!isspace((unsigned char)l->s[i]))
			return false;
	}
	return true;
}

/* Length of "Key" when the line is "Key: value" with a trailer-like key, else 0. */
static size_t key_len(const struct text_line *l)
{
	size_t n = 0;

	if (!l->n || !isalpha((unsigned char)l->s[0]))
		return 0;
	while (n < l->n && (isalnum((unsigned char)l->s[n]) || l->s[n] == '-'))
		n++;
	return n + 1 < l->n && l->s[n] == ':' && l->s[n + 1] == ' ' ? n : 0;
}

static char *value_of(const struct text_line *l, size_t key)
{
	_cleanup_free_ char *v = xstrndup(l->s + key + 1, l->n - key - 1);

	return xstrdup(str_trim(v));
}

static void append(char **value, const struct text_line *l)
{
	_cleanup_free_ char *more = xstrndup(l->s, l->n);
	char *joined = xasprintf("%s %s", *value, str_trim(more));

	free(*value);
	*value = joined;
}

static bool is_key(const struct text_line *l, size_t key, const char *name)
{
	return strlen(name) == key && !strncasecmp(l->s, name, key);
}

/* Mail header lines, folded ones joined. Returns the index behind the blank line. */
static size_t parse_header(struct patch *p, const struct text *t)
{
	char **value = NULL;
	size_t i = 0;

	if (t->lines.n && t->lines.v[0].n > 5 && !memcmp(t->lines.v[0].s, "From ", 5))
		i = 1;
	if (i >= t->lines.n || !key_len(&t->lines.v[i]))
		return 0;
	for (; i < t->lines.n && !blank(&t->lines.v[i]); i++) {
		const struct text_line *l = &t->lines.v[i];
		size_t key;

		if (isspace((unsigned char)l->s[0])) {
			if (value)
				append(value, l);
			continue;
		}
		key = key_len(l);
		value = is_key(l, key, "From") ? &p->from :
			is_key(l, key, "Date") ? &p->date :
			is_key(l, key, "Subject") ? &p->subject : NULL;
		if (!value)
			continue;
		free(*value);
		*value = value_of(l, key);
		if (value == &p->subject)
			p->subject_line = i + 1;
	}
	return i;
}

/* [first, last) is the final paragraph; trailers only when each line is one. */
static bool all_trailers(const struct text *t, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		const struct text_line *l = &t->lines.v[i];

		if (!key_len(l) && !(i > first && isspace((unsigned char)l->s[0])) &&
		    l->s[0] != '[')
			return false;
	}
	return first < last && key_len(&t->lines.v[first]);
}

static void parse_trailers(struct patch *p, const struct text *t, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		const struct text_line *l = &t->lines.v[i];
		size_t key = key_len(l);

		if (key) {
			struct trailer *tr = vec_add(&p->trailers);

			tr->line = i + 1;
			tr->key = xstrndup(l->s, key);
			tr->value = value_of(l, key);
		} else if (p->trailers.n && isspace((unsigned char)l->s[0])) {
			append(&p->trailers.v[p->trailers.n - 1].value, l);
		}
	}
}

void patch_parse_message(struct patch *p, size_t end)
{
	struct text t = { 0 };
	size_t pos = 0, first, last, para;
	struct text_line l;

	while (azk_next_line(p->buf, end, &pos, &l.s, &l.n))
		vec_push(&t.lines, l);
	first = parse_header(p, &t);
	for (last = first; last < t.lines.n; last++) {
		if (t.lines.v[last].n == 3 && !memcmp(t.lines.v[last].s, "---", 3))
			break;
	}
	while (last > first && blank(&t.lines.v[last - 1]))
		last--;
	while (first < last && blank(&t.lines.v[first]))
		first++;
	for (para = last; para > first && !blank(&t.lines.v[para - 1]); )
		para--;
	if (all_trailers(&t, para, last)) {
		parse_trailers(p, &t, para, last);
		for (last = para; last > first && blank(&t.lines.v[last - 1]); )
			last--;
	}
	if (first < last) {
		p->body_first = first + 1;
		p->body_last = last;
	}
	vec_free(&t.lines);
}

const struct trailer *patch_trailer(const struct patch *p, const char *key)
{
	for (size_t i = 0; i < p->trailers.n; i++) {
		if (!strcmp(p->trailers.v[i].key, key))
			return &p->trailers.v[i];
	}
	return NULL;
}
