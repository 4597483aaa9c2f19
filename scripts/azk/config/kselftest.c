// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shipped kselftests have config fragments of their own: what they need is
 * there, or configs/kselftest.list says why not:
 *
 *	TARGET GLOB... # reason		of CONFIG_ names, * for all of the target
 */
#include <errno.h>
#include <fnmatch.h>

#include "config/finds.h"

struct waiver {
	char *target;
	struct strlist globs;
	size_t line;
	bool used;
};

struct cfg_kselftests {
	char *list;			/* the file of waivers */
	struct strlist targets;
	VEC(struct waiver) waivers;
};

static void parse_waivers(struct cfg_kselftests *k, const char *buf, size_t len, struct azk_report *r)
{
	struct cfg_text t = { .path = k->list, .buf = buf, .len = len, .r = r };
	char *line, *w;

	while (cfg_line(&t, &line)) {
		char *rest = line, *target = cfg_word(&rest);
		struct waiver *v;

		if (!target || *target == '#')
			continue;
		v = vec_add(&k->waivers);
		v->target = xstrdup(target);
		v->line = t.line;
		while ((w = cfg_word(&rest)) && *w != '#')
			strlist_add(&v->globs, str_starts(w, "CONFIG_") ? w + 7 : w);
		if (!v->globs.n)
			cfg_bad(&t, "'%s' needs the options it may lack", target);
		else if (!w || !*rest)
			cfg_bad(&t, "'%s' needs '# reason' at its end", target);
	}
	cfg_text_done(&t);
}

/* One target a line; what is behind it is for readers. */
static int read_targets(const char *file, struct strlist *out)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	const char *line;
	size_t pos = 0, n;
	int rc = azk_read_file(file, &sb);

	while (!rc && azk_next_line(sb_str(&sb), sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *copy = xmemdup0(line, n);
		char *rest = copy, *target = cfg_word(&rest);

		if (target && *target != '#' && !path_unsafe_why(target))
			strlist_add(out, target);
	}
	return rc;
}

struct cfg_kselftests *cfg_kselftests_load(const char *file, const char *configs, struct azk_report *r)
{
	struct cfg_kselftests *k = xcalloc(1, sizeof(*k));
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc = read_targets(file, &k->targets);

	k->list = path_join(configs, "kselftest.list");
	if (rc && rc != -ENOENT)
		report_bad(r, "read", file, 0, "%s", strerror(-rc));
	rc = azk_read_file(k->list, &sb);
	if (rc && rc != -ENOENT)
		report_bad(r, "read", k->list, 0, "%s", strerror(-rc));
	parse_waivers(k, sb_str(&sb), sb.len, r);
	return k;
}

static bool waived(struct cfg_kselftests *k, const char *target, const char *sym)
{
	bool any = false;

	for (size_t i = 0; i < k->waivers.n; i++) {
		struct waiver *v = &k->waivers.v[i];

		if (strcmp(v->target, target))
			continue;
		for (size_t g = 0; g < v->globs.n; g++) {
			if (!fnmatch(v->globs.v[g], sym, 0))
				v->used = any = true;
		}
	}
	return any;
}

/* A module does where y is asked, and y where a module is. */
static bool met(const char *asked, const char *got)
{
	if (cfg_value_equal(asked, got))
		return true;
	return got && strlen(asked) == 1 && strlen(got) == 1 && strchr("ym", *asked) &&
	       strchr("ym", *got);
}

static void check_target(struct cfg_run *run, struct cfg_kselftests *k, const char *target,
			 const struct cfg_plan *p, const struct cfg_dot *d, struct cfg_finds *out)
{
	_cleanup_free_ char *path = xasprintf("%s/tools/testing/selftests/%s/config", run->tree, target);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct cfg_dot *needs;

	if (azk_read_file(path, &sb))
		return;
	needs = cfg_dot_parse(path, sb_str(&sb), sb.len, run->r);
	for (size_t i = 0; needs && i < needs->e.n; i++) {
		const char *sym = needs->e.v[i].sym, *asked = needs->e.v[i].value;
		const char *got = cfg_dot_get(d, sym);
		struct cfg_find f;

		if (met(asked, got) || waived(k, target, sym))
			continue;
		cfg_find_init(&f, AZK_ERROR, "kselftest", path, 0, sym,
			      "the shipped test %s needs CONFIG_%s=%s, which is %s", target, sym, asked,
			      got ? got : "n");
		cfg_find_note(&f, "ask for it, or say in %s why the test does without", k->list);
		cfg_finds_add(out, &f, p);
	}
	cfg_dot_free(needs);
}

void cfg_kselftests_check(struct cfg_run *run, struct cfg_kselftests *k, const struct cfg_plan *p,
			  const struct cfg_dot *d, struct cfg_finds *out)
{
	if (!p->ship)
		return;
	for (size_t i = 0; i < k->targets.n; i++)
		check_target(run, k, k->targets.v[i], p, d, out);
}

void cfg_kselftests_unused(const struct cfg_kselftests *k, struct cfg_finds *out)
{
	struct cfg_find f;

	for (size_t i = 0; k->targets.n && i < k->waivers.n; i++) {
		const struct waiver *v = &k->waivers.v[i];

		if (v->used)
			continue;
		cfg_find_init(&f, AZK_ERROR, "kselftest", k->list, v->line, NULL,
			      "%s lacks nothing of this line", v->target);
		cfg_finds_add(out, &f, NULL);
	}
}

void cfg_kselftests_free(struct cfg_kselftests *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->waivers.n; i++) {
		free(k->waivers.v[i].target);
		strlist_free(&k->waivers.v[i].globs);
	}
	vec_free(&k->waivers);
	strlist_free(&k->targets);
	free(k->list);
	free(k);
}
