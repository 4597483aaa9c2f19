// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies: what must hold of a rendered config, whoever asked for what.
 *
 *	rule hv-vmbus
 *	assert CONFIG_HYPERV_VMBUS = y
 *	or CONFIG_HYPERV_OTHER in y m
 *	assert CONFIG_LSM contains lockdown
 *	arch x86_64
 *	version >= 6.16
 *	severity error
 *	goal lockdown
 *	why the root disk hangs off this bus
 *	ref drivers/hv/Kconfig
 *	cost none measured
 *	except azure-min until 2027-01 why no disk there
 *
 * Stanzas end at a blank line; a line that starts with a blank continues the
 * text of "why", "ref" or "cost" above it.
 */
#include "config/cfg.h"

struct parser {
	struct cfg_text t;
	struct cfg_policy *p;
	bool in_rule;
	char **last;
};

static struct cfg_rule *cur_rule(struct parser *p)
{
	return &p->p->rules.v[p->p->rules.n - 1];
}

static bool parse_op(struct parser *p, struct cfg_assert *a, const char *op, char *rest)
{
	char *w;

	if (!strcmp(op, "is") && !strcmp(rest, "not set")) {
		a->op = CFG_UNSET;
		return true;
	}
	if (!strcmp(op, "=") || !strcmp(op, "!=") || !strcmp(op, ">=") || !strcmp(op, "<=")) {
		const char *why = cfg_value_why(rest);

		if (why && strcmp(rest, "n")) {
			cfg_bad(&p->t, "%s", why);
			return false;
		}
		a->op = *op == '=' ? CFG_EQ : *op == '!' ? CFG_NE : *op == '>' ? CFG_GE : CFG_LE;
		if (a->op >= CFG_GE && !strchr("0123456789", *rest)) {
			cfg_bad(&p->t, "'%s' needs a number", op);
			return false;
		}
		strlist_add(&a->args, rest);
		return true;
	}
	if (strcmp(op, "in") && strcmp(op, "contains")) {
		cfg_bad(&p->t, "unknown comparison '%s' (=, !=, >=, <=, in, contains, is not set)",
			op);
		return false;
	}
	a->op = *op == 'i' ? CFG_IN : CFG_CONTAINS;
	while ((w = cfg_word(&rest)))
		strlist_add(&a->args, w);
	if (!a->args.n)
		cfg_bad(&p->t, "'%s' needs a value", op);
	return a->args.n > 0;
}

static void parse_assert(struct parser *p, char *s, bool alternative)
{
	struct cfg_rule *r = cur_rule(p);
	char *sym = cfg_word(&s), *op = cfg_word(&s);
	struct cfg_assert a = { .line = p->t.line, .alternative = alternative };

	if (alternative && !r->asserts.n) {
		cfg_bad(&p->t, "'or' without an assert above it");
		return;
	}
	if (!sym || !op || !*s || !str_starts(sym, "CONFIG_") || !cfg_is_symbol(sym + 7)) {
		cfg_bad(&p->t, "expected CONFIG_X, a comparison and a value");
		return;
	}
	if (!parse_op(p, &a, op, s)) {
		strlist_free(&a.args);
		return;
	}
	a.sym = xstrdup(sym + 7);
	vec_push(&r->asserts, a);
}

static void parse_except(struct parser *p, char *s)
{
	char *flavour = cfg_word(&s), *until = cfg_word(&s), *month = cfg_word(&s);
	char *why = cfg_word(&s);
	struct cfg_except *e;

	if (!why || strcmp(until, "until") || strcmp(why, "why") || !*s) {
		cfg_bad(&p->t, "expected: except FLAVOUR until YYYY-MM why TEXT");
		return;
	}
	if (!cfg_is_month(month)) {
		cfg_bad(&p->t, "'%s' is not YYYY-MM", month);
		return;
	}
	e = vec_add(&cur_rule(p)->excepts);
	e->flavour = xstrdup(flavour);
	e->until = xstrdup(month);
	e->why = xstrdup(s);
	e->line = p->t.line;
}

static void parse_severity(struct parser *p, const char *s)
{
	if (strcmp(s, "error") && strcmp(s, "warning"))
		cfg_bad(&p->t, "severity is error or warning, not '%s'", s);
	cur_rule(p)->warning = !strcmp(s, "warning");
}

static void parse_arches(struct parser *p, char *s)
{
	char *w;
	int i;

	while ((w = cfg_word(&s))) {
		i = cfg_arch_index(w);
		if (i < 0)
			cfg_bad(&p->t, "unknown arch '%s' (x86_64, aarch64)", w);
		else
			cur_rule(p)->arches |= 1u << i;
	}
}

