// SPDX-License-Identifier: GPL-2.0-or-later
/* A package file as librpm reads it: header, and every payload file digested. */
#include <errno.h>
#include <rpm/header.h>
#include <rpm/rpmarchive.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmts.h>
#include <sys/stat.h>

#include "release/release.h"

static char *tag(Header h, rpmTag t)
{
	char *s = headerGetAsString(h, t);
	char *copy = xstrdup(s ? s : "");

	free(s);
	return copy;
}

static char *formatted(Header h, const char *fmt)
{
	char *s = headerFormat(h, fmt, NULL);
	char *copy = s && *s && strcmp(s, "(none)") ? xstrdup(s) : NULL;

	free(s);
	return copy;
}

static void load_tags(struct rpm_info *p, Header h)
{
	struct rpmtd_s td;

	p->name = tag(h, RPMTAG_NAME);
	p->version = tag(h, RPMTAG_VERSION);
	p->release = tag(h, RPMTAG_RELEASE);
	p->arch = tag(h, RPMTAG_ARCH);
	p->vendor = tag(h, RPMTAG_VENDOR);
	p->licence = tag(h, RPMTAG_LICENSE);
	p->summary = tag(h, RPMTAG_SUMMARY);
	p->url = tag(h, RPMTAG_URL);
	p->buildtime = headerGetNumber(h, RPMTAG_BUILDTIME);
	p->installed = headerGetNumber(h, RPMTAG_LONGSIZE);
	if (!p->installed)
		p->installed = headerGetNumber(h, RPMTAG_SIZE);
	p->signer = formatted(h, "%{RSAHEADER:pgpsig}");
	if (!p->signer)
		p->signer = formatted(h, "%{DSAHEADER:pgpsig}");
	if (headerGet(h, RPMTAG_REQUIRENEVRS, &td, HEADERGET_EXT)) {
		const char *s;

		while ((s = rpmtdNextString(&td))) {
			if (!str_starts(s, "rpmlib("))
				strlist_add(&p->requires, s);
		}
		rpmtdFreeData(&td);
		strlist_sort(&p->requires);
	}
}

/* Path and, for a regular file, what the header says of it; in payload order. */
struct listed {
	struct rpm_entry e;
	char *sha256;
};

struct payload {
	VEC(struct listed) files;
	struct strmap by_path;		/* path -> index + 1 */
};

static int list_files(struct payload *l, rpmfiles files, char **why)
{
	rpmfi fi = rpmfilesIter(files, RPMFI_ITER_FWD);
	int rc = 0;

	while (!rc && rpmfiNext(fi) >= 0) {
		struct listed *f = vec_add(&l->files);
		int algo = 0;

		f->e.path = xstrdup(rpmfiFN(fi));
		f->e.ghost = rpmfiFFlags(fi) & RPMFILE_GHOST;
		f->e.regular = S_ISREG(rpmfiFMode(fi)) && !f->e.ghost;
		f->e.size = rpmfiFSize(fi);
		f->sha256 = rpmfiFDigestHex(fi, &algo);
		strmap_put(&l->by_path, f->e.path, (void *)(uintptr_t)l->files.n);
		if (f->e.regular && (algo != 8 || !f->sha256)) {
			*why = xasprintf("%s: its digest is not SHA-256", f->e.path);
			rc = -EINVAL;
		}
	}
	rpmfiFree(fi);
	return rc;
}

static int digest_one(struct rpm_info *p, rpmfi fi, struct listed *f, rpm_keep keep, void *arg,
		      char **why)
{
	struct digest_ctx *c = digest_begin();
	bool kept = keep && keep(arg, f->e.path, NULL, 0);
	_cleanup_sb_ struct strbuf content = STRBUF_INIT;
	char buf[65536];
	ssize_t n;

	while ((n = rpmfiArchiveRead(fi, buf, sizeof(buf))) > 0) {
		digest_add(c, buf, (size_t)n);
		if (kept)
			sb_add(&content, buf, (size_t)n);
	}
	digest_end(c, &f->e.d);
	if (n < 0 || strcmp(f->e.d.sha256, f->sha256)) {
		*why = xasprintf("%s: %s in the payload of %s", f->e.path,
				 n < 0 ? "cannot be read" : "differs from its digest", p->file);
		return -EBADMSG;
	}
	if (kept)
		keep(arg, f->e.path, sb_str(&content), content.len);
	return 0;
}

/* Of hard links only one carries the content. */
static void share_links(struct payload *l)
{
	struct strmap known = { 0 };

	for (size_t i = 0; i < l->files.n; i++) {
		struct listed *f = &l->files.v[i];

		if (f->e.regular && *f->e.d.sha1)
			strmap_put(&known, f->sha256, f);
	}
	for (size_t i = 0; i < l->files.n; i++) {
		struct listed *f = &l->files.v[i], *same;

		if (!f->e.regular || *f->e.d.sha1)
			continue;
		same = strmap_get(&known, f->sha256);
		if (same)
			f->e.d = same->e.d;
	}
	strmap_free(&known);
}

