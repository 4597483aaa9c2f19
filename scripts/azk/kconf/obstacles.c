// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands between a symbol and the value it is to have, in the state that
 * is applied: which user values might help. Nothing here is trusted: solve.c
 * tries each and lets Kconfig calculate.
 */
#include <stdlib.h>
#include <string.h>

#include "solve.h"

#define MAX_SELECTORS 4

static void raise_expr(struct walk *w, struct expr *e, tristate want);
static void lower_expr(struct walk *w, struct expr *e, tristate max);

static void add_atom(struct walk *w, struct symbol *sym, tristate tri, const char *val)
{
	if (w->n == MAX_ATOMS || wished(w->st, sym))
		return;
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->atom[i].sym == sym && w->atom[i].tri == tri && w->atom[i].val == val)
			return;
	}
	w->atom[w->n++] = (struct wish){ sym, tri, val };
}

static bool enter(struct walk *w, const struct symbol *sym)
{
	if (w->depth == MAX_DEPTH)
		return false;
	for (unsigned int i = 0; i < w->depth; i++) {
		if (w->stack[i] == sym)
			return false;
	}
	w->stack[w->depth++] = sym;
	return true;
}

static bool has_prompt(struct symbol *sym)
{
	struct property *prop;

	for_all_prompts(sym, prop)
		return true;
	return false;
}

static void raise_visibility(struct walk *w, struct symbol *sym, tristate want)
{
	struct property *prop;

	/* a bool is visible from m on */
	if (sym->type != S_TRISTATE)
		want = mod;
	if (sym->visible >= want)
		return;
	for_all_prompts(sym, prop)
		raise_expr(w, prop->visible.expr, want);
}

/* How many terms of a conjunction are false. */
static unsigned int missing(struct expr *e)
{
	if (e->type == E_AND)
		return missing(e->left.expr) + missing(e->right.expr);
	return expr_calc_value(e) == no;
}

struct selectors {
	struct expr *e[MAX_SELECTORS];
	unsigned int n;
};

/* The alternatives of a reverse dependency, those with least missing kept. */
static void best_selectors(struct expr *e, struct selectors *s)
{
	unsigned int i, m;

	if (e->type == E_OR) {
		best_selectors(e->left.expr, s);
		best_selectors(e->right.expr, s);
		return;
	}
	m = missing(e);
	for (i = s->n; i > 0 && missing(s->e[i - 1]) > m; i--) {
		if (i < MAX_SELECTORS)
			s->e[i] = s->e[i - 1];
	}
	if (i == MAX_SELECTORS)
		return;
	s->e[i] = e;
	if (s->n < MAX_SELECTORS)
		s->n++;
}

static void raise_derived(struct walk *w, struct symbol *sym, tristate want)
{
	struct selectors s = { .n = 0 };
	struct property *prop;

	for_all_defaults(sym, prop) {
		raise_expr(w, prop->visible.expr, want);
		if (is_tri(sym))
			raise_expr(w, prop->expr, want);
	}
	if (!sym->rev_dep.expr)
		return;
	best_selectors(sym->rev_dep.expr, &s);
	for (unsigned int i = 0; i < s.n; i++)
		raise_expr(w, s.e[i], want);
}

/* Whether its user value is at least that: wishing for it would change nothing. */
static bool asks(const struct symbol *sym, tristate want)
{
	if (!sym_has_value(sym))
		return false;
	return sym->def[S_DEF_USER].tri >= (sym->type == S_BOOLEAN ? yes : want);
}

/* Of a choice only the member given last is taken: the others that are asked must go. */
static void give_way(struct walk *w, const struct symbol *sym)
{
	struct menu *choice = sym_get_choice_menu(sym), *m;

	menu_for_each_sub_entry(m, choice) {
		if (m->sym && m->sym != sym && m->sym->name && asks(m->sym, yes))
			add_atom(w, m->sym, no, NULL);
	}
}

