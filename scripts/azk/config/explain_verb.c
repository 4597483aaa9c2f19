// SPDX-License-Identifier: GPL-2.0-or-later
/* azk config explain: a symbol's value in each flavour and arch, and where it comes from. */
#include "config/builds.h"
#include "config/finds.h"

#define REACH_BUDGET 24

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

static void add_values(json_t *o, const struct kconf_sym *s)
{
	_cleanup_free_ char *value = kconf_value_text(s->type, s->value);

	add_str(o, "value", value);
	add_str(o, "type", s->type);
}

/* What would have to be asked for the value, as "NAME=VALUE" with who asks otherwise now. */
static void add_reach(json_t *o, struct kconf *k, const struct cfg_plan *p, const char *sym,
		      const char *value)
{
	struct kconf_fixes fixes;
	json_t *list = json_array();

	if (!kconf_fix(k, sym, value, REACH_BUDGET, false, &fixes) && fixes.v.n) {
		const struct strlist *changes = &fixes.v.v[0].changes;

		for (size_t i = 0; i < changes->n; i++) {
			_cleanup_free_ char *name = xstrdup(changes->v[i]);
			char *to = strchr(name, ' ');
			const struct cfg_intent *in;
			json_t *c;

			*to++ = '\0';
			in = cfg_plan_find(p, name);
			c = json_pack("{s:s, s:s}", "symbol", name, "value", to);
			if (in) {
				add_str(c, "was", in->opt->value);
				add_str(c, "file", in->frag->path);
				json_object_set_new(c, "line",
						    json_integer((json_int_t)in->opt->line));
			}
			json_array_append_new(list, c);
		}
	}
	kconf_fixes_free(&fixes);
	json_object_set_new(o, value, list);
}

/* What is off: on, and as a module where it can be one; what is on: off. */
static void add_changes(json_t *o, struct kconf *k, const struct cfg_plan *p, const char *sym,
			const struct kconf_sym *s)
{
	bool is_tri = !strcmp(s->type, "tristate");
	json_t *reach;

	if (!is_tri && strcmp(s->type, "bool"))
		return;
	reach = json_object();
	if (strcmp(s->value, "n"))
		add_reach(reach, k, p, sym, "n");
	if (strcmp(s->value, "y"))
		add_reach(reach, k, p, sym, "y");
	if (is_tri && strcmp(s->value, "m"))
		add_reach(reach, k, p, sym, "m");
	json_object_set_new(o, "takes", reach);
}

/* "node LEVEL VALUE TEXT" as objects. */
static void add_tree(json_t *o, struct kconf *k, const char *sym)
{
	struct strlist lines = { 0 };
	json_t *list = json_array();

	kconf_lines(k, &lines, "tree %s", sym);
	for (size_t i = 0; i < lines.n; i++) {
		unsigned int level;
		int at = 0;
		char v[2];

		if (sscanf(lines.v[i], "node %u %1s %n", &level, v, &at) == 2 && at)
			json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "level", (int)level,
							      "value", v, "term", lines.v[i] + at));
	}
	json_object_set_new(o, "depends_on", list);
	strlist_free(&lines);
}

/* "HOW NAME = VALUE" as objects. */
static void add_reverse(json_t *o, struct kconf *k, const char *sym)
{
	struct strlist lines = { 0 };
	json_t *list = json_array();

	kconf_lines(k, &lines, "rdeps %s", sym);
	strlist_sort(&lines);
	for (size_t i = 0; i < lines.n; i++) {
		char *rest = lines.v[i], *how = cfg_word(&rest), *name = cfg_word(&rest);

		if (name && str_starts(rest, "="))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "how", how, "symbol",
							      name, "value", rest + 1 + (rest[1] == ' ')));
	}
	json_object_set_new(o, "used_by", list);
	strlist_free(&lines);
}

/* Where all but the place is as in one told already, that one holds here too. */
static bool told(json_t *list, json_t *o, const char *where)
{
	json_t *e, *places;
	size_t i;

	json_array_foreach(list, i, e) {
		if (!json_equal(json_object_get(e, "same"), o))
			continue;
		places = json_object_get(e, "where");
		json_array_append_new(places, json_string(where));
		return true;
	}
	return false;
}

