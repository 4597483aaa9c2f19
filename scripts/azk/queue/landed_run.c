// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of proof. A run of changed lines is in the base when all its added
 * lines stand there in one piece, none of its removed lines is left between the
 * same neighbours, the function is the same one, and either the lines or their
 * neighbours cannot be a coincidence. What only removes lines has no lines to
 * show: both neighbours must meet in the same function.
 */
#include <ctype.h>

#include "queue/landed_run.h"

#define NEAR 3			/* lines of context that count as neighbours */
#define FAR 12			/* lines around a run to look for its neighbours in */
#define STRONG_WEIGHT 24	/* word characters in lines the file did not have before */

/* ---- lines other patches add ---- */

struct added {
	struct strmap by_path;	/* to struct lines */
};

struct added *added_new(void)
{
	return xcalloc(1, sizeof(struct added));
}

void added_note(struct added *a, const struct change *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change_file *f = &c->v[i];
		struct lines *l = strmap_get(&a->by_path, change_path(f));

		if (!l) {
			l = xcalloc(1, sizeof(*l));
			strmap_put(&a->by_path, change_path(f), l);
		}
		for (size_t k = 0; k < f->runs.n; k++)
			lines_append(l, &f->after, f->runs.v[k].e.b0, f->runs.v[k].e.bn);
	}
}

void added_free(struct added *a)
{
	for (size_t i = 0; a && i < a->by_path.n; i++) {
		struct lines *l = a->by_path.v[i].value;

		vec_free(l);
		free(l);
	}
	if (a)
		strmap_free(&a->by_path);
	free(a);
}

static size_t count_in(const struct lines *l, size_t from, size_t to, const struct line *what)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += line_eq(&l->v[i], what);
	return n;
}

static bool is_added(const struct added *a, const char *path, const struct line *what)
{
	const struct lines *l = a ? strmap_get(&a->by_path, path) : NULL;

	return l && count_in(l, 0, l->n, what);
}

/* ---- lines ---- */

static bool is_blank(const struct line *l)
{
	for (size_t i = 0; i < l->len; i++) {
		if (!isspace((unsigned char)l->s[i]))
			return false;
	}
	return true;
}

static size_t weight(const struct line *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->len; i++)
		n += isalnum((unsigned char)l->s[i]) || l->s[i] == '_';
	return n;
}

/* Lines that stand everywhere and say little about where they are. */
static bool is_common(const struct line *l)
{
	static const char *const common[] = {
		"else", "} else {", "break;", "continue;", "return;", "return 0;", "return ret;",
		"return err;", "default:", "#endif", "#else", "do {", "goto out;", "goto err;",
	};
	_cleanup_free_ char *s = NULL;
	char *t;

	if (weight(l) < 4)
		return true;
	if (l->len > 40)
		return false;
	s = xstrndup(l->s, l->len);
	t = str_trim(s);
	for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
		if (!strcmp(t, common[i]))
			return true;
	}
	return false;
}

static bool same_text(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
	return line_eq(&a->v[i], &b->v[k]);
}

/* The heading that line at lies below, or is; -1 for none. */
static ssize_t heading_of(const struct lines *l, size_t at, const char *path)
{
	if (at >= l->n)
		at = l->n ? l->n - 1 : 0;
	for (size_t i = l->n ? at + 1 : 0; i; i--) {
		if (line_is_heading(&l->v[i - 1], path))
			return (ssize_t)i - 1;
	}
	return -1;
}

/* The function around at as [from, to): from its heading to the next one. */
static void function_of(const struct lines *l, size_t at, const char *path, size_t *from,
			size_t *to)
{
	ssize_t h = heading_of(l, at, path);
	size_t i = h < 0 ? 0 : (size_t)h;

	*from = i;
	for (i = at < i + 1 ? i + 1 : at; i < l->n; i++) {
		if (i > *from && line_is_heading(&l->v[i], path))
			break;
	}
	*to = i;
}

static char *heading_text(const struct lines *l, ssize_t h)
{
	_cleanup_free_ char *s = h < 0 ? NULL : xstrndup(l->v[h].s, l->v[h].len);

	return s ? xstrdup(str_trim(s)) : NULL;
}

