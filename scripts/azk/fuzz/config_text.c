// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments, flavours, policies, .configs and glob lists. The first byte picks
 * the parser. What a fragment parses to must be stable: written down again and
 * parsed, it asks for the same.
 */
#include "config/cfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_fragment(const char *s, size_t n, struct azk_report *r)
{
	struct cfg_fragment *f = cfg_fragment_parse("f", "f", s, n, r), *again;
	struct cfg_plan p = { 0 };
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < f->opts.n; i++) {
		struct cfg_intent in = { f, &f->opts.v[i] };

		vec_push(&p.intents, in);
	}
	cfg_plan_text(&p, &sb);
	again = cfg_fragment_parse("f", "f", sb_str(&sb), sb.len, r);
	if (again->opts.n != f->opts.n)
		abort();
	for (size_t i = 0; i < f->opts.n; i++) {
		if (strcmp(f->opts.v[i].sym, again->opts.v[i].sym) ||
		    strcmp(f->opts.v[i].value, again->opts.v[i].value))
			abort();
	}
	cfg_fragment_free(again);
	cfg_fragment_free(f);
	vec_free(&p.intents);
	sb_free(&sb);
}

static void fuzz_policy(const char *s, size_t n, struct azk_report *r)
{
	static const char config[] = "CONFIG_A=y\nCONFIG_N=64\nCONFIG_S=\"a,b\"\n";
	struct cfg_policy *p = cfg_policy_parse("p", "p", s, n, r);
	struct cfg_dot *d = cfg_dot_parse("c", config, sizeof(config) - 1, r);

	for (size_t i = 0; i < p->rules.n; i++) {
		for (size_t k = 0; k < p->rules.v[i].asserts.n; k++) {
			cfg_assert_holds(&p->rules.v[i].asserts.v[k], d);
			free(cfg_assert_text(&p->rules.v[i].asserts.v[k]));
		}
	}
	cfg_dot_free(d);
	cfg_policy_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct azk_report *r = report_new("fuzz");
	struct cfg_globs g = { 0 };
	const char *s;
	size_t n;

	if (!size)
		goto out;
	s = (const char *)data + 1;
	n = size - 1;
	switch (data[0] % 5) {
	case 0:
		fuzz_fragment(s, n, r);
		break;
	case 1:
		cfg_flavour_free(cfg_flavour_parse("f", "f", s, n, r));
		break;
	case 2:
		fuzz_policy(s, n, r);
		break;
	case 3:
		cfg_dot_free(cfg_dot_parse("d", s, n, r));
		break;
	case 4:
		cfg_globs_parse(&g, "g", s, n, r);
		cfg_globs_match(&g, "CC_HAS_KASAN");
		cfg_globs_free(&g);
		break;
	}
out:
	report_free(r);
	return 0;
}
