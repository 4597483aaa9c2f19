// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The constructed cases of tests/queue_rebase/cases.txt: each is rebased by the
 * program, and the rebased series must apply exactly and give the tree the case
 * says. Then the ways through a conflict, and being killed anywhere.
 */
#include "tests/queue_lib.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static char *cases_file, *base_dir;

struct rcase {
	char *name;
	struct strbuf old, new, want, resolve, skip, expect, why, then;
	struct strbuf patch[8];
	size_t n;
};

static VEC(struct rcase) cases;

static void parse_cases(void)
{
	_cleanup_sb_ struct strbuf text = STRBUF_INIT;
	size_t pos = 0, n;
	const char *l;

	if (azk_read_file(cases_file, &text)) {
		perror(cases_file);
		exit(2);
	}
	while (azk_next_line(text.buf, text.len, &pos, &l, &n)) {
		struct rcase *c = cases.n ? &cases.v[cases.n - 1] : NULL;
		_cleanup_free_ char *line = xstrndup(l, n);
		char *value = strchr(line, ':');
		struct strbuf *to = NULL;

		if (!*line || *line == '#')
			continue;
		if (str_starts(line, "case ")) {
			c = vec_add(&cases);
			c->name = xstrdup(line + 5);
			continue;
		}
		if (!value || !c) {
			fprintf(stderr, "cases.txt: cannot read '%s'\n", line);
			exit(2);
		}
		*value++ = '\0';
		if (!strcmp(line, "old"))
			to = &c->old;
		else if (!strcmp(line, "new"))
			to = &c->new;
		else if (!strcmp(line, "want"))
			to = &c->want;
		else if (!strcmp(line, "resolve"))
			to = &c->resolve;
		else if (!strcmp(line, "skip"))
			to = &c->skip;
		else if (!strcmp(line, "expect"))
			to = &c->expect;
		else if (!strcmp(line, "why"))
			to = &c->why;
		else if (!strcmp(line, "then"))
			to = &c->then;
		else if (line[0] == 'p' && line[1] >= '1' && line[1] <= '8' && !line[2]) {
			to = &c->patch[line[1] - '1'];
			if ((size_t)(line[1] - '0') > c->n)
				c->n = (size_t)(line[1] - '0');
		} else {
			fprintf(stderr, "cases.txt: no key '%s'\n", line);
			exit(2);
		}
		sb_addf(to, "%s\n", str_trim(value));
	}
}

/* old, new, want and p/ as the case says. */
static void make_case(const struct rcase *c, const char *dir)
{
	struct strbuf sb = STRBUF_INIT;

	sb_addf(&sb, "cp -r '%s' old\n(cd old\n%s)\n", base_dir, sb_str(&c->old));
	sb_addf(&sb, "cp -r old new\n(cd new\n%s)\n", sb_str(&c->new));
	sb_addf(&sb, "cp -r new want\n(cd want\n%s)\n", sb_str(&c->want));
	sb_addstr(&sb, "mkdir p; cp -r old b\n");
	for (size_t i = 0; i < c->n; i++) {
		sb_addf(&sb, "rm -rf a; cp -r b a\n(cd b\n%s)\n", sb_str(&c->patch[i]));
		sb_addf(&sb, "{ printf 'Subject: [PATCH] x: %zu\\n\\nWhy.\\n---\\n'; "
			"git diff --no-index --no-prefix -M a b |\n"
			"sed -e 's,^rename from a/,rename from ,' -e 's,^rename to b/,rename to ,'; } >p/%zu.patch\n",
			i + 1, i + 1);
		sb_addf(&sb, "echo %zu.patch >>p/series\n", i + 1);
	}
	sb_addstr(&sb, "rm -rf a b; cp -r p p.orig\n");
	run(dir, 0, sb_str(&sb));
	sb_free(&sb);
}

/* The classes of the last run, one word each. */
static char *classes(const char *dir)
{
	_cleanup_free_ char *text = get_file(dir, "report.json");
	json_t *root = json_loads(text ? text : "", 0, NULL), *p;
	struct strbuf sb = STRBUF_INIT;
	size_t i;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		sb_addf(&sb, "%s%s", i ? " " : "",
			json_string_value(json_object_get(p, "class")));
		if (strcmp(json_string_value(json_object_get(p, "class")), "clean") &&
		    strcmp(json_string_value(json_object_get(p, "class")), "skipped") &&
		    !json_object_get(p, "landed_with") && !json_object_get(p, "blocked_by"))
			assert_true(json_array_size(json_object_get(p, "causes")));
	}
	json_decref(root);
	return sb_detach(&sb);
}

static void expect_classes(const char *dir, const struct strbuf *want)
{
	_cleanup_free_ char *have = classes(dir);
	_cleanup_free_ char *text = xstrdup(sb_str(want));

	assert_string_equal(have, str_trim(text));
}

