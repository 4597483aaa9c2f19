// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verdicts of azk queue landed, each for a change and a base written here by
 * hand. The campaign (campaign/queue_landed.c) has real hunks in numbers.
 */
#include "tests/queue_lib.h"

static const char BASE[] =
	"#include <linux/a.h>\n\nstatic int limit;\n\n"
	"static int alpha(struct dev *d)\n{\n\tint ret;\n\n\tret = map_it(d);\n\tif (ret)\n\t\treturn ret;\n"
	"\tstart_it(d);\n\tkick_it(d);\n\treturn 0;\n}\n\n"
	"static int beta(struct dev *d)\n{\n\tint ret;\n\n\tret = probe_it(d);\n\tif (ret)\n\t\treturn ret;\n"
	"\tsettle_it(d);\n\treport_it(d);\n\treturn 0;\n}\n";

struct verdict_case {
	const char *name;
	const char *patch;	/* sed on the old base */
	const char *base;	/* sed on the old base gives the new one */
	const char *want;
};

static const struct verdict_case table[] = {
	{ "nothing of it is there", "s/start_it(d)/start_it_late(d)/", "1i // x", "not landed" },
	{ "same file in both", "s/start_it(d)/start_it_late(d)/", "", "not landed" },
	{ "as it is", "s/start_it(d)/start_it_late(d)/", "s/start_it(d)/start_it_late(d)/", "landed" },
	{ "the context on one side drifted", "s/start_it(d)/start_it_late(d)/",
	  "s/start_it(d)/start_it_late(d)/;s/kick_it(d)/kick_them(d)/", "landed" },
	{ "one word is another", "s/start_it(d)/start_it_late(d)/", "s/start_it(d)/start_it_lately(d)/",
	  "not landed" },
	{ "added, but what it replaces stayed", "s/start_it(d)/start_it_late(d)/",
	  "/start_it(d)/i \\\\tstart_it_late(d);", "not landed" },
	{ "added to another function", "/start_it(d)/i \\\\twatch_it_closely(d);",
	  "/settle_it(d)/i \\\\twatch_it_closely(d);", "not landed|likely" },
	{ "added some lines off", "/start_it(d)/i \\\\twatch_it_closely(d);",
	  "/return 0/i \\\\twatch_it_closely(d);", "not landed|likely" },
	{ "common lines at the other place of the same kind",
	  "/kick_it(d)/i \\\\tif (ret)\\n\\t\\treturn ret;", "/report_it(d)/i \\\\tif (ret)\\n\\t\\treturn ret;",
	  "not landed|likely" },
	{ "common lines at their place", "/kick_it(d)/i \\\\tif (ret)\\n\\t\\treturn ret;",
	  "/kick_it(d)/i \\\\tif (ret)\\n\\t\\treturn ret;", "landed" },
	{ "removed, between the same lines", "/start_it(d)/d", "1i // x\n/start_it(d)/d", "landed" },
	{ "removed with all around it", "/start_it(d)/d",
	  "/map_it(d)/,/kick_it/d", "not landed|likely" },
	{ "removed, something else stands there", "/start_it(d)/d", "s/start_it(d)/other_thing(d)/",
	  "not landed|likely" },
	{ "removed with its function", "/start_it(d)/d", "/^static int alpha/,/^}/d", "not landed|likely" },
	{ "moved down, not removed", "/start_it(d)/d", "/start_it(d)/{h;d};/kick_it(d)/G",
	  "not landed|likely" },
	{ "one of two hunks", "s/static int limit/static int limits/;s/settle_it(d)/settle_all(d)/",
	  "s/settle_it(d)/settle_all(d)/", "partly" },
	{ "lines in another order", "/kick_it(d)/a \\\\tfirst_thing(d);\\n\\tsecond_thing(d);",
	  "/kick_it(d)/a \\\\tsecond_thing(d);\\n\\tfirst_thing(d);", "not landed|likely" },
	{ "others between the added lines", "/kick_it(d)/a \\\\tfirst_thing(d);\\n\\tsecond_thing(d);",
	  "/kick_it(d)/a \\\\tfirst_thing(d);\\n\\tforeign(d);\\n\\tsecond_thing(d);", "likely" },
	{ "a whole function came", "$a \\\\nstatic void gamma_all(void)\\n{\\n\\tdo_gamma();\\n}",
	  "s/limit;/limit = 3;/;$a \\\\nstatic void gamma_all(void)\\n{\\n\\tdo_gamma();\\n}", "landed" },
	{ "a blank line at another place", "/start_it(d)/i \\\\n", "/report_it(d)/i \\\\n",
	  "not landed|likely" },
};

