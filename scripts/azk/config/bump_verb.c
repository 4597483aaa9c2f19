// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk config bump: what another base makes of what is asked. Symbols that are
 * new, gone or likely renamed; dependencies, defaults and types that changed;
 * values that differ though nobody asked; and what is lost, with its fix.
 */
#include "config/describe.h"
#include "config/finds.h"

#define LIKELY 0.55

/* Both trees for one arch. */
struct pair {
	struct cfg_defs old, new;
	bool known;
};

struct bump {
	struct cfg_run old, new;
	struct azk_report *r;
	struct pair arch[CFG_NARCH];
	struct cfg_finds lost;
	struct strmap added, removed, changed, drift;	/* symbol -> json_t * */
};

static json_t *record(struct strmap *m, const char *sym)
{
	json_t *o = strmap_get(m, sym);

	if (!o) {
		o = json_pack("{s:s}", "symbol", sym);
		strmap_put(m, sym, o);
	}
	return o;
}

static void set_str(json_t *o, const char *key, const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	if (j)
		json_object_set_new(o, key, j);
}

static int describe(struct kconf *k, struct cfg_defs *d)
{
	struct strlist lines = { 0 };
	int rc = kconf_lines(k, &lines, "describe");

	if (!rc)
		cfg_defs_parse(d, &lines);
	strlist_free(&lines);
	return rc;
}

static struct pair *pair_of(struct bump *b, int arch)
{
	struct pair *p = &b->arch[arch];
	struct kconf *old = cfg_run_kconf(&b->old, arch), *new = cfg_run_kconf(&b->new, arch);

	if (p->known)
		return p;
	if (!old || !new || describe(old, &p->old) || describe(new, &p->new))
		return NULL;
	p->known = true;
	return p;
}

/* ---- a plan under both trees -------------------------------------------------------- */

struct value {
	char visible;
	char *text;
};

/* The plan's values by symbol; they stay open. */
static int values(struct cfg_run *run, const struct cfg_plan *p, struct strmap *out)
{
	struct kconf *k = cfg_run_kconf(run, p->arch);
	_cleanup_sb_ struct strbuf text = STRBUF_INIT;
	struct strlist lines = { 0 };
	int rc = -1;

	cfg_plan_text(p, &text);
	if (k && !kconf_open(k, sb_str(&text), text.len))
		rc = kconf_lines(k, &lines, "values");
	for (size_t i = 0; !rc && i < lines.n; i++) {
		char *eq = strstr(lines.v[i], " = "), *rest = lines.v[i];
		char *name = cfg_word(&rest), *type = cfg_word(&rest);
		struct value *v;

		cfg_word(&rest);
		if (!eq || !rest)
			continue;
		v = xcalloc(1, sizeof(*v));
		v->visible = *rest;
		v->text = kconf_value_text(type, eq + 3);
		strmap_put(out, name, v);
	}
	strlist_free(&lines);
	return rc;
}

static void values_free(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct value *v = m->v[i].value;

		free(v->text);
		free(v);
	}
	strmap_free(m);
}

static void add_place(json_t *o, const char *key, const struct cfg_plan *p, const char *value)
{
	_cleanup_free_ char *where = xasprintf("%s/%s", p->flavour->name, cfg_arches[p->arch].name);
	json_t *places = json_object_get(o, key);

	if (!places) {
		places = json_object();
		json_object_set_new(o, key, places);
	}
	json_object_set_new(places, where, json_string(value));
}

static void add_asked(json_t *o, const struct cfg_intent *in)
{
	if (!in || json_object_get(o, "file"))
		return;
	set_str(o, "asked", in->opt->value);
	set_str(o, "file", in->frag->path);
	json_object_set_new(o, "line", json_integer((json_int_t)in->opt->line));
}

