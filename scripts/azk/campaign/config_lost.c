// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is any loss silent? Options are drawn by seed from the fragments, and of each
 * one dependency is broken in a copy of configs/. What `azk config check` says
 * of the option then is held against what was done: the loss must be reported,
 * the term and the line that broke it named, and the fix, applied to the
 * copy, must bring the option back. The tree's merge_config.sh and olddefconfig
 * get the same broken options and are counted the same way.
 *
 * usage: config_lost TREE CONFIGS WORK SEED CASES [merge]
 */
#include <fcntl.h>
#include <unistd.h>

#include "config/finds.h"

#define GROUP 30	/* broken options in one run of merge_config.sh */

struct lcase {
	const struct cfg_plan *plan;
	const struct cfg_intent *in;
	char *dep, *to;		/* the broken symbol and its value */
	char *file;		/* where that stands in the copy, and the line */
	size_t line;
	bool reported, term, fixed;
	bool lost_by_make, merge_reported;
};

struct lost_run {
	struct cfg_run run;
	struct cfg_known known;
	const char *work, *configs;
	uint64_t rng;
	VEC(struct lcase) cases;
	size_t drawn, unbreakable;
};

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static char *plan_changed(const struct cfg_plan *p, const char *sym, const char *value)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < p->intents.n; i++) {
		const struct cfg_opt *o = p->intents.v[i].opt;

		if (strcmp(o->sym, sym))
			cfg_setting_text(o->sym, o->value, &sb);
	}
	cfg_setting_text(sym, value, &sb);
	return sb_detach(&sb);
}

/* Whether the option is lost once @dep is @to. */
static bool breaks(struct kconf *k, const struct cfg_plan *p, const struct cfg_intent *in,
		   const char *dep, const char *to)
{
	_cleanup_free_ char *text = plan_changed(p, dep, to);
	struct kconf_sym d = { 0 }, s = { 0 };
	bool lost = false;

	if (kconf_open(k, text, strlen(text)))
		return false;
	if (!kconf_ask(k, dep, &d) && !kconf_ask(k, in->opt->sym, &s))
		lost = d.exists && cfg_value_equal(d.value, to) &&
		       !cfg_value_equal(s.value, in->opt->value) &&
		       /* a string's value comes without quotes */
		       (*in->opt->value != '"' || s.visible == 'n');
	kconf_sym_free(&d);
	kconf_sym_free(&s);
	kconf_close(k);
	free(kconf_warnings(k));
	return lost;
}

/* Leaves of the dependencies that may be set: "NAME NEWVALUE". */
static void candidates(struct kconf *k, const struct cfg_plan *p, const struct cfg_intent *in,
		       struct strlist *out)
{
	struct strbuf text = STRBUF_INIT;
	struct strlist leaves = { 0 };
	struct kconf_sym s;

	cfg_plan_text(p, &text);
	if (kconf_open(k, sb_str(&text), text.len) || kconf_ask(k, in->opt->sym, &s))
		goto out;
	for (size_t i = 0; i < s.lines.n; i++) {
		char name[256], type[32], value[256];

		if (sscanf(s.lines.v[i], "leaf %255s %31s %255s", name, type, value) == 3 &&
		    (!strcmp(type, "bool") || !strcmp(type, "tristate")) &&
		    !strlist_has(&leaves, name)) {
			struct kconf_sym d;

			strlist_add(&leaves, name);
			if (kconf_ask(k, name, &d))
				break;
			if (d.has_prompt && d.visible != 'n' && d.select == 'n')
				vec_push(out, xasprintf("%s %s", name,
							*value == 'n' ? "y" : "n"));
			kconf_sym_free(&d);
		}
	}
	kconf_sym_free(&s);
	kconf_close(k);
	free(kconf_warnings(k));
out:
	strlist_free(&leaves);
	sb_free(&text);
}