static const char REBASE[] = "$AZK queue rebase --series p/series --old old --new new --json >report.json";
static const char CHECK[] =
	"cp -r new got\n"
	"if grep -q '^[^#]' p/series; then\n"
	"$AZK queue apply --tree got --series p/series >log || { cat log; exit 9; }\n"
	"! grep -q 'offset [+-]' log || { cat log; exit 8; }\n"
	"rm -rf got/.azk\n"
	"fi\n"
	"diff -r want got && test -z \"$(find p/.azk -name 'rebase*')\"\n";

static void one_case(void **state)
{
	const struct rcase *c = *state;
	char *dir = scratch_new();
	bool stops = strstr(sb_str(&c->expect), "conflict") ||
		     strstr(sb_str(&c->expect), "ambiguous");

	make_case(c, dir);
	/* the forecast says the same and writes nothing */
	run(dir, stops, "$AZK queue rebase --dry-run --series p/series --old old --new new --json >report.json");
	expect_classes(dir, &c->expect);
	run(dir, 0, "diff -r p p.orig");
	run(dir, stops, REBASE);
	expect_classes(dir, &c->expect);
	if (c->why.len) {
		_cleanup_free_ char *text = get_file(dir, "report.json");
		_cleanup_free_ char *why = xstrdup(c->why.buf);

		assert_non_null(strstr(text, str_trim(why)));
	}
	if (stops) {
		run(dir, 0, "diff -r -x .azk p p.orig");
		if (c->resolve.len) {
			_cleanup_free_ char *cmd = xasprintf(
				"cd p/.azk/rebase/conflict/1.patch && { %s\n}", sb_str(&c->resolve));

			run(dir, 1, "$AZK queue continue --series p/series --json >report.json");
			run(dir, 0, cmd);
			run(dir, 0, "$AZK queue continue --series p/series --json >report.json");
		} else {
			run(dir, 0, "$AZK queue skip --series p/series --json >report.json");
		}
		expect_classes(dir, &c->then);
	}
	run(dir, 0, CHECK);
	if (c->resolve.len) {	/* the same conflict again: the resolution is remembered */
		run(dir, 0, "cp -r p/.azk kept && rm -rf p got && cp -r p.orig p && mv kept p/.azk");
		run(dir, 0, REBASE);
		expect_classes(dir, &c->then);
		run(dir, 0, CHECK);
	}
	scratch_free(dir);
}

static const struct rcase *case_named(const char *name)
{
	for (size_t i = 0; i < cases.n; i++) {
		if (!strcmp(cases.v[i].name, name))
			return &cases.v[i];
	}
	fail_msg("no case %s", name);
	return NULL;
}

static void abort_leaves_the_series(void **state)
{
	char *dir = scratch_new();

	(void)state;
	make_case(case_named("same-line-changed"), dir);
	run(dir, 2, "$AZK queue abort --series p/series");
	run(dir, 1, REBASE);
	run(dir, 2, REBASE);		/* one is under way */
	run(dir, 0, "$AZK queue abort --series p/series");
	run(dir, 0, "diff -r -x .azk p p.orig && ! test -e p/.azk/rebase");
	run(dir, 1, REBASE);
	scratch_free(dir);
}

/* Killed at every point of the transaction: as before or as after, and said so. */
static void killed_anywhere(void **state)
{
	char *dir = scratch_new();
	size_t kills = 0;

	(void)state;
	make_case(case_named("two-move-and-one-landed"), dir);
	sh(dir, "cat p/1.patch >p/extra; echo '# a comment' >>p/series; rm -r p.orig; cp -r p p.orig");
	for (int i = 1; i < 100; i++) {
		_cleanup_free_ char *cmd = xasprintf("rm -rf p got; cp -r p.orig p\nexport AZK_FAILPOINT=%d\n%s", i,
						     REBASE);
		int rc = sh(dir, cmd);

		if (!rc)
			break;
		/* the shell that ran it reports the signal as 128 + 9 */
		assert_true(rc == 128 + SIGKILL || rc == 256 + SIGKILL);
		kills++;
		/* the next command, whichever it is, sees one of the two and says which */
		run(dir, 0, "$AZK queue lint --series p/series >log 2>&1; rc=$?; cat log; test $rc -lt 2");
		run(dir, 0, "if cmp -s p/1.patch p.orig/1.patch; then $AZK queue rebase --series p/series --old old --new new; fi");
		run(dir, 0, CHECK);
	}
	assert_true(kills > 5);
	scratch_free(dir);
}

static void second_azk_is_refused(void **state)
{
	char *dir = scratch_new();

	(void)state;
	make_case(case_named("nothing-changed"), dir);
	run(dir, 2, "mkdir -p p/.azk\nflock p/.azk/series-lock $AZK queue rebase --series p/series --old old --new new");
	run(dir, 0, "diff -r -x .azk p p.orig");
	scratch_free(dir);
}

