// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The goals and what their chains are made of. A goal is as good as its worst
 * link; of several equally bad ones the first that no other link of the chain
 * explains is the weakest. Chains run from the configuration over image and
 * modules to the running kernel, so the first is nearest to the cause.
 */
#include "audit/audit.h"

const char *const state_names[5] = { "fails", "unknown", "weak", "holds", "n/a" };

struct goal *goal_add(struct verdicts *v, const char *id, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct goal *g = xcalloc(1, sizeof(*g));
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	g->id = xstrdup(id);
	g->title = sb_detach(&sb);
	vec_push(&v->goals, g);
	return g;
}

struct link *link_add(struct goal *g, enum layer layer, const char *id, enum state state,
		      const char *source, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct link *l = vec_add(&g->links);
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	l->id = xstrdup(id);
	l->layer = layer;
	l->state = state;
	l->source = source ? xstrdup(source) : NULL;
	l->said = sb_detach(&sb);
	return l;
}

void link_remedy(struct link *l, const char *why, const char *remedy)
{
	if (why)
		str_setf(&l->why, "%s", why);
	if (remedy)
		str_setf(&l->remedy, "%s", remedy);
}

struct link *goal_link(const struct goal *g, const char *id)
{
	for (size_t i = 0; i < g->links.n; i++) {
		if (!strcmp(g->links.v[i].id, id))
			return &g->links.v[i];
	}
	return NULL;
}

static bool explained(const struct goal *g, const struct link *l)
{
	const struct link *cause = l->cause ? goal_link(g, l->cause) : NULL;

	return cause && cause->state < HOLDS;
}

static void judge(struct goal *g)
{
	g->verdict = NOT_APPLICABLE;
	g->weakest = NULL;
	for (size_t i = 0; i < g->links.n; i++) {
		const struct link *l = &g->links.v[i];

		if (l->state < g->verdict)
			g->verdict = l->state;
		if (l->state >= HOLDS || explained(g, l))
			continue;
		if (!g->weakest || l->state < g->weakest->state)
			g->weakest = l;
	}
}

static bool looks_at(const struct audit *a, enum layer layer)
{
	return a->layers & (1u << layer);
}

static void lockdown_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "lockdown", "lockdown=%s enforced under Secure Boot",
				  level_names[a->level]);

	links_of_rules(a, g);
	if (looks_at(a, LAYER_IMAGE))
		links_of_image_lockdown(a, g);
	if (looks_at(a, LAYER_LIVE)) {
		links_of_secure_boot(a, g);
		links_of_level(a, g);
	}
}

static void modules_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "modules", "only modules signed by a trusted key run");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_IMAGE))
		links_of_keys(a, g);
	if (looks_at(a, LAYER_MODULES))
		links_of_modules(a, g);
	if (looks_at(a, LAYER_LIVE))
		links_of_live_modules(a, g);
}

static void kexec_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "kexec", "only a signed kernel can be started from this one");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_LIVE))
		links_of_live_kexec(a, g);
}

static void memory_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "memory", "root cannot change the running kernel");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_LIVE)) {
		links_of_level(a, g);
		links_of_reach(a, v, g, LEVEL_INTEGRITY);
	}
}

static void secrets_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "secrets", "root cannot read kernel memory");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_LIVE)) {
		links_of_level(a, g);
		links_of_reach(a, v, g, LEVEL_CONFIDENTIALITY);
	}
}

static void boot_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "boot", "the firmware can tell this kernel from another");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_IMAGE))
		links_of_boot(a, g);
}

static void lsm_goal(const struct audit *a, struct verdicts *v)
{
	struct goal *g = goal_add(v, "lsm", "the security modules asked for run, in that order");

	links_of_rules(a, g);
	if (looks_at(a, LAYER_LIVE))
		links_of_live_lsm(a, g);
}

/* A rule whose goal is none of ours would be looked at by nobody. */
static void check_goals(const struct audit *a, const struct verdicts *v, struct azk_report *r)
{
	for (size_t i = 0; i < a->policies.n; i++) {
		const struct cfg_policy *p = a->policies.v[i];

		for (size_t k = 0; k < p->rules.n; k++) {
			const char *goal = p->rules.v[k].goal;
			bool known = !goal || !strcmp(goal, "secrets");

			for (size_t n = 0; n < v->goals.n && !known; n++)
				known = !strcmp(v->goals.v[n]->id, goal);
			if (!known)
				report_bad(r, "policy", p->path, p->rules.v[k].line,
					   "rule %s: no goal is named '%s'", p->rules.v[k].name,
					   goal);
		}
	}
}

static void free_goal(struct goal *g)
{
	for (size_t i = 0; i < g->links.n; i++) {
		struct link *l = &g->links.v[i];

		free(l->id);
		free(l->said);
		free(l->source);
		free(l->why);
		free(l->remedy);
		free(l->cause);
	}
	vec_free(&g->links);
	free(g->id);
	free(g->title);
	free(g);
}

/* Goals of which nothing was looked at say nothing. */
static void judge_all(struct verdicts *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->goals.n; i++) {
		struct goal *g = v->goals.v[i];

		if (!g->links.n) {
			free_goal(g);
			continue;
		}
		judge(g);
		v->goals.v[n++] = g;
	}
	v->goals.n = n;
	for (size_t i = 0; i < n; i++) {
		struct goal *g = v->goals.v[i];

		if (g->weakest && (!v->goal || g->verdict < v->goal->verdict))
			v->goal = g;
	}
}

void verdicts_make(struct audit *a, struct verdicts *v, struct azk_report *r)
{
	memset(v, 0, sizeof(*v));
	if (looks_at(a, LAYER_LIVE))
		reach_make(a, v);
	lockdown_goal(a, v);
	boot_goal(a, v);
	modules_goal(a, v);
	kexec_goal(a, v);
	memory_goal(a, v);
	if (a->level == LEVEL_CONFIDENTIALITY)
		secrets_goal(a, v);
	lsm_goal(a, v);
	if (looks_at(a, LAYER_LIVE)) {
		links_of_runtime(a, goal_add(v, "runtime",
					     "nothing at run time weakens what was built"));
		links_of_confidential(a, goal_add(v, "confidential",
						  "memory is kept from the host"));
	}
	check_goals(a, v, r);
	for (size_t i = 0; i < a->policy_names.n; i++) {
		_cleanup_free_ char *id = xasprintf("policy-%s", a->policy_names.v[i]);

		links_of_rules(a, goal_add(v, id, "the policy %s holds", a->policy_names.v[i]));
	}
	judge_all(v);
}

void verdicts_free(struct verdicts *v)
{
	for (size_t i = 0; i < v->goals.n; i++)
		free_goal(v->goals.v[i]);
	vec_free(&v->goals);
	for (size_t i = 0; i < v->reach.n; i++)
		free(v->reach.v[i].because);
	vec_free(&v->reach);
}
