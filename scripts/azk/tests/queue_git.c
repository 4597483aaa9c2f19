// SPDX-License-Identifier: GPL-2.0-or-later
/* import, export and picks: git's bytes where git has a say, ours where we had them before. */
#include "tests/queue_lib.h"

#define AZK "$AZK queue "
#define FORMAT "git format-patch -q --zero-commit -N --no-signature "

/* A repository with one commit for each thing a patch can hold. */
static char *setup(void)
{
	char *dir = scratch_new();

	run(dir, 0, "mkdir r && cd r && git init -q && git config core.abbrev 12 && "
	    "git config user.name 'A B' && git config user.email a@b.invalid && git config diff.renames true && "
	    "echo '*.c diff=cpp' >.git/info/attributes && mkdir -p d/e long/path/to/some/deep/folder/with/names && "
	    "export GIT_AUTHOR_DATE='2026-01-02 03:04:05 -0730' && "
	    "seq 60 | sed 's/^10$/int fn(void)/;s/^11$/out:/;s/^50$/  static x/' >d/f.c && seq 60 >d/g && seq 300 >big && "
	    "seq 30 >'with space' && printf 'no newline' >nn && seq 40 >long/path/to/some/deep/folder/with/names/file && "
	    "printf '\\0\\1\\2' >bin && printf 'a\\r\\nb\\r\\n' >crlf && git add -A && git commit -qm base && git tag base");
	run(dir, 0, "cd r && export GIT_AUTHOR_DATE='2026-01-02 03:04:05 -0730' && c() { git add -A && git commit -qm \"$@\"; } && "
	    "sed -i 's/^20$/x/;s/^55$/y/' d/f.c && c 'd: edit' -m 'Why.' && "
	    "sed -i '1,150d' big && seq 9 >>big && sed -i 2d d/g && sed -i '3a q' long/*/*/*/*/*/*/*/file && c 'a subject that is so long that it has to be "
	    "folded by whoever writes the mail header' && "
	    "echo n >d/e/new && : >d/empty && c 'd: new files' -m 'With a body.\n\nTwo paragraphs.' && "
	    "git mv d/g d/e/h && sed -i 3d d/e/h && git mv 'with space' d/moved && c 'd: renames' && "
	    "chmod +x d/f.c && chmod +x nn && printf 'still none' >nn && c 'modes' && "
	    "git rm -q d/e/new d/empty && c 'deletes' && printf '\\0\\1\\3' >bin && printf '\\0' >bin2 && c 'binary' && "
	    "printf 'a\\r\\nc\\r\\n' >crlf && echo eol >>nn && c 'crlf' && "
	    "echo \xc3\xa4 >'d/\xc3\xbc n' && GIT_AUTHOR_NAME='J\xc3\xb6rg X. (y)' c 's\xc3\xbc" "bject' -m 'b\xc3\xb6" "dy' && "
	    "echo 1 >d/dot && GIT_AUTHOR_NAME='A. \"B\" C' c 'quoted author.' && git tag tip");
	return dir;
}

static void an_imported_range_is_what_git_format_patch_writes(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "(cd r && " FORMAT "-o ../want/s base..tip) && "
	    AZK "import --series have/series --folder s --git r --range base..tip");
	run(dir, 0, "(cd want && ls s/*) | diff - have/series && diff -r want/s have/s");
	scratch_free(dir);
}

static void patches_come_back_from_a_branch_as_the_same_bytes(void **state)
{
	char *dir = setup();

	(void)state;
	/* bytes that git would not write: another tool's header, a comment, a signature */
	run(dir, 0, "cd r && " FORMAT "-o ../q/s base..tip && cd ../q && sed -i 's/^---$/---\\nremark/' s/0001* && "
	    "printf -- '-- \\n2.40\\n' >>$(echo s/0002*) && sed -i '/^index/d' s/0003* && ls s/* >series");
	run(dir, 0, AZK "export --series q/series --git r --branch out --onto base && "
	    "git -C r diff --exit-code tip out && "
	    AZK "import --series back/series --git r --range base..out && diff -r q back");
	/* the same commits a second time; only --force replaces a branch */
	run(dir, 0, "git -C r rev-parse out >a && ! " AZK "export --series q/series --git r --branch out --onto base && "
	    AZK "export --series q/series --git r --branch out --onto base --force && git -C r rev-parse out | diff a -");
	/* an amended commit is written anew, whatever its note says */
	run(dir, 0, "cd r && git checkout -q out && echo more >>d/dot && git -c notes.rewriteRef=refs/notes/azk-queue commit -qa --amend --no-edit && cd .. && "
	    AZK "import --series again/series --git r --range base..out && grep -q '^+more' again/*/*quoted*");
	scratch_free(dir);
}