static int read_payload(struct rpm_info *p, Header h, FD_t fd, rpm_keep keep, void *arg,
			struct payload *l, char **why)
{
	_cleanup_free_ char *comp = tag(h, RPMTAG_PAYLOADCOMPRESSOR);
	/* rpmio's names: gzdio, bzdio, xzdio, zstdio */
	_cleanup_free_ char *mode = xasprintf("r.%s", !strcmp(comp, "zstd") ? "zstdio" :
					      !strcmp(comp, "xz") ? "xzdio" :
					      !strcmp(comp, "bzip2") ? "bzdio" : "gzdio");
	rpmfiles files = rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);
	FD_t in = NULL;
	rpmfi fi = NULL;
	int rc;

	rc = list_files(l, files, why);
	if (rc || !l->files.n)
		goto out;
	in = Fdopen(fdDup(Fileno(fd)), mode);
	fi = in ? rpmfiNewArchiveReader(in, files, RPMFI_ITER_READ_ARCHIVE_CONTENT_FIRST) : NULL;
	if (!fi) {
		*why = xasprintf("payload of %s cannot be opened (%s)", p->file, comp);
		rc = -EIO;
		goto out;
	}
	while (!rc && rpmfiNext(fi) >= 0) {
		size_t at = (size_t)(uintptr_t)strmap_get(&l->by_path, rpmfiFN(fi));

		if (at && l->files.v[at - 1].e.regular && rpmfiArchiveHasContent(fi))
			rc = digest_one(p, fi, &l->files.v[at - 1], keep, arg, why);
	}
	share_links(l);
	for (size_t i = 0; !rc && i < l->files.n; i++) {
		if (l->files.v[i].e.regular && !*l->files.v[i].e.d.sha1) {
			*why = xasprintf("%s: not in the payload of %s", l->files.v[i].e.path,
					 p->file);
			rc = -EBADMSG;
		}
	}
out:
	if (fi) {
		rpmfiArchiveClose(fi);
		rpmfiFree(fi);
	}
	if (in)
		Fclose(in);
	rpmfilesFree(files);
	return rc;
}

static int by_entry(const void *a, const void *b)
{
	return strcmp(((const struct rpm_entry *)a)->path, ((const struct rpm_entry *)b)->path);
}

int rpm_load(struct rpm_info *p, const char *file, rpm_keep keep, void *arg, char **why)
{
	struct payload l = { 0 };
	rpmts ts = rpmtsCreate();
	FD_t fd = Fopen(file, "r.ufdio");
	Header h = NULL;
	struct stat st;
	rpmRC got;
	int rc;

	memset(p, 0, sizeof(*p));
	*why = NULL;
	p->file = xstrdup(path_basename(file));
	rc = stat(file, &st) ? -errno : digest_file(file, &p->d);
	if (rc || !fd || Ferror(fd)) {
		*why = xasprintf("cannot be read: %s", rc ? strerror(-rc) : Fstrerror(fd));
		rc = rc ? rc : -EIO;
		goto out;
	}
	p->bytes = (uint64_t)st.st_size;
	/* Who signed it is reported, not judged: the keys known here say nothing. */
	rpmtsSetVSFlags(ts, RPMVSF_MASK_NOSIGNATURES | RPMVSF_NOPAYLOAD);
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_CRIT));
	got = rpmReadPackageFile(ts, fd, file, &h);
	if (got != RPMRC_OK || !h) {
		*why = xstrdup("not a package, or its header does not match its digest");
		rc = -EINVAL;
		goto out;
	}
	load_tags(p, h);
	rc = read_payload(p, h, fd, keep, arg, &l, why);
	for (size_t i = 0; i < l.files.n; i++) {
		vec_push(&p->files, l.files.v[i].e);
		free(l.files.v[i].sha256);
	}
	if (p->files.n)
		qsort(p->files.v, p->files.n, sizeof(*p->files.v), by_entry);
out:
	vec_free(&l.files);
	strmap_free(&l.by_path);
	if (h)
		headerFree(h);
	if (fd)
		Fclose(fd);
	rpmtsFree(ts);
	return rc;
}

void rpm_free(struct rpm_info *p)
{
	for (size_t i = 0; i < p->files.n; i++)
		free(p->files.v[i].path);
	vec_free(&p->files);
	free(p->file);
	free(p->name);
	free(p->version);
	free(p->release);
	free(p->arch);
	free(p->vendor);
	free(p->licence);
	free(p->summary);
	free(p->url);
	free(p->signer);
	strlist_free(&p->requires);
}
