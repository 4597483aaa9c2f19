// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue refresh: only what changed gets other bytes, and the state stays true. */
#include "tests/queue_lib.h"

#include <signal.h>

#define APPLY "$AZK queue apply --tree tree --series p/series"
#define REFRESH "$AZK queue refresh --tree tree --series p/series"
#define POP "$AZK queue pop --all --tree tree"

/* Two files of 60 lines, two patches by git format-patch in the form of our queue. */
static char *setup(void)
{
	char *dir = scratch_new();

	run(dir, 0, "mkdir -p tree/d p/s r; "
	    "seq 60 | sed 's/^10$/int fn(void)/;s/^11$/out:/' >tree/d/f.c; seq 60 >tree/d/g; cp -r tree orig; cp -r tree/. r; cd r && "
	    "git init -q && git config core.abbrev 12 && git config user.name 'A B' && git config user.email a@b.invalid && "
	    "echo '*.c diff=cpp' >.git/info/attributes && "
	    "git add -A && git commit -qm base && git tag base && "
	    "sed -i 's/^20$/twenty/;s/^40$/forty/' d/f.c && echo new >d/n && git add -A && git commit -qm 'd: one\n\nWhy.' && "
	    "sed -i 's/^21$/twenty one/' d/f.c && sed -i 's/^30$/thirty/' d/g && git commit -qam 'd: two\n\nWhy.' && "
	    "git format-patch -q --zero-commit -N --no-signature -o ../p/s base && cd .. && "
	    "(cd p && ls s/*.patch) >p/series");
	run(dir, 0, "cp -r p p0");
	return dir;
}

static void an_unchanged_patch_keeps_its_bytes(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, APPLY " && " REFRESH " --all");
	out_says(dir, "2 patches unchanged, 0 renumbered, 0 edited");
	run(dir, 0, "diff -r p p0 && " POP " && diff -r tree orig");
	scratch_free(dir);
}

static void a_moved_patch_gets_new_numbers_only(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "sed -i '1i zero' tree/d/f.c; cp tree/d/f.c orig/d/f.c; " APPLY " && " REFRESH " --all");
	out_says(dir, "0 patches unchanged, 2 renumbered, 0 edited");
	/* only @@ and index lines differ, and now it applies exactly */
	run(dir, 0, "test $(diff p0/s/0001* p/s/0001* | grep -c '^>') = 3 && "
	    "! diff p0/s/0001* p/s/0001* | grep '^[<>]' | grep -v -E '^. (@@|index)'");
	run(dir, 0, "cp -r p p1; " REFRESH " --all && diff -r p p1");
	out_says(dir, "2 patches unchanged");
	run(dir, 0, POP " && diff -r tree orig && " APPLY);
	out_says(dir, "0 at an offset");
	/* the same that git writes on the moved base */
	run(dir, 0, "cd r && git checkout -q base && cp ../orig/d/f.c d/f.c && git commit -qam moved && "
	    "git -c user.name=A am -q ../p0/s/* && git format-patch -q --zero-commit -N --no-signature -o ../p2/s HEAD~2 && "
	    "cd .. && diff -r p2/s p/s");
	scratch_free(dir);
}

static void fuzz_is_gone_after_a_refresh(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "sed -i 's/^37$/x/' tree/d/f.c; cp tree/d/f.c orig/d/f.c; ! " APPLY " && " APPLY " --fuzz 1 && " REFRESH " --all && "
	    POP " && diff -r tree orig && " APPLY);
	out_says(dir, "(5 hunks exact, 0 at an offset), 2 in all");
	scratch_free(dir);
}

static void an_edit_goes_into_the_top_patch(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, APPLY " && sed -i 's/^31$/thirty one/' tree/d/g && echo more >tree/d/new && " REFRESH " --add d/new");
	out_says(dir, "1 edited");
	run(dir, 0, "diff p0/s/0001* p/s/0001* && grep -q '^+thirty one' p/s/0002* && grep -q '^+more' p/s/0002* && "
	    "cp -r tree want && rm -r want/.azk && $AZK queue status --tree tree");
	run(dir, 0, POP " && diff -r tree orig && " APPLY " && rm -rf have && cp -r tree have && rm -r have/.azk && diff -r have want");
	/* the bytes git would have written, but for the date */
	run(dir, 0, "cd r && sed -i 's/^31$/thirty one/' d/g && echo more >d/new && git add -A && git commit -q --amend --no-edit && "
	    "git format-patch -q --zero-commit -N --no-signature -o ../p2 HEAD~1 && diff -I^Date: ../p2/0001* ../p/s/0002*");
	scratch_free(dir);
}

static void an_edit_of_a_file_no_patch_touches_needs_the_base(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "echo a >tree/d/h; echo a >orig/d/h; " APPLY " && echo b >tree/d/h && " REFRESH " --add d/h --base orig && "
	    "grep -q '^-a$' p/s/0002* && " POP " && diff -r tree orig && " APPLY " && grep -qx b tree/d/h");
	scratch_free(dir);
}

static void one_pop_after_a_refresh_leaves_the_patch_below(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, APPLY " && $AZK queue pop --tree tree && cp -r tree one && " APPLY " && "
	    "sed -i 's/^31$/x/' tree/d/g && " REFRESH " && $AZK queue pop --tree tree && diff -r --exclude=.azk tree one");
	scratch_free(dir);
}

static void a_killed_refresh_is_before_or_after(void **state)
{
	char *dir = setup();
	size_t old = 0, new = 0;
	int n;

	(void)state;
	run(dir, 0, APPLY " && sed -i 's/^31$/x/' tree/d/g && cp -a tree tree0 && " REFRESH " && cp -r p p1");
	for (n = 1; n < 200; n++) {
		_cleanup_free_ char *cmd = xasprintf("rm -rf tree p; cp -a tree0 tree; cp -r p0 p; AZK_FAILPOINT=%d exec " REFRESH, n);
		int rc = sh(dir, cmd);

		if (!rc)
			break;
		assert_int_equal(rc, 256 + SIGKILL);
		/* the edit is still there to be refreshed, or it is refreshed */
		rc = sh(dir, "$AZK queue status --tree tree");
		if (rc)
			run(dir, 0, "diff -r p p0 && test -z \"$(find p -name '.azk-tmp*')\"");
		else
			run(dir, 0, "diff -r p p1");
		*(rc ? &old : &new) += 1;
		run(dir, 0, REFRESH " && diff -r p p1 && " POP " && diff -r tree orig");
	}
	assert_true(old >= 1 && new >= 2);
	scratch_free(dir);
}

static void a_patch_file_edited_by_hand_is_not_overwritten(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 2, APPLY " && sed -i 's/^Why/Because/' p/s/0002* && sed -i 's/^31$/x/' tree/d/g && " REFRESH);
	out_says(dir, "was changed after it was applied");
	run(dir, 0, "grep -q ^Because p/s/0002*");
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unchanged_patch_keeps_its_bytes),
		cmocka_unit_test(a_moved_patch_gets_new_numbers_only),
		cmocka_unit_test(fuzz_is_gone_after_a_refresh),
		cmocka_unit_test(an_edit_goes_into_the_top_patch),
		cmocka_unit_test(an_edit_of_a_file_no_patch_touches_needs_the_base),
		cmocka_unit_test(one_pop_after_a_refresh_leaves_the_patch_below),
		cmocka_unit_test(a_killed_refresh_is_before_or_after),
		cmocka_unit_test(a_patch_file_edited_by_hand_is_not_overwritten),
	};

	return cmocka_run_group_tests_name("queue_refresh", tests, NULL, NULL);
}
