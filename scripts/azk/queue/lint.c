// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue lint: what a patch must say about itself before it may enter the series. */
#include <ctype.h>
#include <errno.h>
#include <regex.h>

#include "queue/lint.h"

#define MAX_SUBJECT 75

struct lint {
	struct azk_report *r;
	const struct series *s;
	const struct patch *p;
};

struct trailer_rule {
	const char *key;
	bool required, once;
	const char *form;	/* extended regular expression for the whole value */
	const char *says;	/* the form in words */
};

#define SHA "[0-9a-f]{12,40}"

static const struct trailer_rule rules[] = {
	{ "Upstream", true, true,
	  "^(none|posted https?://[^ ]+|commit " SHA "( \\(v[0-9][^ )]*\\))?|never [^ ].*)$",
	  "none | posted <link> | commit <sha> (<version>) | never <reason>" },
	{ "Category", true, true, "^(fix|perf|feature|hardening|build)$",
	  "fix | perf | feature | hardening | build" },
	{ "Drop-when", true, true,
	  "^(landed( " SHA ")?|version >= v?[0-9]+(\\.[0-9]+)*(-rc[0-9]+)?|never)$",
	  "landed | landed <sha> | version >= X | never" },
	{ "Test", true, false, "^[^ ].*$", "the test that fails without the patch" },
	{ "Cost", false, false, "^[^ ]+$", "a benchmark id" },
	{ "CVE", false, false, "^CVE-[0-9]{4}-[0-9]{4,}(,? CVE-[0-9]{4}-[0-9]{4,})*$",
	  "CVE-<year>-<number>" },
	{ "Fixes", false, false, "^" SHA " \\(\".+\"\\)$", "<sha of 12 or more> (\"subject\")" },
	{ "Link", false, false, "^https?://[^ ]+( # ?.*| \\[[0-9]+\\])?$", "an http(s) address" },
	{ "Closes", false, false, "^https?://[^ ]+$", "an http(s) address" },
	{ "Signed-off-by", true, false, "^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$", "Name <mail@host>" },
	{ "Cc", false, false, "^.+$", "" },
	{ "Co-developed-by", false, false, "^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$", "Name <mail@host>" },
	{ "Reported-by", false, false, "^.+$", "" },
	{ "Suggested-by", false, false, "^.+$", "" },
	{ "Reviewed-by", false, false, "^.+$", "" },
	{ "Acked-by", false, false, "^.+$", "" },
	{ "Tested-by", false, false, "^.+$", "" },
};

static bool matches(const char *form, const char *value)
{
	regex_t re;
	bool ok;

	if (regcomp(&re, form, REG_EXTENDED | REG_NOSUB))
		return false;
	ok = !regexec(&re, value, 0, NULL, 0);
	regfree(&re);
	return ok;
}

static const struct trailer_rule *rule_of(const char *key, bool any_case)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (any_case ? !strcasecmp(rules[i].key, key) : !strcmp(rules[i].key, key))
			return &rules[i];
	}
	return NULL;
}

static size_t end_of_message(const struct patch *p)
{
	return p->trailers.n ? p->trailers.v[p->trailers.n - 1].line :
		p->body_last ? p->body_last : p->subject_line;
}

static void lint_trailers(struct lint *l)
{
	const struct patch *p = l->p;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct trailer_rule *rule = &rules[i];
		size_t n = 0, line = 0;

		for (size_t k = 0; k < p->trailers.n; k++) {
			if (!strcmp(p->trailers.v[k].key, rule->key)) {
				n++;
				line = p->trailers.v[k].line;
			}
		}
		if (rule->required && !n)
			report_add(l->r, AZK_ERROR, "trailer-missing", p->file, end_of_message(p),
				   "trailer %s: is missing (%s)", rule->key, rule->says);
		if (rule->once && n > 1)
			report_add(l->r, AZK_ERROR, "trailer-twice", p->file, line,
				   "trailer %s: stands %zu times", rule->key, n);
	}
	for (size_t k = 0; k < p->trailers.n; k++) {
		const struct trailer *t = &p->trailers.v[k];
		const struct trailer_rule *rule = rule_of(t->key, false);
		const struct trailer_rule *like = rule ? NULL : rule_of(t->key, true);

		if (like)
			report_add(l->r, AZK_ERROR, "trailer-unknown", p->file, t->line,
				   "trailer '%s:' is written %s:", t->key, like->key);
		else if (!rule)
			report_add(l->r, AZK_ERROR, "trailer-unknown", p->file, t->line,
				   "unknown trailer '%s:'", t->key);
		else if (!matches(rule->form, t->value))
			report_add(l->r, AZK_ERROR, "trailer-form", p->file, t->line,
				   "trailer %s: '%s' is not of the form: %s", t->key, t->value,
				   rule->says);
	}
}

