// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk config diff: two configurations, each difference with its kind.
 *
 *   asked        both could have the same value: somebody asked otherwise
 *   consequence  on one side there is no choice: hidden, selected or derived
 *   toolchain    the compiler, linker or pahole decides it (toolchain.list)
 *   absent       this tree's Kconfig has no such symbol
 *
 * Whether there is a choice is what Kconfig says of each side's own values.
 */
#include "config/finds.h"
#include "config/input.h"

enum kind { ASKED, CONSEQUENCE, TOOLCHAIN, ABSENT, NKINDS };

static const char *const kind_name[NKINDS] = { "asked", "consequence", "toolchain", "absent" };
static const char *const kind_text[NKINDS] = {
	"asked differently", "consequences", "the toolchain's", "absent in this version",
};

/* What this tree's Kconfig knows of a symbol under one side's values. */
struct seen {
	char visible, select;
	char *file;		/* of the first definition */
};

struct side {
	struct cfg_input in;
	struct strmap seen;
};

/* "NAME TYPE W VISIBLE SELECT FILE = VALUE" of every symbol. */
static int look(struct cfg_run *run, struct side *s)
{
	struct kconf *k = cfg_run_kconf(run, s->in.arch);
	struct strlist lines = { 0 };
	int rc = -1;

	if (!k || kconf_open(k, sb_str(&s->in.text), s->in.text.len) ||
	    kconf_lines(k, &lines, "values") || kconf_close(k))
		goto out;
	/* another kernel's .config has values this one's Kconfig does not take */
	free(kconf_warnings(k));
	for (size_t i = 0; i < lines.n; i++) {
		char *rest = lines.v[i], *name = cfg_word(&rest), *visible, *select, *file;
		struct seen *e;

		cfg_word(&rest);
		cfg_word(&rest);
		visible = cfg_word(&rest);
		select = cfg_word(&rest);
		file = cfg_word(&rest);
		if (!file)
			continue;
		e = xcalloc(1, sizeof(*e));
		e->visible = *visible;
		e->select = *select;
		e->file = xstrdup(file);
		strmap_put(&s->seen, name, e);
	}
	rc = 0;
out:
	strlist_free(&lines);
	return rc;
}

static void side_free(struct side *s)
{
	for (size_t i = 0; i < s->seen.n; i++) {
		struct seen *e = s->seen.v[i].value;

		free(e->file);
		free(e);
	}
	strmap_free(&s->seen);
	cfg_input_free(&s->in);
}

/* drivers/net/ethernet/x/Kconfig is of drivers/net, net/ipv4/Kconfig of net. */
static char *subsystem(const char *file)
{
	static const char *const deep[] = { "drivers/", "fs/", "arch/", "sound/" };
	const char *end = strchr(file, '/');

	if (!end)
		return xstrdup("(top)");
	for (size_t i = 0; i < ARRAY_SIZE(deep); i++) {
		if (str_starts(file, deep[i]) && strchr(end + 1, '/'))
			end = strchr(end + 1, '/');
	}
	return xstrndup(file, end - file);
}

static json_t *who_asked(const struct side *s, const char *sym)
{
	const struct cfg_intent *in = s->in.plan ? cfg_plan_find(s->in.plan, sym) : NULL;

	return in ? json_pack("{s:s, s:I}", "file", in->frag->path, "line",
			      (json_int_t)in->opt->line) : NULL;
}

/* It could be otherwise: there is a prompt, and no select holds the value. */
static bool free_to_choose(const struct seen *s, const char *value)
{
	return s && s->visible != 'n' && (!value || s->select == 'n' || s->select != *value);
}

static enum kind kind_of(const struct cfg_run *run, const struct seen *a, const char *x,
			 const struct seen *b, const char *y, const char *sym)
{
	if (!a && !b)
		return ABSENT;
	if (cfg_globs_match(&run->store->toolchain, sym))
		return TOOLCHAIN;
	return free_to_choose(a, x) && free_to_choose(b, y) ? ASKED : CONSEQUENCE;
}

static void add_difference(struct cfg_run *run, struct side *a, struct side *b, const char *sym,
			   const char *x, const char *y, json_t *list)
{
	const struct seen *sa = strmap_get(&a->seen, sym), *sb = strmap_get(&b->seen, sym);
	_cleanup_free_ char *group = subsystem(sa ? sa->file : sb ? sb->file : "");
	enum kind kind = kind_of(run, sa, x, sb, y, sym);
	json_t *o = json_object(), *who;

	json_object_set_new(o, "kind", json_string(kind_name[kind]));
	json_object_set_new(o, "subsystem", json_string(group));
	json_object_set_new(o, "symbol", json_string(sym));
	json_object_set_new(o, "a", json_string(x ? x : "absent"));
	json_object_set_new(o, "b", json_string(y ? y : "absent"));
	who = who_asked(a, sym);
	if (who)
		json_object_set_new(o, "a_asked", who);
	who = who_asked(b, sym);
	if (who)
		json_object_set_new(o, "b_asked", who);
	json_array_append_new(list, o);
}

