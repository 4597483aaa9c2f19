// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: file content, NUL, patch. Every file the patch names has that content;
 * its first byte chooses the fuzz. Whatever parses and applies must be undone to
 * exactly what was there, and a patch to one file that was placed where it says
 * keeps its bytes when it is refreshed.
 */
#include <stdlib.h>

#include "queue/apply.h"
#include "queue/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vfile *add_file(struct tree *t, const char *path, const char *s, size_t n)
{
	struct vfile *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	f->buf = xmemdup0(s, n);
	f->exists = f->disk_exists = true;
	f->mode = f->disk_mode = 0644;
	lines_split(&f->lines, f->buf, n);
	f->disk_hash = lines_hash(&f->lines);
	strmap_put(&t->files, path, f);
	return f;
}

/* No disk has a file below a file; such a view would only show what cannot be. */
static bool can_stand(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *have = ((const struct vfile *)t->files.v[i].value)->path;
		size_t a = strlen(have), b = strlen(path), n = a < b ? a : b;

		if (a == b ? !strcmp(have, path) :
		    !strncmp(have, path, n) && (a < b ? path : have)[n] == '/')
			return false;
	}
	return true;
}

static void check_back(struct tree *t)
{
	for (size_t i = 0; i < t->files.n; i++) {
		struct vfile *f = t->files.v[i].value;

		if (f->exists != f->disk_exists ||
		    (f->exists && (lines_hash(&f->lines) != f->disk_hash || f->mode != f->disk_mode)))
			abort();
	}
}

static void check_rewrite(const struct patch *p, struct tree *before, struct tree *after,
			  const struct apply_stats *st)
{
	struct strbuf out = STRBUF_INIT;
	const char *why = NULL;
	bool numbers = true;

	for (size_t i = 0; i < p->hunks.n; i++)
		numbers &= i == 0 && p->hunks.v[i].old_start == p->hunks.v[i].new_start;
	if (!patch_rewrite(p, before, after, NULL, &out, &why) && p->diffs.n == 1 &&
	    p->diffs.v[0].kind == DIFF_MODIFY && !p->diffs.v[0].is_binary && numbers &&
	    !p->diffs.v[0].new_mode && !st->offset && !st->fuzz &&
	    (out.len != p->len || memcmp(out.buf, p->buf, p->len)))
		abort();
	sb_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/azk-fuzz.XXXXXX";
	static bool made;
	const uint8_t *nul = memchr(data, 0, size);
	size_t n = nul ? (size_t)(nul - data) : 0, skip = nul ? n + 1 : 0;
	struct undo_dirs dirs = { 0 };
	struct strlist paths = { 0 }, again = { 0 };
	struct strbuf undo = STRBUF_INIT;
	struct apply_stats st;
	struct azk_report *r;
	struct apply_opts opts = { .fuzz = n ? data[0] % 4 : 0 };
	struct patch p;
	struct tree t, before;
	char *buf;

	if (!made && !mkdtemp(dir))
		abort();
	made = true;
	if (tree_open(&t, dir) || tree_open(&before, dir))
		abort();
	buf = xmalloc(size - skip);
	memcpy(buf, data + skip, size - skip);
	r = report_new("fuzz");
	if (!patch_parse(&p, "p", "p", buf, size - skip)) {
		for (size_t i = 0; i < p.diffs.n; i++) {
			const char *old = p.diffs.v[i].old_path;

			if (old && can_stand(&t, old)) {
				add_file(&t, old, (const char *)data, n);
				add_file(&before, old, (const char *)data, n);
			}
		}
		if (!apply_patch_with(&t, &p, &opts, r, &undo, &paths, &st)) {
			check_rewrite(&p, &before, &t, &st);
			if (undo_patch(&t, undo.buf, undo.len, &dirs, &again))
				abort();
			check_back(&t);
		}
	} else if (!p.errs.n) {
		abort();
	}
	tree_close(&t);
	tree_close(&before);
	patch_free(&p);
	strlist_free(&paths);
	strlist_free(&again);
	strmap_free(&dirs.made);
	strmap_free(&dirs.modes);
	sb_free(&undo);
	report_free(r);
	return 0;
}
