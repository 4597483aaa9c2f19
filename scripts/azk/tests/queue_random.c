// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Seeded random changes: a patch is made from an edit, the tree drifts, then GNU
 * patch (no fuzz), `git apply` and azk place it. Where azk and another tool do
 * not do the same, the difference must be of a class that tests/queue_random.classes
 * names with its reason; and popping must give the drifted tree back.
 *
 * AZK_SEED and AZK_CASES choose others than the 300 of every test run. From 5,000
 * cases on every class must be met, else the list is out of date.
 */
#include "tests/queue_lib.h"

#include "queue/apply.h"

enum { GNU, GIT, TOOLS };
static const char *const tools[] = { "patch", "git" }, *const tools_dirs[] = { "gnu", "git" };

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

/* A run of lines goes elsewhere (or, with copy, stands there too). */
static void shift(uint64_t *seed, const struct strlist *in, struct strlist *out, bool copy)
{
	uint32_t n = (uint32_t)in->n, from = rnd(seed, n), len = 1 + rnd(seed, 8), to = rnd(seed, n);

	len = len < n - from ? len : n - from;
	for (uint32_t i = 0; i <= n; i++) {
		if (i == to) {
			for (uint32_t k = 0; k < len; k++)
				strlist_add(out, in->v[from + k]);
		}
		if (i < n && (copy || i < from || i >= from + len))
			strlist_add(out, in->v[i]);
	}
}

static void write_text(const char *dir, const char *name, const struct strlist *l, bool eol,
		       bool crlf)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		sb_addf(&sb, "%s%s%s", l->v[i], crlf ? "\r" : "", i + 1 < l->n || eol ? "\n" : "");
	put_file(dir, name, sb_str(&sb));
}

/* Makes a/ (before), b/ (after) and the drifted tree for each tool; yields the diff command. */
static char *make_case(const char *dir, uint64_t *seed)
{
	static const char *const trees[] = { "gnu", "git", "azk" };
	struct strlist base = { 0 }, edited = { 0 }, moved = { 0 }, drifted = { 0 }, twice = { 0 };
	uint32_t kind = rnd(seed, 10), drift = rnd(seed, 8), context = rnd(seed, 6);
	bool crlf = !rnd(seed, 20), eol_a = rnd(seed, 8), eol_b = rnd(seed, 8);
	const char *to = kind >= 8 ? "b/g" : "b/f";
	struct strlist *after = &edited, *have = &drifted;

	random_text(seed, &base);
	edit(seed, &base, &edited, 1 + rnd(seed, 4), "edit");
	if (kind == 6 || kind == 7) {
		shift(seed, &edited, &moved, false);
		after = &moved;
	}
	edit(seed, &base, &drifted, rnd(seed, 3), "drift");
	if (drift < 2) {
		shift(seed, &drifted, &twice, drift);
		have = &twice;
	}
	assert_int_equal(sh(dir, "rm -rf a b gnu git azk p.diff; mkdir a b gnu git azk"), 0);
	write_text(dir, "a/f", &base, eol_a, crlf);
	write_text(dir, to, after, eol_b, crlf);
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_free_ char *f = xasprintf("%s/f", trees[i]);

		write_text(dir, f, have, eol_a || have->n != base.n, crlf);
	}
	strlist_free(&base);
	strlist_free(&edited);
	strlist_free(&moved);
	strlist_free(&drifted);
	strlist_free(&twice);
	if (kind >= 8)
		return xasprintf("git diff --no-index --no-prefix -M30%% -U%u a b | "
				 "sed 's,^\\(rename [a-z]* \\)[ab]/,\\1,' >p.diff;", 1 + context);
	if (kind >= 3)
		return xasprintf("git diff --no-index --no-prefix -U%u a b >p.diff;", 1 + context);
	return xasprintf("diff -U%u a/f b/f >p.diff;", context < 3 ? 3 : context);
}

static char *content(struct tree *t)
{
	struct strbuf sb = STRBUF_INIT;

	for (int k = 0; k < 2; k++) {
		const char *why = NULL, *name = k ? "g" : "f";
		struct vfile *f = tree_get(t, name, &why);

		if (!f || !f->exists)
			continue;
		sb_addf(&sb, "%s:\n", name);
		for (size_t i = 0; i < f->lines.n; i++)
			sb_add(&sb, f->lines.v[i].s, f->lines.v[i].len);
	}
	return sb_detach(&sb);
}