static void page_is_self_contained(void **state)
{
	char *dir = scratch_new();

	(void)state;
	make_case(case_named("same-line-changed"), dir);
	run(dir, 1, "$AZK queue rebase --dry-run --series p/series --old old --new new --html r.html");
	run(dir, 0, "grep -q '<!doctype html>' r.html && grep -q 'limit = 20' r.html && ! grep -qE 'src=|href=|url\\(' r.html");
	scratch_free(dir);
}

/* Git binary patches: proven, carried and compared as wholes, never merged. */
static void binary_patches_go_over_whole(void **state)
{
	char *dir = scratch_new();

	(void)state;
	run(dir, 0, "mkdir r && cd r && git init -q && git config user.name a && git config user.email a@b.invalid\n"
	    "printf 'GIF\\0one\\nabc\\0\\n' >x && git add . && git commit -qm 1 && mkdir ../old && cp x ../old\n"
	    "printf 'GIF\\0two\\nabc\\0\\n' >x && git commit -qam 'x: y' && mkdir ../there && cp x ../there\n"
	    "git rm -q x && git commit -qm 'x: gone' && printf 'a\\0c\\n' >n && git add . && git commit -qm 'x: new'\n"
	    "git format-patch -q -N --binary --full-index -o ../p.orig HEAD~3 && cd .. && ls p.orig >series && mv series p.orig\n"
	    "mkdir drift && printf 'GIF\\0three\\nabc\\0\\n' >drift/x");
	/* nothing changed: the same bytes */
	run(dir, 0, "cp -r p.orig p && cp -r old same && $AZK queue rebase --series p/series --old old --new same && "
	    "diff -r -x .azk p p.orig");
	/* the first one landed */
	run(dir, 0, "$AZK queue landed --series p/series --old old --new there");
	out_says(dir, "landed      0001-x-y.patch");
	out_says(dir, "not landed  0002-x-gone.patch");
	run(dir, 0, "$AZK queue rebase --series p/series --old old --new there");
	out_says(dir, "landed: x as a whole");
	run(dir, 0, "diff -r -x .azk p p.orig | sort | tr '\\n' ' '; cat p/series");
	out_says(dir, "Only in p.orig: 0001-x-y.patch");
	/* it is there already in both bases: read in one direction, that is not known */
	run(dir, 1, "$AZK queue landed --series p.orig/series --old there --new there");
	out_says(dir, "does not apply  0001-x-y.patch");
	/* another content: no merge, no file to edit; without the first two the third goes over */
	run(dir, 1, "rm -rf p && cp -r p.orig p && $AZK queue rebase --series p/series --old old --new drift");
	out_says(dir, "which is not text");
	run(dir, 1, "$AZK queue continue --series p/series");
	run(dir, 1, "$AZK queue skip --series p/series");
	run(dir, 0, "$AZK queue skip --series p/series && echo 0003-x-new.patch | diff - p/series && cmp p/0003* p.orig/0003*");
	/* equal and deps */
	run(dir, 0, "$AZK queue equal p.orig/0001* p.orig/0001*");
	run(dir, 1, "sed 's/^index [0-9a-f]*/index 0123456789012345678901234567890123456789/' p.orig/0001* >q; "
	    "$AZK queue equal p.orig/0001* q");
	run(dir, 0, "$AZK queue deps --series p.orig/series --tree old");
	out_says(dir, "needs 0001-x-y.patch");
	scratch_free(dir);
}

int main(void)
{
	const char *tests = getenv("AZK_TESTS");
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(abort_leaves_the_series),
		cmocka_unit_test(killed_anywhere),
		cmocka_unit_test(second_azk_is_refused),
		cmocka_unit_test(page_is_self_contained),
		cmocka_unit_test(binary_patches_go_over_whole),
	};
	VEC(struct CMUnitTest) v = { 0 };
	int rc;

	/* hundreds of synced transactions: not on a disk others are using */
	if (azk_is_dir("/dev/shm"))
		setenv("TMPDIR", "/dev/shm", 0);
	cases_file = path_join(tests ? tests : "tests", "queue_rebase/cases.txt");
	base_dir = path_join(tests ? tests : "tests", "queue_rebase/base");
	parse_cases();
	for (size_t i = 0; i < cases.n; i++) {
		struct CMUnitTest t = { cases.v[i].name, one_case, NULL, NULL, &cases.v[i] };

		vec_push(&v, t);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		vec_push(&v, fixed[i]);
	rc = _cmocka_run_group_tests("queue_rebase", v.v, v.n, NULL, NULL);
	for (size_t i = 0; i < cases.n; i++) {
		struct rcase *c = &cases.v[i];
		struct strbuf *all[] = { &c->old, &c->new, &c->want, &c->resolve, &c->skip,
					 &c->expect, &c->why, &c->then };

		for (size_t k = 0; k < ARRAY_SIZE(all); k++)
			sb_free(all[k]);
		for (size_t k = 0; k < ARRAY_SIZE(c->patch); k++)
			sb_free(&c->patch[k]);
		free(c->name);
	}
	vec_free(&cases);
	vec_free(&v);
	free(cases_file);
	free(base_dir);
	return rc;
}
