// SPDX-License-Identifier: GPL-2.0-or-later
/* Diffs as git writes them, from two contents. */
#include <errno.h>

#include "queue/binary.h"
#include "queue/git.h"
#include "queue/linediff.h"
#include "queue/write.h"

void write_name(const char *prefix, const char *name, struct strbuf *out)
{
	static const char esc[] = "\a\b\t\n\v\f\r\"\\", as[] = "abtnvfr\"\\";
	bool quote = false;

	for (const unsigned char *s = (const unsigned char *)name; *s; s++)
		quote |= *s < 0x20 || *s >= 0x7f || *s == '"' || *s == '\\';
	if (quote)
		sb_addch(out, '"');
	sb_addstr(out, prefix);
	for (const char *s = name; *s; s++) {
		const char *e = strchr(esc, *s);

		if (e)
			sb_addf(out, "\\%c", as[e - esc]);
		else if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			sb_addf(out, "\\%03o", (unsigned char)*s);
		else
			sb_addch(out, *s);
	}
	if (quote)
		sb_addch(out, '"');
}

static void add_range(struct strbuf *out, char sign, int start, int n)
{
	sb_addf(out, "%c%d", sign, start);
	if (n != 1)
		sb_addf(out, ",%d", n);
}

static void add_hunks(git_patch *gp, const char *path, const struct lines *old, struct strbuf *out)
{
	for (size_t i = 0; i < git_patch_num_hunks(gp); i++) {
		const git_diff_hunk *h;
		const char *head = NULL;
		size_t n, len;

		git_patch_get_hunk(&h, &n, gp, i);
		sb_addstr(out, "@@ ");
		add_range(out, '-', h->old_start, h->old_lines);
		sb_addch(out, ' ');
		add_range(out, '+', h->new_start, h->new_lines);
		sb_addstr(out, " @@");
		if (h->old_start > 1)
			head = lines_heading(old, (size_t)h->old_start - (h->old_lines ? 1 : 0), path, &len);
		if (head) {
			sb_addch(out, ' ');
			sb_add(out, head, len);
		}
		sb_addch(out, '\n');
		for (size_t k = 0; k < n; k++) {
			const git_diff_line *l;

			git_patch_get_line_in_hunk(&l, gp, i, k);
			switch (l->origin) {
			case GIT_DIFF_LINE_CONTEXT:
			case GIT_DIFF_LINE_ADDITION:
			case GIT_DIFF_LINE_DELETION:
				sb_addch(out, l->origin);
				sb_add(out, l->content, l->content_len);
				break;
			default:	/* a side without newline: brings its own */
				sb_addstr(out, "\n\\ No newline at end of file\n");
			}
		}
	}
}

static git_patch *diff(const struct strbuf *a, const struct strbuf *b, unsigned int context)
{
	git_diff_options opts;
	git_patch *gp = NULL;

	git_start();
	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.context_lines = context;
	opts.flags = GIT_DIFF_INDENT_HEURISTIC | GIT_DIFF_SHOW_BINARY;
	if (git_patch_from_buffers(&gp, sb_str(a), a->len, "f", sb_str(b), b->len, "f", &opts)) {
		azk_error("libgit2 cannot compare: %s", git_why());
		abort();	/* only out of memory */
	}
	return gp;
}

void write_hunks(const char *path, const struct lines *old, const struct lines *new,
		 unsigned int context, struct strbuf *out)
{
	_cleanup_sb_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	git_patch *gp;

	lines_join(old, &a);
	lines_join(new, &b);
	gp = diff(&a, &b, context);
	add_hunks(gp, path, old, out);
	git_patch_free(gp);
}

static unsigned int git_mode(mode_t mode)
{
	return mode & 0100 ? 0100755 : 0100644;
}

static void add_side(const char *mark, const char *prefix, const char *path, struct strbuf *out)
{
	sb_addstr(out, mark);
	if (path)
		write_name(prefix, path, out);
	else
		sb_addstr(out, "/dev/null");
	/* git's mark of a name with blanks, which would else end at the first */
	if (path && strchr(path, ' '))
		sb_addch(out, '\t');
	sb_addch(out, '\n');
}

struct chunk {
	uint64_t hash;
	size_t len;
};

