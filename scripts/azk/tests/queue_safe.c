// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold whatever happens: kills, links, hand edits, locks, full disks. */
#include "tests/queue_lib.h"

#include <signal.h>

#define ONE(name, from, to) \
	"--- a/" name "\n+++ b/" name "\n@@ -1 +1 @@\n-" from "\n+" to "\n"

/* A tree and two patches that edit, create, delete, rename and change modes. */
static int setup(void **state)
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
	run(dir, 0, "cp -a tree orig; chmod 2755 tree/gone orig/gone");
	*state = dir;
	return 0;
}

static int teardown(void **state)
{
	scratch_free(*state);
	return 0;
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
		run(dir, 0, "$AZK queue status --tree tree");
		now = snapshot(tree);
		if (strcmp(now, before))
			assert_string_equal(now, after);
		else
			forward--;
		forward++;
		run(dir, 0, cmd);
		same(dir, after);
		run(dir, 0, "test -z \"$(find . -name '.azk-tmp*' -o -name tx -o -name journal)\"");
	}
	assert_int_equal(rc, 0);
	/* both sides of the decision were hit */
	assert_true(forward > 3 && kills - forward >= undecided);
}

static void killed_apply_is_before_or_after(void **state)
{
	char *dir = *state;
	_cleanup_free_ char *orig = path_join(dir, "orig");
	_cleanup_free_ char *before = snapshot(orig);
	_cleanup_free_ char *after = NULL;
	_cleanup_free_ char *tree = path_join(dir, "tree");

	run(dir, 0, APPLY);
	after = snapshot(tree);
	assert_string_not_equal(after, before);
	run(dir, 0, POP);
	same(dir, before);
	kill_at_each(dir, APPLY " --jobs 1", POP, before, after, 4);
}

static void killed_pop_is_before_or_after(void **state)
{
	char *dir = *state;
	_cleanup_free_ char *orig = path_join(dir, "orig");
	_cleanup_free_ char *before = snapshot(orig);
	_cleanup_free_ char *after = NULL;
	_cleanup_free_ char *tree = path_join(dir, "tree");

	run(dir, 0, APPLY);
	after = snapshot(tree);
	kill_at_each(dir, POP " --jobs 1", APPLY, after, before, 1);	/* the originals need no staging */
}

static void pop_to_and_pop_one_stop_where_told(void **state)
{
	char *dir = *state;

	run(dir, 0, APPLY " && $AZK queue pop --tree tree --to s/1.patch && "
			    "grep -qx two tree/a/twice && test -f tree/move/me");
	run(dir, 2, "$AZK queue pop --tree tree --to s/2.patch");
	out_says(dir, "is not applied");
	run(dir, 0, APPLY " && grep -qx three tree/a/twice && "
			    "$AZK queue pop --tree tree && $AZK queue pop --tree tree && "
			    "diff -r tree orig");
}

static void links_out_of_the_tree_are_not_followed(void **state)
{
	static const char *const names[] = { "link/f", "a/link/f", "flink", "up/f" };
	char *dir = *state;

	put_file(dir, "outside/f", "one\n");
	run(dir, 0, "ln -s $D/outside tree/link; ln -s ../../outside tree/a/link; "
			    "ln -s ../outside/f tree/flink; ln -s .. tree/up; cp -r outside up");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *p = xasprintf("--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-one\n+two\n",
						   names[i], names[i]);
		_cleanup_free_ char *n = xasprintf("--- /dev/null\n+++ b/%s.new\n@@ -0,0 +1 @@\n+two\n",
						   names[i]);

		put_file(dir, "p/series", "x.patch\n");
		put_file(dir, "p/x.patch", p);
		run(dir, 1, APPLY);
		out_says(dir, "symbolic link");
		if (!strcmp(names[i], "flink"))
			continue;
		put_file(dir, "p/x.patch", n);
		run(dir, 1, APPLY);
		out_says(dir, "symbolic link");
	}
	run(dir, 0, "cd outside && grep -qx one f && test $(ls | wc -l) = 1");
	run(dir, 2, "rm -rf tree/.azk; mkdir x; ln -s ../x tree/.azk; " APPLY);
	run(dir, 0, "test -z \"$(ls x)\"");
}