static void lint_author(struct lint *l)
{
	const struct patch *p = l->p;
	bool signed_off = false;

	if (!p->from) {
		report_add(l->r, AZK_ERROR, "author", p->file, 1, "no From: header");
		return;
	}
	if (str_starts(p->from, "=?"))	/* encoded: cannot be compared */
		return;
	if (!matches("^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$", p->from))
		report_add(l->r, AZK_ERROR, "author", p->file, 1, "From: '%s' is not Name <mail@host>",
			   p->from);
	for (size_t k = 0; k < p->trailers.n; k++)
		signed_off |= !strcmp(p->trailers.v[k].key, "Signed-off-by") &&
			!strcmp(p->trailers.v[k].value, p->from);
	if (!signed_off && patch_trailer(p, "Signed-off-by"))
		report_add(l->r, AZK_ERROR, "author", p->file, end_of_message(p),
			   "the author %s did not sign off", p->from);
}

static void lint_subject(struct lint *l)
{
	const struct patch *p = l->p;
	const char *s = p->subject;

	if (!s || !*s) {
		report_add(l->r, AZK_ERROR, "subject", p->file, 1, "no Subject: header");
		return;
	}
	if (*s == '[') {	/* [PATCH 1/3] */
		const char *end = strchr(s, ']');

		s = end ? end + 1 : s;
		while (*s == ' ')
			s++;
	}
	if (str_starts(s, "=?"))	/* encoded: length and prefix cannot be seen */
		return;
	if (strlen(s) > MAX_SUBJECT)
		report_add(l->r, AZK_ERROR, "subject", p->file, p->subject_line,
			   "subject has %zu characters, at most %d", strlen(s), MAX_SUBJECT);
	if (!matches("^[A-Za-z0-9_./,-]+( [A-Za-z0-9_./-]+)?: [^ ]", s))
		report_add(l->r, AZK_ERROR, "subject", p->file, p->subject_line,
			   "subject '%s' has no 'subsystem: ' prefix", s);
	if (str_ends(s, "."))
		report_add(l->r, AZK_ERROR, "subject", p->file, p->subject_line,
			   "subject ends in a period");
	if (!p->body_first)
		report_add(l->r, AZK_ERROR, "no-body", p->file, p->subject_line,
			   "the message does not say why");
}

/* The hunk's old lines end in CR LF: then new ones may too. */
static bool is_crlf_file(const struct patch *p, const struct hunk *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hunk_line *b = &p->body.v[h->first + i];

		if (b->op != '+' && b->text.len > 1 && b->text.s[b->text.len - 2] == '\r')
			return true;
	}
	return false;
}

static const char *whitespace_why(const struct line *t, bool crlf)
{
	size_t n = t->len, indent = 0;

	if (n && t->s[n - 1] == '\n')
		n--;
	if (crlf && n && t->s[n - 1] == '\r')
		n--;
	if (n && isspace((unsigned char)t->s[n - 1]))
		return "trailing whitespace";
	for (; indent + 1 < n && (t->s[indent] == ' ' || t->s[indent] == '\t'); indent++) {
		if (t->s[indent] == ' ' && t->s[indent + 1] == '\t')
			return "space before tab in the indent";
	}
	if (n >= 8 && (!memcmp(t->s, "<<<<<<< ", 8) || !memcmp(t->s, ">>>>>>> ", 8)))
		return "conflict marker";
	return NULL;
}

static void lint_hunk(struct lint *l, const struct file_diff *d, const struct hunk *h)
{
	bool crlf = is_crlf_file(l->p, h);
	size_t line = h->line, new_line = h->new_start;
	const struct hunk_line *last = &l->p->body.v[h->first + h->n - 1];

	for (size_t i = 0; i < h->n; i++) {
		const struct hunk_line *b = &l->p->body.v[h->first + i];
		const char *why = b->op == '+' ? whitespace_why(&b->text, crlf) : NULL;

		line++;
		if (why)
			report_add(l->r, AZK_ERROR, "whitespace", l->p->file, line, "%s:%zu: %s",
				   d->new_path, new_line, why);
		new_line += b->op != '-';
		/* "\ No newline" takes a line of the patch file */
		if (b->text.len && b->text.s[b->text.len - 1] != '\n')
			line++;
	}
	if (last->op == '+' && last->text.len == 1)
		report_add(l->r, AZK_ERROR, "whitespace", l->p->file, line,
			   "%s:%zu: blank line at the end of the file", d->new_path, new_line - 1);
}