/* The part of base between the nearest aligned neighbours of after[a0, a1). */
static void gap_of(const struct landed_side *s, size_t a0, size_t a1, size_t *from, size_t *to)
{
	*from = 0;
	for (size_t i = a0; i; i--) {
		if (s->after_to_base[i - 1] >= 0) {
			*from = (size_t)s->after_to_base[i - 1] + 1;
			break;
		}
	}
	for (; s->after_to_base[a1] < 0; a1++)
		;
	*to = (size_t)s->after_to_base[a1];
	if (*to < *from)
		*to = *from;
}

enum function { FUNCTION_OTHER, FUNCTION_CHANGED, FUNCTION_SAME };

/*
 * Whether after[a] and base[b] lie in the same function: the same heading text,
 * and either those headings are the same line of the file or there is only one
 * of that text. FUNCTION_CHANGED: upstream put another heading in its place. The
 * heading a run brings itself is proven with the run.
 */
static enum function same_function(const struct landed_side *s, size_t a, size_t b)
{
	ssize_t ha = heading_of(&s->f->after, a, s->path);
	ssize_t hb = heading_of(s->base, b, s->path);
	size_t from, to;

	if (ha < 0 || hb < 0)
		return ha == hb ? FUNCTION_SAME : FUNCTION_OTHER;
	if (s->after_to_base[ha] == hb)
		return FUNCTION_SAME;
	if (same_text(&s->f->after, (size_t)ha, s->base, (size_t)hb) &&
	    count_in(s->base, 0, s->base->n, &s->base->v[hb]) == 1)
		return FUNCTION_SAME;
	if (s->after_to_base[ha] >= 0)
		return FUNCTION_OTHER;
	gap_of(s, (size_t)ha, (size_t)ha + 1, &from, &to);
	return (size_t)hb >= from && (size_t)hb < to ? FUNCTION_CHANGED : FUNCTION_OTHER;
}

/* The next line that is not blank, going dir from at (at included); -1 for none. */
static ssize_t next_text(const struct lines *l, ssize_t at, int dir)
{
	for (; at >= 0 && at < (ssize_t)l->n; at += dir) {
		if (!is_blank(&l->v[at]))
			return at;
	}
	return -1;
}

struct context {
	bool before, after;	/* the neighbour of the run is the same line in both */
	bool strong;		/* one of those says where it is */
	bool below, above;	/* a line within NEAR of it stands on the right side */
};

/* Run after[a0, a1) stands at base[b0, b1): do its neighbours agree? */
static struct context context_of(const struct landed_side *s, size_t a0, size_t a1, size_t b0, size_t b1)
{
	const struct lines *after = &s->f->after;
	ssize_t pa = next_text(after, (ssize_t)a0 - 1, -1);
	ssize_t pb = next_text(s->base, (ssize_t)b0 - 1, -1);
	ssize_t na = next_text(after, (ssize_t)a1, 1), nb = next_text(s->base, (ssize_t)b1, 1);
	struct context c = { 0 };

	/* text, not alignment: an alignment may slide over equal lines */
	c.before = pa < 0 || pb < 0 ? pa == pb : same_text(after, (size_t)pa, s->base, (size_t)pb);
	c.after = na < 0 || nb < 0 ? na == nb : same_text(after, (size_t)na, s->base, (size_t)nb);
	c.strong = (c.before && pa >= 0 && !is_common(&after->v[pa])) ||
		   (c.after && na >= 0 && !is_common(&after->v[na]));
	for (size_t i = 1; i <= NEAR && i <= a0; i++) {
		ssize_t m = s->after_to_base[a0 - i];

		c.below |= m >= 0 && m < (ssize_t)b0 && b0 - (size_t)m <= 4 * NEAR &&
			   !is_common(&after->v[a0 - i]);
	}
	for (size_t i = 0; i < NEAR && a1 + i < after->n; i++) {
		ssize_t m = s->after_to_base[a1 + i];

		c.above |= m >= (ssize_t)b1 && (size_t)m - b1 <= 4 * NEAR &&
			   !is_common(&after->v[a1 + i]);
	}
	return c;
}

static bool stands_in(const struct lines *l, const struct line *what, size_t from, size_t to)
{
	return from < to && count_in(l, from, to > l->n ? l->n : to, what);
}

static size_t back(size_t at, size_t by)
{
	return at < by ? 0 : at - by;
}

/*
 * Whether a line that the change has on one side of the run only stands on the
 * other side in the base: the run is there, but at another place.
 */
