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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_patch_has_no_finding),
		cmocka_unit_test(a_missing_or_repeated_trailer_is_found),
		cmocka_unit_test(a_malformed_trailer_is_found),
		cmocka_unit_test(a_bad_subject_or_author_is_found),
		cmocka_unit_test(whitespace_in_added_lines_is_found),
		cmocka_unit_test(orphans_and_misplaced_files_are_found),
	};

	return cmocka_run_group_tests_name("queue_lint", tests, NULL, NULL);
}
