// SPDX-License-Identifier: GPL-2.0-or-later
/* Each rule of `azk queue lint`: a good patch, and one fault at a time. */
#include "tests/queue_lib.h"

#define HEAD "From 0123 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b.invalid>\n"
#define SUBJECT "Subject: [PATCH 1/2] hv: vmbus: do less\n"
#define BODY "\nIt did too much.\n\n"
#define UPSTREAM "Upstream: none\n"
#define CATEGORY "Category: fix\n"
#define DROP "Drop-when: version >= 7.1\n"
#define TEST "Test: kunit hv_suite\n"
#define SOB "Signed-off-by: A B <a@b.invalid>\n"
#define ADDED "c\n"
#define DIFF_HEAD "---\n f | 2 +-\n\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+"
#define DIFF_TAIL "-- \n2.40\n"
#define DIFF(added) DIFF_HEAD added DIFF_TAIL
#define TRAILERS UPSTREAM CATEGORY DROP TEST SOB
/* written out: cppcheck cannot nest DIFF() here */
#define GOOD HEAD SUBJECT BODY TRAILERS DIFF_HEAD ADDED DIFF_TAIL

static void lint(const char *text, const char *rule, const char *says)
{
	char *dir = scratch_new();
	_cleanup_free_ char *out = NULL;
	int rc;

	put_file(dir, "p/series", "hv/x.patch\n");
	put_file(dir, "p/hv/x.patch", text);
	rc = sh(dir, "$AZK queue lint --series p/series");
	out = get_file(dir, "out");
	if (rc != (rule ? 1 : 0) || (rule && (!strstr(out, rule) || !strstr(out, says))))
		print_error("exit %d: %s\n", rc, out);
	assert_int_equal(rc, rule ? 1 : 0);
	if (rule) {
		assert_non_null(strstr(out, rule));
		assert_non_null(strstr(out, says));
		/* one fault, one finding: no rule fires on the good parts */
		assert_non_null(strstr(out, "1 patches checked, 1 findings"));
	}
	scratch_free(dir);
}

static void a_good_patch_has_no_finding(void **state)
{
	(void)state;
	lint(GOOD, NULL, NULL);
	lint(HEAD SUBJECT BODY "Upstream: commit 0123456789ab (v7.1-rc1)\nCategory: perf\n"
	     "Drop-when: landed 0123456789ab\nTest: x\nCost: netvsc-tx\nCVE: CVE-2026-12345\n"
	     "Fixes: 0123456789ab (\"hv: vmbus: start\")\nLink: https://lore.invalid/x\n"
	     "Reviewed-by: C D <c@d.invalid>\n" SOB DIFF(ADDED), NULL, NULL);
	lint(HEAD SUBJECT BODY "Upstream: never ours alone\nCategory: build\nDrop-when: never\n"
	     "Test: x\n" SOB DIFF(ADDED), NULL, NULL);
}

static void a_missing_or_repeated_trailer_is_found(void **state)
{
	(void)state;
	lint(HEAD SUBJECT BODY CATEGORY DROP TEST SOB DIFF(ADDED), "x.patch:10: error", "Upstream: is missing");
	lint(HEAD SUBJECT BODY UPSTREAM DROP TEST SOB DIFF(ADDED), "trailer-missing", "Category:");
	lint(HEAD SUBJECT BODY UPSTREAM CATEGORY TEST SOB DIFF(ADDED), "trailer-missing", "Drop-when:");
	lint(HEAD SUBJECT BODY UPSTREAM CATEGORY DROP SOB DIFF(ADDED), "trailer-missing", "Test:");
	lint(HEAD SUBJECT BODY UPSTREAM CATEGORY DROP TEST DIFF(ADDED), "trailer-missing", "Signed-off-by:");
	lint(HEAD SUBJECT BODY UPSTREAM TRAILERS DIFF(ADDED), "trailer-twice", "2 times");
}

static void a_malformed_trailer_is_found(void **state)
{
	static const char *const bad[] = {
		"Upstream: maybe\n" CATEGORY DROP TEST, "Upstream: posted somewhere\n" CATEGORY DROP TEST,
		"Upstream: commit 0123\n" CATEGORY DROP TEST, "Upstream: never\n" CATEGORY DROP TEST,
		UPSTREAM "Category: bug\n" DROP TEST, UPSTREAM CATEGORY "Drop-when: later\n" TEST,
		UPSTREAM CATEGORY "Drop-when: version > 7\n" TEST,
		UPSTREAM CATEGORY DROP TEST "CVE: 2026-1\n",
		UPSTREAM CATEGORY DROP TEST "Fixes: 0123 (\"x\")\n",
		UPSTREAM CATEGORY DROP TEST "Fixes: 0123456789ab x\n",
		UPSTREAM CATEGORY DROP TEST "Link: lore\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *t = xasprintf("%s%s%s%s", HEAD SUBJECT BODY, bad[i], SOB,
						   DIFF(ADDED));

		lint(t, "trailer-form", "is not of the form");
	}
	lint(HEAD SUBJECT BODY TRAILERS "Catagory: fix\n" DIFF(ADDED), "trailer-unknown", "Catagory");
	lint(HEAD SUBJECT BODY TRAILERS "Acked-By: X\n" DIFF(ADDED), "trailer-unknown", "is written Acked-by:");
}

