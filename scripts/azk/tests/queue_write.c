// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing patches anew. The oracle is git: a patch of one version of a change,
 * rewritten for another version of it, must be what git format-patch writes for
 * that one, byte for byte.
 */
#include "queue/write.h"
#include "tests/queue_lib.h"

#include <unistd.h>

#define FILES 3

static const char *const names[FILES] = {
	"drivers/net/one.c", "Documentation/a-rather-long-folder-name/with/another/one/inside/two.rst",
	"Makefile",
};

struct text {
	struct strlist l;
	bool eol;
};

static void add_function(struct text *t, uint64_t *s, int n)
{
	_cleanup_free_ char *head = xasprintf("static int f%d(int a, int b)", n);

	strlist_add(&t->l, head);
	strlist_add(&t->l, "{");
	for (uint32_t i = 0, k = 3 + rnd(s, 12); i < k; i++) {
		static const char *const odd[] = { "\tif (a)", "\t\treturn b;", "", "out:" };
		_cleanup_free_ char *l = xasprintf("\ta = g%u(b);", rnd(s, 30));

		strlist_add(&t->l, rnd(s, 3) ? l : odd[rnd(s, 4)]);
	}
	strlist_add(&t->l, "}");
	strlist_add(&t->l, "");
}

static struct text random_text(uint64_t *s)
{
	struct text t = { .eol = rnd(s, 8) };

	for (int i = 0, n = 1 + (int)rnd(s, 8); i < n; i++)
		add_function(&t, s, i);
	return t;
}

static struct text edited(const struct text *in, uint64_t *s, uint32_t often)
{
	struct text t = { .eol = rnd(s, 16) ? in->eol : !in->eol };

	for (size_t i = 0; i < in->l.n; i++) {
		_cleanup_free_ char *l = xasprintf("\tb = h%u(a);", rnd(s, 90));

		if (rnd(s, often)) {
			strlist_add(&t.l, in->l.v[i]);
			continue;
		}
		if (rnd(s, 3))
			strlist_add(&t.l, l);
		if (rnd(s, 3) == 0)
			strlist_add(&t.l, in->l.v[i]);
	}
	return t;
}

static char *joined(const struct text *t)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < t->l.n; i++)
		sb_addf(&sb, "%s%s", t->l.v[i], i + 1 < t->l.n || t->eol ? "\n" : "");
	return sb_detach(&sb);
}

static const char GIT_SETUP[] =
	"export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'"
	" GIT_CONFIG_GLOBAL=/dev/null HOME=$D\n"
	"git init -q r && cd r && git config user.name A && git config user.email a@example.org"
	" && git config core.abbrev 12\n"
	"printf '*.c diff=cpp\\n' >.git/info/attributes\n"
	"cp -r ../base/. . && git add -A && git commit -qm base\n";

static const char GIT_PATCH[] =
	"cd r && export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'\n"
	"git checkout -q -f master 2>/dev/null || git checkout -q -f main\n"
	"find . -path ./.git -prune -o -type f -exec rm {} +\n"
	"cp -r ../%s/. . && git add -A && git checkout -q --detach && git commit -qm 'x: subject' -m 'Body.'\n"
	"git format-patch -q -1 --zero-commit -N --no-signature -o ../%s.out || exit\n"
	"git checkout -q -f -\n";

static void make_patch(const char *dir, const char *side)
{
	_cleanup_free_ char *cmd = xasprintf(GIT_PATCH, side, side);
	_cleanup_free_ char *mv = xasprintf("mv %s.out/*.patch %s.patch", side, side);

	run(dir, 0, cmd);
	run(dir, 0, mv);
}

struct side {
	char *text;
	struct lines lines;
};