/* The new symbol that is likely what @old was: a transitional default says so, else likeness. */
static void find_new_name(const struct pair *p, const struct cfg_def *old, json_t *o)
{
	_cleanup_free_ char *best_why = NULL;
	const struct cfg_def *best = NULL;
	double best_score = LIKELY;

	for (size_t i = 0; i < p->new.map.n; i++) {
		const struct cfg_def *def = p->new.map.v[i].value;
		_cleanup_free_ char *why = NULL;
		double score;

		if (def->trans || strmap_get(&p->old.map, def->name) || !def->prompts.n != !old->prompts.n)
			continue;
		score = cfg_renamed(old, def, &why);
		if (score <= best_score)
			continue;
		best_score = score;
		best = def;
		free(best_why);
		best_why = TAKE_PTR(why);
	}
	if (!best)
		return;
	set_str(o, "likely", best->name);
	set_str(o, "because", best_why);
}

/* A name the new tree only reads: who takes its value as default? */
static void find_successor(const struct pair *p, const char *sym, json_t *o)
{
	for (size_t i = 0; i < p->new.map.n; i++) {
		const struct cfg_def *def = p->new.map.v[i].value;

		for (size_t k = 0; k < def->defaults.n; k++) {
			size_t n = strlen(sym);

			if (strncmp(def->defaults.v[k], sym, n) ||
			    (def->defaults.v[k][n] && def->defaults.v[k][n] != ' '))
				continue;
			set_str(o, "renamed", def->name);
			set_str(o, "because", "the tree reads the old name as a transitional one");
			return;
		}
	}
}

static void look_removed(struct bump *b, const struct pair *p, const struct cfg_plan *plan,
			 const struct strmap *old)
{
	for (size_t i = 0; i < old->n; i++) {
		const char *sym = old->v[i].key;
		const struct value *v = old->v[i].value;
		const struct cfg_def *now = cfg_defs_get(&p->new, sym);
		const struct cfg_intent *in = cfg_plan_find(plan, sym);
		const struct cfg_def *was = cfg_defs_get(&p->old, sym);
		bool fresh;
		json_t *o;

		if ((now && (!now->trans || was->trans)) || (!in && !strcmp(v->text, "n")))
			continue;
		fresh = !strmap_get(&b->removed, sym);
		o = record(&b->removed, sym);
		add_place(o, "was", plan, v->text);
		add_asked(o, in);
		if (!fresh)
			continue;
		set_str(o, "prompt", was->prompts.n ? was->prompts.v[0] : NULL);
		set_str(o, "defined", was->file);
		if (now)
			find_successor(p, sym, o);
		else if (was->prompts.n || in)
			find_new_name(p, was, o);
	}
}

/* The fragment that asks most of what is defined beside it. */
static const char *home_of(const struct cfg_plan *plan, const struct pair *p, const char *file)
{
	struct strmap count = { 0 };
	const char *best = NULL;
	uintptr_t most = 0;

	for (size_t i = 0; i < plan->intents.n; i++) {
		const struct cfg_def *def = cfg_defs_get(&p->new, plan->intents.v[i].opt->sym);
		const char *path = plan->intents.v[i].frag->path;
		uintptr_t n;

		if (!def || !def->file || strcmp(def->file, file))
			continue;
		n = (uintptr_t)strmap_get(&count, path) + 1;
		strmap_put(&count, path, (void *)n);
		if (n > most) {
			most = n;
			best = path;
		}
	}
	strmap_free(&count);
	return best;
}

/* Fragments are intent over the defaults: only what turns itself on needs a decision. */
static void propose(const struct cfg_plan *plan, const struct pair *p, const struct cfg_def *def,
		    const struct value *v, json_t *o)
{
	const struct cfg_intent *in = cfg_plan_find(plan, def->name);
	const char *home = def->file ? home_of(plan, p, def->file) : NULL;
	bool is_switch = !strcmp(def->type, "bool") || !strcmp(def->type, "tristate");

	if (in) {
		_cleanup_free_ char *text = xasprintf("asked %s at %s:%zu already", in->opt->value,
						      in->frag->path, in->opt->line);

		set_str(o, "answer", text);
		return;
	}
	if (!is_switch || !strcmp(v->text, "n")) {
		if (!json_object_get(o, "answer"))
			set_str(o, "answer", "its default: nothing to ask");
		return;
	}
	if (home) {
		_cleanup_free_ char *text =
			xasprintf("on by default: '# CONFIG_%s is not set' in %s keeps the kernel "
				  "as it was", def->name, home);

		set_str(o, "answer", text);
	} else {
		set_str(o, "answer", "on by default, and no fragment asks for anything beside it: decide");
	}
}

