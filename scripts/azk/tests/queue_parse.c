// SPDX-License-Identifier: GPL-2.0-or-later
/* The patch parser: what it understands, and that nothing else gets through. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "queue/patch.h"

static int parse(struct patch *p, const char *text)
{
	/* no NUL behind the buffer, so that the sanitizer sees a read too far */
	size_t n = strlen(text);
	char *buf = xmalloc(n);

	memcpy(buf, text, n);
	return patch_parse(p, "x.patch", "x.patch", buf, n);
}

static void good(const char *text, size_t diffs, size_t hunks)
{
	struct patch p;
	int rc = parse(&p, text);

	if (rc)
		print_error("line %zu: %s\n", p.errs.v[0].line, p.errs.v[0].msg);
	assert_int_equal(rc, 0);
	assert_int_equal(p.diffs.n, diffs);
	assert_int_equal(p.hunks.n, hunks);
	patch_free(&p);
}

static void bad(const char *text, size_t line, const char *says)
{
	struct patch p;
	int rc = parse(&p, text);

	assert_int_not_equal(rc, 0);
	assert_int_equal(p.errs.n, 1);
	if (p.errs.v[0].line != line || !strstr(p.errs.v[0].msg, says))
		print_error("line %zu: %s\n", p.errs.v[0].line, p.errs.v[0].msg);
	assert_int_equal(p.errs.v[0].line, line);
	assert_non_null(strstr(p.errs.v[0].msg, says));
	patch_free(&p);
}

#define GIT "diff --git a/f b/f\nindex 1234567..89abcde 100644\n"
#define SIDES "--- a/f\n+++ b/f\n"
#define HUNK "@@ -1,2 +1,2 @@ func\n a\n-b\n+c\n"

static void git_and_plain_diffs_parse(void **state)
{
	(void)state;
	good(GIT SIDES HUNK, 1, 1);
	good(SIDES HUNK, 1, 1);
	good("Index: f\n=====\n" SIDES HUNK, 1, 1);
	good("diff -ruN a/f b/f\n" SIDES HUNK "diff -ruN a/f b/f\n" SIDES HUNK, 2, 2);
	good("From x\nSubject: y\n\nwhy\n---\n f | 2 +-\n\n" GIT SIDES HUNK "-- \n2.40\n\n", 1, 1);
	good(GIT SIDES HUNK "--\n2.40\n", 1, 1);
	good(SIDES "@@ -1 +1 @@\n-a\n+b\n@@ -9,2 +9,3 @@\n x\n\n+y\n", 1, 2);
}

static void new_deleted_renamed_copied_and_mode_parse(void **state)
{
	struct patch p;

	(void)state;
	good("diff --git a/n b/n\nnew file mode 100755\nindex 0000000..1234567\n"
	     "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n", 1, 1);
	good("diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n", 1, 0);
	good("diff --git a/n b/n\ndeleted file mode 100644\nindex 1234567..0000000\n"
	     "--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", 1, 1);
	good("diff --git a/n b/m\nsimilarity index 100%\nrename from n\nrename to m\n", 1, 0);
	good("diff --git a/n b/m\nsimilarity index 100%\ncopy from n\ncopy to m\n", 1, 0);
	good("diff --git a/n b/n\nold mode 100644\nnew mode 100755\n", 1, 0);
	assert_int_equal(parse(&p, "--- a/n\t1970-01-01 01:00:00.000000000 +0100\n"
			       "+++ b/n\t2026-01-01 00:00:00.000000000 +0000\n@@ -0,0 +1 @@\n+x\n"), 0);
	assert_int_equal(p.diffs.v[0].kind, DIFF_CREATE);
	patch_free(&p);
	assert_int_equal(parse(&p, "--- a/n\t2026-01-01 00:00:00.000000000 +0000\n"
			       "+++ b/n\t1970-01-01 00:00:00.000000000 +0000\n@@ -1 +0,0 @@\n-x\n"), 0);
	assert_int_equal(p.diffs.v[0].kind, DIFF_DELETE);
	patch_free(&p);
}

static void quoted_and_blank_names_parse(void **state)
{
	struct patch p;

	(void)state;
	assert_int_equal(parse(&p, "diff --git \"a/\\303\\244 \\\"q\" \"b/\\303\\244 \\\"q\"\n"
			       "old mode 100644\nnew mode 100755\n"), 0);
	assert_string_equal(p.diffs.v[0].new_path, "\303\244 \"q");
	patch_free(&p);
	assert_int_equal(parse(&p, "diff --git a/x y b/x y\nold mode 100644\nnew mode 100755\n"), 0);
	assert_string_equal(p.diffs.v[0].new_path, "x y");
	patch_free(&p);
	bad("diff --git \"a/\\9\" b/x\n", 1, "malformed quoted name");
	bad("diff --git \"a/\\377\" \"b/\\377\"\nold mode 100644\nnew mode 100755\n", 1, "not UTF-8");
}