static void one_seed(uint64_t seed)
{
	uint64_t s = seed * 977 + 5;
	char *dir = scratch_new();
	struct side v[3][FILES] = { 0 };	/* base, first, second */
	struct file_change files[FILES] = { 0 };
	const char *why = NULL;
	_cleanup_sb_ struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;
	static const char *const sides[] = { "base", "first", "second" };
	struct patch p;
	size_t n = 0;
	bool differ = false;

	for (size_t i = 0; i < FILES; i++) {
		struct text t[3];

		t[0] = random_text(&s);
		t[1] = edited(&t[0], &s, 12);
		t[2] = rnd(&s, 4) ? edited(&t[1], &s, 25) : edited(&t[0], &s, 14);
		for (size_t k = 0; k < 3; k++) {
			v[k][i].text = joined(&t[k]);
			/* a file that is no part of the first version is none of the second */
			if (k == 2 && !strcmp(v[0][i].text, v[1][i].text)) {
				free(v[2][i].text);
				v[2][i].text = xstrdup(v[0][i].text);
			}
			if (k == 0 && i == 2 && seed % 3 == 0)
				v[k][i].text[0] = '\0';		/* created by the patch */
			if (k && i == 2 && seed % 3 == 1)
				v[k][i].text[0] = '\0';		/* deleted */
			lines_split(&v[k][i].lines, v[k][i].text, strlen(v[k][i].text));
			if (v[k][i].lines.n) {
				_cleanup_free_ char *name = xasprintf("%s/%s", sides[k], names[i]);

				put_file(dir, name, v[k][i].text);
			}
			strlist_free(&t[k].l);
		}
		differ |= strcmp(v[0][i].text, v[2][i].text);
		files[n].old_path = v[0][i].lines.n ? names[i] : NULL;
		files[n].new_path = v[2][i].lines.n ? names[i] : NULL;
		files[n].old_mode = files[n].new_mode = 0644;
		files[n].old = &v[0][i].lines;
		files[n++].new = &v[2][i].lines;
	}
	assert_true(differ);
	run(dir, 0, GIT_SETUP);
	make_patch(dir, "first");
	make_patch(dir, "second");
	{
		_cleanup_free_ char *file = path_join(dir, "first.patch");
		_cleanup_free_ char *want = get_file(dir, "second.patch");

		assert_int_equal(patch_load(&p, "p", file), 0);
		assert_int_equal(patch_rewrite_sides(&p, files, n, &out, &why), 0);
		if (strcmp(sb_str(&out), want))
			print_error("seed %llu\n", (unsigned long long)seed);
		assert_string_equal(sb_str(&out), want);
		patch_free(&p);
	}
	/* what is right already keeps its bytes */
	assert_int_equal(patch_parse(&p, "p", "p", xmemdup0(out.buf, out.len), out.len), 0);
	assert_int_equal(patch_rewrite_sides(&p, files, n, &again, &why), 0);
	assert_string_equal(sb_str(&again), sb_str(&out));
	patch_free(&p);
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < FILES; i++) {
			free(v[k][i].text);
			vec_free(&v[k][i].lines);
		}
	}
	scratch_free(dir);
}

static void writes_what_git_writes(void **state)
{
	const char *seeds = getenv("AZK_SEEDS");
	uint64_t n = seeds ? strtoull(seeds, NULL, 10) : 12;

	(void)state;
	for (uint64_t i = 0; i < n; i++)
		one_seed(i);
}

struct file_text {
	const char *old_path, *new_path, *before, *after;
	mode_t old_mode, new_mode;	/* 0: plain */
};

/* text for those files and no others must become want; they end with one without names. */
static void becomes(const char *text, const struct file_text *t, const char *want)
{
	struct file_change files[4] = { 0 };
	struct lines l[8] = { 0 };
	_cleanup_sb_ struct strbuf out = STRBUF_INIT;
	const char *why = NULL;
	struct patch p;
	size_t n = 0;

	for (; t[n].old_path || t[n].new_path; n++) {
		lines_split(&l[2 * n], t[n].before, strlen(t[n].before));
		lines_split(&l[2 * n + 1], t[n].after, strlen(t[n].after));
		files[n] = (struct file_change){
			t[n].old_path, t[n].new_path, t[n].old_mode ? t[n].old_mode : 0644,
			t[n].new_mode ? t[n].new_mode : 0644, &l[2 * n], &l[2 * n + 1], false,
		};
	}
	assert_int_equal(patch_parse(&p, "p", "p", xstrdup(text), strlen(text)), 0);
	assert_int_equal(patch_rewrite_sides(&p, files, n, &out, &why), 0);
	assert_string_equal(sb_str(&out), want);
	patch_free(&p);
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		vec_free(&l[i]);
}

#define A_PART \
	"diff --git a/a b/a\nindex 1111111..2222222 100644\n--- a/a\n+++ b/a\n" \
	"@@ -1,3 +1,3 @@ a heading nobody would compute\n a\n-b\n+B\n c\n"
#define TAIL "-- \n2.39.5\n\n"

