// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked for one flavour and arch: includes resolved, fragments merged. */
#include "config/cfg.h"

#define MAX_DEPTH 16

/* A flavour with its includes, in order, a fragment once. */
struct flat {
	unsigned int arches;
	enum cfg_ship ship;
	VEC(struct cfg_use) uses;	/* names are borrowed */
	struct strlist policies;
	size_t bad;
};

/* A file many flavours and arches share is at fault once. */
static bool already(struct azk_report *r, const char *rule, const char *file, size_t line)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report_root(r), "findings"), i, f) {
		const char *at = json_string_value(json_object_get(f, "file"));

		if (at && !strcmp(at, file) &&
		    !strcmp(json_string_value(json_object_get(f, "rule")), rule) &&
		    (size_t)json_integer_value(json_object_get(f, "line")) == line)
			return true;
	}
	return false;
}

static void bad_once(struct azk_report *r, const char *rule, const char *file, size_t line,
		     const char *fmt, const char *name)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	if (line && already(r, rule, file, line))
		return;
	sb_addf(&sb, fmt, name);
	report_bad(r, rule, file, line, "%s", sb_str(&sb));
}

static void use_fragment(struct flat *flat, const struct cfg_use *u)
{
	for (size_t i = 0; i < flat->uses.n; i++) {
		if (!strcmp(flat->uses.v[i].name, u->name)) {
			flat->uses.v[i].arches |= u->arches;
			return;
		}
	}
	vec_push(&flat->uses, *u);
}

/* Whether the fragment was there to be left out. */
static bool drop_fragment(struct flat *flat, const char *name)
{
	for (size_t i = 0; i < flat->uses.n; i++) {
		if (strcmp(flat->uses.v[i].name, name))
			continue;
		flat->uses.n--;
		memmove(&flat->uses.v[i], &flat->uses.v[i + 1],
			(flat->uses.n - i) * sizeof(flat->uses.v[0]));
		return true;
	}
	return false;
}

static void flatten(const struct cfg_store *s, const struct cfg_flavour *f, struct flat *flat,
		    unsigned int depth, struct azk_report *r)
{
	/* a circle is reported once, not once for every way around it */
	for (size_t i = 0; i < f->uses.n && !flat->bad; i++) {
		const struct cfg_use *u = &f->uses.v[i];
		const struct cfg_flavour *inc;

		if (u->arches) {
			use_fragment(flat, u);
			continue;
		}
		if (u->without) {
			if (drop_fragment(flat, u->name))
				continue;
			flat->bad++;
			if (r)
				bad_once(r, "include", f->path, u->line,
					 "no fragment '%s' above to be without", u->name);
			continue;
		}
		inc = cfg_store_flavour(s, u->name);
		if (inc && depth < MAX_DEPTH) {
			flatten(s, inc, flat, depth + 1, r);
			continue;
		}
		flat->bad++;
		if (r)
			bad_once(r, "include", f->path, u->line,
				 inc ? "flavour %s includes itself" : "no flavour named '%s'",
				 u->name);
	}
	/* what a flavour says itself wins over what it includes */
	if (f->arches)
		flat->arches = f->arches;
	if (f->ship != CFG_SHIP_UNSET)
		flat->ship = f->ship;
	for (size_t i = 0; i < f->policies.n; i++) {
		if (!strlist_has(&flat->policies, f->policies.v[i]))
			strlist_add(&flat->policies, f->policies.v[i]);
	}
}

static void flat_free(struct flat *flat)
{
	vec_free(&flat->uses);
	strlist_free(&flat->policies);
}

unsigned int cfg_flavour_arches(const struct cfg_store *s, const struct cfg_flavour *f)
{
	struct flat flat = { 0 };

	flatten(s, f, &flat, 0, NULL);
	flat_free(&flat);
	return flat.arches ? flat.arches : CFG_ALL_ARCHES;
}

bool cfg_flavour_ships(const struct cfg_store *s, const struct cfg_flavour *f)
{
	struct flat flat = { 0 };

	flatten(s, f, &flat, 0, NULL);
	flat_free(&flat);
	return flat.ship == CFG_SHIP_YES;
}

void cfg_flavour_uses(const struct cfg_store *s, const struct cfg_flavour *f,
		      struct strlist *fragments, struct strlist *policies)
{
	struct flat flat = { 0 };

	flatten(s, f, &flat, 0, NULL);
	for (size_t i = 0; i < flat.uses.n; i++)
		strlist_add(fragments, flat.uses.v[i].name);
	for (size_t i = 0; i < flat.policies.n; i++)
		strlist_add(policies, flat.policies.v[i]);
	flat_free(&flat);
}

static bool overrides(const struct cfg_fragment *f, const struct cfg_opt *o, const char *other)
{
	return o->block != CFG_NO_BLOCK && strlist_has(&f->blocks.v[o->block].overrides, other);
}