static void raise_sym(struct walk *w, struct symbol *sym, tristate want)
{
	if ((sym->flags & SYMBOL_CONST) || !is_tri(sym))
		return;
	sym_calc_value(sym);
	if (sym_get_tristate_value(sym) >= want || !enter(w, sym))
		return;
	if (has_prompt(sym)) {
		if (!asks(sym, want))
			add_atom(w, sym, sym->type == S_BOOLEAN ? yes : want, NULL);
		else if (sym_is_choice_value(sym))
			give_way(w, sym);
		raise_visibility(w, sym, want);
	}
	if (!sym_is_choice_value(sym) && sym->name && (!has_prompt(sym) || sym->visible == no))
		raise_derived(w, sym, want);
	w->depth--;
}

/* Of what selects it, one that is in force after the other. */
static struct expr *active(struct expr *e, tristate max)
{
	struct expr *left;

	if (e->type != E_OR)
		return expr_calc_value(e) > max ? e : NULL;
	left = active(e->left.expr, max);
	return left ? left : active(e->right.expr, max);
}

static void lower_choice(struct walk *w, const struct symbol *sym)
{
	struct menu *choice = sym_get_choice_menu(sym), *m;

	menu_for_each_sub_entry(m, choice) {
		if (m->sym && m->sym != sym && m->sym->name) {
			sym_calc_value(m->sym);
			if (m->sym->visible != no)
				add_atom(w, m->sym, yes, NULL);
		}
	}
}

static void lower_derived(struct walk *w, struct symbol *sym, tristate max)
{
	struct property *prop;

	for_all_defaults(sym, prop) {
		if (expr_calc_value(prop->visible.expr) == no)
			continue;
		lower_expr(w, prop->expr, max);
		lower_expr(w, prop->visible.expr, max);
		return;
	}
}

static void lower_sym(struct walk *w, struct symbol *sym, tristate max)
{
	if ((sym->flags & SYMBOL_CONST) || !is_tri(sym))
		return;
	sym_calc_value(sym);
	if (sym_get_tristate_value(sym) <= max || !enter(w, sym))
		return;
	if (sym->rev_dep.expr && sym->rev_dep.tri > max) {
		lower_expr(w, active(sym->rev_dep.expr, max), max);
	} else if (sym_is_choice_value(sym)) {
		lower_choice(w, sym);
	} else {
		if (has_prompt(sym)) {
			if (!sym_has_value(sym) || sym->def[S_DEF_USER].tri > max)
				add_atom(w, sym, sym->type == S_BOOLEAN ? no : max, NULL);
			raise_visibility(w, sym, mod);
		}
		if (sym->visible == no)
			lower_derived(w, sym, max);
	}
	if (sym->implied.expr && sym->implied.tri > max && sym->visible == no)
		lower_expr(w, active(sym->implied.expr, max), max);
	w->depth--;
}

/* sym = v, for the comparisons; v is a constant's name. */
static void set_sym(struct walk *w, struct symbol *sym, const char *v)
{
	struct property *prop;

	if (sym->flags & SYMBOL_CONST)
		return;
	if (is_tri(sym)) {
		tristate tri = *v == 'y' ? yes : *v == 'm' ? mod : no;

		sym_calc_value(sym);
		if (sym_get_tristate_value(sym) < tri)
			raise_sym(w, sym, tri);
		else
			lower_sym(w, sym, tri);
		return;
	}
	if (!enter(w, sym))
		return;
	if (has_prompt(sym)) {
		add_atom(w, sym, no, v);
		raise_visibility(w, sym, mod);
	}
	for_all_defaults(sym, prop) {
		struct symbol *ds = prop_get_symbol(prop);

		if (ds && !strcmp(sym_get_string_value(ds), v))
			raise_expr(w, prop->visible.expr, yes);
	}
	w->depth--;
}

static void unset_sym(struct walk *w, struct symbol *sym, const char *v)
{
	if (!is_tri(sym))
		return;
	if (*v != 'n')
		lower_sym(w, sym, *v == 'y' ? mod : no);
	if (*v != 'y')
		raise_sym(w, sym, *v == 'n' ? mod : yes);
}

