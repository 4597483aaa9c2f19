// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Seeded random edits: GNU diff makes the patch, the file drifts, then GNU
 * patch (no fuzz) and azk place it. AZK_SEED and AZK_CASES choose others.
 */
#include "tests/queue_lib.h"

#include "queue/apply.h"

/* Few different lines on purpose: near-duplicate places are the hard part. */
static void random_text(uint64_t *seed, struct strlist *l)
{
	uint32_t n = 5 + rnd(seed, 60), kinds = 3 + rnd(seed, 60);
	uint32_t period = rnd(seed, 2) ? 9 + rnd(seed, 9) : n;

	for (uint32_t i = 0; i < n; i++) {
		_cleanup_free_ char *s = xasprintf("line %u", rnd(seed, kinds));

		strlist_add(l, i < period ? s : l->v[i - period]);
	}
}

static void edit(uint64_t *seed, const struct strlist *in, struct strlist *out, uint32_t edits,
		 const char *tag)
{
	for (size_t i = 0; i < in->n; i++) {
		uint32_t what = rnd(seed, (uint32_t)in->n) < edits ? rnd(seed, 3) : 3;
		_cleanup_free_ char *s = xasprintf("%s %u", tag, rnd(seed, 9));

		if (what != 0)		/* 0: line removed */
			strlist_add(out, what == 1 ? s : in->v[i]);
		if (what == 2)
			strlist_add(out, s);
	}
}

static void write_text(const char *dir, const char *name, const struct strlist *l, bool eol)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		sb_addf(&sb, "%s%s", l->v[i], i + 1 < l->n || eol ? "\n" : "");
	put_file(dir, name, sb_str(&sb));
}

/*
 * AMBIGUOUS and OVERLAP are the two classes of wanted disagreement. GNU patch
 * takes the nearest of several places, and lets the context of two hunks share
 * lines that the patch had apart; azk has no proof in either case and refuses.
 */
enum verdict { SAME, BOTH_FAIL, AMBIGUOUS, OVERLAP, ONLY_AZK, ONLY_PATCH, DIFFERENT, VERDICTS };

static char *content(struct tree *t, const char *path)
{
	struct vfile *f = strmap_get(&t->files, path);
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; f && i < f->lines.n; i++)
		sb_add(&sb, f->lines.v[i].s, f->lines.v[i].len);
	return sb_detach(&sb);
}

static bool has_rule(struct azk_report *r, const char *rule)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report_root(r), "findings"), i, f) {
		if (!strcmp(json_string_value(json_object_get(f, "severity")), "error") &&
		    !strcmp(json_string_value(json_object_get(f, "rule")), rule))
			return true;
	}
	return false;
}

static enum verdict compare(const char *dir, int patch_rc)
{
	_cleanup_free_ char *file = path_join(dir, "p.diff");
	_cleanup_free_ char *azk_dir = path_join(dir, "azk");
	_cleanup_free_ char *theirs = get_file(dir, "gnu/f");
	_cleanup_free_ char *ours = NULL;
	struct azk_report *r = report_new("test");
	struct strbuf undo = STRBUF_INIT;
	struct strlist paths = { 0 };
	struct apply_stats st;
	enum verdict v;
	struct patch p;
	struct tree t;
	int rc;

	assert_int_equal(patch_load(&p, "p", file), 0);
	assert_int_equal(tree_open(&t, azk_dir), 0);
	rc = apply_patch(&t, &p, r, &undo, &paths, &st);
	ours = content(&t, "f");
	if (!rc) {
		/* and back again */
		_cleanup_free_ char *before = get_file(dir, "azk/f");
		struct undo_dirs dirs = { 0 };
		struct strlist again = { 0 };

		assert_null(undo_patch(&t, undo.buf, undo.len, &dirs, &again));
		_cleanup_free_ char *back = content(&t, "f");

		assert_string_equal(back, before);
		strlist_free(&again);
		strmap_free(&dirs.made);
		strmap_free(&dirs.modes);
	}
	if (rc)
		v = patch_rc ? BOTH_FAIL : has_rule(r, "ambiguous") ? AMBIGUOUS :
			has_rule(r, "overlap") ? OVERLAP : ONLY_PATCH;
	else
		v = patch_rc ? ONLY_AZK : strcmp(ours, theirs) ? DIFFERENT : SAME;
	tree_close(&t);
	patch_free(&p);
	strlist_free(&paths);
	sb_free(&undo);
	report_free(r);
	return v;
}

static void placement_agrees_with_gnu_patch(void **state)
{
	const char *s = getenv("AZK_SEED"), *c = getenv("AZK_CASES");
	uint64_t seed0 = s ? strtoull(s, NULL, 10) : 1;
	size_t cases = c ? strtoul(c, NULL, 10) : 300, count[VERDICTS] = { 0 };
	char *dir = scratch_new();

	(void)state;
	for (size_t i = 0; i < cases; i++) {
		struct strlist base = { 0 }, edited = { 0 }, drifted = { 0 };
		uint64_t seed = seed0 * 1000003 + i;
		enum verdict v;
		int rc;

		for (int k = 0; k < 3; k++)
			rnd(&seed, 2);
		random_text(&seed, &base);
		edit(&seed, &base, &edited, 1 + rnd(&seed, 4), "edit");
		edit(&seed, &base, &drifted, rnd(&seed, 3), "drift");
		write_text(dir, "a/f", &base, rnd(&seed, 8));
		write_text(dir, "b/f", &edited, rnd(&seed, 8));
		write_text(dir, "gnu/f", &drifted, true);
		write_text(dir, "azk/f", &drifted, true);
		rc = sh(dir, "diff -u a/f b/f >p.diff; test -s p.diff || exit 9; "
			"patch -p1 -F0 -s -f -N --no-backup-if-mismatch -r- -d gnu <p.diff");
		strlist_free(&base);
		strlist_free(&edited);
		strlist_free(&drifted);
		if (rc == 9)
			continue;
		v = compare(dir, rc);
		count[v]++;
		if (v >= ONLY_AZK) {
			_cleanup_free_ char *p = get_file(dir, "p.diff");
			_cleanup_free_ char *f = get_file(dir, "azk/f");

			print_error("seed %llu case %zu verdict %d\n%s---\n%s",
				    (unsigned long long)seed0, i, v, p, f);
		}
	}
	print_message("# same %zu, both fail %zu, azk says ambiguous %zu, overlap %zu, only azk %zu, only patch %zu, different %zu\n",
		      count[SAME], count[BOTH_FAIL], count[AMBIGUOUS], count[OVERLAP],
		      count[ONLY_AZK], count[ONLY_PATCH], count[DIFFERENT]);
	scratch_free(dir);
	/* the corpus must reach each kind, else it proves nothing */
	assert_true(count[SAME] > cases / 4);
	assert_true(count[BOTH_FAIL] > cases / 40);
	assert_true(count[AMBIGUOUS] > 0);
	assert_int_equal(count[ONLY_AZK] + count[ONLY_PATCH] + count[DIFFERENT], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placement_agrees_with_gnu_patch),
	};

	return cmocka_run_group_tests_name("queue_random", tests, NULL, NULL);
}
