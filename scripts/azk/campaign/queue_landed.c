// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cases for "azk queue landed" out of real history: hunks of the increments
 * between point releases, carried as patches on the older one. What each case
 * must be is known from how it is made, never from azk. git cherry is asked the
 * same question, with upstream's side in the form it likes best: the carried
 * change as one commit of its own.
 *
 * usage: queue_landed --azk FILE --work DIR --seed N --cases N TREE TREE...
 * Trees are point releases in order. Prints a table; exit 1 when a change that
 * did not land is called landed, or fewer than 95 % of the landed are found.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign/queue_landed.h"
#include "queue/write.h"

struct pair pairs[8];
size_t npairs;
uint64_t rng;
static const char *azk, *work;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- what changed between two trees ---- */

static bool is_text(const struct strbuf *sb)
{
	return sb->len && sb->len < MAX_FILE && !memchr(sb->buf, '\0', sb->len);
}

static void walk(struct pair *p, const char *rel)
{
	_cleanup_free_ char *dir = path_join(p->old_tree, rel);
	struct strlist names = { 0 };

	if (azk_list_dir(dir, &names))
		die(dir);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *sub = *rel ? path_join(rel, names.v[i]) : xstrdup(names.v[i]);
		_cleanup_free_ char *a = path_join(p->old_tree, sub);
		_cleanup_free_ char *b = path_join(p->new_tree, sub);
		_cleanup_sb_ struct strbuf ta = STRBUF_INIT, tb = STRBUF_INIT;
		struct stat sa, sb;

		if (lstat(a, &sa) || lstat(b, &sb))
			continue;
		if (S_ISDIR(sa.st_mode)) {
			walk(p, sub);
			continue;
		}
		if (!S_ISREG(sa.st_mode) || !S_ISREG(sb.st_mode) || sa.st_size >= MAX_FILE)
			continue;
		if (azk_read_file(a, &ta) || azk_read_file(b, &tb))
			die(a);
		if (ta.len == tb.len && !memcmp(ta.buf, tb.buf, ta.len))
			continue;
		if (is_text(&ta) && is_text(&tb))
			strlist_add(&p->files, sub);
	}
	strlist_free(&names);
}

/* ---- one case on disk ---- */

static void put(const char *dir, const char *side, const char *path, const char *text)
{
	_cleanup_free_ char *file = xasprintf("%s/%s/%s", dir, side, path);
	_cleanup_free_ char *parent = path_dirname(file);

	if (azk_mkdir_p(parent, 0755) ||
	    azk_write_file_at(AT_FDCWD, file, text, strlen(text), 0644, false))
		die(file);
}

/* A patch of one file, with the least of a message. */
static void put_patch(const char *dir, const char *name, const char *path, const struct lines *old,
		      const struct lines *new)
{
	const struct file_change c = { path, path, 0644, 0644, old, new, false };
	_cleanup_sb_ struct strbuf out = STRBUF_INIT;

	sb_addstr(&out, "Subject: [PATCH] x: y\n\nWhy.\n---\n");
	write_change(&c, &out);
	put(dir, "p", name, sb_str(&out));
}

static void write_patch(const struct tcase *t, const char *dir, int n)
{
	_cleanup_free_ char *a = render(&t->d, OURS, n), *b = render(&t->d, OURS, n + 1);
	_cleanup_free_ char *name = xasprintf("%d.patch", n + 1);
	struct lines la = { 0 }, lb = { 0 };

	lines_split(&la, a, strlen(a));
	lines_split(&lb, b, strlen(b));
	put_patch(dir, name, t->path, &la, &lb);
	vec_free(&la);
	vec_free(&lb);
}

static void commit(FILE *out, const char *branch, const char *from, const char *path,
		   const char *text)
{
	static unsigned long now = 1700000000;

	fprintf(out, "commit refs/heads/%s\ncommitter A <a@b> %lu +0000\ndata 1\nx\n", branch, now++);
	if (from)
		fprintf(out, "from %s\n", from);
	fprintf(out, "M 100644 inline %s\ndata %zu\n%s\n", path, strlen(text), text);
}

/* How many of our patches git cherry finds upstream. */
static size_t ask_git(const struct tcase *t, const char *dir)
{
	_cleanup_free_ char *init = xasprintf("git init -q --bare '%s/git'", dir);
	_cleanup_free_ char *import = xasprintf("git -C '%s/git' fast-import --quiet", dir);
	_cleanup_free_ char *cherry = xasprintf("git -C '%s/git' cherry upstream mine base", dir);
	_cleanup_free_ char *text = NULL;
	char line[256];
	size_t found = 0;
	FILE *p;

	if (system(init))
		die("git init");
	p = popen(import, "w");
	if (!p)
		die("git fast-import");
	commit(p, "root", NULL, "root", "");
	for (int i = 0; i <= t->patches; i++) {
		_cleanup_free_ char *s = render(&t->d, OURS, i);

		commit(p, i ? "mine" : "base", i == 0 ? "refs/heads/root" :
		       i == 1 ? "refs/heads/base" : NULL, t->path, s);
	}
	text = render(&t->d, THEIRS_BEFORE, 0);
	commit(p, "upstream", "refs/heads/root", t->path, text);
	free(text);
	text = render(&t->d, THEIRS, 0);
	commit(p, "upstream", NULL, t->path, text);
	if (pclose(p))
		die("git fast-import");
	p = popen(cherry, "r");
	if (!p)
		die("git cherry");
	while (fgets(line, sizeof(line), p))
		found += line[0] == '-';
	if (pclose(p))
		die("git cherry");
	return found;
}

