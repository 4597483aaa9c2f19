// SPDX-License-Identifier: GPL-2.0-or-later
/* Help, man pages and completion say the same of every verb. */
#include "tests/queue_lib.h"

/* for every verb: $n and $v are set */
#define EACH "$AZK --help | sed -n 's/^  azk \\([a-z]*\\) \\([a-z]*\\) .*/\\1 \\2/p' >verbs; " \
	"test $(wc -l <verbs) -gt 8 && while read -r n v; do "

static void every_verb_has_help_with_an_example(void **state)
{
	char *dir = scratch_new();

	(void)state;
	run(dir, 0, EACH "$AZK $n $v --help >help && grep -q \"^example: azk $n $v \" help && "
	    "grep -q '  --json' help || { echo $n $v; exit 1; }; done <verbs");
	scratch_free(dir);
}

static void a_man_page_names_every_option_of_the_help(void **state)
{
	char *dir = scratch_new();

	(void)state;
	run(dir, 0, EACH "$AZK man $n $v >page && for o in $($AZK $n $v --help | sed -n 's/^  --\\([a-z-]*\\).*/\\1/p'); do "
	    "grep -qF \"$(printf '\\\\-\\\\-%s' $o | sed 's/\\([a-z]\\)-/\\1\\\\-/g')\" page || { echo $n $v: $o; cat page; exit 1; }; done; "
	    "grep -q '^.SH EXAMPLES' page || exit 1; done <verbs");
	run(dir, 0, "$AZK man | grep -q 'azk.-queue.-apply' && ! $AZK man queue nosuch");
	scratch_free(dir);
}

static void every_text_of_doc_is_of_a_verb(void **state)
{
	char *dir = scratch_new();

	(void)state;
	run(dir, 0, "for f in \"$AZK_TESTS\"/../doc/*.man; do b=${f##*/}; b=${b%.man}; test $b = azk || "
	    "$AZK man --body $f ${b%%-*} ${b#*-} >page || exit 1; done");
	scratch_free(dir);
}

static void bash_completes_nouns_verbs_options_and_folders(void **state)
{
	char *dir = scratch_new();

	(void)state;
	put_file(dir, "complete", ". ./azk.bash\n"
		 "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _azk; echo \"${COMPREPLY[*]}\"; }\n"
		 "try azk qu; try azk queue app; try azk queue apply --ser; try azk queue apply --tree fo; "
		 "try azk queue apply --series fi; try azk queue apply --fuzz ''\n");
	put_file(dir, "want", "queue\napply\n--series\nfolder\nfile\n\n");
	run(dir, 0, "mkdir folder; : >file; $AZK completion bash >azk.bash && bash -n azk.bash && "
	    "bash --norc complete | diff want -");
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_has_help_with_an_example),
		cmocka_unit_test(a_man_page_names_every_option_of_the_help),
		cmocka_unit_test(every_text_of_doc_is_of_a_verb),
		cmocka_unit_test(bash_completes_nouns_verbs_options_and_folders),
	};

	return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
