// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold whatever happens: kills, links, hand edits, locks, full disks. */
#include "tests/queue_lib.h"

#include <signal.h>

#define ONE(name, from, to) \
	"--- a/" name "\n+++ b/" name "\n@@ -1 +1 @@\n-" from "\n+" to "\n"

/* A tree and two patches that edit, create, delete, rename and change modes. */
static char *setup(void)
{
	char *dir = scratch_new();

	put_file(dir, "tree/a/edit", "one\n");
	put_file(dir, "tree/a/twice", "one\n");
	put_file(dir, "tree/gone/deep/f", "bye\n");
	put_file(dir, "tree/move/me", "moved\n");
	put_file(dir, "tree/mode", "x\n");
	put_file(dir, "p/series", "s/1.patch\ns/2.patch\n");
	put_file(dir, "p/s/1.patch",
		 ONE("a/edit", "one", "two") ONE("a/twice", "one", "two")
		 "diff --git a/new/deep/f b/new/deep/f\nnew file mode 100755\n--- /dev/null\n"
		 "+++ b/new/deep/f\n@@ -0,0 +1 @@\n+hello\n"
		 "diff --git a/gone/deep/f b/gone/deep/f\ndeleted file mode 100644\n"
		 "--- a/gone/deep/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n");
	put_file(dir, "p/s/2.patch",
		 ONE("a/twice", "two", "three")
		 "diff --git a/move/me b/moved/there\nrename from move/me\nrename to moved/there\n"
		 "diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n");
	assert_int_equal(sh(dir, "cp -a tree orig; chmod 2755 tree/gone orig/gone"), 0);
	return dir;
}

#define APPLY "$AZK queue apply --tree tree --series p/series"
#define POP "$AZK queue pop --all --tree tree"

static void same(const char *dir, const char *want)
{
	_cleanup_free_ char *tree = path_join(dir, "tree");
	_cleanup_free_ char *have = snapshot(tree);

	assert_string_equal(have, want);
}

/* Kills cmd at every failpoint; going on must reach after, and back to before. */
static void kill_at_each(char *dir, const char *cmd, const char *start, const char *before,
			 const char *after, size_t undecided)
{
	_cleanup_free_ char *tree = path_join(dir, "tree");
	size_t kills = 0, forward = 0;
	int n, rc;

	for (n = 1; n < 500; n++) {
		_cleanup_free_ char *line = xasprintf("%s; AZK_FAILPOINT=%d exec %s", start, n, cmd);
		_cleanup_free_ char *now = NULL;

		rc = sh(dir, line);
		if (rc == 0)
			break;
		assert_int_equal(rc, 256 + SIGKILL);
		kills++;
		assert_int_equal(sh(dir, "$AZK queue status --tree tree"), 0);
		now = snapshot(tree);
		if (strcmp(now, before))
			assert_string_equal(now, after);
		else
			forward--;
		forward++;
		assert_int_equal(sh(dir, cmd), 0);
		same(dir, after);
		assert_int_equal(sh(dir, "test -z \"$(find . -name '.azk-tmp*' -o -name tx -o -name journal)\""), 0);
	}
	assert_int_equal(rc, 0);
	/* both sides of the decision were hit */
	assert_true(forward > 3 && kills - forward >= undecided);
}

static void killed_apply_is_before_or_after(void **state)
{
	char *dir = setup();
	_cleanup_free_ char *orig = path_join(dir, "orig");
	_cleanup_free_ char *before = snapshot(orig);
	_cleanup_free_ char *after = NULL;
	_cleanup_free_ char *tree = path_join(dir, "tree");

	(void)state;
	assert_int_equal(sh(dir, APPLY), 0);
	after = snapshot(tree);
	assert_string_not_equal(after, before);
	assert_int_equal(sh(dir, POP), 0);
	same(dir, before);
	kill_at_each(dir, APPLY " --jobs 1", POP, before, after, 4);
	scratch_free(dir);
}

static void killed_pop_is_before_or_after(void **state)
{
	char *dir = setup();
	_cleanup_free_ char *orig = path_join(dir, "orig");
	_cleanup_free_ char *before = snapshot(orig);
	_cleanup_free_ char *after = NULL;
	_cleanup_free_ char *tree = path_join(dir, "tree");

	(void)state;
	assert_int_equal(sh(dir, APPLY), 0);
	after = snapshot(tree);
	kill_at_each(dir, POP " --jobs 1", APPLY, after, before, 1);	/* the originals need no staging */
	scratch_free(dir);
}

static void pop_to_and_pop_one_stop_where_told(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, APPLY " && $AZK queue pop --tree tree --to s/1.patch && "
			    "grep -qx two tree/a/twice && test -f tree/move/me"), 0);
	assert_int_equal(sh(dir, "$AZK queue pop --tree tree --to s/2.patch"), 2);
	out_says(dir, "is not applied");
	assert_int_equal(sh(dir, APPLY " && grep -qx three tree/a/twice && "
			    "$AZK queue pop --tree tree && $AZK queue pop --tree tree && "
			    "diff -r tree orig"), 0);
	scratch_free(dir);
}