static void no_newline_and_crlf_are_kept(void **state)
{
	struct patch p;

	(void)state;
	assert_int_equal(parse(&p, SIDES "@@ -1 +1 @@\n-a\r\n\\ No newline at end of file\n+b\r\n"), 0);
	assert_int_equal(p.body.v[0].text.len, 2);
	assert_int_equal(p.body.v[1].text.len, 3);
	patch_free(&p);
	bad(SIDES "@@ -1 +1 @@\n\\ No newline\n-a\n+b\n", 4, "'\\' line without a line");
	/* found by the fuzzer: a refresh took the length of one for the other's */
	bad(GIT "index 123456789..89abcdef0 100644\n" SIDES HUNK, 3, "repeated index line");
	/* likewise: the second one cut the line of no bytes once more */
	bad(SIDES "@@ -1,3 +1,3 @@\n\n\\ No\n\\ No\n", 5, "'\\' line without a line");
	bad(SIDES "@@ -1,2 +1,2 @@\n-a\n\\ No newline at end of file\n b\n+c\n", 6,
	    "behind a line without newline");
	bad("--- a/f\r\n+++ b/f\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n", 1, "CRLF");
}

static void counts_that_do_not_match_are_errors(void **state)
{
	(void)state;
	bad(SIDES "@@ -1,3 +1,2 @@\n a\n-b\n+c\n", 3, "counts 3 old and 2 new lines, its body has 2 and 2");
	bad(SIDES "@@ -1,1 +1,2 @@\n a\n-b\n+c\n", 5, "more '-' lines");
	bad(SIDES "@@ -1,2 +1,2 @@\n a\n-b\n+c\n d\n", 7, "longer than its header");
	bad(SIDES HUNK "+d\n", 7, "longer than its header");
	bad(SIDES "@@ -1,4 +1,4 @@\n a\n-b\n+c\n--- a/g\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n", 3,
	    "line 7 is a file header");
	bad(GIT SIDES "@@ -1,4 +1,4 @@\n a\n-b\n+c\n" GIT SIDES HUNK, 5, "its body has 2 and 2");
	bad(SIDES "@@ -1,2 +1,2 @@\n a\n b\n", 3, "changes nothing");
	bad(SIDES "@@ -1 +1 @@\n-a\n+b", 5, "middle of a line");
}

static void lost_headers_and_garbage_are_errors(void **state)
{
	(void)state;
	bad(SIDES "the lost header\n a\n-b\n+c\n", 3, "expected a hunk header");
	bad(GIT SIDES HUNK "prose\n a\n-b\n+c\n", 9, "expected a hunk or file header");
	bad(GIT, 1, "without the hunks");
	bad(GIT GIT SIDES HUNK, 1, "without the hunks");
	bad("diff --git a/n b/n\nnew file mode 100644\nindex 0000000..1234567\n", 1, "without the hunks");
	bad("--- a/f\n@@ -1 +1 @@\n-a\n+b\n", 2, "without a file header");
	bad("why\n\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n", 3, "without a file header");
	bad("nothing here\n", 1, "no diff");
	bad("", 1, "no diff");
	bad(SIDES "@@ -1,2 +1,2 @\n a\n-b\n+c\n", 3, "malformed hunk header");
	bad(SIDES "@@ -99999999999999999999,2 +1,2 @@\n a\n-b\n+c\n", 3, "malformed hunk header");
	bad(SIDES HUNK "-- \n2.40\ngarbage\n", 9, "trailing text");
	bad(SIDES HUNK "-- \n2.40\n\nFrom abc\n", 10, "second message");
	bad(SIDES HUNK "diff -u a/g b/g\n", 7, "without a diff");
	bad("Only in a: f\n" SIDES HUNK, 1, "Only in");
}

static void hunks_out_of_order_or_without_context_are_errors(void **state)
{
	(void)state;
	bad(SIDES "@@ -9 +9 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n", 6, "overlaps or precedes");
	bad(SIDES "@@ -1,2 +1,2 @@\n a\n-b\n+c\n@@ -2 +2 @@\n-b\n+c\n", 7, "overlaps or precedes");
	bad(SIDES "@@ -5,0 +6 @@\n+b\n", 3, "no context");
}

#define FULL "index 0000000000000000000000000000000000000000..e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"
#define NEW_BIN "diff --git a/f b/f\nnew file mode 100644\n" FULL "GIT binary patch\n"

static void binary_that_cannot_be_proven_links_and_submodules_are_refused(void **state)
{
	(void)state;
	bad("diff --git a/f b/f\nindex 1234567..89abcde 100644\nBinary files a/f and b/f differ\n", 3, "--binary");
	bad(SIDES HUNK "Binary files a/f and b/f differ\n", 7, "--binary");
	bad("Binary files a/f and b/f differ\n", 1, "--binary");
	bad("GIT binary patch\nliteral 0\n", 1, "without a diff --git line");
	bad("diff --git a/l b/l\nnew file mode 120000\n", 2, "symbolic links");
	bad("diff --git a/l b/l\nnew file mode 160000\n", 2, "submodules");
}

