// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases for "azk queue landed": a real difference taken apart, altered and put together. */
#include "campaign/queue_landed.h"

uint32_t rnd(uint32_t below)
{
	rng = rng * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rng >> 33) % below;
}

/* ---- documents ---- */

void doc_free(struct doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		vec_free(&d->v[i].old);
		vec_free(&d->v[i].new);
		vec_free(&d->v[i].ours);
		vec_free(&d->v[i].first);
	}
	vec_free(d);
	sb_free(&d->text[0]);
	sb_free(&d->text[1]);
	strlist_free(&d->made);
}

static struct seg *add_seg(struct doc *d, bool edit)
{
	struct seg *s = vec_add(d);

	s->edit = edit;
	return s;
}

static void add_common(struct doc *d, const struct lines *l, size_t from, size_t n)
{
	struct seg *s = add_seg(d, false);

	lines_append(&s->old, l, from, n);
	lines_append(&s->new, l, from, n);
}

/* Common, edit, common, ...: the difference of two versions of a file. */
static bool doc_load(struct doc *d, const char *old_tree, const char *new_tree, const char *path)
{
	_cleanup_free_ char *a = path_join(old_tree, path), *b = path_join(new_tree, path);
	struct lines la = { 0 }, lb = { 0 };
	struct edits e = { 0 };
	size_t at = 0;

	if (azk_read_file(a, &d->text[0]) || azk_read_file(b, &d->text[1]))
		return false;
	lines_split(&la, d->text[0].buf, d->text[0].len);
	lines_split(&lb, d->text[1].buf, d->text[1].len);
	lines_diff(&la, &lb, &e);
	for (size_t i = 0; i < e.n; i++) {
		struct seg *s;

		add_common(d, &la, at, e.v[i].a0 - at);
		s = add_seg(d, true);
		lines_append(&s->old, &la, e.v[i].a0, e.v[i].an);
		lines_append(&s->new, &lb, e.v[i].b0, e.v[i].bn);
		at = e.v[i].a0 + e.v[i].an;
	}
	add_common(d, &la, at, la.n - at);
	vec_free(&la);
	vec_free(&lb);
	vec_free(&e);
	return d->n > 1;
}

char *render(const struct doc *d, enum view view, int n)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < d->n; i++) {
		const struct seg *s = &d->v[i];

		if (view == OURS) {
			if (s->edit && s->chosen && s->first.n && s->patch == n)
				lines_join(&s->first, &sb);
			else if (s->edit && s->chosen && s->patch < n)
				lines_join(s->ours.n ? &s->ours : &s->new, &sb);
			else
				lines_join(&s->old, &sb);
		} else if (s->edit && s->chosen && (view == THEIRS_BEFORE || s->undone)) {
			lines_join(&s->old, &sb);
		} else if (s->edit && s->keep_old) {
			lines_join(&s->old, &sb);
		} else {
			lines_join(&s->new, &sb);
			if (s->edit && s->keep_both)
				lines_join(&s->old, &sb);
		}
	}
	return sb_detach(&sb);
}

static struct line invent(struct doc *d, const char *fmt, uint32_t n)
{
	_cleanup_free_ char *number = xasprintf("%u", n);
	struct strbuf sb = STRBUF_INIT;
	struct line l;

	for (; *fmt; fmt++) {
		if (*fmt == '#')
			sb_addstr(&sb, number);
		else
			sb_addch(&sb, *fmt);
	}
	strlist_add(&d->made, sb_str(&sb));
	sb_free(&sb);
	l.s = d->made.v[d->made.n - 1];
	l.len = (uint32_t)strlen(l.s);
	return l;
}

static bool wordy(const struct line *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->len; i++)
		n += (l->s[i] >= 'a' && l->s[i] <= 'z') || l->s[i] == '_';
	return n >= 6;
}

/* The line with one of its words changed. */
static struct line mutate(struct doc *d, const struct line *l)
{
	_cleanup_free_ char *s = xstrndup(l->s, l->len);
	size_t best = 0, len = 0;
	struct line out;