static void lint_place(struct lint *l, const struct series_entry *e)
{
	const char *slash = strchr(e->name, '/');

	if (!slash || strchr(slash + 1, '/'))
		report_add(l->r, AZK_ERROR, "folder", l->s->file, e->line,
			   "'%s' must lie in one folder beside the series (folder/name.patch)", e->name);
	if (!str_ends(e->name, ".patch"))
		report_add(l->r, AZK_ERROR, "folder", l->s->file, e->line,
			   "'%s' does not end in .patch", e->name);
}

static void lint_patch(struct lint *l)
{
	lint_subject(l);
	lint_author(l);
	lint_trailers(l);
	for (size_t i = 0; i < l->p->diffs.n; i++) {
		const struct file_diff *d = &l->p->diffs.v[i];

		for (size_t k = 0; k < d->n; k++)
			lint_hunk(l, d, &l->p->hunks.v[d->first + k]);
	}
}

/* Files below the series that it does not name, so that nothing rots unseen. */
static void lint_orphans(struct lint *l, const char *sub, const struct strmap *listed)
{
	_cleanup_free_ char *dir = *sub ? path_join(l->s->dir, sub) : xstrdup(l->s->dir);
	struct strlist names = { 0 };
	int rc = azk_list_dir(dir, &names);

	if (rc)
		report_bad(l->r, "folder", dir, 0, "reading the folder: %s", strerror(-rc));
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *rel = path_join(sub, names.v[i]);
		_cleanup_free_ char *full = path_join(l->s->dir, rel);

		if (azk_is_dir(full)) {
			lint_orphans(l, rel, listed);
		} else if (str_ends(rel, ".rej") || str_ends(rel, ".orig")) {
			report_add(l->r, AZK_ERROR, "orphan", full, 0, "left over from another tool");
		} else if (str_ends(rel, ".patch") && !strmap_get(listed, rel)) {
			report_add(l->r, AZK_ERROR, "orphan", full, 0, "is not in the series");
		}
	}
	strlist_free(&names);
}

static void lint_text(json_t *root, FILE *out)
{
	fprintf(out, "%lld patches checked, %zu findings\n",
		(long long)json_integer_value(json_object_get(root, "checked")),
		json_array_size(json_object_get(root, "findings")));
}

int queue_lint(int argc, char **argv)
{
	const char *file = NULL, *tree = NULL, *git = NULL;
	unsigned long jobs = 2;
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &file, .required = true, .help = "the series file" },
		{ .name = "tree", .arg = "DIR", .str = &tree,
		  .help = "a kernel tree: run its checkpatch.pl, compare Drop-when with its version and files" },
		{ .name = "git", .arg = "DIR", .str = &git, .help = "a kernel clone, for 'Drop-when: landed <sha>'" },
		{ .name = "jobs", .arg = "N", .num = &jobs, .help = "threads (default 2)" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct patch_list list = { 0 };
	struct strmap listed = { 0 };
	struct series s;
	struct lint l = { .s = &s };
	json_int_t checked = 0;
	int rc;

	rc = azk_parse_opts(opts, "queue lint --series FILE [--tree DIR [--git DIR]] [--json]",
			    "queue lint --series patches/series", argc, argv);
	if (rc > 0)
		return azk_error("queue lint takes no argument '%s'", argv[1]);
	if (rc)
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	l.r = report_new("queue lint");
	json_object_set_new(report_root(l.r), "series", json_string(file));
	series_load(&s, file, l.r);
	patches_load(&list, &s, jobs, l.r);
	for (size_t i = 0; i < list.patches.n; i++) {
		const struct series_entry *e = &s.entries.v[i];

		l.p = &list.patches.v[i];
		if (!l.p->name)
			continue;
		checked++;
		strmap_put(&listed, e->name, &l);
		lint_place(&l, e);
		if (!l.p->errs.n)
			lint_patch(&l);
	}
	lint_duplicates(&list, l.r);
	lint_drop_when(&list, tree, git, l.r);
	if (tree)
		lint_checkpatch(&list, tree, jobs, l.r);
	if (azk_is_dir(s.dir))
		lint_orphans(&l, "", &listed);
	json_object_set_new(report_root(l.r), "checked", json_integer(checked));
	rc = report_print(l.r, json, stdout, lint_text);
	strmap_free(&listed);
	patches_free(&list);
	series_free(&s);
	report_free(l.r);
	return rc;
}