static void links_out_of_the_tree_are_not_followed(void **state)
{
	static const char *const names[] = { "link/f", "a/link/f", "flink", "up/f" };
	char *dir = setup();

	(void)state;
	put_file(dir, "outside/f", "one\n");
	assert_int_equal(sh(dir, "ln -s $D/outside tree/link; ln -s ../../outside tree/a/link; "
			    "ln -s ../outside/f tree/flink; ln -s .. tree/up; cp -r outside up"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *p = xasprintf("--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-one\n+two\n",
						   names[i], names[i]);
		_cleanup_free_ char *n = xasprintf("--- /dev/null\n+++ b/%s.new\n@@ -0,0 +1 @@\n+two\n",
						   names[i]);

		put_file(dir, "p/series", "x.patch\n");
		put_file(dir, "p/x.patch", p);
		assert_int_equal(sh(dir, APPLY), 1);
		out_says(dir, "symbolic link");
		if (!strcmp(names[i], "flink"))
			continue;
		put_file(dir, "p/x.patch", n);
		assert_int_equal(sh(dir, APPLY), 1);
		out_says(dir, "symbolic link");
	}
	assert_int_equal(sh(dir, "cd outside && grep -qx one f && test $(ls | wc -l) = 1"), 0);
	assert_int_equal(sh(dir, "rm -rf tree/.azk; mkdir x; ln -s ../x tree/.azk; " APPLY), 2);
	assert_int_equal(sh(dir, "test -z \"$(ls x)\""), 0);
	scratch_free(dir);
}

static void names_with_dotdot_never_reach_the_disk(void **state)
{
	static const char *const names[] = { "../out1", "a/../../out1", "/tmp/azk-out1", "./a/edit" };
	char *dir = setup();

	(void)state;
	put_file(dir, "p/series", "x.patch\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *n = xasprintf(
			"diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+x\n",
			names[i], names[i], names[i]);
		_cleanup_free_ char *m = xasprintf(
			"diff --git a/a/edit b/%s\nrename from a/edit\nrename to %s\n", names[i], names[i]);

		put_file(dir, "p/x.patch", n);
		assert_int_equal(sh(dir, APPLY), 2);
		out_says(dir, "name '");
		put_file(dir, "p/x.patch", m);
		assert_int_equal(sh(dir, APPLY), 2);
		out_says(dir, "name '");
	}
	assert_int_equal(sh(dir, "test ! -e out1 && diff -r tree orig"), 0);
	scratch_free(dir);
}

static void a_patch_cannot_put_a_file_where_a_folder_is_needed(void **state)
{
	char *dir = setup();

	(void)state;
	put_file(dir, "p/series", "x.patch\n");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
		 "--- /dev/null\n+++ b/n/f\n@@ -0,0 +1 @@\n+x\n");
	assert_int_equal(sh(dir, APPLY), 1);
	out_says(dir, "below something that is a file");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n");
	assert_int_equal(sh(dir, APPLY), 1);
	out_says(dir, "is a folder");
	assert_int_equal(sh(dir, "diff -r tree orig"), 0);
	scratch_free(dir);
}

static void hand_edits_are_not_lost(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, APPLY " && echo mine >tree/a/edit && " POP), 1);
	out_says(dir, "was changed since azk wrote it");
	assert_int_equal(sh(dir, "grep -qx mine tree/a/edit && grep -qx three tree/a/twice"), 0);
	assert_int_equal(sh(dir, "$AZK queue status --tree tree"), 1);
	assert_int_equal(sh(dir, "echo two >tree/a/edit; rm tree/new/deep/f; " POP), 1);
	out_says(dir, "was removed");
	scratch_free(dir);
}

static void a_changed_series_below_the_top_is_refused(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, APPLY " && echo >>p/s/1.patch && " APPLY), 2);
	out_says(dir, "was changed after it was applied");
	assert_int_equal(sh(dir, "echo s/2.patch >p/series; " APPLY), 2);
	out_says(dir, "pop first");
	assert_int_equal(sh(dir, POP " && diff -r tree orig"), 0);
	scratch_free(dir);
}

static void a_second_azk_is_told_to_wait(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, "mkdir tree/.azk; flock tree/.azk/lock sh -c '" APPLY "'"), 2);
	out_says(dir, "another azk works on this tree");
	assert_int_equal(sh(dir, APPLY), 0);
	scratch_free(dir);
}

static void a_file_size_limit_leaves_the_tree_alone(void **state)
{
	char *dir = setup();

	(void)state;
	/* stands for a full disk: writing the staged file fails */
	assert_int_equal(sh(dir, "yes | head -c 9000 >tree/big; cp tree/big orig/big; cp -r orig new; "
			    "echo z >>new/big; diff -u orig/big new/big >p/s/1.patch; "
			    "echo s/1.patch >p/series"), 0);
	assert_int_equal(sh(dir, "trap '' XFSZ; ulimit -f 8; " APPLY), 2);
	out_says(dir, "the tree is unchanged");
	assert_int_equal(sh(dir, "diff -r tree orig"), 0);
	scratch_free(dir);
}

