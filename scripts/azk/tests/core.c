// SPDX-License-Identifier: GPL-2.0-or-later
/* The core: names, files, maps, options and reports. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/queue_lib.h"

static void unsafe_names_are_told_apart(void **state)
{
	static const char *const good[] = { "a", "a/b", "..a", "a..", ".a", "a/.../b", "a b" };
	static const char *const bad[] = { "", "/a", "..", "../a", "a/..", "a/../b", ".", "./a",
					   "a//b", "a/", "a/./b", "a\nb", "a\tb", "\177" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(path_unsafe_why(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(path_unsafe_why(bad[i]));
}

static void a_parent_behind_a_link_is_not_opened(void **state)
{
	char *dir = scratch_new();
	const char *base;
	int fd;

	(void)state;
	assert_int_equal(sh(dir, "mkdir -p a/b && ln -s a l && ln -s ../a a/l && touch f"), 0);
	assert_int_equal(chdir(dir), 0);
	fd = azk_open_parent_at(AT_FDCWD, "a/b/x", &base);
	assert_true(fd >= 0);
	assert_string_equal(base, "x");
	close(fd);
	assert_int_equal(azk_open_parent_at(AT_FDCWD, "l/b/x", &base), -ELOOP);
	assert_int_equal(azk_open_parent_at(AT_FDCWD, "a/l/x", &base), -ELOOP);
	assert_int_equal(azk_open_parent_at(AT_FDCWD, "f/x", &base), -ENOTDIR);
	assert_int_equal(azk_open_parent_at(AT_FDCWD, "none/x", &base), -ENOENT);
	assert_int_equal(chdir("/"), 0);
	scratch_free(dir);
}

static void a_file_is_written_whole_with_its_mode(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *path = path_join(dir, "f");
	_cleanup_free_ char *got = NULL;
	struct strlist names = { 0 };
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(azk_write_file(path, "old", 3, 0644), 0);
	assert_int_equal(azk_write_file(path, "new\0x", 5, 0751), 0);
	umask(022);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(st.st_size, 5);
	got = get_file(dir, "f");
	assert_memory_equal(got, "new\0x", 5);
	assert_int_equal(azk_list_dir(dir, &names), 0);
	assert_int_equal(names.n, 1);		/* no temporary file is left */
	strlist_free(&names);
	assert_true(azk_write_file("/nonexistent/x", "", 0, 0644) < 0);
	scratch_free(dir);
}

static void a_tree_is_removed_without_following_links(void **state)
{
	char *dir = scratch_new();
	_cleanup_free_ char *sub = path_join(dir, "t");

	(void)state;
	assert_int_equal(sh(dir, "mkdir -p t/a/b keep && touch keep/f && ln -s ../keep t/a/l"), 0);
	assert_int_equal(azk_remove_tree(sub), 0);
	assert_int_equal(sh(dir, "test ! -e t && test -f keep/f"), 0);
	assert_int_equal(azk_remove_tree(sub), 0);
	scratch_free(dir);
}

static void a_map_keeps_order_and_values(void **state)
{
	struct strmap m = { 0 };

	(void)state;
	for (uintptr_t i = 0; i < 1000; i++) {
		_cleanup_free_ char *k = xasprintf("key%zu", (size_t)i * 7919);

		strmap_put(&m, k, (void *)(i + 1));
	}
	strmap_put(&m, "key0", (void *)(uintptr_t)77);
	assert_int_equal(m.n, 1000);
	assert_int_equal((uintptr_t)strmap_get(&m, "key0"), 77);
	assert_int_equal((uintptr_t)strmap_get(&m, "key7919"), 2);
	assert_null(strmap_get(&m, "none"));
	assert_string_equal(m.v[1].key, "key7919");
	strmap_free(&m);
}