static void a_branch_begins_with_the_overlay(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "(cd r && " FORMAT "-o ../q/s base..base~0 -1 base~0; " FORMAT "-o ../q/s tip~1..tip) && (cd q && ls s/*quoted* >series) && "
	    "mkdir -p top/own && echo own >top/own/f && printf 'own/f drivers/own\\n' >list");
	run(dir, 0, AZK "export --series q/series --git r --branch out --onto base --overlay list --overlay-from top");
	run(dir, 0, "cd r && test $(git rev-list --count base..out) = 2 && test \"$(git show out~1:drivers/own)\" = own && "
	    "test \"$(git show out:d/dot)\" = 1");
	run(dir, 0, AZK "import --series back/series --git r --range base..out && diff q/series back/series");
	run(dir, 2, "echo '../../etc/passwd x' >list; " AZK "export --series q/series --git r --branch o2 --onto base --overlay list --overlay-from top");
	out_says(dir, "contains '..'");
	run(dir, 0, "! git -C r rev-parse -q --verify o2");
	scratch_free(dir);
}

static void mbox_and_quilt_come_back_as_the_same_bytes(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "(cd r && " FORMAT "-o ../q/s base..tip) && (cd q && ls s/* >series) && "
	    AZK "export --series q/series --mbox all.mbox && " AZK "export --series q/series --quilt quilt && "
	    AZK "import --series m/series --folder s all.mbox && " AZK "import --series n/series quilt && diff -r q m && diff -r q n");
	run(dir, 0, "cd r && git checkout -q base && git -c user.name=x am -q --keep-cr ../all.mbox && git diff --exit-code tip");
	run(dir, 2, AZK "export --series q/series --quilt quilt");
	out_says(dir, "File exists");
	scratch_free(dir);
}

static void an_import_is_all_or_nothing(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "(cd r && " FORMAT "-o ../s base..tip) && mkdir q && cp s/0001* a.patch && cp s/0002* b.patch && sed -i '0,/^@@.*/s///' b.patch");
	run(dir, 2, AZK "import --series q/series --folder s a.patch b.patch");
	out_says(dir, "b.patch:");
	run(dir, 0, "test -z \"$(ls q)\"");
	run(dir, 0, AZK "import --series q/series --folder s a.patch && test -f q/s/a.patch");
	run(dir, 2, "cp s/0002* a.patch; " AZK "import --series q/series --folder s a.patch");
	out_says(dir, "is in the series already");
	run(dir, 2, ": >q/series; " AZK "import --series q/series --folder s a.patch");
	out_says(dir, "exists with another content");
	scratch_free(dir);
}

static void picks_are_taken_from_the_clone(void **state)
{
	char *dir = setup();

	(void)state;
	run(dir, 0, "mkdir q t && git -C r archive base | tar x -C t && cp -r t t0 && "
	    "printf 'pick %s # wanted\\n' $(git -C r rev-parse --short=12 tip~9) >q/series");
	run(dir, 0, AZK "apply --tree t --series q/series");
	out_says(dir, "not carried (no --git)");
	out_says(dir, "0 patches applied");
	run(dir, 0, AZK "apply --tree t --series q/series --git r && grep -qx x t/d/f.c");
	out_says(dir, "1 patches applied");
	run(dir, 0, AZK "apply --tree t --series q/series --json");
	out_says(dir, "already applied");
	run(dir, 0, AZK "refresh --all --tree t --series q/series && " AZK "pop --all --tree t && diff -r t t0");
	run(dir, 2, "echo 'pick 0123456789abcdef # gone' >q/series; " AZK "apply --tree t --series q/series --git r");
	out_says(dir, "q/series:1: error: pick 0123456789abcdef from r: ");
	run(dir, 2, "cd r && git checkout -q base && git merge -q --no-ff -m m tip && cd .. && "
	    "echo \"pick $(git -C r rev-parse HEAD) # a merge\" >q/series; " AZK "apply --tree t --series q/series --git r");
	out_says(dir, "it is a merge");
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_imported_range_is_what_git_format_patch_writes),
		cmocka_unit_test(patches_come_back_from_a_branch_as_the_same_bytes),
		cmocka_unit_test(a_branch_begins_with_the_overlay),
		cmocka_unit_test(mbox_and_quilt_come_back_as_the_same_bytes),
		cmocka_unit_test(an_import_is_all_or_nothing),
		cmocka_unit_test(picks_are_taken_from_the_clone),
	};

	return cmocka_run_group_tests_name("queue_git", tests, NULL, NULL);
}
