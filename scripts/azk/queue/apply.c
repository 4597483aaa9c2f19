// SPDX-License-Identifier: GPL-2.0-or-later
/* One patch onto the view of a tree, file by file, with findings for what fails. */
#include <errno.h>
#include <sys/stat.h>

#include "queue/apply.h"
#include "queue/binary.h"
#include "queue/git.h"
#include "queue/undo.h"

struct apply {
	struct tree *t;
	const struct patch *p;
	struct azk_report *r;
	struct apply_stats *st;
	const struct apply_opts *opts;
	struct strmap removed;	/* paths the patch deletes or renames away */
	VEC(struct touched *) touched;
	struct strmap by_path;	/* path to struct touched */
	bool failed;
};

/* Remembers how the file was before the patch. */
static struct touched *touch(struct apply *a, struct vfile *f)
{
	struct touched *tc = strmap_get(&a->by_path, f->path);

	if (tc) {
		tc->diffs++;
		return tc;
	}
	tc = xcalloc(1, sizeof(*tc));
	tc->f = f;
	tc->existed = f->exists;
	tc->mode = f->mode;
	tc->before = f->lines;
	tc->diffs = 1;
	strmap_put(&a->by_path, f->path, tc);
	vec_push(&a->touched, tc);
	return tc;
}

static void set_lines(struct touched *tc, struct lines lines)
{
	if (tc->f->lines.v != tc->before.v)
		vec_free(&tc->f->lines);
	tc->f->lines = lines;
}

static void AZK_PRINTF(3, 4) fail(struct apply *a, const struct file_diff *d, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	report_add(a->r, AZK_ERROR, "no-apply", a->p->file, d->line, "%s: %s",
		   d->old_path ? d->old_path : d->new_path, sb_str(&sb));
	a->failed = true;
}

static void note_line(struct azk_report *r, const char *what, const struct line *l)
{
	int n = (int)l->len;

	while (n && (l->s[n - 1] == '\n' || l->s[n - 1] == '\r'))
		n--;
	report_note(r, "%s: %.*s%s%s", what, n > 100 ? 100 : n, l->s, n > 100 ? "..." : "",
		    l->len && l->s[l->len - 1] == '\n' ?
		    (l->len > 1 && l->s[l->len - 2] == '\r' ? " (CR LF)" : "") :
		    " (no newline at the end)");
}

static const struct line *old_line(const struct patch *p, const struct hunk *h, size_t k)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hunk_line *l = &p->body.v[h->first + i];

		if (l->op != '+' && !k--)
			return &l->text;
	}
	return NULL;
}

static bool has_cr(const struct line *l)
{
	return l && l->len > 1 && l->s[l->len - 2] == '\r';
}

static void explain(struct apply *a, const struct hunk *h, const struct placement *pl,
		    const struct lines *in)
{
	const struct line *want;
	size_t at = pl->best + pl->best_bad;

	if (!h->old_n && in->n) {
		report_note(a->r, "the hunk expects an empty file, this one has %zu lines", in->n);
	} else if (pl->already) {
		report_note(a->r, "its result already stands at line %zu", pl->best + 1);
	} else if (pl->best_end) {
		report_note(a->r, "it fits at line %zu, but its context says that it %s the file",
			    pl->best + 1, h->old_start <= 1 ? "starts" : "ends");
	} else if (pl->overlap) {
		report_note(a->r, "it fits at line %zu only, before or among the lines an earlier hunk took",
			    pl->best + 1);
	} else if (!pl->best_n) {
		report_note(a->r, "none of its %zu old lines is in the file", h->old_n);
		if (in->n && has_cr(&in->v[0]) != has_cr(old_line(a->p, h, 0)))
			report_note(a->r, "%s ends its lines in CR LF, %s does not",
				    has_cr(&in->v[0]) ? "the file" : "the patch",
				    has_cr(&in->v[0]) ? "the patch" : "the file");
	} else {
		report_note(a->r, "nearest candidate at line %zu: %zu of %zu old lines fit; first difference at line %zu:",
			    pl->best + 1, pl->best_n, h->old_n, at + 1);
		want = old_line(a->p, h, pl->best_bad);
		if (want)
			note_line(a->r, "patch", want);
		if (at < in->n)
			note_line(a->r, "file ", &in->v[at]);
		else
			report_note(a->r, "file : (ends at line %zu)", in->n);
	}
}

