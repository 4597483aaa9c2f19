// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One file of one patch in the new base. Two witnesses that know nothing of each
 * other are asked: placing the hunks by their context, and a three-way merge of
 * the whole file. They agree, or one of them has a reason to be trusted, or a
 * person decides.
 */
#include "queue/rebase.h"

const char *rebase_class_name(enum rebase_class c)
{
	static const char *const names[] = { "clean", "moved", "landed", "merged", "partly",
					     "ambiguous", "conflict", "skipped" };

	return names[c];
}

void file_result_free(struct file_result *r)
{
	vec_free(&r->after);
	free(r->why);
	free(r->markers);
	free(r->marker_path);
	memset(r, 0, sizeof(*r));
}

/* The file as it would be if the base had taken just the proven runs. */
static struct lines with_landed(const struct change_file *f, const struct file_verdict *v,
				size_t *taken)
{
	struct lines out = { 0 };
	size_t at = 0;

	*taken = 0;
	for (size_t i = 0; i < f->runs.n; i++) {
		const struct edit *e = &f->runs.v[i].e;
		bool landed = false;

		for (size_t k = 0; v && k < v->runs.n; k++)
			landed |= v->runs.v[k].run == &f->runs.v[i] && v->runs.v[k].v == LANDED_ALL;
		lines_append(&out, &f->before, at, e->a0 - at);
		if (landed)
			lines_append(&out, &f->after, e->b0, e->bn);
		else
			lines_append(&out, &f->before, e->a0, e->an);
		at = e->a0 + e->an;
		*taken += landed;
	}
	lines_append(&out, &f->before, at, f->before.n - at);
	return out;
}

/* ---- lines as a multiset ---- */

static uint64_t *hashes(const struct lines *a, const struct lines *b, size_t *n)
{
	uint64_t *v = xcalloc(a->n + b->n + 1, sizeof(*v));

	for (size_t i = 0; i < a->n; i++)
		v[i] = azk_hash(1, a->v[i].s, a->v[i].len);
	for (size_t i = 0; i < b->n; i++)
		v[a->n + i] = azk_hash(1, b->v[i].s, b->v[i].len);
	*n = a->n + b->n;
	qsort(v, *n, sizeof(*v), lines_by_hash);
	return v;
}

/*
 * Whether from -> to takes and gives the same lines as before -> after, however
 * the differences are aligned: the multisets from + after and to + before agree.
 */
static bool accounted(const struct lines *before, const struct lines *after,
		      const struct lines *from, const struct lines *to)
{
	size_t n, m;
	uint64_t *a = hashes(from, after, &n), *b = hashes(to, before, &m);
	bool ok = n == m && !memcmp(a, b, n * sizeof(*a));

	free(a);
	free(b);
	return ok;
}

/* ---- where a hunk is ---- */

static struct lines backwards(const struct lines *l)
{
	struct lines out = { 0 };

	for (size_t i = l->n; i; i--)
		vec_push(&out, l->v[i - 1]);
	return out;
}

/*
 * Whether the lines around a run have one counterpart in the new base: an
 * alignment made from the end must agree with the one made from the start. They
 * differ where upstream repeated what stands there.
 */
static bool alignment_is_firm(const struct lines *before, const struct lines *now,
			      const struct edit *e)
{
	struct lines rb = backwards(before), rn = backwards(now);
	ssize_t *fwd = lines_match(before, now), *rev = lines_match(&rb, &rn);
	size_t from = e->a0 < 3 ? 0 : e->a0 - 3, to = e->a0 + e->an + 3;
	bool firm = true;

	if (to > before->n)
		to = before->n;
	for (size_t i = from; i < to; i++) {
		ssize_t r = rev[before->n - 1 - i];

		firm &= fwd[i] == (r < 0 ? -1 : (ssize_t)now->n - 1 - r);
	}
	free(fwd);
	free(rev);
	vec_free(&rb);
	vec_free(&rn);
	return firm;
}