	for (size_t i = 0; s[i];) {
		size_t k = strspn(s + i, "abcdefghijklmnopqrstuvwxyz_");

		if (k > len) {
			best = i;
			len = k;
		}
		i += k ? k : 1;
	}
	{
		_cleanup_free_ char *t = xasprintf("%.*s_v%u%s", (int)(best + len), s, 2 + rnd(7),
						   s + best + len);

		strlist_add(&d->made, t);
	}
	out.s = d->made.v[d->made.n - 1];
	out.len = (uint32_t)strlen(out.s);
	return out;
}

static void insert_line(struct lines *l, size_t at, struct line what)
{
	vec_push(l, what);
	memmove(l->v + at + 1, l->v + at, (l->n - 1 - at) * sizeof(*l->v));
	l->v[at] = what;
}

static void remove_line(struct lines *l, size_t at)
{
	memmove(l->v + at, l->v + at + 1, (l->n - 1 - at) * sizeof(*l->v));
	l->n--;
}

/* Changes a line of context at most NEAR lines from a chosen edit, on one side. */
static void drift(struct doc *d, bool new_side, int times)
{
	for (int k = 0; k < times; k++) {
		size_t i = rnd((uint32_t)d->n), at;
		struct seg *s = &d->v[i];
		struct lines *l = new_side ? &s->new : &s->old;
		bool after = i && d->v[i - 1].chosen, before = i + 1 < d->n && d->v[i + 1].chosen;

		if (s->edit || (!after && !before) || l->n < 4) {
			if (!s->edit)
				continue;
			k -= rnd(8) ? 1 : 0;
			continue;
		}
		if (after && (!before || rnd(2)))
			at = rnd(l->n < NEAR ? (uint32_t)l->n : NEAR);
		else
			at = l->n - 1 - rnd(l->n < NEAR ? (uint32_t)l->n : NEAR);
		if (l->v[at].s[l->v[at].len - 1] != '\n' || line_is_heading(&l->v[at], "x.c"))
			continue;
		switch (rnd(3)) {
		case 0:
			if (wordy(&l->v[at]))
				l->v[at] = mutate(d, &l->v[at]);
			break;
		case 1:
			insert_line(l, at, invent(d, "\tdrifted_in_#(dev);\n", rnd(1000)));
			break;
		default:
			if (wordy(&l->v[at]))
				remove_line(l, at);
		}
	}
}

static size_t count_edits(const struct doc *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].edit;
	return n;
}

static struct seg *nth_edit(struct doc *d, size_t n)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].edit && !n--)
			return &d->v[i];
	}
	return NULL;
}

/* Lines that say something: an edit of blank lines proves nothing to anybody. */
static bool substantial(const struct seg *s)
{
	for (size_t i = 0; i < s->new.n; i++) {
		if (wordy(&s->new.v[i]))
			return true;
	}
	for (size_t i = 0; !s->new.n && i < s->old.n; i++) {
		if (wordy(&s->old.v[i]))
			return true;
	}
	return false;
}

static bool share_words(const struct lines *a, const struct lines *b)
{
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; wordy(&a->v[i]) && k < b->n; k++) {
			if (line_eq(&a->v[i], &b->v[k]))
				return true;
		}
	}
	return false;
}

/* What upstream moved is one change: nobody carries half of it. */
static void choose_moved(struct doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		for (size_t k = 0; d->v[i].chosen && k < d->n; k++) {
			if (!d->v[k].edit || d->v[k].chosen ||
			    !(share_words(&d->v[i].new, &d->v[k].old) ||
			      share_words(&d->v[i].old, &d->v[k].new)))
				continue;
			d->v[k].chosen = true;
			i = (size_t)-1;		/* from the start */
			break;
		}
	}
}