static void look_added(struct bump *b, const struct pair *p, const struct cfg_plan *plan,
		       const struct strmap *old, const struct strmap *new)
{
	for (size_t i = 0; i < new->n; i++) {
		const char *sym = new->v[i].key;
		const struct value *v = new->v[i].value;
		const struct cfg_def *def = cfg_defs_get(&p->new, sym);
		json_t *o;

		if (!def || def->trans || strmap_get(old, sym))
			continue;
		if (!def->prompts.n || v->visible == 'n' || !plan->ship)
			continue;
		o = record(&b->added, sym);
		set_str(o, "type", def->type);
		set_str(o, "prompt", def->prompts.v[0]);
		set_str(o, "defined", def->file);
		add_place(o, "value", plan, v->text);
		propose(plan, p, def, v, o);
	}
}

static char *joined(const struct strlist *l)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		sb_addf(&sb, "%s%s", i ? "; " : "", l->v[i]);
	return sb_detach(&sb);
}

static void note_change(json_t *o, const char *what, const char *old, const char *new)
{
	if (!strcmp(old, new))
		return;
	json_object_set_new(o, what, json_pack("{s:s, s:s}", "old", old, "new", new));
}

/* Of what is asked, and of what came out otherwise. */
static void look_changed(struct bump *b, const struct pair *p, const struct cfg_plan *plan,
			 const char *sym)
{
	const struct cfg_def *was = cfg_defs_get(&p->old, sym), *now = cfg_defs_get(&p->new, sym);
	_cleanup_free_ char *dep0 = NULL, *dep1 = NULL, *def0 = NULL, *def1 = NULL;
	json_t *o;

	if (!was || !now || strmap_get(&b->changed, sym))
		return;
	dep0 = joined(&was->dep);
	dep1 = joined(&now->dep);
	def0 = joined(&was->defaults);
	def1 = joined(&now->defaults);
	if (!strcmp(dep0, dep1) && !strcmp(def0, def1) && !strcmp(was->type, now->type))
		return;
	o = record(&b->changed, sym);
	add_asked(o, cfg_plan_find(plan, sym));
	note_change(o, "type", was->type, now->type);
	note_change(o, "dependency", dep0, dep1);
	note_change(o, "default", def0, def1);
}

static void look_values(struct bump *b, const struct pair *p, const struct cfg_plan *plan,
			const struct strmap *old, const struct strmap *new)
{
	for (size_t i = 0; i < plan->intents.n; i++)
		look_changed(b, p, plan, plan->intents.v[i].opt->sym);
	for (size_t i = 0; i < old->n; i++) {
		const char *sym = old->v[i].key;
		const struct value *x = old->v[i].value, *y = strmap_get(new, sym);
		_cleanup_free_ char *text = NULL;

		if (!y || !strcmp(x->text, y->text) || cfg_plan_find(plan, sym))
			continue;
		text = xasprintf("%s -> %s", x->text, y->text);
		add_place(record(&b->drift, sym), "values", plan, text);
		look_changed(b, p, plan, sym);
	}
}

/* What held on the old base and does not on the new one. */
static void look_lost(struct bump *b, const struct cfg_plan *plan, const struct strmap *old)
{
	struct cfg_losts losts = { 0 };
	struct cfg_result res;

	/* values() left them open */
	kconf_close(b->new.kconf[plan->arch]);
	if (cfg_render_plan(&b->new, plan, &res)) {
		cfg_result_free(&res);
		return;
	}
	for (size_t i = 0; i < plan->intents.n; i++) {
		const struct cfg_intent *in = &plan->intents.v[i];
		const struct value *was = strmap_get(old, in->opt->sym);
		const struct cfg_def *def = cfg_defs_get(&b->arch[plan->arch].new, in->opt->sym);

		if (was && cfg_value_equal(was->text, in->opt->value) && def && !def->trans)
			cfg_lost_add(&b->new, plan, in, res.dot, &losts);
	}
	kconf_close(b->new.kconf[plan->arch]);
	cfg_prove_fixes(&b->new, plan, res.dot, &losts);
	for (size_t i = 0; i < losts.v.n; i++) {
		cfg_finds_add(&b->lost, &losts.v.v[i].f, plan);
		kconf_fixes_free(&losts.v.v[i].fixes);
	}
	vec_free(&losts.v);
	cfg_result_free(&res);
}