static bool crossed(const struct landed_side *s, size_t a0, size_t a1, size_t b0, size_t b1)
{
	const struct lines *after = &s->f->after;
	ssize_t i = next_text(after, (ssize_t)a0 - 1, -1);

	for (size_t k = 0; k < NEAR && i >= 0; k++, i = next_text(after, i - 1, -1)) {
		const struct line *l = &after->v[i];

		if (!is_common(l) && !stands_in(after, l, a1, a1 + FAR) &&
		    !stands_in(s->base, l, back(b0, FAR), b0) &&
		    stands_in(s->base, l, b1, b1 + FAR))
			return true;
	}
	i = next_text(after, (ssize_t)a1, 1);
	for (size_t k = 0; k < NEAR && i >= 0; k++, i = next_text(after, i + 1, 1)) {
		const struct line *l = &after->v[i];

		if (!is_common(l) && !stands_in(after, l, back(a0, FAR), a0) &&
		    !stands_in(s->base, l, b1, b1 + FAR) &&
		    stands_in(s->base, l, back(b0, FAR), b0))
			return true;
	}
	return false;
}

/* Where the run's added lines stand in one piece; -1, and how many stand at all. */
static ssize_t find_run(const struct landed_side *s, const struct edit *e, size_t *stand)
{
	const struct lines *after = &s->f->after;
	ssize_t first = s->after_to_base[e->b0];
	bool whole = first >= 0;
	size_t from, to;

	*stand = 0;
	for (size_t i = 0; i < e->bn; i++) {
		ssize_t m = s->after_to_base[e->b0 + i];

		*stand += m >= 0;
		whole &= m == first + (ssize_t)i;
	}
	if (whole)
		return first;
	gap_of(s, e->b0, e->b0 + e->bn, &from, &to);
	for (size_t at = from; at + e->bn <= to; at++) {
		size_t i = 0;

		while (i < e->bn && same_text(after, e->b0 + i, s->base, at + i))
			i++;
		if (i == e->bn)
			return (ssize_t)at;
	}
	return -1;
}

#define short_of(verdict, what, ...) \
	((verdict)->v = (what), str_setf(&(verdict)->missing, __VA_ARGS__))

static char *shown(const struct line *l)
{
	_cleanup_free_ char *s = xstrndup(l->s, l->len > 70 ? 70 : l->len);

	return xstrdup(str_trim(s));
}

/* Whether the removed line is one the run adds again. */
static bool comes_back(const struct landed_side *s, const struct edit *e, const struct line *l)
{
	return count_in(&s->f->after, e->b0, e->b0 + e->bn, l) >=
	       count_in(&s->f->before, e->a0, e->a0 + e->an, l);
}

/*
 * Looks for removed lines of the run where it stands. Those between its
 * neighbours are the run not done; more of them in the function than the change
 * leaves there are a doubt.
 */
static bool removed_left(const struct landed_side *s, const struct run *r, struct run_verdict *v)
{
	const struct edit *e = &r->e;
	size_t from, to, ff, ft, af, at;
	bool words = false;

	gap_of(s, e->b0, e->b0 + e->bn, &from, &to);
	function_of(s->base, v->at < s->base->n ? v->at : from, s->path, &ff, &ft);
	function_of(&s->f->after, e->b0, s->path, &af, &at);
	for (size_t i = e->a0; i < e->a0 + e->an; i++)
		words |= weight(&s->f->before.v[i]) > 0;
	for (size_t i = e->a0; i < e->a0 + e->an; i++) {
		const struct line *l = &s->f->before.v[i];

		if ((words && !weight(l)) || comes_back(s, e, l))
			continue;
		for (size_t k = from; k < to; k++) {
			if (k >= v->at && k < v->at + v->n)
				continue;
			if (line_eq(&s->base->v[k], l)) {
				_cleanup_free_ char *t = shown(l);

				short_of(v, LANDED_NOT, "the removed line '%s' still stands at line %zu",
					 t, k + 1);
				return true;
			}
		}
		if (!is_common(l) && count_in(s->base, ff, ft, l) >
				     count_in(&s->f->after, af, at, l)) {
			_cleanup_free_ char *t = shown(l);

			short_of(v, LANDED_LIKELY, "the function still has the removed line '%s'", t);
			return true;
		}
	}
	return false;
}