static json_t *ask_azk(const struct tcase *t, const char *dir)
{
	_cleanup_free_ char *via = xasprintf("--via '%s/via'", dir);
	_cleanup_free_ char *cmd = xasprintf(
		"'%s' queue landed --json --series '%s/p/series' --old '%s/old' --new '%s/new' %s", azk,
		dir, dir, dir, t->via ? via : "");
	FILE *p = popen(cmd, "r");
	json_t *root;
	int st;

	if (!p)
		die(azk);
	root = json_loadf(p, 0, NULL);
	st = pclose(p);
	if (!root || !WIFEXITED(st) || WEXITSTATUS(st) != 0) {
		fprintf(stderr, "%s: azk failed\n", cmd);
		exit(2);
	}
	return root;
}

static void score(struct kind *k, const struct tcase *t, json_t *root, const char *dir, bool *bad)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "patches"), i, p) {
		const char *v = json_string_value(json_object_get(p, "verdict"));
		bool landed = !strcmp(v, "landed");
		enum want want = t->want[i];

		k->patches++;
		k->likely += !strcmp(v, "likely");
		if (want == WANT_LANDED) {
			k->landed++;
			k->found += landed;
			if (!landed)
				fprintf(stderr, "missed: %s: %s (%s): %s\n", dir, t->path, k->name, v);
			continue;
		}
		k->other_right += (want == WANT_NOT && !strcmp(v, "not landed")) ||
				  (want == WANT_PARTLY && !strcmp(v, "partly")) ||
				  (want == WANT_REVERTED && !strcmp(v, "reverted"));
		if (landed) {
			k->false_landed++;
			*bad = true;
			fprintf(stderr, "false landed: %s: %s (%s)\n", dir, t->path, k->name);
		}
	}
}

static void tcase_free(struct tcase *t)
{
	doc_free(&t->d);
	free(t->path);
	memset(t, 0, sizeof(*t));
}

/* Real files do not have every shape: look until one fits. */
static bool make(struct kind *k, struct tcase *t)
{
	for (int i = 0; i < TRIES; i++) {
		memset(t, 0, sizeof(*t));
		if (k->make(t)) {
			_cleanup_free_ char *before = render(&t->d, OURS, 0);
			_cleanup_free_ char *after = render(&t->d, OURS, t->patches);
			_cleanup_free_ char *new = render(&t->d, THEIRS, 0);

			if (strcmp(before, after) && strcmp(before, new) &&
			    (t->want[0] == WANT_LANDED || strcmp(after, new)))
				return true;
		}
		tcase_free(t);
	}
	return false;
}

static void run_case(struct kind *k, size_t number, bool *bad)
{
	_cleanup_free_ char *dir = xasprintf("%s/%zu", work, number);
	_cleanup_free_ char *old = NULL, *new = NULL;
	_cleanup_sb_ struct strbuf series = STRBUF_INIT;
	struct tcase t;
	json_t *root;

	if (!make(k, &t)) {
		fprintf(stderr, "no file makes a case of '%s'\n", k->name);
		exit(2);
	}
	old = render(&t.d, OURS, 0);
	new = render(&t.d, THEIRS, 0);
	put(dir, "old", t.path, old);
	put(dir, "new", t.path, new);
	if (t.via) {
		_cleanup_free_ char *s = NULL;

		for (size_t i = 0; i < t.d.n; i++)
			t.d.v[i].undone = false;
		s = render(&t.d, THEIRS, 0);
		put(dir, "via", t.path, s);
	}
	for (int i = 0; i < t.patches; i++) {
		write_patch(&t, dir, i);
		sb_addf(&series, "%d.patch\n", i + 1);
	}
	put(dir, "p", "series", sb_str(&series));
	root = ask_azk(&t, dir);
	k->cases++;
	score(k, &t, root, dir, bad);
	if (t.want[0] == WANT_LANDED)
		k->git_found += ask_git(&t, dir);
	json_decref(root);
	tcase_free(&t);
}

/* Every changed file of the pair as one patch on the older tree. */
static size_t write_series(const struct pair *p, const char *dir)
{
	_cleanup_sb_ struct strbuf series = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < p->files.n; i++) {
		const char *path = p->files.v[i];
		_cleanup_free_ char *a = path_join(p->old_tree, path), *b = path_join(p->new_tree, path);
		_cleanup_free_ char *name = xasprintf("%05zu.patch", i);
		_cleanup_sb_ struct strbuf ta = STRBUF_INIT, tb = STRBUF_INIT;
		struct lines la = { 0 }, lb = { 0 };

		if (azk_read_file(a, &ta) || azk_read_file(b, &tb))
			die(a);
		lines_split(&la, ta.buf, ta.len);
		lines_split(&lb, tb.buf, tb.len);
		put_patch(dir, name, path, &la, &lb);
		sb_addf(&series, "%s\n", name);
		vec_free(&la);
		vec_free(&lb);
		n++;
	}
	put(dir, "p", "series", sb_str(&series));
	return n;
}