static bool hunk_fits(const struct patch *p, const struct hunk *h, const struct lines *l, size_t at)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hunk_line *b = &p->body.v[h->first + i];

		if (b->op == '+')
			continue;
		if (at >= l->n || !line_eq(&l->v[at], &b->text))
			return false;
		at++;
	}
	return true;
}

/* Places of the whole old side of the hunk that differ in what stands above them. */
static size_t count_places(const struct patch *p, const struct hunk *h, const struct lines *l)
{
	size_t n = 0;

	for (size_t at = 0; h->old_n && at + h->old_n <= l->n; at++)
		n += hunk_fits(p, h, l, at);
	return n;
}

static bool same_heading(const struct lines *a, size_t i, const struct lines *b, size_t k,
			 const char *path)
{
	size_t la, lb;
	const char *ha = lines_heading(a, i, path, &la), *hb = lines_heading(b, k, path, &lb);

	return (!ha && !hb) || (ha && hb && la == lb && !memcmp(ha, hb, la));
}

/* The first changed line of a hunk relative to its start, on the old side. */
static size_t lead_of(const struct patch *p, const struct hunk *h)
{
	size_t n = 0;

	while (n < h->n && p->body.v[h->first + n].op == ' ')
		n++;
	return n;
}

enum placed { PLACED_NO, PLACED_SAME, PLACED_ELSEWHERE, PLACED_MANY };

/*
 * Places the hunks. PLACED_ELSEWHERE: a hunk fits, but below another heading
 * than in the old base. PLACED_MANY: the hunk cannot tell its places apart.
 */
static enum placed place(const struct file_in *in, struct lines *out, bool *moved,
			 struct strbuf *why)
{
	const struct file_diff *d = in->f->d;
	const struct lines *now = &in->ours->lines;
	struct placement *res = xcalloc(d->n + 1, sizeof(*res));
	struct placement *was = xcalloc(d->n + 1, sizeof(*was));
	struct lines old = { 0 };
	enum placed rc = PLACED_SAME;
	size_t failed = place_hunks(in->p, d, now, out, res, NULL);

	place_hunks(in->p, d, &in->f->before, &old, was, NULL);
	*moved = false;
	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &in->p->hunks.v[d->first + i];
		size_t lead = lead_of(in->p, h), places;

		*moved |= res[i].at != was[i].at || res[i].applied_at != was[i].applied_at ||
			  h->old_start != res[i].at + !!h->old_n;
		if (res[i].how == PLACE_AMBIGUOUS) {
			sb_addf(why, "%shunk %zu fits in %zu places: lines", why->len ? "; " : "",
				i + 1, res[i].places.n);
			for (size_t k = 0; k < res[i].places.n && k < 10; k++)
				sb_addf(why, "%s %zu", k ? "," : "", res[i].places.v[k] + 1);
			rc = PLACED_MANY;
			continue;
		}
		if (res[i].how == PLACE_NONE)
			continue;
		places = count_places(in->p, h, now);
		if (places > 1 && !alignment_is_firm(&in->f->before, now,
						     &(struct edit){ .a0 = was[i].at + lead })) {
			sb_addf(why, "%shunk %zu fits in %zu places and nothing tells them apart",
				why->len ? "; " : "", i + 1, places);
			rc = PLACED_MANY;
		} else if (rc == PLACED_SAME &&
			   !same_heading(&in->f->before, was[i].at + lead, now, res[i].at + lead,
					 change_path(in->f))) {
			rc = PLACED_ELSEWHERE;
		}
	}
	if (failed && rc != PLACED_MANY)
		rc = PLACED_NO;
	vec_free(&old);
	placements_free(res, d->n);
	placements_free(was, d->n);
	free(res);
	free(was);
	return rc;
}

/* ---- the decision ---- */

#define stop(out, class, ...) ((out)->cls = (class), str_setf(&(out)->why, __VA_ARGS__))

static uint64_t key_of(const struct file_in *in)
{
	uint64_t h = azk_hash(lines_hash(&in->f->before), change_path(in->f),
			      strlen(change_path(in->f)));
	const uint64_t sides[] = { lines_hash(&in->f->after), lines_hash(&in->ours->lines),
				   in->ours->exists };

	return azk_hash(h, sides, sizeof(sides));
}