static bool draw(struct lost_run *l, const struct cfg_plan *p, const struct cfg_intent *in)
{
	struct kconf *k = cfg_run_kconf(&l->run, p->arch);
	struct strlist c = { 0 };
	bool found = false;

	if (!k)
		return false;
	candidates(k, p, in, &c);
	for (size_t from = c.n ? next_random(&l->rng) % c.n : 0, i = 0; i < c.n && !found; i++) {
		_cleanup_free_ char *dep = xstrdup(c.v[(from + i) % c.n]);
		char *to = strchr(dep, ' ');

		*to++ = '\0';
		if (breaks(k, p, in, dep, to)) {
			struct lcase *n = vec_add(&l->cases);

			n->plan = p;
			n->in = in;
			n->dep = xstrdup(dep);
			n->to = xstrdup(to);
			found = true;
		}
	}
	strlist_free(&c);
	return found;
}

static bool drawn_before(const struct lost_run *l, const char *sym)
{
	for (size_t i = 0; i < l->cases.n; i++) {
		if (!strcmp(l->cases.v[i].in->opt->sym, sym))
			return true;
	}
	return false;
}

static void draw_all(struct lost_run *l, size_t want)
{
	VEC(size_t) order = { 0 };
	size_t total = 0;

	/* every intent of every shipped flavour and arch, in an order of the seed */
	for (size_t i = 0; i < l->run.plans.n; i++)
		total += l->run.plans.v[i]->ship ? l->run.plans.v[i]->intents.n : 0;
	for (size_t i = 0; i < total; i++)
		vec_push(&order, i);
	for (size_t i = total; i > 1; i--) {
		size_t j = next_random(&l->rng) % i, t = order.v[i - 1];

		order.v[i - 1] = order.v[j];
		order.v[j] = t;
	}
	for (size_t i = 0; i < total && l->cases.n < want; i++) {
		size_t at = order.v[i], k = 0;
		const struct cfg_intent *in;

		while (!l->run.plans.v[k]->ship || at >= l->run.plans.v[k]->intents.n)
			at -= l->run.plans.v[k]->ship ? l->run.plans.v[k]->intents.n : 0, k++;
		in = &l->run.plans.v[k]->intents.v[at];
		/* what is asked off is not lost by what it depends on */
		if (!strcmp(in->opt->value, "n") || drawn_before(l, in->opt->sym))
			continue;
		l->drawn++;
		l->unbreakable += !draw(l, l->run.plans.v[k], in);
	}
	vec_free(&order);
}

/* ---- the copy of configs/ ----------------------------------------------------- */

static char *copy_path(const struct lost_run *l, const char *file)
{
	return xasprintf("%s/configs/%s", l->work, file + strlen(l->configs) + 1);
}

/* Line @line of the copy's file becomes the setting; 0 appends it, with a reason. */
static size_t edit(const char *path, size_t line, const char *sym, const char *value)
{
	_cleanup_sb_ struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	size_t pos = 0, n, at = 0;
	const char *s;

	if (azk_read_file(path, &in))
		return 0;
	while (azk_next_line(sb_str(&in), in.len, &pos, &s, &n)) {
		if (++at == line)
			cfg_setting_text(sym, value, &out);
		else
			sb_addf(&out, "%.*s\n", (int)n, s);
	}
	if (!line) {
		sb_addstr(&out, "\n#: why this line is a trial of the campaign\n");
		cfg_setting_text(sym, value, &out);
		line = at + 3;
	}
	return azk_write_file_at(AT_FDCWD, path, sb_str(&out), out.len, 0644, false) ? 0 : line;
}

static void restore(const char *path, const struct strbuf *was)
{
	if (azk_write_file_at(AT_FDCWD, path, was->buf, was->len, 0644, false))
		azk_error("cannot restore %s", path);
}

/* ---- ours ------------------------------------------------------------------------ */

static bool names_term(const struct lcase *c, json_t *detail)
{
	json_t *term, *leaf;
	size_t i, k;

	json_array_foreach(json_object_get(detail, "terms"), i, term) {
		json_array_foreach(json_object_get(term, "leaves"), k, leaf) {
			const char *sym = json_string_value(json_object_get(leaf, "symbol"));
			const char *file = json_string_value(json_object_get(leaf, "file"));

			if (!strcmp(sym, c->dep) && file && !strcmp(file, c->file) &&
			    (size_t)json_integer_value(json_object_get(leaf, "line")) == c->line)
				return true;
		}
	}
	return false;
}