static void parse_version(struct parser *p, char *s)
{
	const char *op = cfg_word(&s);
	unsigned int v = cfg_version(s), *to;

	to = !strcmp(op, ">=") ? &cur_rule(p)->from : &cur_rule(p)->before;
	if ((strcmp(op, ">=") && strcmp(op, "<")) || !v)
		cfg_bad(&p->t, "expected: version >= X.Y, or version < X.Y");
	else if (*to)
		cfg_bad(&p->t, "second 'version %s' in one rule", op);
	else
		*to = v;
}

static void parse_goal(struct parser *p, const char *s)
{
	struct cfg_rule *r = cur_rule(p);

	if (!cfg_is_name(s))
		cfg_bad(&p->t, "'%s' is not a name", s);
	else if (r->goal)
		cfg_bad(&p->t, "second 'goal' in one rule");
	else
		r->goal = xstrdup(s);
}

static void parse_text(struct parser *p, char **to, const char *key, const char *s)
{
	if (*to) {
		cfg_bad(&p->t, "second '%s' in one rule", key);
		return;
	}
	*to = xstrdup(s);
	p->last = to;
}

static void end_rule(struct parser *p)
{
	struct cfg_rule *r;

	if (!p->in_rule)
		return;
	p->in_rule = false;
	p->last = NULL;
	r = cur_rule(p);
	if (!r->asserts.n)
		report_bad(p->t.r, "syntax", p->t.path, r->line, "rule %s asserts nothing",
			   r->name);
	if (!r->why)
		report_bad(p->t.r, "syntax", p->t.path, r->line, "rule %s has no why", r->name);
}

static void start_rule(struct parser *p, const char *name)
{
	struct cfg_rule *r;

	end_rule(p);
	for (size_t i = 0; i < p->p->rules.n; i++) {
		if (!strcmp(p->p->rules.v[i].name, name))
			cfg_bad(&p->t, "second rule named '%s'", name);
	}
	if (!cfg_is_name(name))
		cfg_bad(&p->t, "'%s' is not a name", name);
	r = vec_add(&p->p->rules);
	r->name = xstrdup(name);
	r->line = p->t.line;
	p->in_rule = true;
	p->last = NULL;
}

static void parse_directive(struct parser *p, const char *key, char *s)
{
	p->last = NULL;
	if (!*s)
		cfg_bad(&p->t, "'%s' needs a value", key);
	else if (!strcmp(key, "assert") || !strcmp(key, "or"))
		parse_assert(p, s, *key == 'o');
	else if (!strcmp(key, "arch"))
		parse_arches(p, s);
	else if (!strcmp(key, "severity"))
		parse_severity(p, s);
	else if (!strcmp(key, "except"))
		parse_except(p, s);
	else if (!strcmp(key, "version"))
		parse_version(p, s);
	else if (!strcmp(key, "goal"))
		parse_goal(p, s);
	else if (!strcmp(key, "cost"))
		parse_text(p, &cur_rule(p)->cost, key, s);
	else if (!strcmp(key, "why"))
		parse_text(p, &cur_rule(p)->why, key, s);
	else if (!strcmp(key, "ref"))
		parse_text(p, &cur_rule(p)->ref, key, s);
	else
		cfg_bad(&p->t, "unknown key '%s' (assert, or, arch, version, severity, goal, why, ref, cost, except)",
			key);
}

static void parse_line(struct parser *p, char *s)
{
	bool indented = *s == ' ' || *s == '\t';
	char *key, *old;

	if (!*s) {
		end_rule(p);
		return;
	}
	if (*s == '#')
		return;
	if (indented && p->last) {
		old = *p->last;
		*p->last = xasprintf("%s %s", old, str_trim(s));
		free(old);
		return;
	}
	key = cfg_word(&s);
	if (!strcmp(key, "rule")) {
		if (*s)
			start_rule(p, s);
		else
			cfg_bad(&p->t, "'rule' needs a name");
	} else if (!p->in_rule) {
		cfg_bad(&p->t, "'%s' outside a rule", key);
	} else {
		parse_directive(p, key, s);
	}
}