/* What is equal in several flavours and arches stands in "same", to be compared. */
static json_t *describe(const struct cfg_plan *p, struct kconf *k, const char *sym,
			const struct kconf_sym *s)
{
	json_t *o = json_pack("{s:b}", "exists", s->exists);

	if (!s->exists)
		return o;
	add_values(o, s);
	add_asked(o, p, sym);
	add_rules(o, p, sym);
	add_lines(o, "prompts", s, "prompt ");
	add_lines(o, "defined", s, "at ");
	add_lines(o, "help", s, "help ");
	add_lines(o, "needs", s, s->has_prompt ? "term " : "dep ");
	add_tree(o, k, sym);
	add_lines(o, "selected_by", s, "selby ");
	add_lines(o, "implied_by", s, "impby ");
	add_lines(o, "choice", s, "chosen ");
	add_lines(o, "range", s, "range ");
	add_lines(o, "defaults", s, "default ");
	add_lines(o, "selects", s, "selects ");
	return o;
}

static int explain_plan(struct cfg_run *run, const struct cfg_plan *p, const char *sym,
			json_t *list, bool *exists)
{
	struct kconf *k = cfg_run_kconf(run, p->arch);
	_cleanup_free_ char *where = xasprintf("%s/%s", p->flavour->name, cfg_arches[p->arch].name);
	_cleanup_sb_ struct strbuf asked = STRBUF_INIT;
	struct kconf_sym s = { 0 };
	json_t *same, *o;
	int rc = -1;

	cfg_plan_text(p, &asked);
	if (!k || kconf_open(k, sb_str(&asked), asked.len) || kconf_ask(k, sym, &s))
		goto out;
	same = describe(p, k, sym, &s);
	if (told(list, same, where)) {
		json_decref(same);
	} else {
		o = json_pack("{s:[s], s:o}", "where", where, "same", same);
		if (s.exists) {
			add_changes(o, k, p, sym, &s);
			add_reverse(o, k, sym);
		}
		json_array_append_new(list, o);
	}
	*exists = *exists || s.exists;
	rc = kconf_close(k);
out:
	kconf_sym_free(&s);
	return rc;
}

/* One object a place: the keys of "same" are its own. */
static void flatten(json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		json_object_update(o, json_object_get(o, "same"));
		json_object_del(o, "same");
	}
}

/* Patches whose text names the option, as CONFIG_X or in a Kconfig file's own words. */
static void add_patches(json_t *root, const char *dir, const char *sym)
{
	_cleanup_free_ char *series = path_join(dir, "series");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	json_t *list = json_array();
	const char *line;
	size_t pos = 0, n;

	if (!azk_read_file(series, &sb)) {
		while (azk_next_line(sb_str(&sb), sb.len, &pos, &line, &n)) {
			_cleanup_free_ char *copy = xmemdup0(line, n), *path = NULL;
			_cleanup_sb_ struct strbuf text = STRBUF_INIT;
			char *rest = copy, *name = cfg_word(&rest);

			if (!name || *name == '#' || !str_ends(name, ".patch"))
				continue;
			path = path_join(dir, name);
			if (!azk_read_file(path, &text) && cfg_names_option(sb_str(&text), sym))
				json_array_append_new(list, json_string(name));
		}
	}
	json_object_set_new(root, "patches", list);
}

