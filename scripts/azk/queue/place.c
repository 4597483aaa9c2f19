// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a hunk belongs. Every old line of a hunk must be found as it is, but
 * for context that fuzz leaves out. The recorded line is taken when the hunk fits there and no hunk before
 * it in the file moved; otherwise the hunk must fit in exactly one place.
 */
#include "queue/tree.h"

struct image {
	struct lines old_side, new_side;
	size_t lead, trail;	/* context lines at either end */
	bool at_start, at_end;
};

void splices_free(struct splices *s)
{
	for (size_t i = 0; i < s->n; i++)
		vec_free(&s->v[i].before);
	vec_free(s);
}

void placements_free(struct placement *res, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vec_free(&res[i].places);
}

/*
 * diff writes as much context before as behind a change unless the file ends
 * there: less of it behind (or before, at line 1) means that the hunk ends
 * (starts) the file.
 */
static void image_init(struct image *im, const struct patch *p, const struct hunk *h)
{
	const struct hunk_line *b = p->body.v + h->first;
	size_t lead = 0, trail = 0;

	memset(im, 0, sizeof(*im));
	vec_reserve(&im->old_side, h->old_n);
	vec_reserve(&im->new_side, h->new_n);
	for (size_t i = 0; i < h->n; i++) {
		if (b[i].op != '+')
			vec_push(&im->old_side, b[i].text);
		if (b[i].op != '-')
			vec_push(&im->new_side, b[i].text);
	}
	while (lead < h->n && b[lead].op == ' ')
		lead++;
	while (trail < h->n && b[h->n - 1 - trail].op == ' ')
		trail++;
	im->lead = lead;
	im->trail = trail;
	im->at_start = lead < trail && h->old_start <= 1;
	im->at_end = trail < lead;
}

static void image_free(struct image *im)
{
	vec_free(&im->old_side);
	vec_free(&im->new_side);
}

/*
 * The image without what fuzz leaves out: of n lines from the longer context,
 * and so many fewer from the shorter one. What shows that a hunk starts or ends
 * the file counts until it is left out. Yields whether anything is left to
 * compare that an image with less fuzz had not.
 */
static bool image_trim(const struct image *im, unsigned int fuzz, struct image *out)
{
	size_t most = im->lead > im->trail ? im->lead : im->trail;
	size_t lead = fuzz + im->lead > most ? fuzz + im->lead - most : 0;
	size_t trail = fuzz + im->trail > most ? fuzz + im->trail - most : 0;

	*out = *im;
	if (fuzz > most)
		return false;
	lead = lead < im->lead ? lead : im->lead;
	trail = trail < im->trail ? trail : im->trail;
	if (lead + trail >= im->old_side.n)
		return false;
	out->lead = lead;
	out->trail = trail;
	out->old_side.v += lead;
	out->old_side.n -= lead + trail;
	out->new_side.v += lead;
	out->new_side.n -= lead + trail;
	out->at_start = im->at_start && !lead && fuzz + im->lead < most;
	out->at_end = im->at_end && !trail && fuzz + im->trail < most;
	return true;
}

static bool match(const struct lines *in, size_t at, const struct lines *side)
{
	if (at > in->n || side->n > in->n - at)
		return false;
	for (size_t i = 0; i < side->n; i++) {
		if (!line_eq(&in->v[at + i], &side->v[i]))
			return false;
	}
	return true;
}

static bool fits(const struct lines *in, size_t at, const struct image *im)
{
	if (im->at_start && at)
		return false;
	if (im->at_end && at + im->old_side.n != in->n)
		return false;
	return match(in, at, &im->old_side);
}