static int bump_plan(struct bump *b, const struct cfg_plan *plan)
{
	struct pair *p = pair_of(b, plan->arch);
	struct strmap old = { 0 }, new = { 0 };
	int rc = -1;

	if (p && !values(&b->old, plan, &old) && !kconf_close(b->old.kconf[plan->arch]) &&
	    !values(&b->new, plan, &new)) {
		look_removed(b, p, plan, &old);
		look_added(b, p, plan, &old, &new);
		look_values(b, p, plan, &old, &new);
		look_lost(b, plan, &old);
		free(kconf_warnings(b->old.kconf[plan->arch]));
		free(kconf_warnings(b->new.kconf[plan->arch]));
		rc = 0;
	}
	values_free(&old);
	values_free(&new);
	return rc;
}

/* ---- the report ------------------------------------------------------------------------ */

static const char *str_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int cmp_symbol(const void *p, const void *q)
{
	return strcmp(str_of(*(json_t *const *)p, "symbol"), str_of(*(json_t *const *)q, "symbol"));
}

/* The records in order of their names; the map gives them away. */
static json_t *list_of(struct strmap *m)
{
	VEC(json_t *) v = { 0 };
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++)
		vec_push(&v, m->v[i].value);
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), cmp_symbol);
	for (size_t i = 0; i < v.n; i++)
		json_array_append_new(list, v.v[i]);
	vec_free(&v);
	strmap_free(m);
	return list;
}

/* What is asked for and gone is a finding: somebody has to change a fragment. */
static void report_gone(struct bump *b, json_t *removed)
{
	json_t *o;
	size_t i;

	json_array_foreach(removed, i, o) {
		const char *name = str_of(o, "renamed") ?: str_of(o, "likely");

		if (!str_of(o, "asked") || !strcmp(str_of(o, "asked"), "n"))
			continue;
		report_add(b->r, AZK_ERROR, "removed", str_of(o, "file"),
			   (size_t)json_integer_value(json_object_get(o, "line")),
			   "CONFIG_%s is asked %s and is gone", str_of(o, "symbol"),
			   str_of(o, "asked"));
		cfg_tag(b->r, NULL, str_of(o, "symbol"));
		if (name)
			report_note(b->r, "%s CONFIG_%s: %s", str_of(o, "renamed") ? "now" : "likely now",
				    name, str_of(o, "because"));
	}
}

static void print_places(json_t *places, FILE *out)
{
	const char *where, *first = NULL;
	bool same = true;
	json_t *v;

	json_object_foreach(places, where, v) {
		const char *s = json_string_value(v);

		same = same && (!first || !strcmp(first, s));
		first = first ? first : s;
	}
	if (same && first) {
		fputs(first, out);
		return;
	}
	same = true;
	json_object_foreach(places, where, v) {
		fprintf(out, "%s%s %s", same ? "" : ", ", where, json_string_value(v));
		same = false;
	}
}

static void print_old_new(json_t *o, const char *what, FILE *out)
{
	json_t *c = json_object_get(o, what);

	if (c)
		fprintf(out, "    %s: %s\n      now: %s\n", what, str_of(c, "old"), str_of(c, "new"));
}