/* Added lines the file did not have before. */
static size_t fresh_weight(const struct landed_side *s, const struct edit *e, size_t *lines)
{
	size_t sum = 0;

	*lines = 0;
	for (size_t i = e->b0; i < e->b0 + e->bn; i++) {
		const struct line *l = &s->f->after.v[i];

		if (is_common(l) || count_in(&s->f->before, 0, s->f->before.n, l))
			continue;
		sum += weight(l);
		(*lines)++;
	}
	return sum;
}

/* Every added line stands in the function as often as after the change. */
static bool counts_hold(const struct landed_side *s, const struct edit *e, size_t at)
{
	size_t ff, ft, af, att;

	function_of(s->base, at, s->path, &ff, &ft);
	function_of(&s->f->after, e->b0, s->path, &af, &att);
	for (size_t i = e->b0; i < e->b0 + e->bn; i++) {
		const struct line *l = &s->f->after.v[i];

		if (count_in(s->base, ff, ft, l) < count_in(&s->f->after, af, att, l))
			return false;
	}
	return true;
}

static bool brings_heading(const struct landed_side *s, const struct edit *e)
{
	for (size_t i = e->b0; i < e->b0 + e->bn; i++) {
		const struct line *l = &s->f->after.v[i];

		if (line_is_heading(l, s->path) && weight(l) >= 8 &&
		    !count_in(&s->f->before, 0, s->f->before.n, l))
			return true;
	}
	return false;
}

/*
 * Whether both sides go on line by line, from a in the file and b in the base, at
 * least to a line that says where it is, or to the end.
 */
static bool neighbour_is_strong(const struct landed_side *s, ssize_t a, ssize_t b, int dir)
{
	for (size_t i = 0; i < FAR && a >= 0 && b >= 0; i++) {
		if (!same_text(&s->f->after, (size_t)a, s->base, (size_t)b))
			return false;
		if (!is_common(&s->f->after.v[a]))
			return true;
		a = next_text(&s->f->after, a + dir, dir);
		b = next_text(s->base, b + dir, dir);
	}
	return a < 0 && b < 0;
}

struct surroundings {
	bool before, after;
};

static struct surroundings surroundings_of(const struct landed_side *s, size_t a0, size_t a1, size_t b0,
					   size_t b1)
{
	const struct lines *after = &s->f->after;
	struct surroundings r;

	r.before = neighbour_is_strong(s, next_text(after, (ssize_t)a0 - 1, -1),
				       next_text(s->base, (ssize_t)b0 - 1, -1), -1);
	r.after = neighbour_is_strong(s, next_text(after, (ssize_t)a1, 1),
				      next_text(s->base, (ssize_t)b1, 1), 1);
	return r;
}

static void judge_added(const struct landed_side *s, const struct run *r, struct run_verdict *v)
{
	const struct edit *e = &r->e;
	size_t stand, fresh, w;
	ssize_t at = find_run(s, e, &stand);
	struct surroundings around;
	enum function func;
	struct context c;

	if (at < 0) {
		if (stand == e->bn)
			short_of(v, LANDED_LIKELY,
				 "all %zu added lines stand there in order, but others stand between them",
				 e->bn);
		else
			short_of(v, LANDED_NOT, "%zu of %zu added lines stand there", stand, e->bn);
		return;
	}
	v->at = (size_t)at;
	v->n = e->bn;
	v->func = heading_text(s->base, heading_of(s->base, v->at, s->path));
	w = fresh_weight(s, e, &fresh);
	c = context_of(s, e->b0, e->b0 + e->bn, v->at, v->at + v->n);
	func = same_function(s, e->b0, v->at);
	if (func == FUNCTION_OTHER && !(brings_heading(s, e) && (c.before || c.after))) {
		_cleanup_free_ char *want = heading_text(&s->f->after,
			heading_of(&s->f->after, e->b0, s->path));

		short_of(v, LANDED_LIKELY, "the added lines stand in another function ('%s', not '%s')",
			 v->func ? v->func : "none", want ? want : "none");
		return;
	}
	if (removed_left(s, r, v))
		return;
	if (crossed(s, e->b0, e->b0 + e->bn, v->at, v->at + v->n)) {
		short_of(v, LANDED_LIKELY,
			 "the added lines stand there, but on the other side of a line next to them");
		return;
	}
	if (fresh && ((c.before && c.after) ||
		      ((c.before || c.after) && (c.strong || w >= STRONG_WEIGHT))))
		return;
	if (func != FUNCTION_CHANGED && fresh >= 2 && w >= STRONG_WEIGHT && (c.below || c.above))
		return;
	if (c.before && c.after && c.strong && counts_hold(s, e, v->at))
		return;
	if (func == FUNCTION_SAME && (c.before || c.after) && c.strong && c.below && c.above &&
	    counts_hold(s, e, v->at))
		return;
	around = surroundings_of(s, e->b0, e->b0 + e->bn, v->at, v->at + v->n);
	if (func == FUNCTION_SAME && ((fresh && (around.before || around.after)) ||
	    (counts_hold(s, e, v->at) && around.before && around.after)))
		return;
	short_of(v, LANDED_LIKELY, "the added lines stand there, but %s and their neighbours differ",
		 fresh ? "they are few" : "the file has such lines elsewhere");
}