/* A comparison is to hold or not to: left and right as the tree has them. */
static void compare(struct walk *w, const struct expr *e, bool holds)
{
	struct symbol *sym = e->left.sym, *other = e->right.sym;
	bool swapped = sym->flags & SYMBOL_CONST;
	enum expr_type type = e->type;

	if (swapped) {
		sym = e->right.sym;
		other = e->left.sym;
	}
	if (type == E_UNEQUAL || type == E_EQUAL) {
		if ((type == E_EQUAL) == holds)
			set_sym(w, sym, sym_get_string_value(other));
		else
			unset_sym(w, sym, sym_get_string_value(other));
		return;
	}
	/* of an order, only the bound itself is tried, where it satisfies */
	if (holds ? type == E_LEQ || type == E_GEQ : type == E_LTH || type == E_GTH)
		set_sym(w, sym, sym_get_string_value(other));
}

static void raise_expr(struct walk *w, struct expr *e, tristate want)
{
	if (!e || expr_calc_value(e) >= want)
		return;
	switch (e->type) {
	case E_AND:
		raise_expr(w, expr_calc_value(e->left.expr) < want ? e->left.expr : e->right.expr,
			   want);
		break;
	case E_OR:
		raise_expr(w, e->left.expr, want);
		raise_expr(w, e->right.expr, want);
		break;
	case E_NOT:
		lower_expr(w, e->left.expr, 2 - want);
		break;
	case E_SYMBOL:
		raise_sym(w, e->left.sym, want);
		break;
	default:
		compare(w, e, true);
		break;
	}
}

static void lower_expr(struct walk *w, struct expr *e, tristate max)
{
	if (!e || expr_calc_value(e) <= max)
		return;
	switch (e->type) {
	case E_AND:
		lower_expr(w, e->left.expr, max);
		lower_expr(w, e->right.expr, max);
		break;
	case E_OR:
		lower_expr(w, expr_calc_value(e->left.expr) > max ? e->left.expr : e->right.expr,
			   max);
		break;
	case E_NOT:
		raise_expr(w, e->left.expr, 2 - max);
		break;
	case E_SYMBOL:
		lower_sym(w, e->left.sym, max);
		break;
	default:
		compare(w, e, false);
		break;
	}
}

static long long number(struct symbol *sym, const struct symbol *of)
{
	sym_calc_value(sym);
	return strtoll(sym_get_string_value(sym), NULL, of->type == S_HEX ? 16 : 10);
}

/* A number outside the range in force: another range, or none. */
static void widen(struct walk *w, struct symbol *sym, const char *val)
{
	long long v = strtoll(val, NULL, sym->type == S_HEX ? 16 : 10);
	struct property *prop;

	for_all_properties(sym, prop, P_RANGE) {
		bool fits = number(prop->expr->left.sym, sym) <= v &&
			    v <= number(prop->expr->right.sym, sym);

		if (fits)
			raise_expr(w, prop->visible.expr, yes);
		else
			lower_expr(w, prop->visible.expr, no);
	}
}

void look(struct walk *w, struct symbol *sym, const struct wish *goal)
{
	/* without modules an m is taken for y */
	if (goal->tri == mod && is_tri(sym) && sym_get_tristate_value(modules_sym) == no)
		raise_sym(w, modules_sym, yes);
	if (is_tri(sym)) {
		if (sym_get_tristate_value(sym) < goal->tri)
			raise_sym(w, sym, goal->tri);
		else
			lower_sym(w, sym, goal->tri);
		return;
	}
	if (has_prompt(sym)) {
		if (!sym_has_value(sym) || strcmp(sym->def[S_DEF_USER].val, goal->val))
			add_atom(w, sym, no, goal->val);
		raise_visibility(w, sym, mod);
	}
	if ((sym->type == S_INT || sym->type == S_HEX) && sym->visible != no)
		widen(w, sym, goal->val);
}
