// SPDX-License-Identifier: GPL-2.0-or-later
/* azk config check: nothing asked for is lost, and every reason stands. */
#include <errno.h>
#include <unistd.h>

#include "config/finds.h"

#define MAX_DIFF_NOTES 20

struct check {
	struct cfg_run run;
	struct cfg_known known;
	struct cfg_finds lost, finds;	/* what is lost is told first: the rest follows from it */
	struct cfg_outcomes outcomes;
	struct cfg_kselftests *kselftests;
	const char *built, *today, *targets;
	char *date;		/* owned, when today came from git */
	json_t *list;
};

/* The commit date of the configs, so that a calendar never turns a build red. */
static void find_today(struct check *c)
{
	char *git[] = { "git", "-C", (char *)c->run.configs, "log", "-1", "--format=%cs", NULL };
	_cleanup_free_ char *log = xasprintf("%s/today.%ld", c->run.cache, (long)getpid());
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	if (c->today || azk_mkdir_p(c->run.cache, 0755))
		return;
	if (!kconf_run(git, ".", log) && !azk_read_file(log, &sb) && sb.len >= 10) {
		c->date = xstrndup(sb.buf, 7);
		if (cfg_is_month(c->date))
			c->today = c->date;
	}
	unlink(log);
}

/* Known to no arch the flavour exists for: a misspelt "is not set" counts. */
static bool known_somewhere(struct check *c, const struct cfg_plan *p, const char *sym)
{
	unsigned int arches = cfg_flavour_arches(c->run.store, p->flavour);

	for (int i = 0; i < CFG_NARCH; i++) {
		if (arches & (1u << i) && cfg_known_prompt(&c->known, &c->run, i, sym))
			return true;
	}
	return false;
}

static void report_unknown(struct check *c, const struct cfg_plan *p, const struct cfg_intent *in)
{
	bool off = !strcmp(in->opt->value, "n");
	struct cfg_find f;

	if (off && known_somewhere(c, p, in->opt->sym))
		return;
	cfg_find_init(&f, AZK_ERROR, "unknown-symbol", in->frag->path, in->opt->line, in->opt->sym,
		      "CONFIG_%s is asked %s and does not exist in this tree", in->opt->sym,
		      in->opt->value);
	if (!off && known_somewhere(c, p, in->opt->sym))
		cfg_find_note(&f, "another arch has it: list the fragment for that arch only");
	cfg_finds_add(&c->finds, &f, p);
}

static void check_intent(struct check *c, const struct cfg_plan *p, const struct cfg_intent *in,
			 const struct cfg_dot *d, struct cfg_losts *losts, size_t *lost)
{
	if (!cfg_known_prompt(&c->known, &c->run, p->arch, in->opt->sym)) {
		report_unknown(c, p, in);
		*lost += strcmp(in->opt->value, "n") != 0;
		return;
	}
	*lost += cfg_lost_add(&c->run, p, in, d, losts);
}

/* Symbol by symbol: what @from has and @to has otherwise. */
static size_t diff_dots(const struct cfg_dot *from, const struct cfg_dot *to,
			const struct cfg_globs *except, struct strlist *out)
{
	size_t i = 0, k = 0;

	while (i < from->e.n || k < to->e.n) {
		int order = i == from->e.n ? 1 : k == to->e.n ? -1 :
			    strcmp(from->e.v[i].sym, to->e.v[k].sym);
		const char *a = order <= 0 ? from->e.v[i].value : NULL;
		const char *b = order >= 0 ? to->e.v[k].value : NULL;
		const char *sym = order <= 0 ? from->e.v[i].sym : to->e.v[k].sym;

		i += order <= 0;
		k += order >= 0;
		if (cfg_value_equal(a, b) || (except && cfg_globs_match(except, sym)))
			continue;
		vec_push(out, xasprintf("CONFIG_%s: %s -> %s", sym, a ? a : "absent",
					b ? b : "absent"));
	}
	return out->n;
}

static void note_diff(struct cfg_find *f, const struct strlist *diff)
{
	for (size_t i = 0; i < diff->n && i < MAX_DIFF_NOTES; i++)
		cfg_find_note(f, "%s", diff->v[i]);
	if (diff->n > MAX_DIFF_NOTES)
		cfg_find_note(f, "and %zu more", diff->n - MAX_DIFF_NOTES);
}

