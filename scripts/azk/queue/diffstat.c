// SPDX-License-Identifier: GPL-2.0-or-later
/* The block between "---" and the diff, in git's widths (format-patch: 72 columns). */
#include "queue/write.h"

#define WIDTH 72

struct stat_line {
	char *name;
	size_t added, deleted, was, is;		/* was, is: bytes of a binary file */
	bool binary;
};

/* What git shows for a rename: the common folders once, "a/{b => c}/d". */
static char *rename_name(const char *a, const char *b)
{
	size_t pre = 0, suf = 0, la = strlen(a), lb = strlen(b);
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < la && i < lb && a[i] == b[i]; i++) {
		if (a[i] == '/')
			pre = i + 1;
	}
	/* the slash that ends the common head may begin the common tail too */
	for (size_t i = 1; i <= la && i <= lb && i + pre <= la + (pre ? 1 : 0) &&
	     i + pre <= lb + (pre ? 1 : 0) && a[la - i] == b[lb - i]; i++) {
		if (a[la - i] == '/')
			suf = i;
	}
	if (pre + suf == 0) {
		sb_addf(&sb, "%s => %s", a, b);
		return sb_detach(&sb);
	}
	sb_addf(&sb, "%.*s{%.*s => %.*s}%s", (int)pre, a,
		la > pre + suf ? (int)(la - pre - suf) : 0, a + pre,
		lb > pre + suf ? (int)(lb - pre - suf) : 0, b + pre, a + la - suf);
	return sb_detach(&sb);
}

static void count(const struct patch *p, const struct file_diff *d, struct stat_line *l)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &p->hunks.v[d->first + i];

		for (size_t k = 0; k < h->n; k++) {
			char op = p->body.v[h->first + k].op;

			l->added += op == '+';
			l->deleted += op == '-';
		}
	}
}

static size_t digits(size_t n)
{
	size_t w = 1;

	for (; n >= 10; n /= 10)
		w++;
	return w;
}

static size_t scale(size_t n, size_t width, size_t most)
{
	return n ? 1 + n * (width - 1) / most : 0;
}

static void plural(struct strbuf *out, size_t n, const char *one, const char *many)
{
	sb_addf(out, "%zu %s", n, n == 1 ? one : many);
}

static void add_sum(struct strbuf *out, size_t files, size_t added, size_t deleted)
{
	sb_addch(out, ' ');
	plural(out, files, "file changed", "files changed");
	if (added || !deleted) {
		sb_addstr(out, ", ");
		plural(out, added, "insertion(+)", "insertions(+)");
	}
	if (deleted || !added) {
		sb_addstr(out, ", ");
		plural(out, deleted, "deletion(-)", "deletions(-)");
	}
	sb_addch(out, '\n');
}

static unsigned int similarity(const struct patch *p, const struct file_diff *d)
{
	const char *s = memmem(p->buf + d->off, d->end - d->off, "\nsimilarity index ", 18);

	return s ? (unsigned int)strtoul(s + 18, NULL, 10) : 100;
}

static void add_summary(const struct patch *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];
		unsigned int om = d->old_mode & 0100 ? 0100755 : 0100644;
		unsigned int nm = d->new_mode & 0100 ? 0100755 : 0100644;

		if (d->kind == DIFF_CREATE) {
			sb_addf(out, " create mode %06o ", nm);
			write_name("", d->new_path, out);
			sb_addch(out, '\n');
		} else if (d->kind == DIFF_DELETE) {
			sb_addf(out, " delete mode %06o ", om);
			write_name("", d->old_path, out);
			sb_addch(out, '\n');
		} else if (d->kind == DIFF_RENAME || d->kind == DIFF_COPY) {
			_cleanup_free_ char *name = rename_name(d->old_path, d->new_path);

			sb_addf(out, " %s %s (%u%%)\n", d->kind == DIFF_COPY ? "copy" : "rename", name,
				similarity(p, d));
			if (d->old_mode && d->new_mode && om != nm)
				sb_addf(out, " mode change %06o => %06o\n", om, nm);
		} else if (d->old_mode && d->new_mode && om != nm) {
			sb_addf(out, " mode change %06o => %06o ", om, nm);
			write_name("", d->new_path, out);
			sb_addch(out, '\n');
		}
	}
}