static void merge_option(struct cfg_plan *p, const struct cfg_fragment *f,
			 const struct cfg_opt *o, struct azk_report *r)
{
	struct cfg_intent *was = (struct cfg_intent *)cfg_plan_find(p, o->sym);
	struct cfg_intent now = { f, o };

	if (!was) {
		vec_push(&p->intents, now);
		strmap_put(&p->index, o->sym, (void *)(uintptr_t)p->intents.n);
		return;
	}
	if (overrides(was->frag, was->opt, f->name))
		return;
	if (overrides(f, o, was->frag->name)) {
		*was = now;
		return;
	}
	if (cfg_value_equal(was->opt->value, o->value)) {
		if (was->frag != f || was->opt == o)
			return;
		if (!already(r, "duplicate", f->path, o->line))
			report_add(r, AZK_ERROR, "duplicate", f->path, o->line,
				   "CONFIG_%s=%s is already asked in line %zu", o->sym, o->value,
				   was->opt->line);
		return;
	}
	if (already(r, "conflict", f->path, o->line))
		return;
	report_add(r, AZK_ERROR, "conflict", f->path, o->line,
		   "%s/%s: CONFIG_%s asked %s here and %s at %s:%zu", p->flavour->name,
		   cfg_arches[p->arch].name, o->sym, o->value, was->opt->value, was->frag->path,
		   was->opt->line);
	report_note(r, "'#: overrides %s' in the block makes one of them win", was->frag->name);
}

static void merge(struct cfg_plan *p, const struct cfg_store *s, const struct flat *flat,
		  struct azk_report *r)
{
	for (size_t i = 0; i < flat->uses.n; i++) {
		const struct cfg_fragment *f = cfg_store_fragment(s, flat->uses.v[i].name);

		if (!(flat->uses.v[i].arches & (1u << p->arch)))
			continue;
		strlist_add(&p->fragments, f->name);
		for (size_t k = 0; k < f->opts.n; k++)
			merge_option(p, f, &f->opts.v[k], r);
	}
}

static bool names_exist(const struct cfg_store *s, const struct cfg_flavour *f,
			const struct flat *flat, struct azk_report *r)
{
	bool ok = !flat->bad;

	for (size_t i = 0; i < flat->uses.n; i++) {
		if (cfg_store_fragment(s, flat->uses.v[i].name))
			continue;
		bad_once(r, "include", flat->uses.v[i].path, flat->uses.v[i].line,
			 "no fragment named '%s'", flat->uses.v[i].name);
		ok = false;
	}
	for (size_t i = 0; i < flat->policies.n; i++) {
		if (cfg_store_policy(s, flat->policies.v[i]))
			continue;
		bad_once(r, "include", f->path, 0, "no policy named '%s'", flat->policies.v[i]);
		ok = false;
	}
	return ok;
}

struct cfg_plan *cfg_resolve(const struct cfg_store *s, const struct cfg_flavour *f, int arch,
			     struct azk_report *r)
{
	struct flat flat = { 0 };
	struct cfg_plan *p = NULL;

	flatten(s, f, &flat, 0, r);
	if (!flat.arches)
		flat.arches = CFG_ALL_ARCHES;
	if (!names_exist(s, f, &flat, r))
		goto out;
	if (!(flat.arches & (1u << arch))) {
		report_bad(r, "arch", f->path, 0, "flavour %s does not exist for %s", f->name,
			   cfg_arches[arch].name);
		goto out;
	}
	p = xcalloc(1, sizeof(*p));
	p->flavour = f;
	p->arch = arch;
	p->ship = flat.ship == CFG_SHIP_YES;
	merge(p, s, &flat, r);
	for (size_t i = 0; i < flat.policies.n; i++)
		vec_push(&p->policies, cfg_store_policy(s, flat.policies.v[i]));
out:
	flat_free(&flat);
	return p;
}

void cfg_plan_free(struct cfg_plan *p)
{
	if (!p)
		return;
	vec_free(&p->intents);
	vec_free(&p->policies);
	strlist_free(&p->fragments);
	strmap_free(&p->index);
	free(p);
}

const struct cfg_intent *cfg_plan_find(const struct cfg_plan *p, const char *sym)
{
	uintptr_t at = (uintptr_t)strmap_get(&p->index, sym);

	return at ? &p->intents.v[at - 1] : NULL;
}

void cfg_setting_text(const char *sym, const char *value, struct strbuf *sb)
{
	if (!strcmp(value, "n"))
		sb_addf(sb, "# CONFIG_%s is not set\n", sym);
	else
		sb_addf(sb, "CONFIG_%s=%s\n", sym, value);
}

void cfg_plan_text(const struct cfg_plan *p, struct strbuf *sb)
{
	for (size_t i = 0; i < p->intents.n; i++) {
		const struct cfg_opt *o = p->intents.v[i].opt;

		cfg_setting_text(o->sym, o->value, sb);
	}
}
