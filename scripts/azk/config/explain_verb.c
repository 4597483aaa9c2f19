// SPDX-License-Identifier: GPL-2.0-or-later
/* azk config explain: a symbol's value in each flavour and arch, and where it comes from. */
#include "config/finds.h"

static void add_str(json_t *o, const char *key, const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	if (j)
		json_object_set_new(o, key, j);
}

static void add_asked(json_t *o, const struct cfg_plan *p, const char *sym)
{
	const struct cfg_intent *in = cfg_plan_find(p, sym);
	const struct cfg_block *b;
	json_t *a;

	if (!in)
		return;
	a = json_pack("{s:s, s:I}", "file", in->frag->path, "line", (json_int_t)in->opt->line);
	if (!a)
		return;
	add_str(a, "value", in->opt->value);
	if (in->opt->block != CFG_NO_BLOCK) {
		b = &in->frag->blocks.v[in->opt->block];
		add_str(a, "why", b->why);
		add_str(a, "ref", b->ref);
		add_str(a, "owner", b->owner);
		add_str(a, "review", b->review);
	}
	json_object_set_new(o, "asked", a);
}

static void add_rule(json_t *rules, const char *policy, const struct cfg_rule *r, const char *sym)
{
	for (size_t i = 0; i < r->asserts.n; i++) {
		_cleanup_free_ char *text = NULL;

		if (strcmp(r->asserts.v[i].sym, sym))
			continue;
		text = cfg_assert_text(&r->asserts.v[i]);
		json_array_append_new(rules, json_pack("{s:s, s:s, s:s}", "policy", policy,
						       "rule", r->name, "assert", text));
	}
}

static void add_rules(json_t *o, const struct cfg_plan *p, const char *sym)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < p->policies.n; i++) {
		const struct cfg_policy *po = p->policies.v[i];

		for (size_t k = 0; k < po->rules.n; k++) {
			if (po->rules.v[k].arches & (1u << p->arch))
				add_rule(rules, po->name, &po->rules.v[k], sym);
		}
	}
	json_object_set_new(o, "rules", rules);
}

/* The lines of a key as a list; those with a value before the text keep it. */
static void add_lines(json_t *o, const char *name, const struct kconf_sym *s, const char *key)
{
	json_t *list = json_array();
	size_t n = strlen(key);

	for (size_t i = 0; i < s->lines.n; i++) {
		json_t *j;

		if (!str_starts(s->lines.v[i], key))
			continue;
		j = json_string(s->lines.v[i] + n);
		if (j)
			json_array_append_new(list, j);
	}
	json_object_set_new(o, name, list);
}

static int explain_plan(struct cfg_run *run, const struct cfg_plan *p, const char *sym,
			json_t *list, bool *exists)
{
	struct cfg_result res;
	struct kconf_sym s = { 0 };
	json_t *o;
	int rc;

	rc = cfg_render_plan(run, p, &res);
	if (!rc)
		rc = kconf_ask(run->kconf[p->arch], sym, &s);
	if (rc)
		goto out;
	o = json_pack("{s:s, s:s, s:b}", "flavour", p->flavour->name, "arch",
		      cfg_arches[p->arch].name, "exists", s.exists);
	add_str(o, "value", cfg_dot_get(res.dot, sym) ?: s.exists ? "n" : NULL);
	add_str(o, "type", s.type);
	add_asked(o, p, sym);
	add_rules(o, p, sym);
	add_lines(o, "prompts", &s, "prompt ");
	add_lines(o, "defined", &s, "at ");
	add_lines(o, "needs", &s, s.has_prompt ? "term " : "dep ");
	add_lines(o, "selected_by", &s, "selby ");
	add_lines(o, "implied_by", &s, "impby ");
	add_lines(o, "choice", &s, "chosen ");
	add_lines(o, "range", &s, "range ");
	json_array_append_new(list, o);
	*exists = *exists || s.exists;
	kconf_close(run->kconf[p->arch]);
out:
	kconf_sym_free(&s);
	cfg_result_free(&res);
	return rc;
}