static int by_hash(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

struct chunks {
	VEC(struct chunk) c;
};

/* Lines, long ones in pieces of 64 bytes, in the order of their hashes, equal ones as one. */
static void chop(const struct strbuf *sb, struct chunks *out)
{
	size_t n = 0;

	for (size_t at = 0; at < sb->len;) {
		size_t most = sb->len - at < 64 ? sb->len - at : 64;
		const char *nl = memchr(sb->buf + at, '\n', most);
		size_t len = nl ? (size_t)(nl - sb->buf) + 1 - at : most;
		struct chunk c = { azk_hash(len, sb->buf + at, len), len };

		vec_push(&out->c, c);
		at += len;
	}
	if (out->c.n)
		qsort(out->c.v, out->c.n, sizeof(*out->c.v), by_hash);
	for (size_t i = 0; i < out->c.n; i++) {
		if (n && out->c.v[n - 1].hash == out->c.v[i].hash)
			out->c.v[n - 1].len += out->c.v[i].len;
		else
			out->c.v[n++] = out->c.v[i];
	}
	out->c.n = n;
}

/* How git counts what a rename kept: bytes of chunks on both sides against the larger side. */
static unsigned int similarity_of(const struct strbuf *a, const struct strbuf *b)
{
	size_t most = a->len > b->len ? a->len : b->len, same = 0;
	struct chunks x = { 0 }, y = { 0 };

	chop(a, &x);
	chop(b, &y);
	for (size_t i = 0, k = 0; i < x.c.n && k < y.c.n;) {
		const struct chunk *p = &x.c.v[i], *q = &y.c.v[k];

		if (p->hash == q->hash)
			same += p->len < q->len ? p->len : q->len;
		i += p->hash <= q->hash;
		k += q->hash <= p->hash;
	}
	vec_free(&x.c);
	vec_free(&y.c);
	/* git keeps it in 60000ths before it makes percents of it */
	return most ? (unsigned int)(same * 60000 / most * 100 / 60000) : 100;
}

void write_change(const struct file_change *c, struct strbuf *out)
{
	_cleanup_sb_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	char id[2][41] = { "", "" };
	bool moved = c->old_path && c->new_path && strcmp(c->old_path, c->new_path);
	unsigned int om = git_mode(c->old_mode), nm = git_mode(c->new_mode);
	bool same, binary;
	git_patch *gp;

	lines_join(c->old, &a);
	lines_join(c->new, &b);
	same = a.len == b.len && !memcmp(sb_str(&a), sb_str(&b), a.len);
	if (c->old_path && c->new_path && same && om == nm && !moved)
		return;
	memset(id, '0', sizeof(id));
	id[0][40] = id[1][40] = '\0';
	if (c->old_path)
		blob_id(sb_str(&a), a.len, id[0]);
	if (c->new_path)
		blob_id(sb_str(&b), b.len, id[1]);
	sb_addstr(out, "diff --git ");
	write_name("a/", c->old_path ? c->old_path : c->new_path, out);
	sb_addch(out, ' ');
	write_name("b/", c->new_path ? c->new_path : c->old_path, out);
	sb_addch(out, '\n');
	if (!c->old_path)
		sb_addf(out, "new file mode %06o\n", nm);
	else if (!c->new_path)
		sb_addf(out, "deleted file mode %06o\n", om);
	else if (om != nm)
		sb_addf(out, "old mode %06o\nnew mode %06o\n", om, nm);
	if (moved) {
		sb_addf(out, "similarity index %u%%\n%s from ", similarity_of(&a, &b), c->copy ? "copy" : "rename");
		write_name("", c->old_path, out);
		sb_addf(out, "\n%s to ", c->copy ? "copy" : "rename");
		write_name("", c->new_path, out);
		sb_addch(out, '\n');
	}
	if (same && c->old_path && c->new_path)
		return;
	gp = diff(&a, &b, 3);
	binary = git_patch_get_delta(gp)->flags & GIT_DIFF_FLAG_BINARY;
	sb_addf(out, "index %.*s..%.*s", binary ? 40 : ABBREV, id[0], binary ? 40 : ABBREV, id[1]);
	if (c->old_path && c->new_path && om == nm)
		sb_addf(out, " %06o", nm);
	sb_addch(out, '\n');
	if (binary) {
		sb_addstr(out, "GIT binary patch\n");
		binary_write(&b, out);
		binary_write(&a, out);
	} else if (a.len || b.len) {
		add_side("--- ", "a/", c->old_path, out);
		add_side("+++ ", "b/", c->new_path, out);
		add_hunks(gp, c->new_path ? c->new_path : c->old_path, c->old, out);
	}
	git_patch_free(gp);
}