static void a_bad_subject_or_author_is_found(void **state)
{
	(void)state;
	lint(HEAD "Subject: do less\n" BODY TRAILERS DIFF(ADDED), "[subject]", "prefix");
	lint(HEAD "Subject: hv: do less.\n" BODY TRAILERS DIFF(ADDED), "[subject]", "period");
	lint(HEAD "Subject: hv: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012345\n"
	     BODY TRAILERS DIFF(ADDED), "[subject]", "76 characters");
	lint(HEAD "Subject: hv: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 01234\n"
	     BODY TRAILERS DIFF(ADDED), NULL, NULL);
	lint(HEAD SUBJECT "\n" TRAILERS DIFF(ADDED), "[no-body]", "why");
	lint("From 0123 Mon Sep 17 00:00:00 2001\nFrom: C D <c@d.invalid>\n" SUBJECT BODY TRAILERS
	     DIFF(ADDED), "[author]", "did not sign off");
}

static void whitespace_in_added_lines_is_found(void **state)
{
	(void)state;
	lint(HEAD SUBJECT BODY TRAILERS DIFF("c \n"), "x.patch:20: error: f:2: trailing whitespace", "");
	lint(HEAD SUBJECT BODY TRAILERS DIFF("c\r\n"), "[whitespace]", "trailing whitespace");
	lint(HEAD SUBJECT BODY TRAILERS DIFF(" \tc\n"), "[whitespace]", "space before tab");
	lint(HEAD SUBJECT BODY TRAILERS DIFF("<<<<<<< ours\n"), "[whitespace]", "conflict marker");
	lint(HEAD SUBJECT BODY TRAILERS DIFF("\n"), "[whitespace]", "blank line at the end");
}

static void orphans_and_misplaced_files_are_found(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *out = NULL;

	(void)state;
	put_file(dir, "p/series", "hv/x.patch\ny.patch\nhv/deep/z.patch\n");
	put_file(dir, "p/hv/x.patch", GOOD);
	put_file(dir, "p/y.patch", GOOD);
	put_file(dir, "p/hv/deep/z.patch", GOOD);
	/* not the same change three times, which is another finding */
	assert_int_equal(sh(dir, "sed -i 's/^+c/+d/' p/y.patch; sed -i 's/^+c/+e/' p/hv/deep/z.patch"), 0);
	put_file(dir, "p/hv/orphan.patch", GOOD);
	put_file(dir, "p/hv/x.c.rej", "");
	put_file(dir, "p/hv/README.md", "");
	assert_int_equal(sh(dir, "$AZK queue lint --series p/series"), 1);
	out = get_file(dir, "out");
	assert_non_null(strstr(out, "p/hv/orphan.patch: error: is not in the series"));
	assert_non_null(strstr(out, "p/hv/x.c.rej: error: left over"));
	assert_non_null(strstr(out, "p/series:2: error: 'y.patch' must lie in one folder"));
	assert_non_null(strstr(out, "p/series:3: error: 'hv/deep/z.patch' must lie in one folder"));
	assert_non_null(strstr(out, "3 patches checked, 4 findings"));
	scratch_free(dir);
}

/* A tree with the two files lint asks: a version, and a checkpatch that finds one thing. */
static void tree(const char *dir, const char *cond, const char *rule, const char *says)
{
	_cleanup_free_ char *patch = xasprintf("%s" UPSTREAM CATEGORY "Drop-when: %s\n" TEST SOB
					       DIFF_HEAD ADDED DIFF_TAIL, HEAD SUBJECT BODY, cond);
	_cleanup_free_ char *out = NULL;
	int rc;

	put_file(dir, "t/Makefile", "# SPDX\nVERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 15\nEXTRAVERSION =\n");
	put_file(dir, "t/scripts/checkpatch.pl", "$/ = undef; $_ = <STDIN>; "
		 "/BAD/ and print \"-:9: WARNING:SOME_TYPE: words\\n\" and exit 1;\n");
	put_file(dir, "p/series", "hv/x.patch\n");
	put_file(dir, "p/hv/x.patch", patch);
	rc = sh(dir, "$AZK queue lint --series p/series --tree t");
	out = get_file(dir, "out");
	if (rc != (rule ? 1 : 0) || (rule && (!strstr(out, rule) || !strstr(out, says))))
		print_error("%s: exit %d: %s\n", cond, rc, out);
	assert_int_equal(rc, rule ? 1 : 0);
	assert_true(!rule || (strstr(out, rule) && strstr(out, says)));
}