/* Up to max edits of the file for our first patch. False when there is none. */
static size_t choose(struct doc *d, size_t max)
{
	size_t edits = count_edits(d), n = 1 + rnd((uint32_t)max), done = 0;

	for (size_t k = 0; k < n && k < edits; k++) {
		struct seg *s = nth_edit(d, rnd((uint32_t)edits));

		s->chosen = true;
	}
	choose_moved(d);
	for (size_t i = 0; i < d->n; i++) {
		done += d->v[i].chosen;
		if (d->v[i].chosen && !substantial(&d->v[i]))
			return 0;
	}
	return done;
}

static struct seg *first_chosen(struct doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].chosen)
			return &d->v[i];
	}
	return NULL;
}

/* ---- the kinds ---- */

static bool some_file(struct tcase *t, bool long_way)
{
	const struct pair *p = &pairs[long_way ? npairs - 1 : rnd((uint32_t)npairs)];

	t->path = xstrdup(p->files.v[rnd((uint32_t)p->files.n)]);
	t->patches = 1;
	return doc_load(&t->d, p->old_tree, p->new_tree, t->path);
}

static bool as_it_was(struct tcase *t)
{
	return some_file(t, false) && choose(&t->d, 3);
}

static bool whole_file(struct tcase *t)
{
	if (!some_file(t, true) || count_edits(&t->d) > 12)
		return false;
	for (size_t i = 0; i < t->d.n; i++)
		t->d.v[i].chosen = t->d.v[i].edit;
	return substantial(first_chosen(&t->d));
}

static bool drifted_here(struct tcase *t)
{
	if (!as_it_was(t))
		return false;
	drift(&t->d, false, 1 + (int)rnd(4));
	return true;
}

static bool drifted_there(struct tcase *t)
{
	if (!as_it_was(t))
		return false;
	drift(&t->d, true, 1 + (int)rnd(4));
	return true;
}

static bool drifted_both(struct tcase *t)
{
	if (!as_it_was(t))
		return false;
	drift(&t->d, true, 1 + (int)rnd(2));
	drift(&t->d, false, 1 + (int)rnd(2));
	return true;
}

/* One upstream change carried as several patches, also parts of one run. */
static bool split(struct tcase *t)
{
	size_t chosen;
	struct seg *s;

	if (!some_file(t, false))
		return false;
	chosen = choose(&t->d, 3);
	s = first_chosen(&t->d);
	if (!chosen || !s)
		return false;
	if (chosen == 1 && s->new.n >= 4) {
		size_t i = (size_t)(s - t->d.v), k = s->new.n / 2;
		struct seg rest = { .edit = true, .chosen = true, .patch = 1 };

		lines_append(&rest.new, &s->new, k, s->new.n - k);
		s->new.n = k;
		if (!substantial(&rest) || !substantial(s)) {
			vec_free(&rest.new);
			return false;
		}
		add_seg(&t->d, true);
		memmove(t->d.v + i + 2, t->d.v + i + 1, (t->d.n - i - 2) * sizeof(*t->d.v));
		t->d.v[i + 1] = rest;
	} else if (chosen == 1) {
		return false;
	} else {
		int next = 0;

		if (chosen > 4)
			return false;
		for (size_t i = 0; i < t->d.n; i++) {
			if (t->d.v[i].chosen)
				t->d.v[i].patch = next++;
		}
		chosen = (size_t)next;
	}
	t->patches = chosen == 1 ? 2 : (int)chosen;
	if (rnd(2))
		drift(&t->d, true, 1);
	return true;
}

/* One run of changed lines, and one of its new lines to alter; NULL when there is none. */
static struct seg *one_line(struct tcase *t, size_t *at)
{
	struct seg *s;

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return NULL;
	s = first_chosen(&t->d);
	if (!s->new.n)
		return NULL;
	*at = rnd((uint32_t)s->new.n);
	return wordy(&s->new.v[*at]) ? s : NULL;
}

/* Two of ours on the same lines, upstream took the sum. */
static bool squashed(struct tcase *t)
{
	size_t at;
	struct seg *s = one_line(t, &at);

	if (!s)
		return false;
	lines_append(&s->first, &s->new, 0, s->new.n);
	s->first.v[at] = mutate(&t->d, &s->new.v[at]);
	s->patch = 1;
	t->patches = 2;
	return true;
}