/* The plan of the copy as it stands. */
static struct cfg_plan *copy_plan(const struct lost_run *l, const struct cfg_plan *p,
				  struct cfg_store **s, struct azk_report *r)
{
	_cleanup_free_ char *dir = path_join(l->work, "configs");

	*s = cfg_store_load(dir, r);
	return cfg_resolve(*s, cfg_store_flavour(*s, p->flavour->name), p->arch, r);
}

/* Applies the changes of "fix" to the copy and looks whether the option is back. */
static bool fix_works(struct lost_run *l, const struct lcase *c, json_t *fix, const char *home)
{
	struct azk_report *r = report_new("campaign");
	struct cfg_store *s = NULL;
	struct cfg_result res = { 0 };
	struct cfg_plan *p;
	json_t *change;
	size_t i;
	bool back;

	json_array_foreach(json_object_get(fix, "changes"), i, change) {
		const char *file = json_string_value(json_object_get(change, "file"));

		edit(file ? file : home,
		     (size_t)json_integer_value(json_object_get(change, "line")),
		     json_string_value(json_object_get(change, "symbol")),
		     json_string_value(json_object_get(change, "value")));
	}
	p = copy_plan(l, c->plan, &s, r);
	back = i && p && !cfg_render_plan(&l->run, p, &res) &&
	       cfg_value_equal(c->in->opt->value, cfg_dot_get(res.dot, c->in->opt->sym));
	kconf_close(l->run.kconf[c->plan->arch]);
	cfg_result_free(&res);
	cfg_plan_free(p);
	cfg_store_free(s);
	report_free(r);
	return back;
}

static void judge(struct lost_run *l, struct lcase *c, const char *home)
{
	struct azk_report *r = report_new("campaign");
	struct cfg_losts losts = { 0 };
	struct cfg_store *s = NULL;
	struct cfg_result res = { 0 };
	struct cfg_plan *p = copy_plan(l, c->plan, &s, r);
	const struct cfg_intent *in = p ? cfg_plan_find(p, c->in->opt->sym) : NULL;

	if (!in || cfg_render_plan(&l->run, p, &res))
		goto out;
	/* as check does for each intent; here for the one */
	c->reported = cfg_lost_add(&l->run, p, in, res.dot, &losts);
	kconf_close(l->run.kconf[p->arch]);
	cfg_prove_fixes(&l->run, p, res.dot, &losts);
	if (c->reported) {
		struct cfg_find *f = &losts.v.v[0].f;

		c->term = names_term(c, f->detail);
		c->fixed = fix_works(l, c, json_object_get(f->detail, "fix"), home);
		kconf_fixes_free(&losts.v.v[0].fixes);
		cfg_find_free(f);
	}
	vec_free(&losts.v);
out:
	cfg_result_free(&res);
	cfg_plan_free(p);
	cfg_store_free(s);
	report_free(r);
}

/* Breaks the dependency in the copy, judges, and puts the copy back. */
static void run_case(struct lost_run *l, struct lcase *c)
{
	const struct cfg_intent *dep = cfg_plan_find(c->plan, c->dep);
	_cleanup_free_ char *home = copy_path(l, c->in->frag->path);
	_cleanup_sb_ struct strbuf was_home = STRBUF_INIT, was = STRBUF_INIT;

	c->file = dep ? copy_path(l, dep->frag->path) : xstrdup(home);
	azk_read_file(home, &was_home);
	azk_read_file(c->file, &was);
	c->line = edit(c->file, dep ? dep->opt->line : 0, c->dep, c->to);
	if (c->line)
		judge(l, c, home);
	restore(c->file, &was);
	restore(home, &was_home);
}

/* ---- merge_config.sh and olddefconfig --------------------------------------------- */