static void damaged_binary_patches_are_errors(void **state)
{
	struct patch p;

	(void)state;
	assert_int_equal(patch_parse(&p, "p", "p", xstrdup(NEW_BIN "literal 0\nHcmV?d00001\n\n"),
				     strlen(NEW_BIN "literal 0\nHcmV?d00001\n\n")), 0);
	assert_true(p.diffs.v[0].is_binary);
	patch_free(&p);
	bad("diff --git a/f b/f\nnew file mode 100644\nindex 0000000..e69de29\nGIT binary patch\n"
	    "literal 0\nHcmV?d00001\n\n", 1, "full ids");
	bad(NEW_BIN "literal 0\nHcmV?d00001\n", 5, "blank line");
	bad(NEW_BIN "literal 0\nHcmV?d00001 \n\n", 6, "base-85");
	bad(NEW_BIN "literal 0\nHcmV?d0000\"\n\n", 6, "base-85");
	bad(NEW_BIN "literal 0\nH~~~~~~~~~~\n\n", 6, "out of range");
	bad(NEW_BIN "literal 1\nHcmV?d00001\n\n", 5, "stated size");
	bad(NEW_BIN "literal 99999999999\nHcmV?d00001\n\n", 5, "too large");
	bad(NEW_BIN "literal x\nHcmV?d00001\n\n", 5, "size");
	bad(NEW_BIN "figurative 1\nHcmV?d00001\n\n", 5, "'literal' or 'delta'");
}

static void names_that_leave_the_tree_are_refused(void **state)
{
	(void)state;
	bad("--- a/../x\n+++ b/../x\n" HUNK, 1, "contains '..'");
	bad("--- /etc/x\n+++ /etc/x\n" HUNK, 1, "absolute");
	bad("--- a//etc/x\n+++ b//etc/x\n" HUNK, 1, "absolute");
	bad("--- a/d/../../x\n+++ b/d/../../x\n" HUNK, 1, "contains '..'");
	bad("--- a/d/..\n+++ b/d/..\n" HUNK, 1, "contains '..'");
	bad("diff --git a/f b/../x\nrename from f\nrename to ../x\n", 1, "contains '..'");
	bad("diff --git a/f b//x\nrename from f\nrename to /x\n", 1, "absolute");
	bad("diff --git \"a/\\056\\056/x\" \"b/\\056\\056/x\"\nold mode 100644\nnew mode 100755\n", 1, "contains '..'");
	bad("--- a/.azk/state.json\n+++ b/.azk/state.json\n" HUNK, 1, "state folder");
	bad("--- f\n+++ f\n" HUNK, 1, "-p1");
}

static void names_that_disagree_are_refused(void **state)
{
	(void)state;
	bad("--- a/f\n+++ b/g\n" HUNK, 1, "differ");
	bad("diff --git a/f b/f\n--- a/g\n+++ b/g\n" HUNK, 1, "disagree");
	bad("diff --git a/f b/g\n--- a/f\n+++ b/g\n" HUNK, 1, "disagree");
	bad("diff --git a/f b/f\nnew file mode 100644\n--- a/f\n+++ b/f\n" HUNK, 1, "disagree");
	bad("diff --git a/f b/g\nrename from f\n", 1, "both names");
}

static void message_and_trailers_are_read(void **state)
{
	struct patch p;

	(void)state;
	assert_int_equal(parse(&p,
		"From 0123 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\nDate: today\n"
		"Subject: [PATCH] hv: a long\n subject\n\nWhy: not a trailer.\n\nBecause.\n\n"
		"Upstream: never it is\n ours\nCategory: fix\nSigned-off-by: A B <a@b>\n---\n f | 2\n\n"
		GIT SIDES HUNK "-- \n2.40\n"), 0);
	assert_string_equal(p.subject, "[PATCH] hv: a long subject");
	assert_string_equal(p.from, "A B <a@b>");
	assert_int_equal(p.body_first, 7);
	assert_int_equal(p.body_last, 9);
	assert_int_equal(p.trailers.n, 3);
	assert_string_equal(patch_trailer(&p, "Upstream")->value, "never it is ours");
	assert_int_equal(patch_trailer(&p, "Category")->line, 13);
	patch_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_and_plain_diffs_parse),
		cmocka_unit_test(new_deleted_renamed_copied_and_mode_parse),
		cmocka_unit_test(quoted_and_blank_names_parse),
		cmocka_unit_test(no_newline_and_crlf_are_kept),
		cmocka_unit_test(counts_that_do_not_match_are_errors),
		cmocka_unit_test(lost_headers_and_garbage_are_errors),
		cmocka_unit_test(hunks_out_of_order_or_without_context_are_errors),
		cmocka_unit_test(binary_that_cannot_be_proven_links_and_submodules_are_refused),
		cmocka_unit_test(damaged_binary_patches_are_errors),
		cmocka_unit_test(names_that_leave_the_tree_are_refused),
		cmocka_unit_test(names_that_disagree_are_refused),
		cmocka_unit_test(message_and_trailers_are_read),
	};

	return cmocka_run_group_tests_name("queue_parse", tests, NULL, NULL);
}
