// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue equal: what is and what is not the same change. */
#include "tests/queue_lib.h"

static const char FILE_A[] =
	"int alpha(void)\n{\n\tone();\n\ttwo();\n\tthree();\n\tfour();\n\tfive();\n}\n\n"
	"int beta(void)\n{\n\tone();\n\ttwo();\n\tthree();\n\tfour();\n\tfive();\n}\n";

/* A patch of f by a sed script, in git's form, on a file that another one made of f. */
static void make_patch(const char *dir, const char *name, const char *before, const char *edit,
		       const char *options)
{
	_cleanup_free_ char *cmd = xasprintf(
		"mkdir -p a b; printf '%%s\\n' '%s' >s; sed -f s f >a/f.c; printf '%%s\\n' '%s' >s; sed -f s a/f.c >b/f.c\n"
		"git diff --no-index --no-prefix %s a b >%s; test -s %s", before, edit, options, name, name);

	assert_int_equal(sh(dir, cmd), 0);
}

static int equal(const char *dir)
{
	return sh(dir, "$AZK queue equal 1.patch 2.patch");
}

static void same_change(void **state)
{
	char *dir = scratch_new();

	(void)state;
	put_file(dir, "f", FILE_A);
	make_patch(dir, "1.patch", "", "12,17s/three/THREE/", "");
	/* other lines above, other context, other amount of it */
	make_patch(dir, "2.patch", "1i // a\n12s/one/uno/", "13,19s/three/THREE/", "-U2");
	assert_int_equal(equal(dir), 0);
	scratch_free(dir);
}

/* git may draw an added block from its first or from its last repeated line. */
static void other_alignment(void **state)
{
	static const char head[] = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1,5 +1,7 @@ int f(void)\n";
	char *dir = scratch_new();
	_cleanup_free_ char *a = xasprintf("%s a();\n \n+b();\n+\n c();\n d();\n e();\n", head);
	_cleanup_free_ char *b = xasprintf("%s a();\n+\n+b();\n \n c();\n d();\n e();\n", head);

	(void)state;
	put_file(dir, "1.patch", a);
	put_file(dir, "2.patch", b);
	assert_int_equal(equal(dir), 0);
	scratch_free(dir);
}

static void not_the_same(void **state)
{
	static const struct {
		const char *edit, *line;
	} t[] = {
		{ "12,17s/three/THREE_/", "only in B: f.c in 'int beta(void)': +" },
		{ "s/three/THREE/", "only in B: f.c in 'int alpha(void)': +" },	/* one more hunk */
		{ "3,8s/three/THREE/", "only in A: f.c in 'int beta(void)'" },	/* another function */
		{ "12,17s/three/THREE/;12,17s/five/FIVE/", "FIVE" },
	};
	char *dir = scratch_new();

	(void)state;
	put_file(dir, "f", FILE_A);
	make_patch(dir, "1.patch", "", "12,17s/three/THREE/", "");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_free_ char *out = NULL;

		make_patch(dir, "2.patch", "", t[i].edit, "");
		assert_int_equal(equal(dir), 1);
		out = get_file(dir, "out");
		if (!strstr(out, t[i].line))
			print_error("%s\nnot in\n%s\n", t[i].line, out);
		assert_non_null(strstr(out, t[i].line));
	}
	/* the hunk that lost its @@ is no patch at all */
	assert_int_equal(sh(dir, "sed -i '/^@@/d' 2.patch; $AZK queue equal 1.patch 2.patch"), 2);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_change),
		cmocka_unit_test(other_alignment),
		cmocka_unit_test(not_the_same),
	};

	return cmocka_run_group_tests_name("queue_equal", tests, NULL, NULL);
}