static bool log_names(const struct strbuf *log, const char *sym)
{
	_cleanup_free_ char *word = xasprintf("CONFIG_%s ", sym);

	return strstr(sb_str(log), word);
}

/* Members of a group are of one plan, and none breaks what another one asks. */
static bool fits(const struct lost_run *l, const size_t *group, size_t n, const struct lcase *c)
{
	for (size_t i = 0; i < n; i++) {
		const struct lcase *o = &l->cases.v[group[i]];

		if (o->plan != c->plan || !strcmp(o->dep, c->in->opt->sym) ||
		    !strcmp(c->dep, o->in->opt->sym) ||
		    (!strcmp(o->dep, c->dep) && strcmp(o->to, c->to)))
			return false;
	}
	return true;
}

static int merge_group(struct lost_run *l, const size_t *group, size_t n, size_t number)
{
	const struct cfg_plan *p = l->cases.v[group[0]].plan;
	_cleanup_free_ char *dir = xasprintf("%s/merge.%zu", l->work, number);
	_cleanup_free_ char *base = path_join(dir, "base.config"), *broken = path_join(dir, "broken.config");
	_cleanup_free_ char *config = path_join(dir, ".config"), *log = path_join(dir, "log");
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s/scripts/dummy-tools/", l->run.tree);
	_cleanup_free_ char *arch = xasprintf("ARCH=%s", cfg_arches[p->arch].kbuild);
	char *merge[] = { "env", arch, cross, "sh", "-c",
			  "cd \"$1\" && sh scripts/kconfig/merge_config.sh -O \"$2\" \"$3\" \"$4\" && "
			  "make -s \"O=$2\" olddefconfig", "sh", (char *)l->run.tree, dir, base,
			  broken, NULL };
	_cleanup_sb_ struct strbuf asked = STRBUF_INIT, bad = STRBUF_INIT, text = STRBUF_INIT;
	_cleanup_sb_ struct strbuf said = STRBUF_INIT;
	struct cfg_dot *d = NULL;
	int rc;

	azk_mkdir_p(dir, 0755);
	cfg_plan_text(p, &asked);
	for (size_t i = 0; i < n; i++)
		cfg_setting_text(l->cases.v[group[i]].dep, l->cases.v[group[i]].to, &bad);
	if (azk_write_file_at(AT_FDCWD, base, sb_str(&asked), asked.len, 0644, false) ||
	    azk_write_file_at(AT_FDCWD, broken, sb_str(&bad), bad.len, 0644, false))
		return -1;
	unlink(log);
	rc = kconf_run(merge, ".", log);
	if (rc || azk_read_file(log, &said) || azk_read_file(config, &text))
		return azk_error("merge_config.sh failed (%d), see %s", rc, log), -1;
	d = cfg_dot_parse(config, sb_str(&text), text.len, l->run.r);
	for (size_t i = 0; d && i < n; i++) {
		struct lcase *c = &l->cases.v[group[i]];

		c->lost_by_make = !cfg_value_equal(c->in->opt->value,
						   cfg_dot_get(d, c->in->opt->sym));
		c->merge_reported = log_names(&said, c->in->opt->sym);
	}
	cfg_dot_free(d);
	azk_remove_tree(dir);
	return 0;
}

static int merge_all(struct lost_run *l)
{
	_cleanup_free_ bool *done = xcalloc(l->cases.n, sizeof(*done));
	size_t number = 0, left = l->cases.n;

	while (left) {
		size_t group[GROUP] = { 0 }, n = 0;

		for (size_t i = 0; i < l->cases.n && n < GROUP; i++) {
			if (done[i] || !fits(l, group, n, &l->cases.v[i]))
				continue;
			done[i] = true;
			group[n++] = i;
			left--;
		}
		fprintf(stderr, "config_lost: merge_config.sh, %zu of %zu left\n", left, l->cases.n);
		if (merge_group(l, group, n, number++))
			return -1;
	}
	/* what another one of the group happened to bring back is tried by itself */
	for (size_t i = 0; i < l->cases.n; i++) {
		if (!l->cases.v[i].lost_by_make && merge_group(l, &i, 1, number++))
			return -1;
	}
	return 0;
}

