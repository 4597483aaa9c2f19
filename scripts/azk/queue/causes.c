// SPDX-License-Identifier: GPL-2.0-or-later
/* Which upstream hunks between two bases are behind what happened to a patch. */
#include <ctype.h>

#include "queue/rebase.h"

#define NEAR 3		/* lines of context: what changes in them matters */
#define MAX_TEXT 24	/* lines of one upstream hunk shown */
#define MAX_CAUSES 12	/* of one file */

static void add_text(json_t *out, char op, const struct lines *l, size_t from, size_t n)
{
	for (size_t i = 0; i < n && json_array_size(out) < MAX_TEXT; i++) {
		const struct line *t = &l->v[from + i];
		size_t len = t->len;
		_cleanup_free_ char *s = NULL;
		json_t *j;

		while (len && isspace((unsigned char)t->s[len - 1]))
			len--;
		s = xasprintf("%c%.*s", op, (int)len, t->s);
		j = json_string(s);
		json_array_append_new(out, j ? j : json_string("(not UTF-8)"));
	}
}

static json_t *cause(const struct edit *e, const char *path, const struct lines *old,
		     const struct lines *new, const char *where)
{
	json_t *text = json_array(), *o;
	const char *heading;
	size_t len;

	add_text(text, '-', old, e->a0, e->an);
	add_text(text, '+', new, e->b0, e->bn);
	o = json_pack("{s:s, s:[I,I], s:[I,I], s:s, s:o}", "file", path, "old",
		      (json_int_t)e->a0 + 1, (json_int_t)(e->a0 + e->an), "new",
		      (json_int_t)e->b0 + 1, (json_int_t)(e->b0 + e->bn), "where", where, "text",
		      text);
	if (e->an + e->bn > MAX_TEXT)
		json_object_set_new(o, "more",
				    json_integer((json_int_t)(e->an + e->bn - MAX_TEXT)));
	heading = lines_heading(old, e->a0, path, &len);
	if (heading) {
		json_t *h = json_stringn(heading, len);

		if (h)
			json_object_set_new(o, "function", h);
	}
	return o;
}

/* Where the run lies in the old base: between its nearest lines that are from there. */
static void in_base(const struct change_file *f, const ssize_t *map, const struct edit *e,
		    size_t old_n, size_t *from, size_t *to)
{
	*from = 0;
	for (size_t i = e->a0; i; i--) {
		if (map[i - 1] >= 0) {
			*from = (size_t)map[i - 1] + 1;
			break;
		}
	}
	*to = old_n;
	for (size_t i = e->a0 + e->an; i < f->before.n; i++) {
		if (map[i] >= 0) {
			*to = (size_t)map[i];
			break;
		}
	}
}

enum reach { REACH_TOUCHES, REACH_ABOVE, REACH_FILE };

static void collect(const struct change_file *f, const struct edits *up, const ssize_t *map,
		    const struct lines *old, const struct lines *new, enum reach reach, json_t *out)
{
	const char *path = f->old_path ? f->old_path : f->new_path;
	bool *done = xcalloc(up->n + 1, 1);

	for (size_t i = 0; i < f->runs.n; i++) {
		size_t from, to;

		in_base(f, map, &f->runs.v[i].e, old->n, &from, &to);
		for (size_t k = 0; k < up->n; k++) {
			const struct edit *e = &up->v[k];
			bool touches = e->a0 <= to + NEAR && e->a0 + e->an + NEAR >= from;
			bool above = e->a0 + e->an <= from && e->an != e->bn;

			if (done[k] || (reach == REACH_TOUCHES && !touches) ||
			    (reach == REACH_ABOVE && !touches && !above))
				continue;
			done[k] = true;
			if (json_array_size(out) < MAX_CAUSES)
				json_array_append_new(out, cause(e, path, old, new,
								 touches ? "touches" :
								 above ? "above" : "elsewhere"));
		}
	}
	free(done);
}

json_t *rebase_causes(const struct change_file *f, const struct lines *old,
		      const struct lines *new, bool moved)
{
	json_t *out = json_array();
	struct edits up = { 0 };
	ssize_t *map;

	lines_diff(old, new, &up);
	map = lines_match(&f->before, old);
	collect(f, &up, map, old, new, moved ? REACH_ABOVE : REACH_TOUCHES, out);
	if (!json_array_size(out) && !moved)	/* only its place is in question */
		collect(f, &up, map, old, new, REACH_ABOVE, out);
	if (!json_array_size(out))
		collect(f, &up, map, old, new, REACH_FILE, out);
	free(map);
	vec_free(&up);
	return out;
}
