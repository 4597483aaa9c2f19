// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies against a config: which rule fails, what was found, and why so. */
#include "config/finds.h"

/* What would have satisfied it, as far as one value can say so. */
static const char *wanted(const struct cfg_assert *a)
{
	switch (a->op) {
	case CFG_EQ:
	case CFG_IN:
		return a->args.v[0];
	case CFG_UNSET:
		return "n";
	case CFG_GE:
	case CFG_LE:
		return a->args.v[0];
	default:
		return NULL;
	}
}

struct context {
	struct kconf *k;
	const struct cfg_plan *p;
	const struct cfg_policy *policy;
	const struct cfg_dot *d, *rendered;
	const char *today;
	struct cfg_finds *out;
};

static void note_cause(const struct context *c, const struct cfg_assert *a, struct cfg_find *f)
{
	const struct cfg_plan *p = c->p;
	const struct cfg_dot *d = c->d;
	const struct cfg_intent *in = cfg_plan_find(p, a->sym);
	const char *got = cfg_dot_get(d, a->sym);
	const char *want = wanted(a);
	bool took = in && cfg_value_equal(in->opt->value, got);

	cfg_find_note(f, "CONFIG_%s is %s", a->sym, got ? got : "absent (n)");
	if (c->rendered && !cfg_value_equal(got, cfg_dot_get(c->rendered, a->sym))) {
		cfg_find_note(f, "cause: rendered as %s, changed by the build",
			      cfg_dot_get(c->rendered, a->sym) ?: "absent");
		return;
	}
	if (!in)
		cfg_find_note(f, "cause: nothing asks for CONFIG_%s", a->sym);
	else if (took)
		cfg_find_note(f, "cause: asked %s at %s:%zu", in->opt->value, in->frag->path,
			      in->opt->line);
	else
		cfg_find_note(f, "cause: asked %s at %s:%zu, but lost", in->opt->value,
			      in->frag->path, in->opt->line);
	if (took || !want || !c->k)
		return;
	if (!cfg_explain(c->k, p, a->sym, in ? in->opt->value : want, f))
		cfg_find_note(f, "CONFIG_%s does not exist in this tree for %s", a->sym,
			      cfg_arches[p->arch].name);
}

/* asserts [from, to) are alternatives of one another, and none holds. */
static void fail(const struct context *c, const struct cfg_rule *r, size_t from, size_t to,
		 const struct cfg_except *e)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const struct cfg_assert *a = &r->asserts.v[from];
	struct cfg_find f;

	for (size_t i = from; i < to; i++) {
		_cleanup_free_ char *text = cfg_assert_text(&r->asserts.v[i]);

		sb_addf(&sb, "%s%s", i > from ? " or " : "", text);
	}
	cfg_find_init(&f, r->warning ? AZK_NOTE : AZK_ERROR, "policy", c->policy->path, a->line,
		      a->sym, "%srule %s: %s does not hold",
		      c->rendered ? "built config: " : "", r->name, sb_str(&sb));
	for (size_t i = from; i < to; i++)
		note_cause(c, &r->asserts.v[i], &f);
	cfg_find_note(&f, "why: %s", r->why);
	if (r->ref)
		cfg_find_note(&f, "ref: %s", r->ref);
	if (e)
		cfg_find_note(&f, "the exception for %s ended with %s", e->flavour, e->until);
	cfg_finds_add(c->out, &f, c->p);
}

static void check_rule(const struct context *c, const struct cfg_rule *r, struct cfg_verdict *v)
{
	const struct cfg_except *e = cfg_rule_except(r, c->p->flavour->name);
	bool excepted = e && !cfg_except_ended(e, c->today);
	size_t from = 0, failed = 0;

	while (from < r->asserts.n) {
		size_t to = from + 1;
		bool holds = cfg_assert_holds(&r->asserts.v[from], c->d);

		for (; to < r->asserts.n && r->asserts.v[to].alternative; to++)
			holds = holds || cfg_assert_holds(&r->asserts.v[to], c->d);
		if (!holds) {
			failed++;
			if (!excepted)
				fail(c, r, from, to, e);
		}
		from = to;
	}
	if (!failed)
		v->held++;
	else if (excepted)
		v->excepted++;
	else
		v->failed++;
}

void cfg_policies(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_dot *d,
		  const struct cfg_dot *rendered, const char *today, struct cfg_finds *out,
		  struct cfg_verdict *v)
{
	struct context c = {
		.k = run->kconf[p->arch], .p = p, .d = d, .rendered = rendered, .today = today,
		.out = out,
	};

	for (size_t i = 0; i < p->policies.n; i++) {
		c.policy = p->policies.v[i];
		for (size_t k = 0; k < c.policy->rules.n; k++) {
			const struct cfg_rule *r = &c.policy->rules.v[k];

			if (cfg_rule_applies(r, p->arch, d->version))
				check_rule(&c, r, v);
		}
	}
}