/* The first line that differs, for results alike in every symbol. */
static void note_first_line(struct cfg_find *f, const struct strbuf *a, const struct strbuf *b)
{
	size_t pa = 0, pb = 0, na = 0, nb = 0, line = 0;
	const char *la = "", *lb = "";
	bool more_a, more_b;

	do {
		line++;
		more_a = azk_next_line(sb_str(a), a->len, &pa, &la, &na);
		more_b = azk_next_line(sb_str(b), b->len, &pb, &lb, &nb);
	} while (more_a && more_b && na == nb && !memcmp(la, lb, na));
	cfg_find_note(f, "line %zu: '%.*s' -> '%.*s'", line, more_a ? (int)na : 0, la,
		      more_b ? (int)nb : 0, lb);
}

static void check_committed(struct check *c, const struct cfg_plan *p, const struct cfg_result *res)
{
	_cleanup_free_ char *path = cfg_render_path(&c->run, p);
	_cleanup_sb_ struct strbuf kept = STRBUF_INIT;
	struct cfg_dot *old = NULL;
	struct strlist diff = { 0 };
	struct cfg_find f;
	int rc;

	if (!p->ship)
		return;
	rc = azk_read_file(path, &kept);
	if (!rc && kept.len == res->text.len && !memcmp(kept.buf, res->text.buf, kept.len))
		return;
	cfg_find_init(&f, AZK_ERROR, "stale", path, 0, NULL,
		      rc == -ENOENT ? "the rendered config is missing" :
		      "the rendered config is not current");
	if (!rc)
		old = cfg_dot_parse(path, sb_str(&kept), kept.len, c->run.r);
	if (old && diff_dots(old, res->dot, NULL, &diff))
		note_diff(&f, &diff);
	else if (!rc)
		note_first_line(&f, &kept, &res->text);
	cfg_find_note(&f, "azk config render --tree DIR makes it current");
	cfg_finds_add(&c->finds, &f, p);
	strlist_free(&diff);
	cfg_dot_free(old);
}

static void check_built(struct check *c, const struct cfg_plan *p, const struct cfg_result *res)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct cfg_verdict v = { 0 };
	struct strlist diff = { 0 };
	struct cfg_dot *built;
	int rc = azk_read_file(c->built, &sb);

	if (rc) {
		report_bad(c->run.r, "read", c->built, 0, "%s", strerror(-rc));
		return;
	}
	built = cfg_dot_parse(c->built, sb_str(&sb), sb.len, c->run.r);
	if (!built)
		return;
	diff_dots(res->dot, built, &c->run.store->toolchain, &diff);
	for (size_t i = 0; i < diff.n; i++) {
		struct cfg_find f;

		cfg_find_init(&f, AZK_ERROR, "built", c->built, 0, NULL,
			      "%s (rendered -> built) is not the toolchain's to decide", diff.v[i]);
		cfg_finds_add(&c->finds, &f, p);
	}
	cfg_policies(&c->run, p, built, res->dot, c->today, &c->finds, &v);
	strlist_free(&diff);
	cfg_dot_free(built);
}

/* Kconfig's complaints: one finding per line that starts one. */
static void check_warnings(struct check *c, const struct cfg_plan *p, const char *text)
{
	struct cfg_find f = { 0 };
	const char *line;
	size_t pos = 0, n;

	while (azk_next_line(text, strlen(text), &pos, &line, &n)) {
		bool unmet = str_starts(line, "WARNING: unmet");
		const char *what = memmem(line, n, unmet ? "WARNING: " : "warning: ", 9);
		size_t skip = what ? (size_t)(what - line) + 9 : 0;

		if (!n)
			continue;
		if (f.msg && (*line == ' ' || *line == '\t')) {
			cfg_find_note(&f, "%.*s", (int)n, line);
			continue;
		}
		if (f.msg)
			cfg_finds_add(&c->finds, &f, p);
		/* a select that breaks dependencies may break the build; the rest shows as lost */
		cfg_find_init(&f, unmet ? AZK_ERROR : AZK_NOTE, "kconfig", NULL, 0, NULL,
			      "%.*s", (int)(n - skip), line + skip);
	}
	if (f.msg)
		cfg_finds_add(&c->finds, &f, p);
}