static void want_not(struct tcase *t)
{
	for (int i = 0; i < 4; i++)
		t->want[i] = WANT_NOT;
}

static bool undone(struct tcase *t)
{
	if (!as_it_was(t))
		return false;
	for (size_t i = 0; i < t->d.n; i++)
		t->d.v[i].undone = t->d.v[i].chosen;
	if (rnd(2))
		drift(&t->d, true, 2);
	want_not(t);
	return true;
}

static bool one_word_differs(struct tcase *t)
{
	size_t at;
	struct seg *s = one_line(t, &at);

	if (!s)
		return false;
	lines_append(&s->ours, &s->new, 0, s->new.n);
	s->ours.v[at] = mutate(&t->d, &s->new.v[at]);
	want_not(t);
	return true;
}

static bool half(struct tcase *t)
{
	bool any = false;

	if (!some_file(t, false) || choose(&t->d, 4) < 2)
		return false;
	for (size_t i = 0; i < t->d.n; i++) {
		if (!t->d.v[i].chosen)
			continue;
		t->d.v[i].undone = any;
		any = true;
	}
	t->want[0] = WANT_PARTLY;
	return true;
}

/* The added lines stand in the new base, but at least two functions away. */
static bool in_another_function(struct tcase *t)
{
	struct seg *s;

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return false;
	s = first_chosen(&t->d);
	if (!s->new.n)
		return false;
	for (struct seg *c = s + 1; c < t->d.v + t->d.n; c++) {
		size_t headings = 0;

		for (size_t i = 0; !c->edit && i + 2 < c->new.n; i++) {
			headings += line_is_heading(&c->new.v[i], "x.c");
			if (headings < 2 || rnd(6))
				continue;
			for (size_t k = s->new.n; k; k--)
				insert_line(&c->new, i + 1, s->new.v[k - 1]);
			s->undone = true;
			want_not(t);
			return true;
		}
	}
	return false;
}

/* ... or some lines further down in the same one. */
static bool some_lines_off(struct tcase *t)
{
	struct seg *s, *c;
	size_t by = 1 + rnd(5);

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return false;
	s = first_chosen(&t->d);
	c = s + 1;
	if (!s->new.n || c->edit || c->new.n < by + 2)
		return false;
	/* passing only blank or equal lines would not change the file */
	for (size_t i = 0; i < by; i++) {
		bool differs = wordy(&c->new.v[i]);

		for (size_t k = 0; differs && k < s->new.n; k++)
			differs = !line_eq(&s->new.v[k], &c->new.v[i]);
		if (!differs)
			return false;
	}
	for (size_t k = s->new.n; k; k--)
		insert_line(&c->new, by, s->new.v[k - 1]);
	s->undone = true;
	want_not(t);
	return true;
}

/* Lines are gone, but so is everything around them. */
static bool removed_with_the_rest(struct tcase *t)
{
	struct seg *s;

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return false;
	s = first_chosen(&t->d);
	if (s->new.n || s[-1].new.n < NEAR || s[1].new.n < NEAR)
		return false;
	s[-1].new.n -= NEAR;
	for (size_t i = 0; i < NEAR; i++)
		remove_line(&s[1].new, 0);
	want_not(t);
	return true;
}

/* The new lines came, the old ones stayed. */
static bool old_lines_stayed(struct tcase *t)
{
	struct seg *s;

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return false;
	s = first_chosen(&t->d);
	if (!s->new.n || !s->old.n)
		return false;
	for (size_t i = 0; i < s->old.n; i++) {
		if (!wordy(&s->old.v[i]))
			return false;
	}
	s->keep_both = true;
	want_not(t);
	return true;
}

static bool lines_swapped(struct tcase *t)
{
	struct seg *s;
	struct line l;
	size_t at;

	if (!some_file(t, false) || choose(&t->d, 1) != 1)
		return false;
	s = first_chosen(&t->d);
	if (s->new.n < 2)
		return false;
	at = rnd((uint32_t)s->new.n - 1);
	if (line_eq(&s->new.v[at], &s->new.v[at + 1]))
		return false;
	lines_append(&s->ours, &s->new, 0, s->new.n);
	l = s->ours.v[at];
	s->ours.v[at] = s->ours.v[at + 1];
	s->ours.v[at + 1] = l;
	want_not(t);
	return true;
}