/* ---- the table ------------------------------------------------------------------------ */

static size_t print_table(const struct lost_run *l, bool merged)
{
	size_t reported = 0, term = 0, fixed = 0, ok = 0, by_make = 0, by_merge = 0;

	for (size_t i = 0; i < l->cases.n; i++) {
		const struct lcase *c = &l->cases.v[i];

		reported += c->reported;
		term += c->term;
		fixed += c->fixed;
		ok += c->reported && c->term && c->fixed;
		by_make += c->lost_by_make;
		by_merge += c->merge_reported;
		if (!c->reported || !c->term || !c->fixed)
			printf("MISSED %s/%s: CONFIG_%s=%s with CONFIG_%s=%s:%s%s%s\n",
			       c->plan->flavour->name, cfg_arches[c->plan->arch].name,
			       c->in->opt->sym, c->in->opt->value, c->dep, c->to,
			       c->reported ? "" : " not reported", c->term ? "" : " term not named",
			       c->fixed ? "" : " no fix that works");
	}
	printf("%zu options drawn, %zu of them with no dependency that can be broken by an option\n\n",
	       l->drawn, l->unbreakable);
	printf("%-44s %10s %26s %12s\n", "", "azk check", merged ? "merge_config.sh + olddefconfig" : "",
	       merged ? "olddefconfig" : "");
	if (merged) {
		printf("%-44s %10zu %26zu %12d\n", "loss reported", reported, by_merge, 0);
		printf("%-44s %10zu %26d %12d\n", "term and line that broke it named", term, 0, 0);
		printf("%-44s %10zu %26d %12d\n", "fix that brings it back", fixed, 0, 0);
		printf("\nLost in what the tree's own make wrote: %zu of %zu.\n", by_make, l->cases.n);
	} else {
		printf("%-44s %10zu\n%-44s %10zu\n%-44s %10zu\n", "loss reported", reported,
		       "term and line that broke it named", term, "fix that brings it back", fixed);
	}
	printf("All three: %zu of %zu.\n", ok, l->cases.n);
	return ok;
}

int main(int argc, char **argv)
{
	struct lost_run l = { 0 };
	char *copy[] = { "cp", "-r", NULL, NULL, NULL };
	size_t want, ok = 0;
	bool merged = argc > 6 && !strcmp(argv[6], "merge");
	_cleanup_free_ char *to = NULL, *log = NULL, *cache = NULL;

	if (argc < 6)
		return azk_error("usage: config_lost TREE CONFIGS WORK SEED CASES [merge]");
	l.run.tree = argv[1];
	l.run.configs = l.configs = argv[2];
	l.work = argv[3];
	l.rng = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	want = strtoul(argv[5], NULL, 10);
	to = path_join(l.work, "configs");
	log = path_join(l.work, "log");
	cache = path_join(l.work, "kconf");
	l.run.cache = cache;
	copy[2] = argv[2];
	copy[3] = to;
	azk_remove_tree(to);
	if (azk_mkdir_p(l.work, 0755) || kconf_run(copy, ".", log))
		return azk_error("cannot copy %s to %s", argv[2], to);
	l.run.r = report_new("campaign");
	if (!cfg_run_init(&l.run)) {
		draw_all(&l, want);
		for (size_t i = 0; i < l.cases.n; i++) {
			if (i % 25 == 0)
				fprintf(stderr, "config_lost: case %zu of %zu\n", i + 1, l.cases.n);
			run_case(&l, &l.cases.v[i]);
		}
		if (!merged || !merge_all(&l))
			ok = print_table(&l, merged);
	}
	if (report_status(l.run.r))
		report_print(l.run.r, false, stderr, NULL);
	for (size_t i = 0; i < l.cases.n; i++) {
		free(l.cases.v[i].dep);
		free(l.cases.v[i].to);
		free(l.cases.v[i].file);
	}
	vec_free(&l.cases);
	cfg_run_free(&l.run);
	return want && ok == want ? 0 : 1;
}