static void compare(struct cfg_run *run, struct side *a, struct side *b, json_t *list)
{
	const struct cfg_dot *x = a->in.dot, *y = b->in.dot;
	size_t i = 0, k = 0;

	while (i < x->e.n || k < y->e.n) {
		int order = i == x->e.n ? 1 : k == y->e.n ? -1 :
			    strcmp(x->e.v[i].sym, y->e.v[k].sym);
		const char *sym = order <= 0 ? x->e.v[i].sym : y->e.v[k].sym;
		const char *va = order <= 0 ? x->e.v[i].value : NULL;
		const char *vb = order >= 0 ? y->e.v[k].value : NULL;

		i += order <= 0;
		k += order >= 0;
		if (!cfg_value_equal(va, vb))
			add_difference(run, a, b, sym, va, vb, list);
	}
}

static const char *str_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int cmp_difference(const void *p, const void *q)
{
	json_t *a = *(json_t *const *)p, *b = *(json_t *const *)q;
	int rc = strcmp(str_of(a, "subsystem"), str_of(b, "subsystem"));

	return rc ? rc : strcmp(str_of(a, "symbol"), str_of(b, "symbol"));
}

static void print_asked(json_t *who, FILE *out)
{
	if (who)
		fprintf(out, "  %s:%lld", str_of(who, "file"),
			(long long)json_integer_value(json_object_get(who, "line")));
}

static void print_kind(json_t *list, enum kind kind, bool counts_only, FILE *out)
{
	VEC(json_t *) v = { 0 };
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o) {
		if (!strcmp(str_of(o, "kind"), kind_name[kind]))
			vec_push(&v, o);
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), cmp_difference);
	fprintf(out, "%zu %s\n", v.n, kind_text[kind]);
	for (i = 0; i < v.n;) {
		const char *group = str_of(v.v[i], "subsystem");
		size_t n = 0;

		while (i + n < v.n && !strcmp(str_of(v.v[i + n], "subsystem"), group))
			n++;
		fprintf(out, "  %s: %zu\n", group, n);
		for (size_t k = i; k < i + n && !counts_only; k++) {
			fprintf(out, "    CONFIG_%s: %s -> %s", str_of(v.v[k], "symbol"),
				str_of(v.v[k], "a"), str_of(v.v[k], "b"));
			print_asked(json_object_get(v.v[k], "a_asked"), out);
			print_asked(json_object_get(v.v[k], "b_asked"), out);
			fputc('\n', out);
		}
		i += n;
	}
	vec_free(&v);
}

static bool print_all;

static void print_text(json_t *root, FILE *out)
{
	json_t *list = json_object_get(root, "differences");

	if (!list)
		return;
	for (enum kind k = ASKED; k < NKINDS; k++)
		print_kind(list, k, k != ASKED && !print_all, out);
}

static void diff(struct cfg_run *run, const char *a, const char *b)
{
	struct side x = { 0 }, y = { 0 };
	int want = run->arch ? cfg_arch_index(run->arch) : -1;
	int ax = cfg_input_arch(run, a), ay = cfg_input_arch(run, b);
	json_t *list = json_array();
	int rc = -1;

	/* a flavour is compared in the arch the other side has */
	if (!cfg_input_open(run, a, want >= 0 ? want : ay >= 0 ? ay : -1, &x.in) &&
	    !cfg_input_open(run, b, want >= 0 ? want : ax >= 0 ? ax : x.in.arch, &y.in)) {
		if (ax < 0 && x.in.plan && !y.in.plan && x.in.arch != y.in.arch) {
			cfg_input_free(&x.in);
			rc = cfg_input_open(run, a, y.in.arch, &x.in);
		} else {
			rc = 0;
		}
	}
	if (!rc && !look(run, &x) && !look(run, &y)) {
		compare(run, &x, &y, list);
		json_object_set_new(report_root(run->r), "a", json_string(x.in.label));
		json_object_set_new(report_root(run->r), "b", json_string(y.in.label));
		json_object_set(report_root(run->r), "differences", list);
		if (json_array_size(list))
			report_add(run->r, AZK_WARNING, "differ", NULL, 0,
				   "%s -> %s: %zu options differ", x.in.label, y.in.label,
				   json_array_size(list));
	}
	json_decref(list);
	side_free(&x);
	side_free(&y);
}

int cfg_cmd_diff(int argc, char **argv)
{
	struct cfg_run run = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		{ "tree", "DIR", "the kernel tree that knows the options", .str = &run.tree,
		  .required = true },
		{ "arch", "A", "of a flavour named without one", .str = &run.arch },
		{ "configs", "DIR", "fragments, flavours, policy (default: configs)",
		  .str = &run.configs },
		{ "cache", "DIR", "compiled Kconfig helpers (default: out/kconf)",
		  .str = &run.cache },
		{ "all", NULL, "every consequence, not only how many", .flag = &print_all },
		{ "json", NULL, "the report as JSON", .flag = &json },
		{ 0 },
	};
	int n, rc;

	print_all = false;
	n = azk_parse_opts(opts, "config diff A B --tree DIR [--arch A] [--all]",
			   "config diff azure/x86_64 /proc/config.gz --tree out/tree", argc, argv);
	if (n == AZK_OPT_HELP)
		return AZK_OK;
	if (n == AZK_OPT_BAD)
		return AZK_BAD;
	if (n != 2)
		return azk_error("config diff takes A and B: a flavour, .config, config.gz or RPM each");
	run.r = report_new("config diff");
	if (!cfg_run_init(&run))
		diff(&run, argv[1], argv[2]);
	rc = report_print(run.r, json, stdout, print_text);
	cfg_run_free(&run);
	return rc;
}
