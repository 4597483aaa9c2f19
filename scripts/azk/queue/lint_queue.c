// SPDX-License-Identifier: GPL-2.0-or-later
/* lint: the same change twice, and conditions for dropping a patch. */
#include <errno.h>
#include <unistd.h>

#include "queue/git.h"
#include "queue/landed.h"
#include "queue/lint.h"

#define FEW 3	/* so many changed lines are hardly the same by chance */

struct seen {
	const struct patch *p;
	const struct hunk *h;
};

static uint64_t hash_lines(const struct patch *p, const struct hunk *h, const char *path,
			   bool context, size_t *changed)
{
	uint64_t hash = azk_hash(context, path, strlen(path));

	*changed = 0;
	for (size_t i = 0; i < h->n; i++) {
		const struct hunk_line *b = &p->body.v[h->first + i];

		if (b->op == ' ' && !context)
			continue;
		*changed += b->op != ' ';
		hash = azk_hash(hash, &b->op, 1);
		hash = azk_hash(hash, b->text.s, b->text.len);
	}
	return hash;
}

static void look(struct strmap *all, const struct patch *p, const struct hunk *h, const char *path,
		 bool context, struct azk_report *r, bool *told)
{
	size_t changed;
	_cleanup_free_ char *key = hash_hex(hash_lines(p, h, path, context, &changed));
	struct seen *s = strmap_get(all, key);

	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->p = p;
		s->h = h;
		strmap_put(all, key, s);
	} else if (s->p != p && (context || changed >= FEW) && !*told) {
		report_add(r, AZK_ERROR, "duplicate", p->file, h->line,
			   "%s: the same %zu changed lines as in %s:%zu", path, changed, s->p->file,
			   s->h->line);
		*told = true;
	}
}

void lint_duplicates(const struct patch_list *l, struct azk_report *r)
{
	struct strmap all = { 0 };

	for (size_t i = 0; i < l->patches.n; i++) {
		const struct patch *p = &l->patches.v[i];

		for (size_t k = 0; p->name && k < p->diffs.n; k++) {
			const struct file_diff *d = &p->diffs.v[k];

			for (size_t h = 0; h < d->n; h++) {
				const char *path = d->new_path ? d->new_path : d->old_path;
				bool told = false;

				look(&all, p, &p->hunks.v[d->first + h], path, true, r, &told);
				look(&all, p, &p->hunks.v[d->first + h], path, false, r, &told);
			}
		}
	}
	for (size_t i = 0; i < all.n; i++)
		free(all.v[i].value);
	strmap_free(&all);
}

/* ---- Drop-when ---------------------------------------------------------- */

static long make_value(const char *text, const char *name)
{
	_cleanup_free_ char *line = xasprintf("\n%s = ", name);
	const char *s = strstr(text, line);

	return s ? strtol(s + strlen(line), NULL, 10) : -1;
}

/* VERSION, PATCHLEVEL and SUBLEVEL of a kernel tree. */
static bool tree_version(const char *tree, long v[3])
{
	_cleanup_free_ char *path = path_join(tree, "Makefile");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	sb_addch(&sb, '\n');
	if (azk_read_file(path, &sb))
		return false;
	v[0] = make_value(sb.buf, "VERSION");
	v[1] = make_value(sb.buf, "PATCHLEVEL");
	v[2] = make_value(sb.buf, "SUBLEVEL");
	return v[0] >= 0 && v[1] >= 0 && v[2] >= 0;
}

/* Whether v is at least what s says; a release candidate of s comes before s. */
static bool at_least(const long v[3], const char *s)
{
	s += *s == 'v';
	for (int i = 0; i < 3; i++) {
		char *end;
		long n = strtol(s, &end, 10);

		if (v[i] != (end == s ? 0 : n))
			return v[i] > n;
		s = *end == '.' ? end + 1 : "";
	}
	return true;
}

