// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of the policies as links: what the configuration has to do with a goal. */
#include "audit/audit.h"

/* Asserts [from, to) are alternatives: whether one holds. */
static bool group_holds(const struct audit *a, const struct cfg_rule *r, size_t from, size_t *to)
{
	bool holds = cfg_assert_holds(&r->asserts.v[from], a->config);

	for (*to = from + 1; *to < r->asserts.n && r->asserts.v[*to].alternative; ++*to)
		holds = holds || cfg_assert_holds(&r->asserts.v[*to], a->config);
	return holds;
}

/* What is wrong of a rule, in words; empty when it holds. */
static void broken(const struct audit *a, const struct cfg_rule *r, struct strbuf *out)
{
	for (size_t from = 0, to; from < r->asserts.n; from = to) {
		if (group_holds(a, r, from, &to))
			continue;
		for (size_t i = from; i < to; i++) {
			_cleanup_free_ char *text = cfg_assert_text(&r->asserts.v[i]);

			sb_addf(out, "%s%s (is %s)", i > from ? " or " : out->len ? "; " : "asks for ",
				text, cfg_dot_get(a->config, r->asserts.v[i].sym) ?: "absent");
		}
	}
}

static void kept(const struct cfg_rule *r, struct strbuf *out)
{
	for (size_t i = 0; i < r->asserts.n; i++) {
		_cleanup_free_ char *text = cfg_assert_text(&r->asserts.v[i]);

		sb_addf(out, "%s%s", r->asserts.v[i].alternative ? " or " : i ? "; " : "", text);
	}
}

static void add_rule(const struct audit *a, const struct cfg_policy *p, const struct cfg_rule *r,
		     struct goal *g)
{
	_cleanup_sb_ struct strbuf said = STRBUF_INIT;
	const struct cfg_except *e = cfg_rule_except(r, a->flavour);
	struct link *l;

	broken(a, r, &said);
	if (!said.len) {
		kept(r, &said);
		l = link_add(g, LAYER_CONFIG, r->name, HOLDS, p->path, "%s", sb_str(&said));
	} else if (e && !cfg_except_ended(e, a->today)) {
		l = link_add(g, LAYER_CONFIG, r->name, HOLDS, p->path,
			     "excepted for %s until %s: %s (%s)", e->flavour, e->until, e->why,
			     sb_str(&said));
	} else {
		l = link_add(g, LAYER_CONFIG, r->name, r->warning ? WEAK : FAILS, p->path, "%s%s%s",
			     sb_str(&said), e ? "; the exception ended with " : "",
			     e ? e->until : "");
	}
	l->line = r->line;
	str_setf(&l->why, "%s%s%s%s%s", r->why, r->cost ? "; cost: " : "", r->cost ? r->cost : "",
		 r->ref ? "; ref: " : "", r->ref ? r->ref : "");
}

static bool belongs(const struct cfg_policy *p, const struct cfg_rule *r, const struct goal *g)
{
	if (str_starts(g->id, "policy-"))
		return !r->goal && !strcmp(g->id + strlen("policy-"), p->name);
	return r->goal && !strcmp(r->goal, g->id);
}

void links_of_rules(const struct audit *a, struct goal *g)
{
	size_t unread = 0;

	for (size_t i = 0; i < a->policies.n; i++) {
		const struct cfg_policy *p = a->policies.v[i];

		for (size_t k = 0; k < p->rules.n; k++) {
			const struct cfg_rule *r = &p->rules.v[k];

			if (!belongs(p, r, g) ||
			    !cfg_rule_applies(r, a->arch, a->config ? a->config->version : 0))
				continue;
			if (a->config)
				add_rule(a, p, r, g);
			else
				unread++;
		}
	}
	if (unread)
		link_add(g, LAYER_CONFIG, "config-read", UNKNOWN, a->config_from,
			 "no configuration was read, %zu rules wait for it: %s", unread,
			 a->config_why ? a->config_why : "there is none");
}