static void add_builds(json_t *root, const struct cfg_run *run, const char *sym)
{
	struct strlist files = { 0 };
	json_t *list = json_array();
	int rc = cfg_builds(run->tree, run->cache, sym, &files);

	if (rc)
		report_bad(run->r, "tree", run->tree, 0, "its Makefiles: %s", strerror(-rc));
	for (size_t i = 0; i < files.n; i++)
		json_array_append_new(list, json_string(files.v[i]));
	json_object_set_new(root, "builds", list);
	strlist_free(&files);
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

static void print_tree(json_t *list, FILE *out)
{
	json_t *n;
	size_t i;

	if (json_array_size(list))
		fputs("    depends on\n", out);
	json_array_foreach(list, i, n) {
		_cleanup_free_ char *copy = xstrdup(str_of(n, "term"));
		char *rest = copy, *kind = cfg_word(&rest), *name = rest;
		int level = (int)json_integer_value(json_object_get(n, "level"));

		fprintf(out, "      %*s", 2 * level, "");
		if (!strcmp(kind, "symbol")) {
			char *sym = cfg_word(&name);

			fprintf(out, "%s = %s\n", sym, name);
		} else if (!strcmp(kind, "undefined")) {
			fprintf(out, "%s: not defined for this arch\n", cfg_word(&name));
		} else if (!strcmp(kind, "all") || !strcmp(kind, "any")) {
			fprintf(out, "%s of: %s\n", kind, str_of(n, "value"));
		} else {
			fprintf(out, "%s: %s\n", rest, str_of(n, "value"));
		}
	}
}

static void print_takes(json_t *takes, FILE *out)
{
	const char *value;
	json_t *list, *c;
	size_t i;

	json_object_foreach(takes, value, list) {
		if (!json_array_size(list)) {
			fprintf(out, "    %s: no change of options found that makes it so\n", value);
			continue;
		}
		fprintf(out, "    %s takes", value);
		json_array_foreach(list, i, c) {
			const char *to = str_of(c, "value");
			bool off = !strcmp(to, "n");

			fprintf(out, "%s CONFIG_%s%s%s", i ? "," : "", str_of(c, "symbol"),
				off ? " is not set" : "=", off ? "" : to);
			if (str_of(c, "was"))
				fprintf(out, " (%s:%lld asks %s)", str_of(c, "file"),
					(long long)json_integer_value(json_object_get(c, "line")),
					str_of(c, "was"));
		}
		fputc('\n', out);
	}
}

#define MAX_USERS 12

static void print_users(json_t *list, FILE *out)
{
	size_t i, on = 0, shown = 0;
	json_t *u;

	if (!json_array_size(list))
		return;
	json_array_foreach(list, i, u)
		on += strcmp(str_of(u, "value"), "n") != 0;
	fprintf(out, "    named by %zu options, %zu of them on%s\n", json_array_size(list), on,
		on ? ":" : "");
	json_array_foreach(list, i, u) {
		if (!strcmp(str_of(u, "value"), "n"))
			continue;
		if (++shown > MAX_USERS) {
			fprintf(out, "      and %zu more that are on (all are in --json)\n",
				on - MAX_USERS);
			break;
		}
		fprintf(out, "      %s (%s): %s\n", str_of(u, "symbol"), str_of(u, "how"),
			str_of(u, "value"));
	}
}

static void print_where(json_t *where, FILE *out)
{
	json_t *w;
	size_t i;

	json_array_foreach(where, i, w)
		fprintf(out, "%s%s", i ? ", " : "", json_string_value(w));
}

static void print_text(json_t *root, FILE *out)
{
	json_t *o, *rule;
	size_t i, k;

	json_array_foreach(json_object_get(root, "explained"), i, o) {
		print_where(json_object_get(o, "where"), out);
		if (!json_is_true(json_object_get(o, "exists"))) {
			fprintf(out, ": no CONFIG_%s in this tree\n", str_of(root, "symbol"));
			continue;
		}
		fprintf(out, ": CONFIG_%s is %s (%s)\n", str_of(root, "symbol"), str_of(o, "value"),
			str_of(o, "type"));
		print_lines(o, "prompts", "prompt", out);
		print_lines(o, "defined", "defined at", out);
		print_asked(json_object_get(o, "asked"), out);
		print_terms(o, "needs", "needs", out);
		print_tree(json_object_get(o, "depends_on"), out);
		print_terms(o, "selected_by", "selected by", out);
		print_terms(o, "implied_by", "implied by", out);
		print_lines(o, "choice", "of a choice that holds", out);
		print_lines(o, "range", "range", out);
		print_lines(o, "selects", "selects", out);
		json_array_foreach(json_object_get(o, "rules"), k, rule)
			fprintf(out, "    policy %s, rule %s: %s\n", str_of(rule, "policy"),
				str_of(rule, "rule"), str_of(rule, "assert"));
		print_takes(json_object_get(o, "takes"), out);
		print_users(json_object_get(o, "used_by"), out);
	}
	json_array_foreach(json_object_get(root, "builds"), i, o)
		fprintf(out, "%s %s\n", i ? "      " : "builds", json_string_value(o));
	json_array_foreach(json_object_get(root, "patches"), i, o)
		fprintf(out, "patch %s names it\n", json_string_value(o));
}

int cfg_cmd_explain(int argc, char **argv)
{
	struct cfg_run run = { 0 };
	const char *patches = "patches";
	bool json = false, exists = false;
	const struct azk_opt opts[] = {
		CFG_RUN_OPTS(run),
		{ "patches", "DIR", "the patch queue (default: patches)", .str = &patches },
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
		flatten(list);
		add_builds(report_root(run.r), &run, sym);
		add_patches(report_root(run.r), patches, sym);
	}
	rc = report_print(run.r, json, stdout, print_text);
	cfg_run_free(&run);
	return rc;
}