static void options_are_parsed_and_bad_ones_refused(void **state)
{
	const char *s = NULL;
	unsigned long n = 0;
	bool f = false;
	struct strlist l = { 0 };
	const struct azk_opt opts[] = {
		{ .name = "str", .arg = "S", .str = &s, .required = true, .help = "" },
		{ .name = "num", .arg = "N", .num = &n, .help = "" },
		{ .name = "flag", .flag = &f, .help = "" },
		{ .name = "list", .arg = "L", .list = &l, .help = "" },
		{ 0 },
	};
	char *good[] = { "v", "x", "--str=a=b", "--num", "12", "--flag", "--list", "1", "--list=2",
			 "--", "--y" };
	char *bad[][3] = { { "v", "--flag", NULL }, { "v", "--str", NULL }, { "v", "--str=", NULL },
			   { "v", "--str=a", "--flag=1" }, { "v", "--str=a", "--num=x" },
			   { "v", "--str=a", "--num=-1" }, { "v", "--str=a", "--fla" },
			   { "v", "--str=a", "-x" } };

	(void)state;
	assert_int_equal(azk_parse_opts(opts, "t", NULL, ARRAY_SIZE(good), good), 2);
	assert_string_equal(s, "a=b");
	assert_int_equal(n, 12);
	assert_true(f);
	assert_int_equal(l.n, 2);
	assert_string_equal(good[1], "x");
	assert_string_equal(good[2], "--y");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(azk_parse_opts(opts, "t", NULL, bad[i][2] ? 3 : 2, bad[i]),
				 AZK_OPT_BAD);
	strlist_free(&l);
}

static void a_report_says_the_same_as_text_and_json(void **state)
{
	struct azk_report *r = report_new("x y");
	char *text = NULL, *json = NULL;
	size_t n, m;
	FILE *f = open_memstream(&text, &n), *g = open_memstream(&json, &m);
	json_t *j;

	(void)state;
	assert_int_equal(report_status(r), AZK_OK);
	report_add(r, AZK_NOTE, "n", NULL, 0, "only said");
	assert_int_equal(report_status(r), AZK_OK);
	for (size_t i = 1; i <= 60; i++)
		report_add(r, AZK_ERROR, "many", "f", i, "bad \377 byte");
	report_note(r, "why");
	assert_int_equal(report_print(r, false, f, NULL), AZK_FINDINGS);
	assert_int_equal(report_print(r, true, g, NULL), AZK_FINDINGS);
	fclose(f);
	fclose(g);
	assert_non_null(strstr(text, "note: only said [n]\n"));
	assert_non_null(strstr(text, "f:50: error: bad \\xff byte [many]\n"));
	assert_null(strstr(text, "f:51:"));
	assert_non_null(strstr(text, "10 more [many] not shown"));
	j = json_loads(json, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "findings")), 61);
	assert_int_equal(json_integer_value(json_object_get(j, "status")), 1);
	json_decref(j);
	report_bad(r, "b", NULL, 0, "broken");
	assert_int_equal(report_status(r), AZK_BAD);
	report_free(r);
	free(text);
	free(json);
}

static void the_program_answers_usage_errors_with_2(void **state)
{
	char *dir = scratch_new();

	(void)state;
	assert_int_equal(sh(dir, "$AZK"), 2);
	assert_int_equal(sh(dir, "$AZK nonsense"), 2);
	assert_int_equal(sh(dir, "$AZK queue nonsense"), 2);
	assert_int_equal(sh(dir, "$AZK queue apply"), 2);
	assert_int_equal(sh(dir, "$AZK queue apply --help && $AZK --help && $AZK queue --help && $AZK --version"), 0);
	assert_int_equal(sh(dir, "$AZK --version >/dev/full"), 2);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsafe_names_are_told_apart),
		cmocka_unit_test(a_parent_behind_a_link_is_not_opened),
		cmocka_unit_test(a_file_is_written_whole_with_its_mode),
		cmocka_unit_test(a_tree_is_removed_without_following_links),
		cmocka_unit_test(a_map_keeps_order_and_values),
		cmocka_unit_test(options_are_parsed_and_bad_ones_refused),
		cmocka_unit_test(a_report_says_the_same_as_text_and_json),
		cmocka_unit_test(the_program_answers_usage_errors_with_2),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