/* The increments themselves, a patch a file: all of them landed. */
static bool per_file(void)
{
	size_t all = 0, found = 0, i;

	for (size_t k = 0; k + 1 < npairs; k++) {
		_cleanup_free_ char *dir = xasprintf("%s/files-%zu", work, k);
		_cleanup_free_ char *cmd = xasprintf(
			"'%s' queue landed --json --series '%s/p/series' --old '%s' --new '%s'", azk, dir,
			pairs[k].old_tree, pairs[k].new_tree);
		json_t *root, *p;
		FILE *in;

		all += write_series(&pairs[k], dir);
		in = popen(cmd, "r");
		root = in ? json_loadf(in, 0, NULL) : NULL;
		if (!root || pclose(in))
			die(cmd);
		json_array_foreach(json_object_get(root, "patches"), i, p)
			found += !strcmp(json_string_value(json_object_get(p, "verdict")), "landed");
		json_decref(root);
	}
	printf("the increments, each changed file one patch: %zu; found %zu\n", all, found);
	return found == all;
}

static double percent(size_t a, size_t b)
{
	return b ? 100.0 * (double)a / (double)b : 0;
}

static int table(size_t cases)
{
	struct kind sum = { 0 };

	printf("%-38s %6s %8s %8s %7s %7s %7s\n", "kind", "cases", "patches", "right", "likely",
	       "false", "cherry");
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kinds[i];

		printf("%-38s %6zu %8zu %8zu %7zu %7zu %7zu\n", k->name, k->cases, k->patches,
		       k->found + k->other_right, k->likely, k->false_landed, k->git_found);
		sum.patches += k->patches;
		sum.landed += k->landed;
		sum.found += k->found;
		sum.other_right += k->other_right;
		sum.likely += k->likely;
		sum.false_landed += k->false_landed;
		sum.git_found += k->git_found;
	}
	printf("%-38s %6zu %8zu %8zu %7zu %7zu %7zu\n", "sum", cases, sum.patches,
	       sum.found + sum.other_right, sum.likely, sum.false_landed, sum.git_found);
	printf("\nlanded patches: %zu; found %zu (%.1f %%), git cherry %zu (%.1f %%)\n", sum.landed,
	       sum.found, percent(sum.found, sum.landed), sum.git_found,
	       percent(sum.git_found, sum.landed));
	printf("not wholly landed: %zu; called landed: %zu\n", sum.patches - sum.landed,
	       sum.false_landed);
	return sum.false_landed || percent(sum.found, sum.landed) < 95 ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned long seed = 1, cases = 680;
	const char *below = "";
	bool only_series = false;
	const struct azk_opt opts[] = {
		{ .name = "azk", .arg = "FILE", .str = &azk, .required = true, .help = "the program" },
		{ .name = "work", .arg = "DIR", .str = &work, .required = true, .help = "an empty folder" },
		{ .name = "seed", .arg = "N", .num = &seed, .help = "default 1" },
		{ .name = "only-series", .flag = &only_series,
		  .help = "write the changed files of the first two trees as patches, nothing else" },
		{ .name = "below", .arg = "DIR", .str = &below, .help = "only files below it" },
		{ .name = "cases", .arg = "N", .num = &cases, .help = "default 680" },
		{ 0 },
	};
	int n = azk_parse_opts(opts, "queue_landed --azk FILE --work DIR TREE TREE TREE...", NULL, argc, argv);
	bool bad = false;

	if (n < (only_series ? 2 : 3) || n > 7)
		return n == AZK_OPT_HELP ? 0 : azk_error("three to seven trees, in order");
	rng = seed;
	/* one release each, then all the way */
	for (int i = 1; i <= (only_series ? 1 : n); i++) {
		struct pair *p = &pairs[npairs++];

		p->old_tree = i < n ? argv[i] : argv[1];
		p->new_tree = i < n ? argv[i + 1] : argv[n];
		fprintf(stderr, "comparing %s and %s\n", p->old_tree, p->new_tree);
		walk(p, below);
	}
	if (only_series) {	/* a real series for another part */
		if (!write_series(&pairs[0], work))
			die("no changed files");
		return 0;
	}
	for (size_t i = 0; i < cases; i++) {
		run_case(&kinds[i % nkinds], i, &bad);
		if (i % 50 == 49)
			fprintf(stderr, "%zu of %lu cases\n", i + 1, cases);
	}
	n = table(cases);
	bad |= !per_file();
	for (size_t i = 0; i < npairs; i++)
		strlist_free(&pairs[i].files);
	return n || bad;
}