/* text stays with the rebase, lines point into it */
static void take_text(const struct file_in *in, char *text, struct file_result *out)
{
	strlist_add(in->texts, "");
	free(in->texts->v[in->texts->n - 1]);
	in->texts->v[in->texts->n - 1] = text;
	vec_free(&out->after);
	lines_split(&out->after, text, strlen(text));
	out->exists = true;
}

/* What a person has to look at; a resolution from before settles it. */
static void ask(const struct file_in *in, const char *markers, size_t len, struct file_result *out)
{
	char *known;

	/* nobody edits that between markers */
	if (memchr(markers, '\0', len) || change_is_binary(in->f))
		return;
	out->markers = xstrndup(markers, len);
	out->marker_path = xstrdup(change_path(in->f));
	out->key = key_of(in);
	known = resolution_find(in->known, out->key, out->markers);
	if (!known)
		return;
	free(out->markers);
	free(out->why);
	free(out->marker_path);
	out->markers = out->why = out->marker_path = NULL;
	out->replayed = true;
	out->cls = REBASE_MERGED;
	take_text(in, known, out);
}

static void ask_plain(const struct file_in *in, struct file_result *out)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	lines_join(&in->ours->lines, &sb);
	ask(in, sb_str(&sb), sb.len, out);
}

static void settle(struct file_result *out, enum rebase_class cls, struct lines *l)
{
	out->cls = cls;
	out->exists = true;
	vec_free(&out->after);
	out->after = *l;
	memset(l, 0, sizeof(*l));
}

static void modify(const struct file_in *in, struct file_result *out)
{
	const struct lines *now = &in->ours->lines;
	struct lines placed = { 0 }, merged = { 0 }, base;
	_cleanup_sb_ struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;
	const struct merge_labels labels = { in->labels[0], in->labels[1], in->p->name };
	enum placed place_rc = PLACED_NO;
	bool moved = true, clean, kept;
	size_t landed;

	base = with_landed(in->f, in->landed, &landed);
	if (in->f->d && in->f->d->n && !landed)
		place_rc = place(in, &placed, &moved, &why);
	if (lines_have_nul(now) || change_is_binary(in->f)) {
		/* not text: only an exact place will do */
		if (place_rc == PLACED_SAME)
			settle(out, moved ? REBASE_MOVED : REBASE_CLEAN, &placed);
		else
			stop(out, REBASE_CONFLICT, "upstream changed the file, which is not text: "
			     "skip the patch, or make it anew for the new base");
		goto out;
	}
	clean = lines_merge(&base, now, &in->f->after, &labels, &text);
	if (clean)
		lines_split(&merged, sb_str(&text), text.len);
	kept = clean && accounted(&base, &in->f->after, now, &merged);
	if (place_rc == PLACED_SAME && (!clean || lines_equal(&placed, &merged))) {
		settle(out, moved ? REBASE_MOVED : REBASE_CLEAN, &placed);
	} else if (place_rc == PLACED_ELSEWHERE && kept && lines_equal(&placed, &merged)) {
		settle(out, moved ? REBASE_MOVED : REBASE_CLEAN, &placed);
	} else if (place_rc == PLACED_MANY) {
		stop(out, REBASE_AMBIGUOUS, "%s", sb_str(&why));
	} else if (place_rc == PLACED_SAME && kept) {
		stop(out, REBASE_AMBIGUOUS,
		     "its context fits in one place, a three-way merge puts it in another");
	} else if (place_rc == PLACED_ELSEWHERE && !clean) {
		stop(out, REBASE_CONFLICT,
		     "it fits, but below another function, and a three-way merge conflicts");
	} else if (kept) {
		char *own = sb_detach(&text);

		vec_free(&merged);
		take_text(in, own, out);
		out->cls = landed ? REBASE_PARTLY : REBASE_MERGED;
	} else if (clean && lines_equal(&merged, now)) {
		stop(out, REBASE_CONFLICT,
		     "a three-way merge leaves nothing of it, but it is not proven to have landed");
	} else if (clean) {
		stop(out, REBASE_CONFLICT,
		     "a three-way merge would lose or repeat some of its lines");
	} else {
		stop(out, REBASE_CONFLICT, "upstream changed the same lines");
	}
	/* a place that is in doubt may still be settled by a merge of firm lines */
	if (out->cls == REBASE_AMBIGUOUS && place_rc == PLACED_MANY && kept) {
		bool firm = true;

		for (size_t i = 0; i < in->f->runs.n; i++)
			firm &= alignment_is_firm(&in->f->before, now, &in->f->runs.v[i].e);
		if (firm) {
			char *own = sb_detach(&text);

			vec_free(&merged);
			free(out->why);
			out->why = NULL;
			take_text(in, own, out);
			out->cls = REBASE_MERGED;
		}
	}
	if (out->cls == REBASE_CONFLICT && !clean)
		ask(in, sb_str(&text), text.len, out);
	else if (out->cls >= REBASE_AMBIGUOUS)
		ask_plain(in, out);
out:
	vec_free(&base);
	vec_free(&placed);
	vec_free(&merged);
}