struct cfg_policy *cfg_policy_parse(const char *name, const char *path, const char *buf,
				    size_t len, struct azk_report *r)
{
	struct parser p = {
		.t = { .path = path, .buf = buf, .len = len, .r = r },
		.p = xcalloc(1, sizeof(*p.p)),
	};
	char *line;

	p.p->name = xstrdup(name);
	p.p->path = xstrdup(path);
	while (cfg_line(&p.t, &line))
		parse_line(&p, line);
	end_rule(&p);
	for (size_t i = 0; i < p.p->rules.n; i++) {
		if (!p.p->rules.v[i].arches)
			p.p->rules.v[i].arches = CFG_ALL_ARCHES;
	}
	cfg_text_done(&p.t);
	return p.p;
}

static void free_rule(struct cfg_rule *r)
{
	for (size_t i = 0; i < r->asserts.n; i++) {
		free(r->asserts.v[i].sym);
		strlist_free(&r->asserts.v[i].args);
	}
	for (size_t i = 0; i < r->excepts.n; i++) {
		free(r->excepts.v[i].flavour);
		free(r->excepts.v[i].until);
		free(r->excepts.v[i].why);
	}
	vec_free(&r->asserts);
	vec_free(&r->excepts);
	free(r->name);
	free(r->why);
	free(r->ref);
	free(r->goal);
	free(r->cost);
}

void cfg_policy_free(struct cfg_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->rules.n; i++)
		free_rule(&p->rules.v[i]);
	vec_free(&p->rules);
	free(p->name);
	free(p->path);
	free(p);
}

unsigned int cfg_version(const char *s)
{
	unsigned int v[3] = { 0 };
	int n = sscanf(s, "%3u.%3u.%3u", &v[0], &v[1], &v[2]);

	/* stable releases go beyond 255 */
	return n < 2 ? 0 : v[0] << 20 | v[1] << 10 | v[2];
}

bool cfg_rule_applies(const struct cfg_rule *r, int arch, unsigned int version)
{
	if (arch >= 0 && !(r->arches & (1u << arch)))
		return false;
	if (!version)
		return true;
	return version >= r->from && (!r->before || version < r->before);
}

const struct cfg_except *cfg_rule_except(const struct cfg_rule *r, const char *flavour)
{
	for (size_t i = 0; i < r->excepts.n; i++) {
		if (!strcmp(r->excepts.v[i].flavour, flavour))
			return &r->excepts.v[i];
	}
	return NULL;
}

bool cfg_except_ended(const struct cfg_except *e, const char *today)
{
	return today && strncmp(today, e->until, 7) > 0;
}

static bool list_contains(const char *value, const char *item)
{
	size_t n = strlen(item);

	if (*value == '"')
		value++;
	for (;;) {
		size_t k = strcspn(value, ",\"");

		if (k == n && !strncmp(value, item, n))
			return true;
		if (value[k] != ',')
			return false;
		value += k + 1;
	}
}

bool cfg_assert_holds(const struct cfg_assert *a, const struct cfg_dot *d)
{
	const char *got = cfg_dot_get(d, a->sym);

	switch (a->op) {
	case CFG_EQ:
		return cfg_value_equal(got, a->args.v[0]);
	case CFG_NE:
		return !cfg_value_equal(got, a->args.v[0]);
	case CFG_UNSET:
		return cfg_value_equal(got, "n");
	case CFG_IN:
		for (size_t i = 0; i < a->args.n; i++) {
			if (cfg_value_equal(got, a->args.v[i]))
				return true;
		}
		return false;
	case CFG_GE:
	case CFG_LE:
		if (!got || *got < '0' || *got > '9')
			return false;
		return a->op == CFG_GE ?
			strtoull(got, NULL, 0) >= strtoull(a->args.v[0], NULL, 0) :
			strtoull(got, NULL, 0) <= strtoull(a->args.v[0], NULL, 0);
	case CFG_CONTAINS:
		for (size_t i = 0; i < a->args.n; i++) {
			if (!got || !list_contains(got, a->args.v[i]))
				return false;
		}
		return true;
	}
	return false;
}

char *cfg_assert_text(const struct cfg_assert *a)
{
	static const char *const op[] = {
		[CFG_EQ] = "=", [CFG_NE] = "!=", [CFG_IN] = "in", [CFG_UNSET] = "is not set",
		[CFG_GE] = ">=", [CFG_LE] = "<=", [CFG_CONTAINS] = "contains",
	};
	struct strbuf sb = STRBUF_INIT;

	sb_addf(&sb, "CONFIG_%s %s", a->sym, op[a->op]);
	for (size_t i = 0; i < a->args.n; i++)
		sb_addf(&sb, " %s", a->args.v[i]);
	return sb_detach(&sb);
}
