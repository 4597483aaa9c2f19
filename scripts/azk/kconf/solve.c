// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest sets of user values that make a symbol what was asked.
 *
 * A breadth-first search over sets of wishes (symbol = value). A set is tried
 * by giving Kconfig these user values and calculating the symbol: nothing here
 * decides what a value is. A set that does not do yet is continued by one wish
 * at a time, by what still stands in the way: of a conjunction the first term
 * that is false, of a disjunction each term. So the first sets that do are the
 * smallest of those that reach the goal along dependencies. The caller proves
 * an answer again on a fresh parse.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "solve.h"

#define MAX_SETS 8

/* What a wish replaced, to be put back. */
struct undo {
	struct symbol *sym;
	struct symbol_value def;
	bool had;
	struct list_head *prev;		/* of a choice member: its place before */
};

struct solution {
	struct state st;
	unsigned int losses;
};

/* Symbols whose user value took before anything was changed. */
static struct symbol **kept;
static unsigned int nkept;
static bool know_kept;

/*
 * Changes of one value that cost nothing and helped a symbol before: one
 * broken option loses hundreds, and the same change brings all of them back.
 * They are of the values that are open; a process serves one set only.
 */
static struct wish single[32];
static unsigned int nsingle;

/* What is calculated is of a state that was tried. */
static bool dirty;

/* ---- applying a state ------------------------------------------------------- */

static void recalculate(void)
{
	struct symbol *sym;

	dirty = false;

	for_all_symbols(sym)
		sym->flags &= ~SYMBOL_VALID;
	expr_invalidate_all();
	sym_calc_value(modules_sym);
}

static void apply(const struct state *st, struct undo *undo)
{
	for (unsigned int i = 0; i < st->n; i++) {
		struct symbol *sym = st->w[i].sym;
		struct menu *choice = sym_get_choice_menu(sym);

		undo[i] = (struct undo){ sym, sym->def[S_DEF_USER],
					 sym->flags & SYMBOL_DEF_USER, NULL };
		if (is_tri(sym))
			sym->def[S_DEF_USER].tri = st->w[i].tri;
		else
			sym->def[S_DEF_USER].val = (void *)st->w[i].val;
		sym->flags |= SYMBOL_DEF_USER;
		/* as reading a file does: the member given last has priority */
		if (choice) {
			undo[i].prev = sym->choice_link.prev;
			list_move(&sym->choice_link, &choice->choice_members);
		}
	}
	/* walking every symbol and expression is what a search costs */
	if (st->n || dirty)
		recalculate();
	dirty = st->n;
}

void settle(void)
{
	if (dirty)
		recalculate();
}

static void revert(const struct state *st, const struct undo *undo)
{
	for (unsigned int i = st->n; i-- > 0;) {
		struct symbol *sym = undo[i].sym;

		if (undo[i].prev)
			list_move(&sym->choice_link, undo[i].prev);
		sym->def[S_DEF_USER] = undo[i].def;
		if (!undo[i].had)
			sym->flags &= ~SYMBOL_DEF_USER;
	}
}

static bool is_value(struct symbol *sym, const struct wish *goal)
{
	sym_calc_value(sym);
	if (is_tri(sym))
		return sym_get_tristate_value(sym) == goal->tri;
	return !strcmp(sym_get_string_value(sym), goal->val);
}

static bool took(struct symbol *sym)
{
	const struct wish w = { sym, sym->def[S_DEF_USER].tri, sym->def[S_DEF_USER].val };

	return is_value(sym, &w);
}

bool wished(const struct state *st, const struct symbol *sym)
{
	for (unsigned int i = 0; i < st->n; i++) {
		if (st->w[i].sym == sym)
			return true;
	}
	return false;
}

/* ---- the search ----------------------------------------------------------------- */

/* Sets seen, as sums over their wishes: the order does not matter. */
struct seen {
	uint64_t *v;
	size_t n, cap;
};

static uint64_t hash_state(const struct state *st)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < st->n; i++) {
		uint64_t h = (uintptr_t)st->w[i].sym * 31 + st->w[i].tri +
			     (uintptr_t)st->w[i].val * 7;

		h ^= h >> 29;
		h *= 0xbf58476d1ce4e5b9u;
		sum += h ^ h >> 32;
	}
	return sum ? sum : 1;
}

static void *grow(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		exit(1);
	return p;
}

static bool seen_before(struct seen *s, uint64_t h)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i] == h)
			return true;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->v = grow(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = h;
	return false;
}

static bool reaches(const struct state *st, struct symbol *sym, const struct wish *goal)
{
	struct undo undo[MAX_WISHES];
	bool ok;

	apply(st, undo);
	ok = is_value(sym, goal);
	revert(st, undo);
	return ok;
}

/* A wish that turned out to follow from the others is not needed. */
static void reduce(struct state *st, struct symbol *sym, const struct wish *goal)
{
	for (unsigned int i = st->n; st->n > 1 && i-- > 0;) {
		struct state less = *st;

		memmove(&less.w[i], &less.w[i + 1], (less.n - i - 1) * sizeof(less.w[0]));
		less.n--;
		if (reaches(&less, sym, goal))
			*st = less;
	}
}

static unsigned int count_losses(const struct state *st, const struct symbol *target)
{
	struct undo undo[MAX_WISHES];
	unsigned int n = 0;

	apply(st, undo);
	for (unsigned int i = 0; i < nkept; i++) {
		if (kept[i] != target && !wished(st, kept[i]))
			n += !took(kept[i]);
	}
	revert(st, undo);
	return n;
}