/* "yes", "no" or why it is not known. */
static const char *landed(git_repository *repo, const char *tag, const char *sha)
{
	git_object *obj = NULL, *commit = NULL;
	const char *why = NULL, *says = "no";
	git_commit *c = git_commit_by_id(repo, sha, &why);
	int rc;

	if (!c)
		return "unknown: the clone has no such commit";
	if (git_revparse_single(&obj, repo, tag) || git_object_peel(&commit, obj, GIT_OBJECT_COMMIT)) {
		says = "unknown: the clone has no tag of this base";
	} else {
		rc = git_graph_descendant_of(repo, git_object_id(commit), git_commit_id(c));
		if (rc < 0)
			says = "unknown: the clone cannot tell";
		else if (rc || git_oid_equal(git_object_id(commit), git_commit_id(c)))
			says = "yes";
	}
	git_object_free(commit);
	git_object_free(obj);
	git_commit_free(c);
	return says;
}

/* Judges the series by content. A tree our patches are applied to would only show themselves. */
static const char *compare(const struct patch_list *l, const char *tree, struct series_verdicts *v)
{
	_cleanup_free_ char *state = NULL;
	struct azk_report *own;

	if (!tree)
		return "unknown: no --tree";
	state = path_join(tree, ".azk");
	if (!access(state, F_OK))
		return "unknown: patches are applied to the tree";
	own = report_new("queue");	/* what does not apply is for apply to say */
	landed_series(l, tree, tree, NULL, own, v);
	report_free(own);
	return "unknown: the tree cannot be compared";
}

static const char *by_content(const struct series_verdicts *v, const struct patch *p, const char *why)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->v[i].p != p)
			continue;
		if (v->v[i].bad)
			return "unknown: it neither applies to the tree nor is it there";
		if (!v->v[i].in_old)
			return "no";
		return v->v[i].v.v == LANDED_ALL ? "yes" : "unknown: not proven, see azk queue landed";
	}
	return why;
}

void lint_drop_when(const struct patch_list *l, const char *tree, const char *git,
		    struct azk_report *r)
{
	_cleanup_free_ char *tag = NULL;
	git_repository *repo = NULL;
	json_t *out = json_array();
	struct series_verdicts verdicts = { 0 };
	const char *not_compared = NULL;
	long v[3] = { 0 };

	json_object_set_new(report_root(r), "drop_when", out);
	if (tree && !tree_version(tree, v)) {
		report_bad(r, "tree", tree, 0, "is no kernel tree: its Makefile states no version");
		return;
	}
	tag = xasprintf(v[2] ? "refs/tags/v%ld.%ld.%ld" : "refs/tags/v%ld.%ld", v[0], v[1], v[2]);
	git_start();
	if (git && git_repository_open(&repo, git))
		report_bad(r, "git", git, 0, "opening the clone: %s", git_why());
	for (size_t i = 0; i < l->patches.n; i++) {
		const struct patch *p = &l->patches.v[i];
		const struct trailer *t = p->name ? patch_trailer(p, "Drop-when") : NULL;
		const char *holds = "no";

		if (!t)
			continue;
		if (str_starts(t->value, "version >= ")) {
			holds = !tree ? "unknown: no --tree" : at_least(v, t->value + 11) ? "yes" : "no";
		} else if (str_starts(t->value, "landed ")) {
			holds = repo && tree ? landed(repo, tag, t->value + 7) : "unknown: needs --tree and --git";
		} else if (!strcmp(t->value, "landed")) {
			if (!not_compared)
				not_compared = compare(l, tree, &verdicts);
			holds = by_content(&verdicts, p, not_compared);
		}
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "patch", p->name, "condition",
						     t->value, "holds", holds));
		if (!strcmp(holds, "yes"))
			report_add(r, AZK_ERROR, "drop-when", p->file, t->line,
				   "Drop-when: %s holds for %ld.%ld.%ld; drop the patch", t->value, v[0],
				   v[1], v[2]);
	}
	series_verdicts_free(&verdicts);
	git_repository_free(repo);
}