static void print_text(json_t *root, FILE *out)
{
	json_t *list, *o;
	size_t i;

	list = json_object_get(root, "removed");
	fprintf(out, "%zu options gone that were on or asked for\n", json_array_size(list));
	json_array_foreach(list, i, o) {
		fprintf(out, "  CONFIG_%s: was ", str_of(o, "symbol"));
		print_places(json_object_get(o, "was"), out);
		if (str_of(o, "renamed"))
			fprintf(out, ", now CONFIG_%s", str_of(o, "renamed"));
		else if (str_of(o, "likely"))
			fprintf(out, ", likely CONFIG_%s (%s)", str_of(o, "likely"),
				str_of(o, "because"));
		fputc('\n', out);
	}
	list = json_object_get(root, "added");
	fprintf(out, "%zu new options that can be asked for\n", json_array_size(list));
	json_array_foreach(list, i, o) {
		fprintf(out, "  CONFIG_%s: ", str_of(o, "symbol"));
		print_places(json_object_get(o, "value"), out);
		fprintf(out, "  %s (%s)\n    %s\n", str_of(o, "prompt"), str_of(o, "defined"),
			str_of(o, "answer"));
	}
	list = json_object_get(root, "changed");
	fprintf(out, "%zu options with other definitions\n", json_array_size(list));
	json_array_foreach(list, i, o) {
		fprintf(out, "  CONFIG_%s\n", str_of(o, "symbol"));
		print_old_new(o, "type", out);
		print_old_new(o, "dependency", out);
		print_old_new(o, "default", out);
	}
	list = json_object_get(root, "values");
	fprintf(out, "%zu values that differ though nobody asks\n", json_array_size(list));
	json_array_foreach(list, i, o) {
		fprintf(out, "  CONFIG_%s: ", str_of(o, "symbol"));
		print_places(json_object_get(o, "values"), out);
		fputc('\n', out);
	}
}

static void bump(struct bump *b)
{
	json_t *removed;

	if (cfg_run_init(&b->new) || cfg_run_init(&b->old))
		return;
	for (size_t i = 0; i < b->new.plans.n; i++) {
		if (bump_plan(b, b->new.plans.v[i]))
			return;
	}
	removed = list_of(&b->removed);
	report_gone(b, removed);
	cfg_finds_report(&b->lost, b->r);
	json_object_set_new(report_root(b->r), "removed", removed);
	json_object_set_new(report_root(b->r), "added", list_of(&b->added));
	json_object_set_new(report_root(b->r), "changed", list_of(&b->changed));
	json_object_set_new(report_root(b->r), "values", list_of(&b->drift));
}

int cfg_cmd_bump(int argc, char **argv)
{
	struct bump b = { 0 };
	const char *flavour = NULL, *arch = NULL, *configs = NULL, *cache = NULL;
	bool json = false;
	const struct azk_opt opts[] = {
		{ "flavour", "F", "only this flavour", .str = &flavour },
		{ "arch", "A", "only this arch: x86_64 or aarch64", .str = &arch },
		{ "configs", "DIR", "fragments, flavours, policy (default: configs)", .str = &configs },
		{ "cache", "DIR", "compiled Kconfig helpers (default: out/kconf)", .str = &cache },
		{ "json", NULL, "the report as JSON", .flag = &json },
		{ 0 },
	};
	int n, rc;

	n = azk_parse_opts(opts, "config bump OLD NEW [--flavour F] [--arch A]",
			   "config bump out/tree out/tree-next", argc, argv);
	if (n == AZK_OPT_HELP)
		return AZK_OK;
	if (n == AZK_OPT_BAD)
		return AZK_BAD;
	if (n != 2)
		return azk_error("config bump takes two kernel trees, OLD and NEW");
	b.r = report_new("config bump");
	b.old.r = b.new.r = b.r;
	b.old.tree = argv[1];
	b.new.tree = argv[2];
	b.old.flavour = b.new.flavour = flavour;
	b.old.arch = b.new.arch = arch;
	b.old.configs = b.new.configs = configs;
	b.old.cache = b.new.cache = cache;
	bump(&b);
	rc = report_print(b.r, json, stdout, print_text);
	b.old.r = NULL;
	for (int i = 0; i < CFG_NARCH; i++) {
		cfg_defs_free(&b.arch[i].old);
		cfg_defs_free(&b.arch[i].new);
	}
	cfg_finds_free(&b.lost);
	cfg_run_free(&b.old);
	cfg_run_free(&b.new);
	return rc;
}
