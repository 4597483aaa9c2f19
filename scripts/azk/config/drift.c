// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Differences nobody declared: an option that could have the same value in two
 * shipped results and has not, though no fragment asks for it on either side.
 * One pair for each flavour's arches, and one for each flavour of an arch with
 * the first that is shipped there.
 */
#include "config/finds.h"

struct seen {
	char visible, select;
	char *value;
};

struct cfg_outcome {
	const struct cfg_plan *plan;
	struct strmap seen;
};

/* "NAME TYPE W VISIBLE SELECT FILE = VALUE" */
static void take(struct cfg_outcome *o, char *line)
{
	char *eq = strstr(line, " = "), *rest = line, *name, *type, *visible, *select;
	struct seen *s;

	name = cfg_word(&rest);
	type = cfg_word(&rest);
	cfg_word(&rest);
	visible = cfg_word(&rest);
	select = cfg_word(&rest);
	if (!select || !eq)
		return;
	s = xcalloc(1, sizeof(*s));
	s->visible = *visible;
	s->select = *select;
	s->value = kconf_value_text(type, eq + 3);
	strmap_put(&o->seen, name, s);
}

int cfg_drift_look(struct cfg_run *run, const struct cfg_plan *p, struct cfg_outcomes *all)
{
	struct strlist lines = { 0 };
	struct cfg_outcome *o;
	int rc;

	if (!p->ship)
		return 0;
	rc = kconf_lines(run->kconf[p->arch], &lines, "values");
	o = xcalloc(1, sizeof(*o));
	o->plan = p;
	for (size_t i = 0; !rc && i < lines.n; i++)
		take(o, lines.v[i]);
	vec_push(&all->v, o);
	strlist_free(&lines);
	return rc;
}

static bool is_free(const struct seen *s)
{
	return s->visible != 'n' && (s->select == 'n' || s->select != *s->value);
}

static void compare(const struct cfg_run *run, const struct cfg_outcome *a,
		    const struct cfg_outcome *b, struct cfg_finds *out)
{
	for (size_t i = 0; i < a->seen.n; i++) {
		const char *sym = a->seen.v[i].key;
		const struct seen *x = a->seen.v[i].value, *y = strmap_get(&b->seen, sym);
		struct cfg_find f;

		if (!y || !is_free(x) || !is_free(y) || cfg_value_equal(x->value, y->value) ||
		    cfg_plan_find(a->plan, sym) || cfg_plan_find(b->plan, sym) ||
		    cfg_globs_match(&run->store->toolchain, sym))
			continue;
		cfg_find_init(&f, AZK_ERROR, "drift", b->plan->flavour->path, 0, sym,
			      "CONFIG_%s is %s in %s/%s and %s here, and no fragment says so", sym,
			      x->value, a->plan->flavour->name, cfg_arches[a->plan->arch].name,
			      y->value);
		cfg_find_note(&f, "ask for it in a fragment of each, with the reason for the difference");
		cfg_finds_add(out, &f, b->plan);
	}
}

void cfg_drift_check(const struct cfg_run *run, const struct cfg_outcomes *all, struct cfg_finds *out)
{
	for (size_t i = 0; i < all->v.n; i++) {
		const struct cfg_outcome *o = all->v.v[i], *first = NULL, *other = NULL;

		for (size_t k = 0; k < i; k++) {
			const struct cfg_outcome *e = all->v.v[k];

			if (e->plan->flavour == o->plan->flavour && !other)
				other = e;
			if (e->plan->arch == o->plan->arch && !first)
				first = e;
		}
		if (other)
			compare(run, other, o, out);
		if (first)
			compare(run, first, o, out);
	}
}

void cfg_outcomes_free(struct cfg_outcomes *all)
{
	for (size_t i = 0; i < all->v.n; i++) {
		struct cfg_outcome *o = all->v.v[i];

		for (size_t k = 0; k < o->seen.n; k++) {
			struct seen *s = o->seen.v[k].value;

			free(s->value);
			free(s);
		}
		strmap_free(&o->seen);
		free(o);
	}
	vec_free(&all->v);
}