static void create(const struct file_in *in, struct file_result *out)
{
	static const struct lines empty;
	struct lines l = { 0 };

	if (!in->ours->exists) {
		lines_append(&l, &in->f->after, 0, in->f->after.n);
		settle(out, REBASE_CLEAN, &l);
		return;
	}
	stop(out, REBASE_CONFLICT, "the new base has a file of that name");
	{
		_cleanup_sb_ struct strbuf text = STRBUF_INIT;
		const struct merge_labels labels = { in->labels[0], in->labels[1], in->p->name };

		lines_merge(&empty, &in->ours->lines, &in->f->after, &labels, &text);
		ask(in, sb_str(&text), text.len, out);
	}
}

void rebase_file(const struct file_in *in, struct file_result *out)
{
	const struct change_file *f = in->f;
	bool renamed = f->old_path && f->new_path && strcmp(f->old_path, f->new_path);

	memset(out, 0, sizeof(*out));
	if (in->landed && in->landed->v == LANDED_ALL) {
		out->cls = REBASE_LANDED;
		out->exists = in->ours->exists;
		lines_append(&out->after, &in->ours->lines, 0, in->ours->lines.n);
	} else if (!f->old_path) {
		create(in, out);
	} else if (!in->ours->exists) {
		if (in->moved)
			stop(out, REBASE_CONFLICT,
			     "the new base has no such file: %u %% of its lines stand in '%s'",
			     in->moved_percent, in->moved);
		else
			stop(out, REBASE_CONFLICT, "the new base has no such file");
		ask_plain(in, out);
	} else if (renamed && in->target && in->target->exists) {
		stop(out, REBASE_CONFLICT, "the new base has a file called '%s'", f->new_path);
		ask_plain(in, out);
	} else if (!f->new_path) {
		if (lines_equal(&in->ours->lines, &f->before))
			out->cls = REBASE_CLEAN;
		else
			stop(out, REBASE_CONFLICT, "it deletes the file, which upstream changed");
		if (out->cls == REBASE_CONFLICT)
			ask_plain(in, out);
		if (out->replayed && !out->after.n)	/* resolved by an empty file: deleted */
			out->exists = false;
	} else if (lines_equal(&in->ours->lines, &f->before)) {
		struct lines l = { 0 };
		const struct file_diff *d = f->d;
		const struct hunk *h = d && d->n ? &in->p->hunks.v[d->first] : NULL;

		lines_append(&l, &f->after, 0, f->after.n);
		settle(out, REBASE_CLEAN, &l);
		/* it may have been placed at an offset in the old base too */
		if (h && f->runs.n && f->runs.v[0].hunk == 1 &&
		    h->old_start + lead_of(in->p, h) != f->runs.v[0].e.a0 + 1)
			out->cls = REBASE_MOVED;
	} else {
		modify(in, out);
	}
}