static void names_with_dotdot_never_reach_the_disk(void **state)
{
	static const char *const names[] = { "../out1", "a/../../out1", "/tmp/azk-out1", "./a/edit" };
	char *dir = *state;

	put_file(dir, "p/series", "x.patch\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *n = xasprintf(
			"diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+x\n",
			names[i], names[i], names[i]);
		_cleanup_free_ char *m = xasprintf(
			"diff --git a/a/edit b/%s\nrename from a/edit\nrename to %s\n", names[i], names[i]);

		put_file(dir, "p/x.patch", n);
		run(dir, 2, APPLY);
		out_says(dir, "name '");
		put_file(dir, "p/x.patch", m);
		run(dir, 2, APPLY);
		out_says(dir, "name '");
	}
	run(dir, 0, "test ! -e out1 && diff -r tree orig");
}

static void a_patch_cannot_put_a_file_where_a_folder_is_needed(void **state)
{
	char *dir = *state;

	put_file(dir, "p/series", "x.patch\n");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
		 "--- /dev/null\n+++ b/n/f\n@@ -0,0 +1 @@\n+x\n");
	run(dir, 1, APPLY);
	out_says(dir, "below something that is a file");
	/* the other way round, in one patch and in two; found by the fuzzer */
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/n/f\n@@ -0,0 +1 @@\n+x\n"
		 "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n");
	run(dir, 1, APPLY);
	out_says(dir, "'n' is a folder");
	put_file(dir, "p/series", "x.patch\ny.patch\n");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/n/m/f\n@@ -0,0 +1 @@\n+x\n");
	put_file(dir, "p/y.patch", "diff --git a/a/edit b/n\nrename from a/edit\nrename to n\n");
	run(dir, 1, APPLY);
	out_says(dir, "'n' is a folder");
	put_file(dir, "p/series", "x.patch\n");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n");
	run(dir, 1, APPLY);
	out_says(dir, "is a folder");
	run(dir, 0, "diff -r tree orig");
}

/* In one patch it may not, in one go and one by one alike; behind a patch that empties it it may. */
static void a_folder_may_become_a_file(void **state)
{
	char *dir = *state;

	put_file(dir, "p/series", "x.patch\ny.patch\n");
	put_file(dir, "p/x.patch", "--- /dev/null\n+++ b/n/m/f\n@@ -0,0 +1 @@\n+x\n");
	put_file(dir, "p/y.patch", "diff --git a/n/m/f b/a/f\nrename from n/m/f\nrename to a/f\n"
		 "diff --git a/a/edit b/n\nrename from a/edit\nrename to n\n");
	run(dir, 1, APPLY);
	out_says(dir, "'n' is a folder");
	run(dir, 0, "sed 3q p/y.patch >p/z.patch && sed -i 1,3d p/y.patch && "
	    "printf 'x.patch\\nz.patch\\ny.patch\\n' >p/series");
	run(dir, 0, APPLY);
	run(dir, 0, "grep -qx one tree/n && grep -qx x tree/a/f && test ! -e tree/a/edit");
	run(dir, 0, "$AZK queue pop --tree tree && grep -qx x tree/a/f && grep -qx one tree/a/edit");
	run(dir, 0, APPLY " && " POP " && diff -r tree orig");
}

static void hand_edits_are_not_lost(void **state)
{
	char *dir = *state;

	run(dir, 1, APPLY " && echo mine >tree/a/edit && " POP);
	out_says(dir, "was changed since azk wrote it");
	run(dir, 0, "grep -qx mine tree/a/edit && grep -qx three tree/a/twice");
	run(dir, 1, "$AZK queue status --tree tree");
	run(dir, 1, "echo two >tree/a/edit; rm tree/new/deep/f; " POP);
	out_says(dir, "was removed");
}

static void a_changed_series_below_the_top_is_refused(void **state)
{
	char *dir = *state;

	run(dir, 2, APPLY " && echo >>p/s/1.patch && " APPLY);
	out_says(dir, "was changed after it was applied");
	run(dir, 2, "echo s/2.patch >p/series; " APPLY);
	out_says(dir, "pop first");
	run(dir, 0, POP " && diff -r tree orig");
}

static void a_second_azk_is_told_to_wait(void **state)
{
	char *dir = *state;

	run(dir, 2, "mkdir tree/.azk; flock tree/.azk/lock sh -c '" APPLY "'");
	out_says(dir, "another azk works on this tree");
	run(dir, 0, APPLY);
}

static void a_file_size_limit_leaves_the_tree_alone(void **state)
{
	char *dir = *state;

	/* stands for a full disk: writing the staged file fails */
	run(dir, 0, "yes | head -c 9000 >tree/big; cp tree/big orig/big; cp -r orig new; "
			    "echo z >>new/big; diff -u orig/big new/big >p/s/1.patch; "
			    "echo s/1.patch >p/series");
	run(dir, 2, "trap '' XFSZ; ulimit -f 8; " APPLY);
	out_says(dir, "the tree is unchanged");
	run(dir, 0, "diff -r tree orig");
}