static void add_line(const struct stat_line *l, size_t name_width, size_t number_width,
		     size_t graph_width, size_t most, struct strbuf *out)
{
	size_t add = l->added, del = l->deleted, n = strlen(l->name);
	const char *name = l->name, *dots = "";

	if (n > name_width) {
		const char *slash;

		dots = "...";
		name += n - (name_width - 3);
		slash = strchr(name, '/');
		name = slash ? slash : name;
	}
	sb_addf(out, " %s%s%*s |", dots, name, (int)(name_width - strlen(dots) - strlen(name)), "");
	if (l->binary) {
		sb_addf(out, " %*s", (int)number_width, "Bin");
		if (l->was || l->is)
			sb_addf(out, " %zu -> %zu bytes", l->was, l->is);
		sb_addch(out, '\n');
		return;
	}
	if (graph_width <= most) {
		size_t total = scale(add + del, graph_width, most);

		if (total < 2 && add && del)
			total = 2;
		if (add < del) {
			add = scale(add, graph_width, most);
			del = total - add;
		} else {
			del = scale(del, graph_width, most);
			add = total - del;
		}
	}
	sb_addf(out, " %*zu%s", (int)number_width, l->added + l->deleted, add + del ? " " : "");
	while (add--)
		sb_addch(out, '+');
	while (del--)
		sb_addch(out, '-');
	sb_addch(out, '\n');
}

void write_diffstat(const struct patch *p, struct strbuf *out)
{
	size_t longest = 0, most = 0, bin = 0, added = 0, deleted = 0;
	size_t number_width, graph_width, name_width;
	VEC(struct stat_line) lines = { 0 };

	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];
		struct stat_line *l = vec_add(&lines);
		struct strbuf name = STRBUF_INIT;
		size_t n;

		if (d->old_path && d->new_path && strcmp(d->old_path, d->new_path)) {
			l->name = rename_name(d->old_path, d->new_path);
		} else {
			write_name("", d->new_path ? d->new_path : d->old_path, &name);
			l->name = sb_detach(&name);
		}
		l->binary = d->is_binary;
		l->was = d->is_binary ? d->was_size : 0;
		l->is = d->is_binary ? d->is_size : 0;
		count(p, d, l);
		longest = strlen(l->name) > longest ? strlen(l->name) : longest;
		most = l->added + l->deleted > most ? l->added + l->deleted : most;
		n = l->binary ? 14 + digits(l->is) + digits(l->was) : 0;
		bin = n > bin ? n : bin;
		added += l->added;
		deleted += l->deleted;
	}
	number_width = digits(most);
	if (bin && number_width < 3)
		number_width = 3;
	graph_width = most + 4 > bin ? most : bin - 4;
	name_width = longest;
	if (name_width + number_width + 6 + graph_width > WIDTH) {
		if (graph_width > WIDTH * 3 / 8 - number_width - 6) {
			graph_width = WIDTH * 3 / 8 - number_width - 6;
			graph_width = graph_width < 6 ? 6 : graph_width;
		}
		if (name_width > WIDTH - number_width - 6 - graph_width)
			name_width = WIDTH - number_width - 6 - graph_width;
		else
			graph_width = WIDTH - number_width - 6 - name_width;
	}
	for (size_t i = 0; i < lines.n; i++) {
		add_line(&lines.v[i], name_width, number_width, graph_width, most, out);
		free(lines.v[i].name);
	}
	add_sum(out, lines.n, added, deleted);
	add_summary(p, out);
	vec_free(&lines);
}
