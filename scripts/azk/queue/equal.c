// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue equal: whether two patches are the same change. What they take and
 * give is compared, file by file and function by function; line numbers, context
 * and the way a difference was aligned are not.
 */
#include <ctype.h>
#include <errno.h>

#include "queue/linediff.h"
#include "queue/queue.h"

/* One changed line, or one thing the header of a file says. */
struct item {
	const char *path, *func;	/* func "" is not known */
	char op;			/* '+', '-' or ' ' for headers */
	char *text;			/* owned */
	size_t line;			/* in the patch file */
};

struct items {
	struct item *v;
	size_t n, cap;
	struct strlist funcs;		/* what func points to */
	size_t hunks, add, del;
	bool headings;			/* some hunk names its function */
};

static void items_free(struct items *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].text);
	vec_free(l);
	strlist_free(&l->funcs);
}

static const char *keep(struct items *l, const char *s, size_t n)
{
	_cleanup_free_ char *copy = xstrndup(s, n > 80 ? 80 : n);

	strlist_add(&l->funcs, str_trim(copy));
	return l->funcs.v[l->funcs.n - 1];
}

static void add_item(struct items *l, const char *path, const char *func, char op, char *text,
		     size_t line)
{
	struct item *it = vec_add(l);

	it->path = path;
	it->func = func;
	it->op = op;
	it->text = text;
	it->line = line;
}

/* The text behind the second @@ of the hunk. */
static const char *header_text(const struct patch *p, const struct hunk *h, size_t *n)
{
	const char *end = p->body.v[h->first].text.s, *s, *at;

	if (end[-1] != '\n')
		end--;			/* the sign */
	for (s = end - 1; s > p->buf && s[-1] != '\n'; s--)
		;
	at = memmem(s + 2, (size_t)(end - s - 2), "@@", 2);
	*n = at ? (size_t)(end - at - 2) : 0;
	return at ? at + 2 : NULL;
}

static bool same_line(const struct hunk_line *a, const struct hunk_line *b)
{
	return line_eq(&a->text, &b->text);
}

/*
 * A run that only adds or only removes can be drawn at several places when its
 * lines repeat what follows: push it down as far as the hunk goes, so that both
 * patches draw it at the same one.
 */
static void settle_runs(struct hunk_line *b, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t end = i;
		char op = b[i].op;

		if (op == ' ') {
			i++;
			continue;
		}
		while (end < n && b[end].op == op)
			end++;
		if ((i && b[i - 1].op != ' ') || (end < n && b[end].op != ' ')) {
			while (end < n && b[end].op != ' ')
				end++;
			i = end;
			continue;
		}
		while (end < n && b[end].op == ' ' && same_line(&b[i], &b[end])) {
			struct hunk_line l = b[i];

			b[i].op = ' ';
			b[end] = l;
			b[end].op = op;
			i++;
			end++;
		}
		i = end;
	}
}

static void take_hunk(struct items *l, const struct patch *p, const struct hunk *h,
		      const char *path)
{
	struct hunk_line *b = xcalloc(h->n, sizeof(*b));
	size_t n, line = h->line;
	const char *text = header_text(p, h, &n);
	const char *func = keep(l, text ? text : "", n);

	memcpy(b, p->body.v + h->first, h->n * sizeof(*b));
	settle_runs(b, h->n);
	l->headings |= *func;
	for (size_t i = 0; i < h->n; i++) {
		line++;
		if (b[i].op == ' ' || (b[i].op == '-' && i && b[i - 1].op == ' ')) {
			if (line_is_heading(&b[i].text, path) && b[i].op == ' ')
				func = keep(l, b[i].text.s, b[i].text.len);
		}
		if (b[i].op == ' ')
			continue;
		l->add += b[i].op == '+';
		l->del += b[i].op == '-';
		add_item(l, path, func, b[i].op, xstrndup(b[i].text.s, b[i].text.len), line);
	}
	free(b);
}

static void take_patch(struct items *l, const struct patch *p)
{
	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];
		const char *path = d->new_path ? d->new_path : d->old_path;
		char *head = NULL;

		if (d->kind == DIFF_CREATE)
			head = xasprintf("new file, %s", d->new_mode & 0100 ? "executable" : "plain");
		else if (d->kind == DIFF_DELETE)
			head = xstrdup("deleted file");
		else if (d->kind != DIFF_MODIFY)
			head = xasprintf("%s from %s", d->kind == DIFF_COPY ? "copied" : "renamed",
					 d->old_path);
		if (head)
			add_item(l, path, "", ' ', head, d->line);
		if (d->old_mode && d->new_mode && (d->old_mode & 0100) != (d->new_mode & 0100))
			add_item(l, path, "", ' ', xstrdup(d->new_mode & 0100 ?
				 "becomes executable" : "is executable no more"), d->line);
		if (d->is_binary)
			add_item(l, path, "", ' ', xasprintf("binary, %.12s becomes %.12s", d->old_id,
							     d->new_id), d->line);
		for (size_t k = 0; k < d->n; k++)
			take_hunk(l, p, &p->hunks.v[d->first + k], path);
		l->hunks += d->n;
	}
}