static void a_damaged_state_is_reported_and_kept(void **state)
{
	char *dir = *state;

	run(dir, 2, APPLY " && cp tree/.azk/state.json s && echo '{' >tree/.azk/state.json; " POP);
	out_says(dir, "state.json is not readable");
	run(dir, 2, "cp s tree/.azk/state.json && ls tree/.azk/undo-* && "
			    "cp tree/.azk/undo-1 u && head -c 40 u >tree/.azk/undo-1; " POP);
	out_says(dir, "undo record");
	run(dir, 0, "cp u tree/.azk/undo-1; " POP " && diff -r tree orig");
}

static void json_is_one_record(void **state)
{
	char *dir = *state;

	run(dir, 2, APPLY " --fuzz 99");
	run(dir, 0, APPLY " --json");
	{
		_cleanup_free_ char *out = get_file(dir, "out");
		json_t *j = json_loads(out, 0, NULL);

		assert_non_null(j);
		assert_int_equal(json_integer_value(json_object_get(j, "applied")), 2);
		assert_int_equal(json_integer_value(json_object_get(j, "status")), 0);
		json_decref(j);
	}
}

/* What a power loss may leave of files that were renamed and not written out. */
static void torn_files_are_made_again_after_a_reboot(void **state)
{
	static const char *const tear[] = {
		": >tree/a/edit; : >tree/new/deep/f", "truncate -s 4 tree/a/edit; printf '\\0\\0\\0\\0' >tree/a/edit",
		"cat orig/a/twice >tree/a/twice",
	};
	char *dir = *state;
	_cleanup_free_ char *tree = path_join(dir, "tree");
	_cleanup_free_ char *after = NULL;

	run(dir, 0, APPLY);
	after = snapshot(tree);
	for (size_t i = 0; i < ARRAY_SIZE(tear); i++) {
		run(dir, 0, tear[i]);
		/* the same boot: an edit, not a loss */
		run(dir, 1, "$AZK queue status --tree tree");
		run(dir, 0, "AZK_BOOT_ID=next $AZK queue status --tree tree");
		out_says(dir, "torn by a power loss");
		same(dir, after);
	}
	run(dir, 1, "echo mine >tree/a/edit; AZK_BOOT_ID=next $AZK queue status --tree tree");
	out_says(dir, "was changed since azk wrote it");
	run(dir, 0, "grep -qx mine tree/a/edit; echo two >tree/a/edit; " POP " && diff -r tree orig");
}

static void a_power_loss_within_the_moves_reaches_the_same_bytes(void **state)
{
	char *dir = *state;
	_cleanup_free_ char *tree = path_join(dir, "tree");
	_cleanup_free_ char *after = NULL;
	size_t torn = 0;

	run(dir, 0, APPLY);
	after = snapshot(tree);
	for (int n = 1; n < 60; n++) {
		_cleanup_free_ char *line = xasprintf(POP "; AZK_FAILPOINT=%d exec " APPLY " --jobs 1", n);

		if (sh(dir, line) == 0)
			break;
		if (sh(dir, "test -e tree/.azk/journal"))
			continue;
		/* nothing new reached the disk; a file with two links is an original */
		run(dir, 0, "find tree/.azk/tx/[0-9]* tree/new/deep/f -links 1 "
				    "-exec truncate -s 0 {} + || :");
		if (sh(dir, "AZK_BOOT_ID=next $AZK queue status --tree tree")) {
			_cleanup_free_ char *out = get_file(dir, "out");

			fail_msg("killed at %d: %s", n, out);
		}
		torn++;
		same(dir, after);
	}
	assert_true(torn > 5);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(killed_apply_is_before_or_after),
		CASE(killed_pop_is_before_or_after),
		CASE(pop_to_and_pop_one_stop_where_told),
		CASE(links_out_of_the_tree_are_not_followed),
		CASE(names_with_dotdot_never_reach_the_disk),
		CASE(a_patch_cannot_put_a_file_where_a_folder_is_needed),
		CASE(a_folder_may_become_a_file),
		CASE(hand_edits_are_not_lost),
		CASE(a_changed_series_below_the_top_is_refused),
		CASE(a_second_azk_is_told_to_wait),
		CASE(a_file_size_limit_leaves_the_tree_alone),
		CASE(a_damaged_state_is_reported_and_kept),
		CASE(json_is_one_record),
		CASE(torn_files_are_made_again_after_a_reboot),
		CASE(a_power_loss_within_the_moves_reaches_the_same_bytes),
	};

	return cmocka_run_group_tests_name("queue_safe", tests, NULL, NULL);
}