/* The verdicts of the last run, one word (or two) each, joined by commas. */
static char *verdicts(const char *dir)
{
	_cleanup_free_ char *text = get_file(dir, "out");
	json_t *root = json_loads(text ? text : "", 0, NULL), *p, *f, *run;
	struct strbuf sb = STRBUF_INIT;
	size_t i, k, m;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		const char *v = json_string_value(json_object_get(p, "verdict"));

		sb_addf(&sb, "%s%s", i ? ", " : "", v);
		/* landed comes with its proof, likely with what is missing */
		json_array_foreach(json_object_get(p, "files"), k, f) {
			json_array_foreach(json_object_get(f, "runs"), m, run) {
				const char *rv = json_string_value(json_object_get(run, "verdict"));

				if (!strcmp(v, "landed") && !json_object_get(p, "with") &&
				    json_object_get(run, "hunk"))
					assert_true(json_integer_value(json_object_get(run, "at")));
				if (!strcmp(rv, "likely"))
					assert_non_null(json_object_get(run, "missing"));
			}
		}
	}
	json_decref(root);
	return sb_detach(&sb);
}

static bool one_of(const char *have, const char *want)
{
	_cleanup_free_ char *a = xasprintf("|%s|", want), *b = xasprintf("|%s|", have);

	return strstr(a, b);
}

static const char PATCH[] = "diff -u a b | sed -e '1s,.*,--- a/f.c,' -e '2s,.*,+++ b/f.c,' >>";

static void by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct verdict_case *c = &table[i];
		char *dir = scratch_new();
		_cleanup_free_ char *have = NULL;
		_cleanup_free_ char *cmd = xasprintf(
			"mkdir p new; printf '%%s\\n' '%s' >s.patch; printf '%%s\\n' '%s' >s.base\n"
			"sed -f s.base old/f.c >new/f.c && cp old/f.c a && sed -f s.patch a >b || exit 3\n"
			"cmp -s a b && exit 4\n"
			"%s p/1.patch; echo 1.patch >p/series", c->patch, c->base, PATCH);

		put_file(dir, "old/f.c", BASE);
		run(dir, 0, cmd);
		assert_int_equal(sh(dir, "$AZK queue landed --json --series p/series --old old --new new"), 0);
		have = verdicts(dir);
		if (!one_of(have, c->want))
			print_error("%s: %s, should be %s\n", c->name, have, c->want);
		assert_true(one_of(have, c->want));
		scratch_free(dir);
	}
}

static void series_case(const char *p1, const char *p2, const char *base, const char *more,
			const char *want)
{
	char *dir = scratch_new();
	_cleanup_free_ char *have = NULL;
	_cleanup_free_ char *cmd = xasprintf(
		"mkdir p new\nsed '%s' old/f.c >new/f.c; cp old/f.c a; sed '%s' a >b\n%s p/1.patch\n"
		"cp b a; sed '%s' a >b\n%s p/2.patch; printf '1.patch\\n2.patch\\n' >p/series",
		base, p1, PATCH, p2, PATCH);
	_cleanup_free_ char *ask = xasprintf(
		"$AZK queue landed --json --series p/series --old old --new new %s", more);

	put_file(dir, "old/f.c", BASE);
	run(dir, 0, cmd);
	assert_int_equal(sh(dir, ask), 0);
	have = verdicts(dir);
	assert_string_equal(have, want);
	scratch_free(dir);
}

static void split_and_squashed(void **state)
{
	(void)state;
	/* upstream did both in one go */
	series_case("s/start_it(d)/start_early(d)/", "s/kick_it(d)/kick_late(d)/",
		    "s/start_it(d)/start_early(d)/;s/kick_it(d)/kick_late(d)/", "", "landed, landed");
	/* upstream has what the two make together */
	series_case("s/start_it(d)/start_early(d, 1)/", "s/start_early(d, 1)/start_early(d, 2)/",
		    "s/start_it(d)/start_early(d, 2)/", "", "landed, landed");
	/* only the first of two on the same lines */
	series_case("s/start_it(d)/start_early(d, 1)/", "s/start_early(d, 1)/start_early(d, 2)/",
		    "s/start_it(d)/start_early(d, 1)/", "", "landed, not landed");
}

static void reverted_on_the_way(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *have = NULL;
	_cleanup_free_ char *back = NULL;

	(void)state;
	put_file(dir, "old/f.c", BASE);
	run(dir, 0, "mkdir p new via; sed 's/start_it(d)/start_early(d)/' old/f.c >via/f.c; sed '1i // x' old/f.c >new/f.c\n"
		    "cp old/f.c a; cp via/f.c b; diff -u a b | sed -e '1s,.*,--- a/f.c,' -e '2s,.*,+++ b/f.c,' >p/1.patch; echo 1.patch >p/series");
	assert_int_equal(sh(dir, "$AZK queue landed --json --series p/series --old old --new new --via via"), 0);
	have = verdicts(dir);
	assert_string_equal(have, "reverted");
	/* the old base had it already, the new one does not */
	assert_int_equal(sh(dir, "$AZK queue landed --json --series p/series --old via --new new"), 0);
	back = verdicts(dir);
	assert_string_equal(back, "reverted");
	/* what applies nowhere is bad input, not a verdict */
	run(dir, 0, "sed -i 's/start_it/start_that/;s/map_it/map_that/' p/1.patch");
	assert_int_equal(sh(dir, "$AZK queue landed --json --series p/series --old old --new new"), 2 - 1);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(split_and_squashed),
		cmocka_unit_test(reverted_on_the_way),
	};

	if (azk_is_dir("/dev/shm"))
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("queue_landed", tests, NULL, NULL);
}