static const char *str_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void print_lines(json_t *o, const char *key, const char *label, FILE *out)
{
	json_t *j;
	size_t i;

	json_array_foreach(json_object_get(o, key), i, j)
		fprintf(out, "    %s %s\n", label, json_string_value(j));
}

/* "T EXPR" as "EXPR is T". */
static void print_terms(json_t *o, const char *key, const char *label, FILE *out)
{
	json_t *j;
	size_t i;

	json_array_foreach(json_object_get(o, key), i, j) {
		const char *s = json_string_value(j);

		fprintf(out, "    %s %s: %c\n", label, s + 2, s[0]);
	}
}

static void print_asked(json_t *a, FILE *out)
{
	static const char *const keys[] = { "why", "ref", "owner", "review" };

	if (!a) {
		fputs("    not asked for\n", out);
		return;
	}
	fprintf(out, "    asked %s at %s:%lld\n", str_of(a, "value"), str_of(a, "file"),
		(long long)json_integer_value(json_object_get(a, "line")));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (str_of(a, keys[i]))
			fprintf(out, "        %s: %s\n", keys[i], str_of(a, keys[i]));
	}
}

static void print_text(json_t *root, FILE *out)
{
	json_t *o, *rule;
	size_t i, k;

	json_array_foreach(json_object_get(root, "explained"), i, o) {
		if (!json_is_true(json_object_get(o, "exists"))) {
			fprintf(out, "%s/%s: no CONFIG_%s in this tree\n", str_of(o, "flavour"),
				str_of(o, "arch"), str_of(root, "symbol"));
			continue;
		}
		fprintf(out, "%s/%s: CONFIG_%s is %s (%s)\n", str_of(o, "flavour"),
			str_of(o, "arch"), str_of(root, "symbol"), str_of(o, "value"),
			str_of(o, "type"));
		print_lines(o, "prompts", "prompt", out);
		print_lines(o, "defined", "defined at", out);
		print_asked(json_object_get(o, "asked"), out);
		print_terms(o, "needs", "needs", out);
		print_terms(o, "selected_by", "selected by", out);
		print_terms(o, "implied_by", "implied by", out);
		print_lines(o, "choice", "of a choice that holds", out);
		print_lines(o, "range", "range", out);
		json_array_foreach(json_object_get(o, "rules"), k, rule)
			fprintf(out, "    policy %s, rule %s: %s\n", str_of(rule, "policy"),
				str_of(rule, "rule"), str_of(rule, "assert"));
	}
}

int cfg_cmd_explain(int argc, char **argv)
{
	struct cfg_run run = { 0 };
	bool json = false, exists = false;
	const struct azk_opt opts[] = {
		CFG_RUN_OPTS(run),
		{ "json", NULL, "the report as JSON", .flag = &json },
		{ 0 },
	};
	const char *sym;
	json_t *list;
	int n, rc;

	n = azk_parse_opts(opts, "config explain SYMBOL --tree DIR [--flavour F] [--arch A]",
			   "config explain HYPERV_VMBUS --tree out/tree", argc, argv);
	if (n == AZK_OPT_HELP)
		return AZK_OK;
	if (n == AZK_OPT_BAD)
		return AZK_BAD;
	if (n != 1)
		return azk_error("config explain takes one SYMBOL");
	sym = str_starts(argv[1], "CONFIG_") ? argv[1] + 7 : argv[1];
	if (!cfg_is_symbol(sym))
		return azk_error("'%s' is not a symbol name", argv[1]);
	run.r = report_new("config explain");
	list = json_array();
	json_object_set_new(report_root(run.r), "symbol", json_string(sym));
	json_object_set_new(report_root(run.r), "explained", list);
	if (!cfg_run_init(&run)) {
		for (size_t i = 0; i < run.plans.n; i++) {
			if (explain_plan(&run, run.plans.v[i], sym, list, &exists))
				break;
		}
		if (!exists && report_status(run.r) != AZK_BAD)
			report_bad(run.r, "unknown-symbol", NULL, 0,
				   "CONFIG_%s does not exist in this tree", sym);
	}
	rc = report_print(run.r, json, stdout, print_text);
	cfg_run_free(&run);
	return rc;
}
