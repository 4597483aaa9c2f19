// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is what azk renders what the tree makes? For every flavour and arch the
 * tree's own `make olddefconfig` gets the same input as a .config. Its result
 * and the render are compared symbol by symbol, and with both the value that
 * the Kconfig helper tells of every symbol of the tree, which is what explain
 * prints.
 *
 * usage: config_truth TREE CONFIGS WORK
 */
#include <fcntl.h>
#include <unistd.h>

#include "config/finds.h"

struct truth {
	struct cfg_run run;
	const char *work;
	size_t differ;
};

static int make_olddefconfig(const struct truth *t, const struct cfg_plan *p, struct strbuf *out)
{
	_cleanup_free_ char *dir = path_join(t->work, cfg_arches[p->arch].name);
	_cleanup_free_ char *config = path_join(dir, ".config"), *log = path_join(dir, "log");
	_cleanup_free_ char *root = realpath(t->run.tree, NULL);
	_cleanup_free_ char *o = xasprintf("O=%s", dir), *dummies = path_join(root, "scripts/dummy-tools");
	_cleanup_free_ char *arch = xasprintf("ARCH=%s", cfg_arches[p->arch].kbuild);
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s/", dummies);
	_cleanup_free_ char *pahole = xasprintf("PAHOLE=%s/pahole", dummies);
	char *make[] = { "make", "-s", "-C", root, o, arch, cross, pahole, "RUSTC=false",
			 "BINDGEN=false", "olddefconfig", NULL };
	_cleanup_sb_ struct strbuf asked = STRBUF_INIT;
	int rc;

	azk_mkdir_p(dir, 0755);
	cfg_plan_text(p, &asked);
	if (azk_write_file_at(AT_FDCWD, config, sb_str(&asked), asked.len, 0644, false))
		return azk_error("cannot write %s", config);
	unlink(log);
	rc = kconf_run(make, ".", log);
	if (rc)
		return azk_error("make olddefconfig failed (%d), see %s", rc, log);
	return azk_read_file(config, out) ? azk_error("cannot read %s", config) : 0;
}

/* Names the compiler the dummy stands for, by its path: the one value that must differ. */
static bool is_path(const char *sym)
{
	return !strcmp(sym, "CC_VERSION_TEXT");
}

static size_t compare_dots(const struct cfg_dot *a, const struct cfg_dot *b, const char *what)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->e.n || k < b->e.n) {
		int order = i == a->e.n ? 1 : k == b->e.n ? -1 :
			    strcmp(a->e.v[i].sym, b->e.v[k].sym);
		const char *sym = order <= 0 ? a->e.v[i].sym : b->e.v[k].sym;
		const char *x = order <= 0 ? a->e.v[i].value : "(absent)";
		const char *y = order >= 0 ? b->e.v[k].value : "(absent)";

		i += order <= 0;
		k += order >= 0;
		if (!strcmp(x, y) || is_path(sym))
			continue;
		if (n++ < 10)
			printf("  %s: CONFIG_%s is %s, make says %s\n", what, sym, x, y);
	}
	return n;
}

/* "NAME TYPE W VISIBLE SELECT FILE = VALUE" of every symbol against what make wrote. */
static size_t compare_values(const struct strlist *lines, const struct cfg_dot *d, size_t *total)
{
	size_t n = 0, written = 0;

	for (size_t i = 0; i < lines->n; i++) {
		char *rest = lines->v[i], *name = cfg_word(&rest), *type = cfg_word(&rest);
		char *w = cfg_word(&rest), *eq;
		_cleanup_free_ char *value = NULL;
		const char *made = cfg_dot_get(d, name);

		eq = rest ? strstr(rest, "= ") : NULL;
		if (!w || !eq)
			continue;
		(*total)++;
		value = kconf_value_text(type, eq + 2);
		written += *w == 'w';
		if ((*w == 'w') == (made != NULL) && (!made || !strcmp(made, value) || is_path(name)))
			continue;
		/* a string or number that is not written has no value for anybody */
		if (n++ < 10)
			printf("  values: CONFIG_%s is %s%s, make says %s\n", name, value,
			       *w == 'w' ? "" : " (not written)", made ? made : "nothing");
	}
	return n + (written != d->e.n);
}

static int check_plan(struct truth *t, const struct cfg_plan *p)
{
	_cleanup_sb_ struct strbuf made = STRBUF_INIT;
	struct cfg_result res = { 0 };
	struct strlist values = { 0 };
	struct cfg_dot *d = NULL;
	size_t render, all, total = 0;
	int rc = -1;

	if (cfg_render_plan(&t->run, p, &res) ||
	    kconf_lines(t->run.kconf[p->arch], &values, "values") ||
	    kconf_close(t->run.kconf[p->arch]) || make_olddefconfig(t, p, &made))
		goto out;
	d = cfg_dot_parse("make olddefconfig", sb_str(&made), made.len, t->run.r);
	if (!d)
		goto out;
	render = compare_dots(res.dot, d, "render");
	all = compare_values(&values, d, &total);
	printf("%-12s %-8s %8zu %8zu %12zu %8zu\n", p->flavour->name, cfg_arches[p->arch].name,
	       d->e.n, render, total, all);
	fflush(stdout);
	t->differ += render + all;
	rc = 0;
out:
	cfg_dot_free(d);
	strlist_free(&values);
	cfg_result_free(&res);
	return rc;
}

int main(int argc, char **argv)
{
	struct truth t = { 0 };
	_cleanup_free_ char *cache = NULL;
	int rc = 0;

	if (argc != 4)
		return azk_error("usage: config_truth TREE CONFIGS WORK");
	t.run.tree = argv[1];
	t.run.configs = argv[2];
	t.work = argv[3];
	t.run.cache = cache = path_join(t.work, "kconf");
	t.run.r = report_new("campaign");
	printf("%-12s %-8s %8s %8s %12s %8s\n", "flavour", "arch", "written", "differ",
	       "all symbols", "differ");
	rc = cfg_run_init(&t.run);
	for (size_t i = 0; !rc && i < t.run.plans.n; i++)
		rc = check_plan(&t, t.run.plans.v[i]);
	if (report_status(t.run.r))
		report_print(t.run.r, false, stderr, NULL);
	cfg_run_free(&t.run);
	return rc || t.differ ? 1 : 0;
}