static char *content_of(const char *dir, const char *name)
{
	_cleanup_free_ char *path = path_join(dir, name);
	struct tree t;
	char *s;

	assert_int_equal(tree_open(&t, path), 0);
	s = content(&t);
	tree_close(&t);
	return s;
}

static json_t *first_error(struct azk_report *r)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report_root(r), "findings"), i, f) {
		if (!strcmp(json_string_value(json_object_get(f, "severity")), "error"))
			return f;
	}
	return NULL;
}

static bool noted(json_t *finding, const char *words)
{
	json_t *n;
	size_t i;

	json_array_foreach(json_object_get(finding, "notes"), i, n) {
		if (strstr(json_string_value(n), words))
			return true;
	}
	return false;
}

/* Whether some hunk has no context behind its last change, or starts at line 1. */
static bool edge_hunk(const struct patch *p)
{
	for (size_t i = 0; i < p->hunks.n; i++) {
		const struct hunk *h = &p->hunks.v[i];

		if (h->old_start <= 1 || p->body.v[h->first + h->n - 1].op != ' ')
			return true;
	}
	return false;
}

static bool has_open_end(const struct patch *p)
{
	return memmem(p->buf, p->len, "\n\\ No newline", 13);
}

/*
 * The kinds of difference; their names with their reasons are in the list.
 * agreed: the other tool does as azk does.
 */
static const char *classify(int tool, bool ours_ok, bool theirs_ok, const struct patch *p,
			    json_t *error, bool agreed)
{
	const char *rule = error ? json_string_value(json_object_get(error, "rule")) : "";

	if (!ours_ok && theirs_ok) {
		if (!strcmp(rule, "ambiguous"))
			return "several-places";
		if (!strcmp(rule, "overlap") || noted(error, "an earlier hunk took"))
			return "shared-context";
		if (noted(error, "its context says that it"))
			return "edge-context";
	}
	if (!ours_ok && theirs_ok && tool == GNU && has_open_end(p) && !strcmp(rule, "no-place"))
		return "open-end";
	if (ours_ok && !theirs_ok && tool == GIT && edge_hunk(p))
		return "git-edge";
	if (ours_ok && theirs_ok && tool == GIT && agreed)
		return "git-nearest";
	if (!ours_ok && theirs_ok && tool == GIT && agreed && has_open_end(p))
		return "git-open-end";
	return NULL;
}

/* Applies p.diff to azk/ in memory, and takes it back. Yields what came out, NULL for a failure. */
static char *ours(const char *dir, struct patch *p, struct azk_report *r)
{
	_cleanup_free_ char *file = path_join(dir, "p.diff");
	_cleanup_free_ char *azk_dir = path_join(dir, "azk");
	struct strlist paths = { 0 }, again = { 0 };
	struct strbuf undo = STRBUF_INIT;
	struct undo_dirs dirs = { 0 };
	struct apply_stats st;
	char *out = NULL;
	struct tree t;

	if (patch_load(p, "p", file)) {
		_cleanup_free_ char *diff = get_file(dir, "p.diff");

		fail_msg("%s\n%s", p->errs.v[0].msg, diff);
	}
	assert_int_equal(tree_open(&t, azk_dir), 0);
	if (!apply_patch(&t, p, r, &undo, &paths, &st)) {
		_cleanup_free_ char *before = content_of(dir, "azk"), *back = NULL;

		out = content(&t);
		assert_null(undo_patch(&t, undo.buf, undo.len, &dirs, &again));
		back = content(&t);
		assert_string_equal(back, before);
	}
	tree_close(&t);
	strlist_free(&paths);
	strlist_free(&again);
	strmap_free(&dirs.made);
	strmap_free(&dirs.modes);
	sb_free(&undo);
	return out;
}

