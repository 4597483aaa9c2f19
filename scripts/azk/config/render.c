// SPDX-License-Identifier: GPL-2.0-or-later
/* azk config render: fragments to .config. */
#include <errno.h>

#include "config/run.h"

static int write_if_changed(const char *path, const struct strbuf *text, bool *changed)
{
	_cleanup_free_ char *dir = path_dirname(path);
	_cleanup_sb_ struct strbuf old = STRBUF_INIT;
	int rc;

	*changed = false;
	if (!azk_read_file(path, &old) && old.len == text->len &&
	    !memcmp(sb_str(&old), sb_str(text), text->len))
		return 0;
	*changed = true;
	rc = azk_mkdir_p(dir, 0755);
	return rc ? rc : azk_write_file(path, sb_str(text), text->len, 0644);
}

static size_t count_lost(const struct cfg_plan *p, const struct cfg_dot *d)
{
	size_t n = 0;

	for (size_t i = 0; i < p->intents.n; i++) {
		const struct cfg_opt *o = p->intents.v[i].opt;

		n += !cfg_value_equal(o->value, cfg_dot_get(d, o->sym));
	}
	return n;
}

/* The files that ask, in the flavour's order. */
static json_t *fragments_of(const struct cfg_run *run, const struct cfg_plan *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->fragments.n; i++) {
		const struct cfg_fragment *f = cfg_store_fragment(run->store, p->fragments.v[i]);

		json_array_append_new(list, json_string(f->path));
	}
	return list;
}

static void render_one(struct cfg_run *run, const struct cfg_plan *p, json_t *list)
{
	_cleanup_free_ char *path = cfg_render_path(run, p);
	struct cfg_result res;
	bool changed;
	int rc;

	if (!cfg_render_plan(run, p, &res)) {
		rc = write_if_changed(path, &res.text, &changed);
		if (rc)
			report_bad(run->r, "write", path, 0, "%s", strerror(-rc));
		else
			json_array_append_new(list, json_pack(
				"{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:o}", "flavour", p->flavour->name,
				"arch", cfg_arches[p->arch].name, "file", path, "changed", changed,
				"asked", (json_int_t)p->intents.n,
				"lost", (json_int_t)count_lost(p, res.dot),
				"symbols", (json_int_t)res.dot->e.n,
				"fragments", fragments_of(run, p)));
		kconf_close(run->kconf[p->arch]);
	}
	cfg_result_free(&res);
}

static void print_text(json_t *root, FILE *out)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "rendered"), i, o) {
		json_int_t lost = json_integer_value(json_object_get(o, "lost"));

		fprintf(out, "%s: %lld asked, %lld symbols, %s\n",
			json_string_value(json_object_get(o, "file")),
			(long long)json_integer_value(json_object_get(o, "asked")),
			(long long)json_integer_value(json_object_get(o, "symbols")),
			json_is_true(json_object_get(o, "changed")) ? "written" : "unchanged");
		if (lost)
			fprintf(out, "    %lld of them did not take: azk config check tells why\n",
				(long long)lost);
	}
}

int cfg_cmd_render(int argc, char **argv)
{
	struct cfg_run run = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		CFG_RUN_OPTS(run),
		{ "out", "DIR", "write all results here instead", .str = &run.out },
		{ "json", NULL, "the report as JSON", .flag = &json },
		{ 0 },
	};
	json_t *list;
	int n, rc;

	n = azk_parse_opts(opts, "config render --tree DIR [--flavour F] [--arch A]",
			   "config render --tree out/tree --flavour azure", argc, argv);
	if (n == AZK_OPT_HELP)
		return AZK_OK;
	if (n == AZK_OPT_BAD)
		return AZK_BAD;
	if (n > 0)
		return azk_error("config render takes no '%s'", argv[1]);
	run.r = report_new("config render");
	list = json_array();
	json_object_set_new(report_root(run.r), "rendered", list);
	if (!cfg_run_init(&run)) {
		for (size_t i = 0; i < run.plans.n; i++)
			render_one(&run, run.plans.v[i], list);
	}
	rc = report_print(run.r, json, stdout, print_text);
	cfg_run_free(&run);
	return rc;
}