static void judge_removed(const struct landed_side *s, const struct run *r, struct run_verdict *v)
{
	const struct edit *e = &r->e;
	const struct lines *after = &s->f->after;
	ssize_t pa = next_text(after, (ssize_t)e->b0 - 1, -1), na = next_text(after, (ssize_t)e->b0, 1);
	ssize_t pb, nb, i;
	size_t blanks = 0, foreign = 0, want_blanks, words = 0;

	/* the base lines the two neighbours are, whichever of them is certain */
	pb = pa >= 0 ? s->after_to_base[pa] : -1;
	nb = na >= 0 ? s->after_to_base[na] : (ssize_t)s->base->n;
	v->at = nb >= 0 ? (size_t)nb : (size_t)(pb + 1);
	v->func = heading_text(s->base, heading_of(s->base, v->at, s->path));
	if (removed_left(s, r, v))
		return;
	if ((pa >= 0 && pb < 0) || nb < 0 || nb <= pb) {
		short_of(v, LANDED_LIKELY,
			 "the removed lines are gone, but so are the lines they stood %s",
			 pa >= 0 && pb < 0 ? (nb < 0 ? "between" : "behind") : "before");
		return;
	}
	for (i = pb + 1; i < nb; i++) {
		if (is_blank(&s->base->v[i]))
			blanks++;
		else if (!is_added(s->others, s->path, &s->base->v[i]))
			foreign++;
	}
	if (foreign) {
		short_of(v, LANDED_LIKELY,
			 "the removed lines are gone, but %zu other line%s where they were", foreign,
			 foreign == 1 ? " stands" : "s stand");
		return;
	}
	want_blanks = (size_t)((na >= 0 ? na : (ssize_t)after->n) - pa - 1);
	for (size_t k = e->a0; k < e->a0 + e->an; k++)
		words += !is_blank(&s->f->before.v[k]);
	if (!words && blanks != want_blanks) {
		short_of(v, LANDED_NOT, "%zu blank lines stand there, not %zu", blanks, want_blanks);
		return;
	}
	if ((pa >= 0 ? same_function(s, (size_t)pa, (size_t)pb) :
	     na >= 0 ? same_function(s, (size_t)na, (size_t)nb) : FUNCTION_SAME) == FUNCTION_OTHER) {
		short_of(v, LANDED_LIKELY, "the removed lines are gone, but from another function ('%s')",
			 v->func ? v->func : "none");
		return;
	}
	if (!neighbour_is_strong(s, pa, pb, -1) || !neighbour_is_strong(s, na, na < 0 ? -1 : nb, 1))
		short_of(v, LANDED_LIKELY,
			 "the removed lines are gone, but what stood around them does not say where");
}

void landed_run(const struct landed_side *s, const struct run *r, struct run_verdict *v)
{
	v->run = r;
	v->v = LANDED_ALL;
	if (r->e.bn)
		judge_added(s, r, v);
	else
		judge_removed(s, r, v);
}

void landed_run_whole(const struct landed_side *s, const struct run *r, struct run_verdict *v)
{
	v->v = LANDED_ALL;
	v->at = r->e.b0;
	v->n = r->e.bn;
	free(v->missing);
	free(v->func);
	v->missing = NULL;
	v->func = heading_text(s->base, heading_of(s->base, v->at, s->path));
}