/* Items as lines, so that their difference is one of lines. */
static void as_lines(const struct items *l, bool func, struct strbuf *text, struct lines *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct item *it = &l->v[i];
		size_t n = strlen(it->text);

		sb_addf(text, "%s\t%s\t%c", it->path, func ? it->func : "", it->op);
		for (size_t k = 0; k < n; k++) {
			if (it->text[k] != '\n')
				sb_addch(text, it->text[k]);
		}
		if ((!n || it->text[n - 1] != '\n') && it->op != ' ')
			sb_addstr(text, "\t(no newline)");
		sb_addch(text, '\n');
	}
	lines_split(out, sb_str(text), text->len);
}

static void report_side(struct azk_report *r, const struct patch *p, const struct items *l,
			size_t from, size_t n, const char *side)
{
	for (size_t i = from; i < from + n; i++) {
		const struct item *it = &l->v[i];
		_cleanup_free_ char *t = xstrndup(it->text, strcspn(it->text, "\n"));

		report_add(r, AZK_ERROR, "differs", p->file, it->line, "only in %s: %s%s%s%s: %c%s",
			   side, it->path, *it->func ? " in '" : "", it->func,
			   *it->func ? "'" : "", it->op, t);
	}
}

static void count_side(json_t *root, const char *key, const struct items *l)
{
	json_object_set_new(root, key, json_pack("{s:I, s:I, s:I}", "hunks", (json_int_t)l->hunks,
						 "added", (json_int_t)l->add, "removed",
						 (json_int_t)l->del));
}

static void compare(struct azk_report *r, const struct patch *a, const struct patch *b)
{
	struct items ia = { 0 }, ib = { 0 };
	_cleanup_sb_ struct strbuf ta = STRBUF_INIT, tb = STRBUF_INIT;
	struct lines la = { 0 }, lb = { 0 };
	struct edits e = { 0 };
	bool func;

	take_patch(&ia, a);
	take_patch(&ib, b);
	/* a patch made without function names says nothing about them */
	func = ia.headings && ib.headings;
	as_lines(&ia, func, &ta, &la);
	as_lines(&ib, func, &tb, &lb);
	lines_diff(&la, &lb, &e);
	for (size_t i = 0; i < e.n; i++) {
		report_side(r, a, &ia, e.v[i].a0, e.v[i].an, "A");
		report_side(r, b, &ib, e.v[i].b0, e.v[i].bn, "B");
	}
	json_object_set_new(report_root(r), "equal", json_boolean(!e.n));
	json_object_set_new(report_root(r), "functions", json_boolean(func));
	count_side(report_root(r), "a", &ia);
	count_side(report_root(r), "b", &ib);
	items_free(&ia);
	items_free(&ib);
	vec_free(&la);
	vec_free(&lb);
	vec_free(&e);
}

static void equal_text(json_t *root, FILE *out)
{
	json_t *a = json_object_get(root, "a"), *b = json_object_get(root, "b");

	if (!a)
		return;
	fprintf(out, "%s: %lld hunks, +%lld -%lld; %lld hunks, +%lld -%lld%s\n",
		json_is_true(json_object_get(root, "equal")) ? "the same change" : "not the same change",
		(long long)json_integer_value(json_object_get(a, "hunks")),
		(long long)json_integer_value(json_object_get(a, "added")),
		(long long)json_integer_value(json_object_get(a, "removed")),
		(long long)json_integer_value(json_object_get(b, "hunks")),
		(long long)json_integer_value(json_object_get(b, "added")),
		(long long)json_integer_value(json_object_get(b, "removed")),
		json_is_true(json_object_get(root, "functions")) ? "" :
		" (one of them does not name functions)");
}

int queue_equal(int argc, char **argv)
{
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct azk_report *r;
	struct patch a, b;
	int rc = azk_parse_opts(opts, "queue equal A B [--json]",
				"queue equal old/0001-x.patch patches/netvsc/0001-x.patch", argc, argv);

	if (rc != 2) {
		if (rc >= 0)
			return azk_error("queue equal takes two patch files");
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	r = report_new("queue equal");
	patch_load(&a, argv[1], argv[1]);
	patch_load(&b, argv[2], argv[2]);
	for (size_t i = 0; i < a.errs.n; i++)
		report_bad(r, "parse", a.file, a.errs.v[i].line, "%s", a.errs.v[i].msg);
	for (size_t i = 0; i < b.errs.n; i++)
		report_bad(r, "parse", b.file, b.errs.v[i].line, "%s", b.errs.v[i].msg);
	if (report_status(r) == AZK_OK)
		compare(r, &a, &b);
	rc = report_print(r, json, stdout, equal_text);
	patch_free(&a);
	patch_free(&b);
	report_free(r);
	return rc;
}
