// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every folder of tests/queue/ is a case: README says what it shows, tree/ is
 * patched with p/series (and the options in the file options, if there is one), expect is the exit status and output, after/ the tree
 * behind it (as before where absent). Popping must give tree/ back.
 * AZK_RECORD=1 writes expect and after/; read the difference before committing it.
 */
#include "tests/queue_lib.h"

#include <unistd.h>

static char *cases;

static char *run_case(const char *name, char *scratch)
{
	_cleanup_free_ char *copy = xasprintf("cp -r '%s/%s/tree' '%s/%s/p' .", cases, name, cases,
					      name);
	_cleanup_free_ char *apply = xasprintf("$AZK queue apply --tree tree --series p/series "
					       "$(cat '%s/%s/options' 2>/dev/null)", cases, name);
	_cleanup_free_ char *out = NULL;
	int rc;

	assert_int_equal(sh(scratch, copy), 0);
	rc = sh(scratch, apply);
	out = get_file(scratch, "out");
	return xasprintf("exit %d\n%s", rc, out);
}

static void check_case(const char *name)
{
	char *scratch = scratch_new();
	_cleanup_free_ char *dir = path_join(cases, name);
	_cleanup_free_ char *got = run_case(name, scratch);
	_cleanup_free_ char *work = path_join(scratch, "tree");
	_cleanup_free_ char *after = path_join(dir, "after");
	_cleanup_free_ char *before = path_join(dir, "tree");
	_cleanup_free_ char *expect = NULL;

	if (getenv("AZK_RECORD")) {
		_cleanup_free_ char *cmd = xasprintf(
			"rm -rf '%s'; diff -r --exclude=.azk tree '%s' || cp -r tree '%s'; rm -rf '%s/.azk'",
			after, before, after, after);

		put_file(dir, "expect", got);
		sh(scratch, cmd);
	}
	expect = get_file(dir, "expect");
	assert_non_null(expect);
	if (strcmp(got, expect))
		print_error("case %s\n", name);
	assert_string_equal(got, expect);
	{
		_cleanup_free_ char *want = snapshot(azk_exists(after) ? after : before);
		_cleanup_free_ char *have = snapshot(work);

		assert_string_equal(have, want);
	}
	assert_int_equal(sh(scratch, "$AZK queue pop --all --tree tree"), 0);
	{
		_cleanup_free_ char *want = snapshot(before);
		_cleanup_free_ char *have = snapshot(work);

		assert_string_equal(have, want);
	}
	assert_int_not_equal(sh(scratch, "test -e tree/.azk"), 0);
	scratch_free(scratch);
}

static void one_case(void **state)
{
	check_case(*state);
}

int main(void)
{
	const char *tests = getenv("AZK_TESTS");
	VEC(struct CMUnitTest) v = { 0 };
	struct strlist names = { 0 };
	int rc;

	cases = path_join(tests ? tests : "tests", "queue");
	if (azk_list_dir(cases, &names) || !names.n) {
		fprintf(stderr, "no cases in %s\n", cases);
		return 2;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct CMUnitTest t = { names.v[i], one_case, NULL, NULL, names.v[i] };

		vec_push(&v, t);
	}
	rc = _cmocka_run_group_tests("queue_cases", v.v, v.n, NULL, NULL);
	vec_free(&v);
	strlist_free(&names);
	free(cases);
	return rc;
}