/* A change of the release after, on lines this one did not touch. */
static bool of_the_next_release(struct tcase *t)
{
	const struct pair *p = &pairs[rnd((uint32_t)npairs - 2)], *q = p + 1;
	struct doc next = { 0 };
	bool ok = false;
	struct seg *s;

	t->path = xstrdup(p->files.v[rnd((uint32_t)p->files.n)]);
	t->patches = 1;
	if (!strlist_has(&q->files, t->path) ||
	    !doc_load(&t->d, p->old_tree, p->new_tree, t->path) ||
	    !doc_load(&next, q->old_tree, q->new_tree, t->path))
		goto out;
	s = nth_edit(&next, rnd((uint32_t)count_edits(&next)));
	if (!substantial(s) || s[-1].old.n < 3 || s[1].old.n < 3)
		goto out;
	/* find the same place in one common stretch of the first difference */
	for (size_t i = 0; i < t->d.n && !ok; i++) {
		struct seg *c = &t->d.v[i], rest = { 0 }, edit = { .edit = true, .chosen = true };
		size_t want = 3 + s->old.n + 3;

		for (size_t at = 0; !c->edit && at + want <= c->old.n && !ok; at++) {
			bool same = true;

			for (size_t k = 0; same && k < want; k++) {
				const struct line *l = k < 3 ? &s[-1].old.v[s[-1].old.n - 3 + k] :
					k < 3 + s->old.n ? &s->old.v[k - 3] :
					&s[1].old.v[k - 3 - s->old.n];

				same = line_eq(&c->old.v[at + k], l);
			}
			if (!same)
				continue;
			at += 3;
			lines_append(&edit.old, &c->old, at, s->old.n);
			for (size_t k = 0; k < s->new.n; k++) {
				_cleanup_free_ char *text = xstrndup(s->new.v[k].s, s->new.v[k].len);
				struct line l;

				strlist_add(&t->d.made, text);
				l.s = t->d.made.v[t->d.made.n - 1];
				l.len = (uint32_t)strlen(l.s);
				vec_push(&edit.new, l);
			}
			edit.undone = true;
			lines_append(&rest.old, &c->old, at + s->old.n, c->old.n - at - s->old.n);
			lines_append(&rest.new, &rest.old, 0, rest.old.n);
			c->old.n = c->new.n = at;
			add_seg(&t->d, true);
			add_seg(&t->d, true);
			memmove(t->d.v + i + 3, t->d.v + i + 1, (t->d.n - i - 3) * sizeof(*t->d.v));
			t->d.v[i + 1] = edit;
			t->d.v[i + 2] = rest;
			ok = true;
		}
	}
	want_not(t);
out:
	doc_free(&next);
	return ok;
}

/* It was in a release between the two and is not any more. */
static bool reverted(struct tcase *t)
{
	if (!undone(t))
		return false;
	t->via = true;
	t->want[0] = WANT_REVERTED;
	return true;
}

struct kind kinds[] = {
	{ "landed as it was", as_it_was, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, our context drifted", drifted_here, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, upstream context drifted", drifted_there, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, both drifted", drifted_both, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, one change split in several", split, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, three releases in one patch", whole_file, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "landed, two of ours squashed", squashed, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "half of it landed", half, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed", undone, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, one word differs", one_word_differs, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, lines swapped", lines_swapped, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, in another function", in_another_function, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, some lines off", some_lines_off, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, surroundings gone", removed_with_the_rest, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, old lines stayed", old_lines_stayed, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "not landed, of the next release", of_the_next_release, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ "reverted", reverted, 0, 0, 0, 0, 0, 0, 0, 0 },
};

const size_t nkinds = ARRAY_SIZE(kinds);