static void check_plan(struct check *c, const struct cfg_plan *p)
{
	struct cfg_verdict v = { 0 };
	struct cfg_losts losts = { 0 };
	struct cfg_result res;
	size_t lost = 0;

	if (cfg_render_plan(&c->run, p, &res)) {
		cfg_result_free(&res);
		return;
	}
	check_warnings(c, p, res.warnings);
	for (size_t i = 0; i < p->intents.n; i++)
		check_intent(c, p, &p->intents.v[i], res.dot, &losts, &lost);
	cfg_policies(&c->run, p, res.dot, NULL, c->today, &c->finds, &v);
	cfg_kselftests_check(&c->run, c->kselftests, p, res.dot, &c->finds);
	check_committed(c, p, &res);
	if (c->built)
		check_built(c, p, &res);
	cfg_drift_look(&c->run, p, &c->outcomes);
	kconf_close(c->run.kconf[p->arch]);
	cfg_prove_fixes(&c->run, p, res.dot, &losts);
	for (size_t i = 0; i < losts.v.n; i++) {
		cfg_finds_add(&c->lost, &losts.v.v[i].f, p);
		kconf_fixes_free(&losts.v.v[i].fixes);
	}
	vec_free(&losts.v);
	json_array_append_new(c->list, json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "flavour", p->flavour->name,
		"arch", cfg_arches[p->arch].name, "asked", (json_int_t)p->intents.n,
		"lost", (json_int_t)lost, "rules_held", (json_int_t)v.held,
		"rules_excepted", (json_int_t)v.excepted, "rules_failed", (json_int_t)v.failed));
	cfg_result_free(&res);
}

static void print_text(json_t *root, FILE *out)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "checked"), i, o) {
		const char *flavour, *arch;
		json_int_t asked, lost, held, excepted, failed;

		json_unpack(o, "{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "flavour", &flavour, "arch",
			    &arch, "asked", &asked, "lost", &lost, "rules_held", &held,
			    "rules_excepted", &excepted, "rules_failed", &failed);
		fprintf(out, "%s/%s: %lld asked, %lld lost or changed; policy rules: %lld hold, "
			"%lld excepted, %lld fail\n", flavour, arch, (long long)asked,
			(long long)lost, (long long)held, (long long)excepted, (long long)failed);
	}
}

static int run_check(struct check *c)
{
	struct cfg_run *run = &c->run;
	bool all = !run->flavour && !run->arch;

	if (c->built && (!run->flavour || !run->arch)) {
		report_bad(run->r, "usage", NULL, 0, "--built needs --flavour and --arch");
		return -1;
	}
	if (c->today && (strlen(c->today) != 10 || c->today[7] != '-')) {
		report_bad(run->r, "usage", NULL, 0, "--today takes YYYY-MM-DD");
		return -1;
	}
	if (cfg_run_init(run))
		return -1;
	find_today(c);
	c->kselftests = cfg_kselftests_load(c->targets ? c->targets : "packaging/kselftests.list",
					    run->configs, run->r);
	if (report_status(run->r) == AZK_BAD)
		return -1;
	for (size_t i = 0; i < run->plans.n; i++)
		check_plan(c, run->plans.v[i]);
	if (all)
		cfg_kselftests_unused(c->kselftests, &c->finds);
	cfg_drift_check(run, &c->outcomes, &c->finds);
	if (report_status(run->r) != AZK_BAD)
		cfg_lint(run, &c->known, c->today, all, &c->finds);
	return 0;
}

int cfg_cmd_check(int argc, char **argv)
{
	struct check c = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		CFG_RUN_OPTS(c.run),
		{ "built", "FILE", "the .config a build ended with, for one flavour and arch",
		  .str = &c.built },
		{ "today", "DATE", "YYYY-MM-DD for reviews and exceptions (default: last commit)",
		  .str = &c.today },
		{ "kselftests", "FILE", "the targets that are shipped (default: packaging/kselftests.list)",
		  .str = &c.targets },
		{ "json", NULL, "the report as JSON", .flag = &json },
		{ 0 },
	};
	int n, rc;

	n = azk_parse_opts(opts, "config check --tree DIR [--flavour F] [--arch A] [--built FILE]",
			   "config check --tree out/tree --flavour azure --arch x86_64 "
			   "--built out/build/.config", argc, argv);
	if (n == AZK_OPT_HELP)
		return AZK_OK;
	if (n == AZK_OPT_BAD)
		return AZK_BAD;
	if (n > 0)
		return azk_error("config check takes no '%s'", argv[1]);
	c.run.r = report_new("config check");
	c.list = json_array();
	json_object_set_new(report_root(c.run.r), "checked", c.list);
	run_check(&c);
	cfg_finds_report(&c.lost, c.run.r);
	cfg_finds_report(&c.finds, c.run.r);
	rc = report_print(c.run.r, json, stdout, print_text);
	cfg_kselftests_free(c.kselftests);
	cfg_outcomes_free(&c.outcomes);
	cfg_finds_free(&c.lost);
	cfg_finds_free(&c.finds);
	cfg_known_free(&c.known);
	cfg_run_free(&c.run);
	free(c.date);
	return rc;
}