static void a_condition_for_dropping_that_holds_is_found(void **state)
{
	char *dir = scratch_new();

	(void)state;
	tree(dir, "version >= 6.18.15", "[drop-when]", "x.patch:9: error");
	tree(dir, "version >= v6.18", "[drop-when]", "6.18.15");
	tree(dir, "version >= 5.99", "[drop-when]", "drop the patch");
	tree(dir, "version >= 6.18.16", NULL, NULL);
	tree(dir, "version >= 6.19-rc1", NULL, NULL);
	tree(dir, "version >= 7.0", NULL, NULL);
	tree(dir, "landed", NULL, NULL);
	tree(dir, "never", NULL, NULL);
	scratch_free(dir);
}

static void a_landed_change_is_looked_up_in_the_files(void **state)
{
	char *dir = scratch_new();

	(void)state;
	put_file(dir, "t/f", "a\nb\n");
	tree(dir, "landed", NULL, NULL);
	run(dir, 0, "$AZK queue lint --series p/series --tree t --json | grep '\"holds\": \"no\"'");
	put_file(dir, "t/f", "a\nc\n");
	tree(dir, "landed", "[drop-when]", "Drop-when: landed holds for 6.18.15");
	/* there because it is applied */
	put_file(dir, "t/f", "a\nb\n");
	run(dir, 0, "$AZK queue apply --series p/series --tree t");
	tree(dir, "landed", NULL, NULL);
	run(dir, 0, "$AZK queue lint --series p/series --tree t --json | grep 'unknown: patches are applied'");
	/* neither this way nor that way */
	run(dir, 0, "$AZK queue pop --all --tree t");
	put_file(dir, "t/f", "x\ny\n");
	tree(dir, "landed", NULL, NULL);
	run(dir, 0, "$AZK queue lint --series p/series --tree t --json | grep 'unknown: it neither'");
	scratch_free(dir);
}

static void a_landed_commit_is_looked_up_in_the_clone(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *sha = NULL, *cond = NULL, *out = NULL;

	(void)state;
	assert_int_equal(sh(dir, "git init -q r && cd r && git config user.name a && git config user.email a@b.invalid && "
			    "git commit -q --allow-empty -m 1 && git rev-parse HEAD >../sha && git commit -q --allow-empty -m 2 && "
			    "git tag v6.18.15 && git commit -q --allow-empty -m 3 && git rev-parse HEAD >../later"), 0);
	sha = get_file(dir, "sha");
	cond = xasprintf("landed %.40s", sha);
	tree(dir, cond, NULL, NULL);	/* without --git it is not known */
	assert_int_equal(sh(dir, "$AZK queue lint --series p/series --tree t --git r"), 1);
	assert_int_equal(sh(dir, "sed -i \"s/^Drop-when.*/Drop-when: landed $(cat later)/\" p/hv/x.patch; "
			    "$AZK queue lint --series p/series --tree t --git r"), 0);
	scratch_free(dir);
}

static void what_checkpatch_says_is_found(void **state)
{
	char *dir = scratch_new();

	(void)state;
	tree(dir, "never", NULL, NULL);
	assert_int_equal(sh(dir, "sed -i 's/^It did/BAD It did/' p/hv/x.patch; $AZK queue lint --series p/series --tree t"), 1);
	assert_int_equal(sh(dir, "$AZK queue lint --series p/series --tree t | grep -q "
			    "'x.patch:9: error: WARNING:SOME_TYPE: words .checkpatch.'"), 0);
	assert_int_equal(sh(dir, "rm t/scripts/checkpatch.pl; $AZK queue lint --series p/series --tree t"), 2);
	scratch_free(dir);
}

static void the_same_change_in_two_patches_is_found(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *out = NULL;

	(void)state;
	put_file(dir, "p/series", "hv/x.patch\nhv/y.patch\n");
	put_file(dir, "p/hv/x.patch", GOOD);
	put_file(dir, "p/hv/y.patch", GOOD);
	assert_int_equal(sh(dir, "$AZK queue lint --series p/series"), 1);
	out = get_file(dir, "out");
	assert_non_null(strstr(out, "p/hv/y.patch:17: error: f: the same 2 changed lines as in p/hv/x.patch:17 [duplicate]"));
	/* two lines that are the same in other surroundings are no duplicate */
	assert_int_equal(sh(dir, "sed -i 's/^ a$/ x/' p/hv/y.patch; $AZK queue lint --series p/series"), 0);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_patch_has_no_finding),
		cmocka_unit_test(a_missing_or_repeated_trailer_is_found),
		cmocka_unit_test(a_malformed_trailer_is_found),
		cmocka_unit_test(a_bad_subject_or_author_is_found),
		cmocka_unit_test(whitespace_in_added_lines_is_found),
		cmocka_unit_test(a_condition_for_dropping_that_holds_is_found),
		cmocka_unit_test(a_landed_change_is_looked_up_in_the_files),
		cmocka_unit_test(a_landed_commit_is_looked_up_in_the_clone),
		cmocka_unit_test(what_checkpatch_says_is_found),
		cmocka_unit_test(the_same_change_in_two_patches_is_found),
		cmocka_unit_test(orphans_and_misplaced_files_are_found),
	};

	return cmocka_run_group_tests_name("queue_lint", tests, NULL, NULL);
}