/* What fuzz left out: where patch and file differ in the context. */
static void explain_fuzz(struct apply *a, const struct hunk *h, const struct placement *pl,
			 const struct lines *in)
{
	for (size_t i = 0; i < h->old_n; i++) {
		const struct line *want = old_line(a->p, h, i);
		size_t at = pl->at + i - pl->lead;	/* wraps where the file starts later */

		if (i >= pl->lead && i < h->old_n - pl->trail)
			continue;
		if (at >= in->n || !line_eq(want, &in->v[at])) {
			report_note(a->r, "context line %zu of the hunk differs:", i + 1);
			note_line(a->r, "patch", want);
			if (at < in->n)
				note_line(a->r, "file ", &in->v[at]);
			else
				report_note(a->r, "file : (no line there)");
		}
	}
}

static void report_places(struct apply *a, const struct file_diff *d, const struct placement *res,
			  const struct lines *in)
{
	const char *path = d->old_path ? d->old_path : d->new_path;

	for (size_t i = 0; i < d->n; i++) {
		const struct hunk *h = &a->p->hunks.v[d->first + i];
		const struct placement *pl = &res[i];
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

		switch (pl->how) {
		case PLACE_EXACT:
			a->st->exact++;
			break;
		case PLACE_OFFSET:
			a->st->offset++;
			report_add(a->r, AZK_NOTE, "offset", a->p->file, h->line,
				   "%s: hunk %zu of %zu placed at line %zu, recorded %zu (offset %+ld)",
				   path, i + 1, d->n, pl->at + 1, h->old_start,
				   (long)(pl->at + 1) - (long)h->old_start);
			break;
		case PLACE_FUZZ:
			a->st->fuzz++;
			report_add(a->r, AZK_NOTE, "fuzz", a->p->file, h->line,
				   "%s: hunk %zu of %zu placed at line %zu with fuzz %u, recorded %zu",
				   path, i + 1, d->n, pl->at - pl->lead + 1, pl->fuzz, h->old_start);
			explain_fuzz(a, h, pl, in);
			break;
		case PLACE_NONE:
			report_add(a->r, AZK_ERROR, pl->overlap ? "overlap" : "no-place",
				   a->p->file, h->line,
				   "%s: hunk %zu of %zu (recorded line %zu) fits nowhere", path,
				   i + 1, d->n, h->old_start);
			explain(a, h, pl, in);
			break;
		case PLACE_AMBIGUOUS:
			/* fuzz found them by the lines behind lead */
			for (size_t k = 0; k < pl->places.n && k < 20; k++)
				sb_addf(&sb, "%s%zu", k ? ", " : "", pl->places.v[k] < pl->lead ? 1 :
					pl->places.v[k] - pl->lead + 1);
			if (pl->places.n > 20)
				sb_addf(&sb, " and %zu more", pl->places.n - 20);
			report_add(a->r, AZK_ERROR, "ambiguous", a->p->file, h->line,
				   "%s: hunk %zu of %zu (recorded line %zu) fits in %zu places: lines %s",
				   path, i + 1, d->n, h->old_start, pl->places.n, sb_str(&sb));
			break;
		}
	}
}

/* The content of a git binary patch, which names the file it was made from by its blob id. */
static void apply_binary(struct apply *a, const struct file_diff *d, const struct lines *in,
			 struct touched *tc)
{
	_cleanup_sb_ struct strbuf old = STRBUF_INIT, new = STRBUF_INIT;
	struct lines out = { 0 };
	const char *why;
	char id[41];
	size_t len;

	for (size_t i = 0; i < in->n; i++)
		sb_add(&old, in->v[i].s, in->v[i].len);
	blob_id(sb_str(&old), old.len, id);
	if (d->kind == DIFF_CREATE ? old.len != 0 : strcmp(id, d->old_id) != 0) {
		fail(a, d, "binary patch is for blob %.12s, the file is %.12s", d->old_id, id);
		return;
	}
	why = binary_apply(&d->forward, &old, &new);
	if (why) {
		fail(a, d, "binary patch: %s", why);
		return;
	}
	blob_id(sb_str(&new), new.len, id);
	if (d->kind != DIFF_DELETE && strcmp(id, d->new_id)) {
		fail(a, d, "binary patch gives blob %.12s, not %.12s as it says", id, d->new_id);
		return;
	}
	len = new.len;
	vec_push(&a->t->text, sb_detach(&new));
	lines_split(&out, a->t->text.v[a->t->text.n - 1], len);
	a->st->exact++;
	set_lines(tc, out);
}

