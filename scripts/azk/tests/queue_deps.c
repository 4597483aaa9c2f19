// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue deps. What it calls droppable is dropped for real: the rest of the
 * series must apply without it; what is needed must make the rest fail.
 */
#include "tests/queue_lib.h"

static const char *const edits[] = {	/* each on what the ones before made of f */
	"sed -i 's/^l10$/l10 one/' f",
	"sed -i 's/^l30$/l30 two/' f",
	"sed -i 's/^l10 one$/l10 three/' f",		/* changes lines of 1 */
	"sed -i 's/^l32$/l32 four/' f",			/* has context of 2 */
	"sed -i '/^l50$/d' f",
	"sed -i 's/^l51$/l51 six/' f",			/* spans the seam of 5 */
	"printf 'new\\n' >g",
	"sed -i 's/new/newer/' g",			/* the file of 7 */
	"sed -i 's/^l80$/l80 nine/' f",			/* needs nobody, nobody needs it */
};

enum { N = sizeof(edits) / sizeof(edits[0]) };

static void make_series(const char *dir)
{
	struct strbuf sb = STRBUF_INIT;

	sb_addstr(&sb, "mkdir tree p b; seq -f l%g 1 90 >tree/f; cp tree/f b/f\n");
	for (size_t i = 0; i < N; i++)
		sb_addf(&sb, "rm -rf a; cp -r b a; (cd b; %s); git diff --no-index --no-prefix a b >p/%zu.patch; echo %zu.patch >>p/series\n",
			edits[i], i + 1, i + 1);
	assert_int_equal(sh(dir, sb_str(&sb)), 0);
	sb_free(&sb);
}

static void needs_are_found(void **state)
{
	static const char *const want[N] = {
		"", "", "1.patch lines;", "2.patch context;", "", "5.patch context;", "",
		"7.patch file;", "",
	};
	char *dir = scratch_new();
	_cleanup_free_ char *out = NULL;
	json_t *root, *p, *x;
	size_t i, k;

	(void)state;
	make_series(dir);
	assert_int_equal(sh(dir, "$AZK queue deps --json --series p/series --tree tree"), 0);
	out = get_file(dir, "out");
	root = json_loads(out, 0, NULL);
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		_cleanup_sb_ struct strbuf have = STRBUF_INIT;

		json_array_foreach(json_object_get(p, "needs"), k, x)
			sb_addf(&have, "%s %s;", json_string_value(json_object_get(x, "patch")),
				json_string_value(json_object_get(x, "why")));
		assert_string_equal(sb_str(&have), want[i]);
	}
	assert_int_equal(i, N);
	json_decref(root);
	scratch_free(dir);
}

static void droppable_is_droppable(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *out = NULL;
	json_t *root, *p;
	size_t i;

	(void)state;
	make_series(dir);
	assert_int_equal(sh(dir, "$AZK queue deps --json --series p/series --tree tree"), 0);
	out = get_file(dir, "out");
	root = json_loads(out, 0, NULL);
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		bool alone = json_is_true(json_object_get(p, "drop_alone"));
		_cleanup_free_ char *cmd = xasprintf(
			"grep -v '^%zu.patch' p/series >p/less; rm -rf t; cp -r tree t; $AZK queue apply --tree t --series p/less",
			i + 1);

		assert_int_equal(sh(dir, cmd), alone ? 0 : 1);
	}
	json_decref(root);
	scratch_free(dir);
}

static void dot_is_a_graph(void **state)
{
	char *dir = scratch_new();

	(void)state;
	make_series(dir);
	assert_int_equal(sh(dir, "$AZK queue deps --dot --series p/series --tree tree >g.dot; grep -q '\"3.patch\" -> \"1.patch\"' g.dot && tail -n 1 g.dot | grep -qx '}'"),
			 0);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_are_found),
		cmocka_unit_test(droppable_is_droppable),
		cmocka_unit_test(dot_is_a_graph),
	};

	if (azk_is_dir("/dev/shm"))
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("queue_deps", tests, NULL, NULL);
}