static void a_damaged_state_is_reported_and_kept(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, APPLY " && cp tree/.azk/state.json s && echo '{' >tree/.azk/state.json; " POP), 2);
	out_says(dir, "state.json is not readable");
	assert_int_equal(sh(dir, "cp s tree/.azk/state.json && ls tree/.azk/undo-* && "
			    "cp tree/.azk/undo-1 u && head -c 40 u >tree/.azk/undo-1; " POP), 2);
	out_says(dir, "undo record");
	assert_int_equal(sh(dir, "cp u tree/.azk/undo-1; " POP " && diff -r tree orig"), 0);
	scratch_free(dir);
}

static void json_is_one_record(void **state)
{
	char *dir = setup();

	(void)state;
	assert_int_equal(sh(dir, APPLY " --fuzz 99"), 2);
	assert_int_equal(sh(dir, APPLY " --json"), 0);
	{
		_cleanup_free_ char *out = get_file(dir, "out");
		json_t *j = json_loads(out, 0, NULL);

		assert_non_null(j);
		assert_int_equal(json_integer_value(json_object_get(j, "applied")), 2);
		assert_int_equal(json_integer_value(json_object_get(j, "status")), 0);
		json_decref(j);
	}
	scratch_free(dir);
}

/* What a power loss may leave of files that were renamed and not written out. */
static void torn_files_are_made_again_after_a_reboot(void **state)
{
	static const char *const tear[] = {
		": >tree/a/edit; : >tree/new/deep/f", "truncate -s 4 tree/a/edit; printf '\\0\\0\\0\\0' >tree/a/edit",
		"cat orig/a/twice >tree/a/twice",
	};
	char *dir = setup();
	_cleanup_free_ char *tree = path_join(dir, "tree");
	_cleanup_free_ char *after = NULL;

	(void)state;
	assert_int_equal(sh(dir, APPLY), 0);
	after = snapshot(tree);
	for (size_t i = 0; i < ARRAY_SIZE(tear); i++) {
		assert_int_equal(sh(dir, tear[i]), 0);
		/* the same boot: an edit, not a loss */
		assert_int_equal(sh(dir, "$AZK queue status --tree tree"), 1);
		assert_int_equal(sh(dir, "AZK_BOOT_ID=next $AZK queue status --tree tree"), 0);
		out_says(dir, "torn by a power loss");
		same(dir, after);
	}
	assert_int_equal(sh(dir, "echo mine >tree/a/edit; AZK_BOOT_ID=next $AZK queue status --tree tree"), 1);
	out_says(dir, "was changed since azk wrote it");
	assert_int_equal(sh(dir, "grep -qx mine tree/a/edit; echo two >tree/a/edit; " POP " && diff -r tree orig"), 0);
	scratch_free(dir);
}

static void a_power_loss_within_the_moves_reaches_the_same_bytes(void **state)
{
	char *dir = setup();
	_cleanup_free_ char *tree = path_join(dir, "tree");
	_cleanup_free_ char *after = NULL;
	size_t torn = 0;

	(void)state;
	assert_int_equal(sh(dir, APPLY), 0);
	after = snapshot(tree);
	for (int n = 1; n < 60; n++) {
		_cleanup_free_ char *line = xasprintf(POP "; AZK_FAILPOINT=%d exec " APPLY " --jobs 1", n);

		if (sh(dir, line) == 0)
			break;
		if (sh(dir, "test -e tree/.azk/journal"))
			continue;
		/* nothing new reached the disk; a file with two links is an original */
		assert_int_equal(sh(dir, "find tree/.azk/tx/[0-9]* tree/new/deep/f -links 1 "
				    "-exec truncate -s 0 {} + || :"), 0);
		if (sh(dir, "AZK_BOOT_ID=next $AZK queue status --tree tree")) {
			_cleanup_free_ char *out = get_file(dir, "out");

			fail_msg("killed at %d: %s", n, out);
		}
		torn++;
		same(dir, after);
	}
	assert_true(torn > 5);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_apply_is_before_or_after),
		cmocka_unit_test(killed_pop_is_before_or_after),
		cmocka_unit_test(pop_to_and_pop_one_stop_where_told),
		cmocka_unit_test(links_out_of_the_tree_are_not_followed),
		cmocka_unit_test(names_with_dotdot_never_reach_the_disk),
		cmocka_unit_test(a_patch_cannot_put_a_file_where_a_folder_is_needed),
		cmocka_unit_test(hand_edits_are_not_lost),
		cmocka_unit_test(a_changed_series_below_the_top_is_refused),
		cmocka_unit_test(a_second_azk_is_told_to_wait),
		cmocka_unit_test(a_file_size_limit_leaves_the_tree_alone),
		cmocka_unit_test(a_damaged_state_is_reported_and_kept),
		cmocka_unit_test(json_is_one_record),
		cmocka_unit_test(torn_files_are_made_again_after_a_reboot),
		cmocka_unit_test(a_power_loss_within_the_moves_reaches_the_same_bytes),
	};

	return cmocka_run_group_tests_name("queue_safe", tests, NULL, NULL);
}
