// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: file content, NUL, patch. Every file the patch names has that content.
 * Whatever parses and applies must be undone to exactly what was there.
 */
#include <stdlib.h>

#include "queue/apply.h"

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

static void check_back(struct tree *t)
{
	for (size_t i = 0; i < t->files.n; i++) {
		struct vfile *f = t->files.v[i].value;

		if (f->exists != f->disk_exists ||
		    (f->exists && (lines_hash(&f->lines) != f->disk_hash || f->mode != f->disk_mode)))
			abort();
	}
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
	struct patch p;
	struct tree t;
	char *buf;

	if (!made && !mkdtemp(dir))
		abort();
	made = true;
	if (tree_open(&t, dir))
		abort();
	buf = xmalloc(size - skip);
	memcpy(buf, data + skip, size - skip);
	r = report_new("fuzz");
	if (!patch_parse(&p, "p", "p", buf, size - skip)) {
		for (size_t i = 0; i < p.diffs.n; i++) {
			const char *old = p.diffs.v[i].old_path;

			if (old && !strmap_get(&t.files, old))
				add_file(&t, old, (const char *)data, n);
		}
		if (!apply_patch(&t, &p, r, &undo, &paths, &st)) {
			if (undo_patch(&t, undo.buf, undo.len, &dirs, &again))
				abort();
			check_back(&t);
		}
	} else if (!p.errs.n) {
		abort();
	}
	tree_close(&t);
	patch_free(&p);
	strlist_free(&paths);
	strlist_free(&again);
	strmap_free(&dirs.made);
	strmap_free(&dirs.modes);
	sb_free(&undo);
	report_free(r);
	return 0;
}