/* Lines came in above: only the numbers and blob ids change, not body, heading or diffstat. */
static void moved_hunk_keeps_its_body(void **state)
{
	static const char head[] =
		"x: y\n\n---\n a | 2 -+ by hand\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n";
	_cleanup_free_ char *text = xasprintf("%s" A_PART TAIL, head);
	/* the ids are git hash-object's, as long as they were */
	_cleanup_free_ char *want = xasprintf("%sdiff --git a/a b/a\nindex 94b2ad8..96deb5d 100644\n"
		"--- a/a\n+++ b/a\n"
		"@@ -2,3 +2,3 @@ a heading nobody would compute\n a\n-b\n+B\n c\n" TAIL, head);

	(void)state;
	becomes(text, (struct file_text[]){ { "a", "a", "0\na\nb\nc\n", "0\na\nB\nc\n", 0, 0 }, { 0 } }, want);
}

/* Files that are not given leave nothing behind, whatever the patch did to them. */
static void what_landed_is_left_out(void **state)
{
	static const char *const parts[] = {
		"diff --git a/b b/b\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n",
		"diff --git a/b b/b\nnew file mode 100644\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+y\n",
		"diff --git a/b b/b\ndeleted file mode 100644\n--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n",
		"diff --git a/b b/c\nsimilarity index 100%\nrename from b\nrename to c\n",
		"diff --git a/b b/c\nsimilarity index 50%\nrename from b\nrename to c\n"
		"--- a/b\n+++ b/c\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n",
		"diff --git a/b b/c\nsimilarity index 100%\ncopy from b\ncopy to c\n",
		"diff --git a/b b/b\nold mode 100644\nnew mode 100755\n",
		"--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n",
		"--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+y\n",
		"--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n",
	};
	static const char want[] =
		"x: y\n\n---\n a | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n" A_PART TAIL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *text = xasprintf("x: y\n\n---\n a | 2 +-\n b | 2 +-\n"
			" 2 files changed, 2 insertions(+), 2 deletions(-)\n\n" A_PART "%s" TAIL, parts[i]);

		becomes(text, (struct file_text[]){ { "a", "a", "a\nb\nc\n", "a\nB\nc\n", 0, 0 }, { 0 } }, want);
	}
}

/* The file is there already, with other content: the patch that made it edits it now. */
static void a_file_that_is_there_is_not_made(void **state)
{
	static const char *const heads[] = {
		"diff --git a/b b/b\nnew file mode 100644\n--- /dev/null\n+++ b/b\n", "--- /dev/null\n+++ b/b\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		_cleanup_free_ char *text = xasprintf("x: y\n\n---\n%s@@ -0,0 +1 @@\n+y\n" TAIL, heads[i]);

		becomes(text, (struct file_text[]){ { "b", "b", "x\n", "y\n", 0, 0 }, { 0 } },
			"x: y\n\n---\ndiff --git a/b b/b\nindex 587be6b4c3f9..975fbec8256d 100644\n"
			"--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n" TAIL);
	}
}

/* Of a change of mode and content the mode is there already. */
static void a_mode_that_is_there_is_left_out(void **state)
{
	(void)state;
	becomes("x: y\n\n---\ndiff --git a/b b/b\nold mode 100644\nnew mode 100755\n"
		"index 587be6b4c3f9..975fbec8256d\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n" TAIL,
		(struct file_text[]){ { "b", "b", "x\n", "y\n", 0755, 0755 }, { 0 } },
		"x: y\n\n---\ndiff --git a/b b/b\nindex 587be6b4c3f9..975fbec8256d 100755\n"
		"--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n" TAIL);
}

/* One context line was all the file had; a hunk further down tells how many were meant. */
static void context_is_as_wide_as_it_was_meant(void **state)
{
	static const char before[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n", after[] = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
	const struct file_text t[] = { { "b", "b", before, after, 0, 0 }, { 0 } };

	(void)state;
	becomes("x: y\n\n---\n--- a/b\n+++ b/b\n@@ -1,2 +1,2 @@\n 4\n-5\n+V\n" TAIL, t,
		"x: y\n\n---\n--- a/b\n+++ b/b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n" TAIL);
	becomes("x: y\n\n---\n--- a/b\n+++ b/b\n@@ -4,3 +4,3 @@\n 4\n-5\n+V\n 6\n" TAIL, t,
		"x: y\n\n---\n--- a/b\n+++ b/b\n@@ -4,3 +4,3 @@\n 4\n-5\n+five\n 6\n" TAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_git_writes),
		cmocka_unit_test(moved_hunk_keeps_its_body),
		cmocka_unit_test(what_landed_is_left_out),
		cmocka_unit_test(a_file_that_is_there_is_not_made),
		cmocka_unit_test(a_mode_that_is_there_is_left_out),
		cmocka_unit_test(context_is_as_wide_as_it_was_meant),
	};

	return cmocka_run_group_tests_name("queue_write", tests, NULL, NULL);
}