static size_t distance(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/* For the message: where most lines fit, the nearest of equals. */
static void nearest(struct placement *pl, const struct lines *in, const struct image *im,
		    size_t want)
{
	for (size_t at = 0; at < in->n; at++) {
		size_t n = 0, bad = im->old_side.n;

		for (size_t i = 0; i < im->old_side.n; i++) {
			if (at + i < in->n && line_eq(&in->v[at + i], &im->old_side.v[i]))
				n++;
			else if (bad == im->old_side.n)
				bad = i;
		}
		if (n > pl->best_n ||
		    (n && n == pl->best_n && distance(at, want) < distance(pl->best, want))) {
			pl->best = at;
			pl->best_n = n;
			pl->best_bad = bad;
		}
	}
	if (im->old_side.n && pl->best_n == im->old_side.n) {
		pl->overlap = fits(in, pl->best, im);
		pl->best_end = !pl->overlap;
		return;
	}
	for (size_t at = 0; im->new_side.n && at < in->n; at++) {
		if (match(in, at, &im->new_side) &&
		    (!pl->already || distance(at, want) < distance(pl->best, want))) {
			pl->best = at;
			pl->already = true;
		}
	}
}

static void all_places(struct placement *pl, const struct lines *in, const struct image *im,
		       size_t from)
{
	for (size_t at = from; at + im->old_side.n <= in->n; at++) {
		if (fits(in, at, im))
			vec_push(&pl->places, at);
	}
}

/* from: first line not taken by the hunk before; moved: some hunk before was not exact. */
static void place_one(struct placement *pl, const struct lines *in, const struct image *im,
		      const struct hunk *h, size_t from, bool moved, unsigned int fuzz)
{
	size_t want = h->old_start ? h->old_start - 1 : 0;
	struct image less;

	pl->how = PLACE_NONE;
	if (!im->old_side.n) {
		/* only "-0,0": the file must be empty */
		if (!in->n)
			pl->how = PLACE_EXACT;
		return;
	}
	if (!moved && want >= from && fits(in, want, im)) {
		pl->how = PLACE_EXACT;
		pl->at = want;
		return;
	}
	all_places(pl, in, im, from);
	if (pl->places.n == 1) {
		pl->at = pl->places.v[0];
		pl->how = pl->at == want ? PLACE_EXACT : PLACE_OFFSET;
	}
	for (unsigned int n = 1; n <= fuzz && !pl->places.n && image_trim(im, n, &less); n++) {
		all_places(pl, in, &less, from);
		pl->fuzz = n;
		pl->lead = less.lead;
		pl->trail = less.trail;
		if (pl->places.n == 1) {
			pl->at = pl->places.v[0];
			pl->how = PLACE_FUZZ;
		}
	}
	if (pl->places.n > 1)
		pl->how = PLACE_AMBIGUOUS;
	else if (!pl->places.n)
		nearest(pl, in, im, want);
}

/* The changed runs of a hunk, as what undoes them in the result; lead lines of it are not there. */
static void hunk_undo(const struct patch *p, const struct hunk *h, size_t at, size_t lead,
		      struct splices *undo)
{
	const struct hunk_line *b = p->body.v + h->first;

	for (size_t i = lead; i < h->n;) {
		struct splice *s;

		if (b[i].op == ' ') {
			at++;
			i++;
			continue;
		}
		s = vec_add(undo);
		s->at = at;
		for (; i < h->n && b[i].op != ' '; i++) {
			if (b[i].op == '-')
				vec_push(&s->before, b[i].text);
			else
				s->del++;
		}
		at += s->del;
	}
}

size_t place_hunks(const struct patch *p, const struct file_diff *d, const struct lines *in,
		   struct lines *out, struct placement *res, struct splices *undo)
{
	return place_hunks_fuzz(p, d, in, 0, out, res, undo);
}

size_t place_hunks_fuzz(const struct patch *p, const struct file_diff *d, const struct lines *in,
			unsigned int fuzz, struct lines *out, struct placement *res,
			struct splices *undo)
{
	size_t from = 0, failed = 0;
	bool moved = false;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];
		struct placement *pl = &res[i];
		struct image im;

		image_init(&im, p, h);
		place_one(pl, in, &im, h, from, moved, fuzz);
		if (pl->how != PLACE_NONE && pl->how != PLACE_AMBIGUOUS) {
			size_t trim = pl->how == PLACE_FUZZ ? pl->lead + pl->trail : 0;

			lines_append(out, in, from, pl->at - from);
			pl->applied_at = out->n;
			lines_append(out, &im.new_side, trim ? pl->lead : 0, im.new_side.n - trim);
			from = pl->at + im.old_side.n - trim;
			if (undo)
				hunk_undo(p, h, pl->applied_at, trim ? pl->lead : 0, undo);
		} else {
			failed++;
		}
		moved |= pl->how != PLACE_EXACT;
		image_free(&im);
	}
	lines_append(out, in, from, in->n - from);
	/* a line without newline can only be the last one */
	for (size_t i = 0; !failed && i + 1 < out->n; i++) {
		if (out->v[i].s[out->v[i].len - 1] != '\n') {
			res[d->n - 1].how = PLACE_NONE;
			failed = 1;
		}
	}
	if (failed)
		vec_free(out);
	return failed;
}
