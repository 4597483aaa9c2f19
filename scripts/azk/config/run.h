/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What render and check share: options, chosen flavours, one Kconfig per arch. */
#ifndef AZK_CONFIG_RUN_H
#define AZK_CONFIG_RUN_H

#include "config/kconf.h"

struct cfg_run {
	const char *tree, *flavour, *arch, *configs, *out, *cache;
	struct azk_report *r;
	struct cfg_store *store;
	struct kconf *kconf[CFG_NARCH];		/* started when first needed */
	bool kconf_failed[CFG_NARCH];
	VEC(struct cfg_plan *) plans;		/* arch after arch */
};

/* The options every verb that runs plans has; struct azk_opt initializers. */
#define CFG_RUN_OPTS(run) \
	{ "tree", "DIR", "the kernel tree", .str = &(run).tree, .required = true }, \
	{ "flavour", "F", "only this flavour", .str = &(run).flavour }, \
	{ "arch", "A", "only this arch: x86_64 or aarch64", .str = &(run).arch }, \
	{ "configs", "DIR", "fragments, flavours, policy (default: configs)", \
	  .str = &(run).configs }, \
	{ "cache", "DIR", "compiled Kconfig helpers (default: out/kconf)", \
	  .str = &(run).cache }

/* One flavour and arch put through Kconfig. */
struct cfg_result {
	struct strbuf text;	/* the .config */
	struct cfg_dot *dot;
	char *warnings;		/* Kconfig's own, "" when none */
};

/* Loads the store and resolves what --flavour and --arch choose. */
int cfg_run_init(struct cfg_run *run);
void cfg_run_free(struct cfg_run *run);
struct kconf *cfg_run_kconf(struct cfg_run *run, int arch);	/* NULL after reporting */

/*
 * Renders a plan. The values stay loaded in cfg_run_kconf(run, plan->arch), for
 * questions about them, until kconf_close(). 0 or -1 after reporting.
 */
int cfg_render_plan(struct cfg_run *run, const struct cfg_plan *p, struct cfg_result *res);
void cfg_result_free(struct cfg_result *res);

/* Where a plan's result lives; the caller frees. */
char *cfg_render_path(const struct cfg_run *run, const struct cfg_plan *p);

/* Adds flavour/arch and symbol (either may be NULL) to the finding added last. */
void cfg_tag(struct azk_report *r, const char *where, const char *sym);

/* Adds all keys of an object to the finding added last. */
void cfg_tag_all(struct azk_report *r, json_t *keys);

int cfg_cmd_render(int argc, char **argv);
int cfg_cmd_check(int argc, char **argv);
int cfg_cmd_explain(int argc, char **argv);
int cfg_cmd_diff(int argc, char **argv);
int cfg_cmd_bump(int argc, char **argv);

#endif