static void put_state(const struct state *st, unsigned int losses)
{
	printf("set %u %u\n", st->n, losses);
	for (unsigned int i = 0; i < st->n; i++) {
		const struct wish *w = &st->w[i];

		printf("change %s ", w->sym->name);
		if (is_tri(w->sym))
			printf("%c\n", tri_char[w->tri]);
		else if (w->sym->type == S_STRING)
			printf("\"%s\"\n", w->val);
		else
			printf("%s\n", w->val);
	}
}

static void put_solutions(struct solution *s, unsigned int n)
{
	/* the smallest; of these the one that costs least of what is asked */
	for (unsigned int i = 1; i < n; i++) {
		for (unsigned int k = i; k > 0; k--) {
			struct solution *a = &s[k - 1], *b = &s[k], t;

			if (a->st.n < b->st.n || (a->st.n == b->st.n && a->losses <= b->losses))
				break;
			t = *a;
			*a = *b;
			*b = t;
		}
	}
	for (unsigned int i = 0; i < n; i++)
		put_state(&s[i].st, s[i].losses);
}

static void remember_kept(void)
{
	unsigned int cap = 0;
	struct symbol *sym;

	if (know_kept)
		return;
	know_kept = true;
	for_all_symbols(sym) {
		if (!sym->name || !(sym->flags & SYMBOL_DEF_USER) || sym->type == S_UNKNOWN ||
		    !took(sym))
			continue;
		if (nkept == cap) {
			cap = cap ? 2 * cap : 1024;
			kept = grow(kept, cap, sizeof(*kept));
		}
		kept[nkept++] = sym;
	}
}

struct search {
	struct state *queue;
	size_t head, n, cap;
	struct seen seen, found;
	struct solution solutions[MAX_SETS];
	unsigned int nsolutions, tried;
};

static void push(struct search *s, const struct state *st)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->queue = grow(s->queue, s->cap, sizeof(*s->queue));
	}
	s->queue[s->n++] = *st;
}

/* Tries one state and queues what continues it. */
static void step(struct search *s, struct symbol *sym, const struct wish *goal)
{
	struct state st = s->queue[s->head++];
	struct undo undo[MAX_WISHES];
	struct walk w = { .st = &st };
	bool done;

	s->tried++;
	apply(&st, undo);
	done = is_value(sym, goal);
	if (!done && st.n < MAX_WISHES)
		look(&w, sym, goal);
	revert(&st, undo);
	if (done) {
		reduce(&st, sym, goal);
		if (!seen_before(&s->found, hash_state(&st)))
			s->solutions[s->nsolutions++] =
				(struct solution){ st, count_losses(&st, sym) };
		return;
	}
	for (unsigned int i = 0; i < w.n; i++) {
		struct state next = st;

		next.w[next.n++] = w.atom[i];
		if (!seen_before(&s->seen, hash_state(&next)))
			push(s, &next);
	}
}

/* What is asked of a string stands in quotes; Kconfig keeps it without. */
static bool parse_goal(const struct symbol *sym, const char *value, struct wish *goal)
{
	size_t n = strlen(value);
	char *s;

	goal->tri = *value == 'y' ? yes : *value == 'm' ? mod : no;
	goal->val = value;
	if (is_tri(sym))
		return n == 1 && strchr("ymn", *value) &&
		       (*value != 'm' || sym->type == S_TRISTATE);
	if (sym->type != S_STRING)
		return true;
	if (n < 2 || *value != '"' || value[n - 1] != '"')
		return false;
	s = strndup(value + 1, n - 2);
	if (!s)
		exit(1);
	goal->val = s;
	return true;
}

static void keep_single(const struct solution *s, unsigned int n)
{
	if (n && s->st.n == 1 && !s->losses && nsingle < sizeof(single) / sizeof(single[0]))
		single[nsingle++] = s->st.w[0];
}

static bool try_singles(struct symbol *sym, const struct wish *goal)
{
	if (is_value(sym, goal))
		return false;
	for (unsigned int i = 0; i < nsingle; i++) {
		const struct state st = { .w = { single[i] }, .n = 1 };

		if (reaches(&st, sym, goal)) {
			put_state(&st, 0);
			return true;
		}
	}
	return false;
}

/*
 * set SIZE LOSSES      a set that reaches the goal, and how many symbols that
 *                      are what was asked would no longer be
 * change NAME VALUE    each of its values, n for "is not set"
 * The smallest come first; of one size those with fewest losses. Without
 * losses they are not counted, and the first set found is the only one.
 */
void put_fixes(struct symbol *sym, const char *value, unsigned int budget, bool losses)
{
	struct search s = { .queue = NULL };
	const struct state none = { .n = 0 };
	struct wish goal = { .sym = sym };

	if (!parse_goal(sym, value, &goal))
		return;
	settle();
	if (losses)
		remember_kept();
	if (losses && try_singles(sym, &goal))
		return;
	push(&s, &none);
	while (s.head < s.n && s.tried < budget && s.nsolutions < (losses ? MAX_SETS : 1)) {
		/* larger ones are of interest only where all smaller ones cost something */
		bool clean = false;

		for (unsigned int i = 0; i < s.nsolutions; i++)
			clean = clean || (!s.solutions[i].losses &&
					  s.solutions[i].st.n < s.queue[s.head].n);
		if (clean || (s.nsolutions && s.queue[s.head].n > s.solutions[0].st.n + 1))
			break;
		step(&s, sym, &goal);
	}
	put_solutions(s.solutions, s.nsolutions);
	if (losses)
		keep_single(s.solutions, s.nsolutions);
	free(s.queue);
	free(s.seen.v);
	free(s.found.v);
}