/* The hunks of d onto in; the result becomes the content of tc. */
static void apply_hunks(struct apply *a, const struct file_diff *d, const struct lines *in,
			struct touched *tc, bool keep_undo)
{
	struct placement *res;
	struct lines out;

	if (d->is_binary) {
		apply_binary(a, d, in, tc);
		return;
	}
	if (!d->n) {
		struct lines copy = { 0 };

		lines_append(&copy, in, 0, in->n);
		set_lines(tc, copy);
		return;
	}
	res = xcalloc(d->n, sizeof(*res));
	if (place_hunks_fuzz(a->p, d, in, a->opts->fuzz, &out, res, keep_undo ? &tc->undo : NULL)) {
		a->failed = true;
		report_places(a, d, res, in);
	} else {
		report_places(a, d, res, in);
		set_lines(tc, out);
	}
	placements_free(res, d->n);
	if (a->opts->places)
		memcpy(a->opts->places + d->first, res, d->n * sizeof(*res));
	free(res);
}

static void set_mode(struct apply *a, const struct file_diff *d, struct vfile *f)
{
	if (!d->new_mode || !d->old_mode)
		return;
	if (!!(d->old_mode & 0100) != !!(f->mode & 0100)) {
		fail(a, d, "mode is %03o, the patch expects %03o", (unsigned int)f->mode,
		     (unsigned int)d->old_mode);
		return;
	}
	f->mode &= ~(mode_t)0111;
	if (d->new_mode & 0100)
		f->mode |= (f->mode & 0444) >> 2;
}

static struct vfile *get(struct apply *a, const struct file_diff *d, const char *path)
{
	const char *why = NULL;
	struct vfile *f = tree_get(a->t, path, &why);

	if (!f)
		fail(a, d, "'%s' %s", path, why);
	return f;
}

static struct vfile *get_old(struct apply *a, const struct file_diff *d)
{
	struct vfile *f = get(a, d, d->old_path);

	if (f && f->disk_is_dir && !f->exists)
		fail(a, d, "is a folder in the tree");
	else if (f && !f->exists)
		fail(a, d, "no such file in the tree");
	return f && f->exists ? f : NULL;
}

static bool drops_later(struct apply *a, struct vfile *f)
{
	struct touched *tc = strmap_get(&a->by_path, f->path);

	return strmap_get(&a->removed, f->path) && !(tc && tc->created);
}

/* On disk it does until the patch is through: the series may be applied one by one. */
static bool stood(void *ctx, const char *path)
{
	struct apply *a = ctx;
	const struct touched *tc = strmap_get(&a->by_path, path);

	return tc && tc->existed;
}

/* The file a diff makes: must not be there, unless the same patch takes it away. */
static struct vfile *get_new(struct apply *a, const struct file_diff *d)
{
	struct vfile *f = get(a, d, d->new_path);

	if (!f)
		return NULL;
	if (f->disk_is_dir || tree_below(a->t, f->path, stood, a)) {
		fail(a, d, "'%s' is a folder in the tree", d->new_path);
		return NULL;
	}
	if (f->exists && !drops_later(a, f)) {
		fail(a, d, "'%s' already exists", d->new_path);
		return NULL;
	}
	tree_note_above(a->t, f->path);
	return f;
}

static mode_t fresh_mode(mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return (mode & 0100 ? 0777 : 0666) & ~mask;
}

static void create(struct apply *a, const struct file_diff *d)
{
	struct vfile *f = get_new(a, d);
	static const struct lines empty;
	struct touched *tc;

	if (!f)
		return;
	tc = touch(a, f);
	tc->created = true;
	f->exists = true;
	f->mode = fresh_mode(d->new_mode);
	apply_hunks(a, d, &empty, tc, false);
}

/* Only proves that what was there is what the patch says it deletes. */
static void delete_remade(struct apply *a, const struct file_diff *d, const struct touched *tc)
{
	struct placement *res = xcalloc(d->n, sizeof(*res));
	struct lines out = { 0 };

	if (d->n && place_hunks(a->p, d, &tc->before, &out, res, NULL)) {
		a->failed = true;
		report_places(a, d, res, &tc->before);
	} else if (d->n ? out.n : tc->before.n) {
		fail(a, d, "would be deleted but has lines the patch does not know");
	}
	vec_free(&out);
	placements_free(res, d->n);
	free(res);
}

