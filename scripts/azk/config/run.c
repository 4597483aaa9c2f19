// SPDX-License-Identifier: GPL-2.0-or-later
/* Choosing flavours and arches, and keeping one Kconfig process for each arch. */
#include <errno.h>

#include "config/run.h"

static void add_plans(struct cfg_run *run, int arch)
{

	for (size_t i = 0; i < run->store->flavours.n; i++) {
		struct cfg_flavour *f = run->store->flavours.v[i];
		struct cfg_plan *p;

		if (run->flavour && strcmp(run->flavour, f->name))
			continue;
		/* asked for by name: an arch it has not is an error, else skipped */
		if (!(cfg_flavour_arches(run->store, f) & (1u << arch)) &&
		    !(run->flavour && run->arch))
			continue;
		p = cfg_resolve(run->store, f, arch, run->r);
		if (p)
			vec_push(&run->plans, p);
	}
}

int cfg_run_init(struct cfg_run *run)
{
	int only = run->arch ? cfg_arch_index(run->arch) : -1;

	if (run->arch && only < 0) {
		report_bad(run->r, "usage", NULL, 0, "unknown arch '%s' (x86_64, aarch64)",
			   run->arch);
		return -1;
	}
	if (!run->configs)
		run->configs = "configs";
	if (!run->cache)
		run->cache = "out/kconf";
	if (!azk_is_dir(run->tree)) {
		report_bad(run->r, "tree", run->tree, 0, "not a folder");
		return -1;
	}
	run->store = cfg_store_load(run->configs, run->r);
	if (run->flavour && !cfg_store_flavour(run->store, run->flavour)) {
		report_bad(run->r, "usage", run->configs, 0, "no flavour named '%s'", run->flavour);
		return -1;
	}
	for (int i = 0; i < CFG_NARCH; i++) {
		if (only < 0 || only == i)
			add_plans(run, i);
	}
	/* a file that does not parse would lose what it asks for */
	return report_status(run->r) == AZK_BAD ? -1 : 0;
}

void cfg_run_free(struct cfg_run *run)
{
	for (int i = 0; i < CFG_NARCH; i++)
		kconf_stop(run->kconf[i]);
	for (size_t i = 0; i < run->plans.n; i++)
		cfg_plan_free(run->plans.v[i]);
	vec_free(&run->plans);
	cfg_store_free(run->store);
	report_free(run->r);
}

static bool has_plan(const struct cfg_run *run, int arch)
{
	for (size_t i = 0; i < run->plans.n; i++) {
		if (run->plans.v[i]->arch == arch)
			return true;
	}
	return false;
}

struct kconf *cfg_run_kconf(struct cfg_run *run, int arch)
{
	/* one parses while the other does */
	for (int i = 0; i < CFG_NARCH; i++) {
		if (!run->kconf[i] && !run->kconf_failed[i] && (i == arch || has_plan(run, i))) {
			run->kconf[i] = kconf_start(run->tree, i, run->cache, run->r);
			run->kconf_failed[i] = !run->kconf[i];
		}
	}
	if (run->kconf[arch] && kconf_ready(run->kconf[arch])) {
		kconf_stop(TAKE_PTR(run->kconf[arch]));
		run->kconf_failed[arch] = true;
	}
	return run->kconf[arch];
}

int cfg_render_plan(struct cfg_run *run, const struct cfg_plan *p, struct cfg_result *res)
{
	struct kconf *k = cfg_run_kconf(run, p->arch);
	_cleanup_sb_ struct strbuf asked = STRBUF_INIT;

	memset(res, 0, sizeof(*res));
	if (!k)
		return -1;
	cfg_plan_text(p, &asked);
	if (kconf_open(k, sb_str(&asked), asked.len) || kconf_write(k, &res->text))
		return -1;
	res->warnings = kconf_warnings(k);
	res->dot = cfg_dot_parse("the rendered config", sb_str(&res->text), res->text.len, run->r);
	return res->dot ? 0 : -1;
}

void cfg_result_free(struct cfg_result *res)
{
	sb_free(&res->text);
	cfg_dot_free(res->dot);
	free(res->warnings);
	memset(res, 0, sizeof(*res));
}

char *cfg_render_path(const struct cfg_run *run, const struct cfg_plan *p)
{
	_cleanup_free_ char *kept = path_join(run->configs, "rendered");
	const char *dir = run->out ? run->out : p->ship ? kept : "out/rendered";

	return xasprintf("%s/%s-%s.config", dir, p->flavour->name, cfg_arches[p->arch].name);
}

static json_t *last_finding(struct azk_report *r)
{
	json_t *all = json_object_get(report_root(r), "findings");

	return json_array_get(all, json_array_size(all) - 1);
}

void cfg_tag_all(struct azk_report *r, json_t *keys)
{
	json_object_update(last_finding(r), keys);
}

void cfg_tag(struct azk_report *r, const char *where, const char *sym)
{
	json_t *f = last_finding(r);

	if (where)
		json_object_set_new(f, "where", json_string(where));
	if (sym)
		json_object_set_new(f, "symbol", json_string(sym));
}