/* Class names of the list to their number in the file, from 1. */
static void load_classes(struct strmap *m)
{
	const char *tests = getenv("AZK_TESTS");
	_cleanup_free_ char *text = get_file(tests ? tests : "tests", "queue_random.classes");
	size_t pos = 0, n, nr = 0;
	const char *line;

	assert_non_null(text);
	while (azk_next_line(text, strlen(text), &pos, &line, &n)) {
		_cleanup_free_ char *name = xstrndup(line, strcspn(line, " \n"));

		if (*name && *name != '#')
			strmap_put(m, name, (void *)(uintptr_t)++nr);
	}
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

struct counts {
	size_t same, both_fail, unclassed, classes[32];
};

/* results: what the tools made of it, NULL where they refused */
static void judge(struct counts *c, int tool, const char *dir, const char *mine,
		  char *const *results, const struct patch *p, struct azk_report *r,
		  struct strmap *classes, size_t nr)
{
	const char *theirs = results[tool];
	bool theirs_ok = theirs;
	_cleanup_free_ char *diff = NULL, *have = NULL;
	const char *class;
	size_t known;

	if (!mine && !theirs_ok) {
		c->both_fail++;
		return;
	}
	if (mine && same(mine, theirs)) {
		c->same++;
		return;
	}
	class = classify(tool, mine, theirs_ok, p, first_error(r), same(mine, results[!tool]));
	known = class ? (size_t)(uintptr_t)strmap_get(classes, class) : 0;
	if (known) {
		c->classes[known - 1]++;
		return;
	}
	c->unclassed++;
	diff = get_file(dir, "p.diff");
	have = get_file(dir, "azk/f");
	print_error("case %zu against %s: %s, azk %s (class %s)\n%s--- the file\n%s\n--- azk\n%s\n--- %s\n%s\n",
		    nr, tools[tool], theirs_ok ? "applies" : "fails", mine ? "applies" : "fails",
		    class ? class : "none", diff, have, mine ? mine : "", tools[tool],
		    theirs_ok ? theirs : "");
}

static void placement_agrees_with_patch_and_git(void **state)
{
	const char *s = getenv("AZK_SEED"), *n = getenv("AZK_CASES");
	uint64_t seed0 = s ? strtoull(s, NULL, 10) : 1;
	size_t cases = n ? strtoul(n, NULL, 10) : 300, made = 0;
	struct counts count[TOOLS] = { 0 };
	struct strmap classes = { 0 };
	char *dir = scratch_new();

	(void)state;
	load_classes(&classes);
	assert_true(classes.n && classes.n <= ARRAY_SIZE(count[0].classes));
	setenv("GIT_CEILING_DIRECTORIES", "/", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	for (size_t i = 0; i < cases; i++) {
		uint64_t seed = seed0 * 1000003 + i;
		_cleanup_free_ char *cmd = NULL, *line = NULL, *mine = NULL;
		char *results[TOOLS];
		struct azk_report *r;
		struct patch p;
		int rc;

		for (int k = 0; k < 3; k++)
			rnd(&seed, 2);
		cmd = make_case(dir, &seed);
		line = xasprintf("%s test -s p.diff || exit 9; rc=0; "
				 "patch -p1 -F0 -s -f -N --no-backup-if-mismatch -r- -d gnu <p.diff || rc=1; "
				 "cd git && git apply ../p.diff || rc=$((rc + 2)); exit $rc", cmd);
		rc = sh(dir, line);
		if (rc == 9)
			continue;
		made++;
		r = report_new("test");
		mine = ours(dir, &p, r);
		for (int k = 0; k < TOOLS; k++)
			results[k] = rc & 1 << k ? NULL : content_of(dir, tools_dirs[k]);
		for (int k = 0; k < TOOLS; k++)
			judge(&count[k], k, dir, mine, results, &p, r, &classes, i);
		for (int k = 0; k < TOOLS; k++)
			free(results[k]);
		patch_free(&p);
		report_free(r);
	}
	for (int k = 0; k < TOOLS; k++) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

		for (size_t i = 0; i < classes.n; i++)
			sb_addf(&sb, ", %s %zu", classes.v[i].key, count[k].classes[i]);
		print_message("# %zu cases, seed %llu, against %s: same %zu, both refuse %zu%s, without a class %zu\n",
			      made, (unsigned long long)seed0, tools[k], count[k].same,
			      count[k].both_fail, sb_str(&sb), count[k].unclassed);
	}
	scratch_free(dir);
	for (int k = 0; k < TOOLS; k++) {
		assert_int_equal(count[k].unclassed, 0);
		/* the corpus must reach each kind, else it proves nothing */
		assert_true(count[k].same > made / 4);
		assert_true(count[k].both_fail > made / 40);
	}
	for (size_t i = 0; cases >= 5000 && i < classes.n; i++) {
		if (!count[GNU].classes[i] && !count[GIT].classes[i])
			fail_msg("class %s was never met", classes.v[i].key);
	}
	strmap_free(&classes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placement_agrees_with_patch_and_git),
	};

	return cmocka_run_group_tests_name("queue_random", tests, NULL, NULL);
}