static void delete(struct apply *a, const struct file_diff *d)
{
	struct vfile *f = get_old(a, d);
	struct touched *tc;

	if (!f)
		return;
	tc = strmap_get(&a->by_path, f->path);
	if (tc && tc->created) {	/* remade by this patch: the old one is gone already */
		delete_remade(a, d, tc);
		return;
	}
	tc = touch(a, f);
	apply_hunks(a, d, &f->lines, tc, false);
	if (!a->failed && f->lines.n) {
		fail(a, d, "would be deleted but has %zu lines the patch does not know",
		     f->lines.n);
		return;
	}
	f->exists = false;
}

static void modify(struct apply *a, const struct file_diff *d)
{
	struct vfile *f = get(a, d, d->old_path);
	struct touched *tc;

	if (!f)
		return;
	/* plain diffs without times cannot say that a file is new */
	if (!d->git && !f->exists && !f->disk_is_dir && d->n == 1 &&
	    !a->p->hunks.v[d->first].old_n) {
		create(a, d);
		return;
	}
	f = get_old(a, d);
	if (!f)
		return;
	tc = touch(a, f);
	if (d->n || d->is_binary)
		apply_hunks(a, d, &f->lines, tc, tc->diffs == 1);
	set_mode(a, d, f);
}

/* Git takes the source of a rename or copy as it was before the patch. */
static void rename_or_copy(struct apply *a, const struct file_diff *d)
{
	struct vfile *src, *dst;
	struct touched *old, *tc;
	struct lines in;
	mode_t mode;

	src = get(a, d, d->old_path);
	if (!src)
		return;
	old = strmap_get(&a->by_path, src->path);
	if (!(old ? old->existed : src->exists)) {
		fail(a, d, "no such file in the tree");
		return;
	}
	in = old ? old->before : src->lines;
	mode = old ? old->mode : src->mode;
	if (!strcmp(d->old_path, d->new_path)) {
		fail(a, d, "renamed or copied to itself");
		return;
	}
	dst = get_new(a, d);
	if (!dst)
		return;
	tc = touch(a, dst);
	tc->created = true;
	dst->exists = true;
	dst->mode = mode;
	apply_hunks(a, d, &in, tc, false);
	set_mode(a, d, dst);
	if (d->kind == DIFF_RENAME) {
		tc = touch(a, src);
		if (!tc->created) {
			set_lines(tc, (struct lines){ 0 });
			src->exists = false;
		}
	}
}

static void apply_init(struct apply *a)
{
	for (size_t i = 0; i < a->p->diffs.n; i++) {
		const struct file_diff *d = &a->p->diffs.v[i];

		if (d->kind == DIFF_DELETE || d->kind == DIFF_RENAME)
			strmap_put(&a->removed, d->old_path, a);
	}
}

static void apply_done(struct apply *a, struct strbuf *undo, struct strlist *paths)
{
	if (!a->failed && undo)
		undo_encode(a->t, a->touched.v, a->touched.n, undo);
	for (size_t i = 0; i < a->touched.n; i++) {
		struct touched *tc = a->touched.v[i];

		tc->f->dirty = true;
		if (paths)
			strlist_add(paths, tc->f->path);
		if (tc->f->lines.v != tc->before.v)
			vec_free(&tc->before);
		splices_free(&tc->undo);
		free(tc);
	}
	a->st->files = a->touched.n;
	vec_free(&a->touched);
	strmap_free(&a->by_path);
	strmap_free(&a->removed);
}

int apply_patch(struct tree *t, const struct patch *p, struct azk_report *r,
		struct strbuf *undo, struct strlist *paths, struct apply_stats *st)
{
	return apply_patch_with(t, p, &(struct apply_opts){ 0 }, r, undo, paths, st);
}

int apply_patch_with(struct tree *t, const struct patch *p, const struct apply_opts *opts,
		     struct azk_report *r, struct strbuf *undo, struct strlist *paths,
		     struct apply_stats *st)
{
	struct apply a = { .t = t, .p = p, .r = r, .st = st, .opts = opts };

	memset(st, 0, sizeof(*st));
	apply_init(&a);
	for (size_t i = 0; i < p->diffs.n; i++) {
		const struct file_diff *d = &p->diffs.v[i];

		switch (d->kind) {
		case DIFF_MODIFY:
			modify(&a, d);
			break;
		case DIFF_CREATE:
			create(&a, d);
			break;
		case DIFF_DELETE:
			delete(&a, d);
			break;
		case DIFF_RENAME:
		case DIFF_COPY:
			rename_or_copy(&a, d);
			break;
		}
	}
	apply_done(&a, undo, paths);
	return a.failed ? -EINVAL : 0;
}
