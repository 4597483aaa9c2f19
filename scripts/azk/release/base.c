// SPDX-License-Identifier: GPL-2.0-or-later
/* What all packages of a build were made from: kernel.base, queue, toolchain. */
#include <errno.h>
#include <time.h>

#include "release/sbom.h"

char *utc_time(uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char buf[64];

	if (!gmtime_r(&t, &tm) || !strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return xstrdup("1970-01-01T00:00:00Z");
	return xstrdup(buf);
}

/* Up to max blank-separated fields of a line; moves through s. */
static size_t fields(char *s, char **f, size_t max)
{
	size_t n = 0;
	char *w;

	while (n < max && (w = strsep(&s, " \t"))) {
		if (*w)
			f[n++] = w;
	}
	return n;
}

static void base_line(struct upstream *u, char **f, size_t n, const char *base, size_t line,
		      struct azk_report *r)
{
	if (n == 3 && !strcmp(f[0], "base") && !u->version) {
		u->version = xstrdup(f[1]);
		u->release = xstrdup(f[2]);
	}
	if (n == 5 && !strcmp(f[0], "tarball") && !strcmp(f[3], u->file) &&
	    str_starts(f[4], "sha256:")) {
		if (strcmp(f[4] + 7, u->d.sha256)) {
			report_bad(r, "tarball", base, line, "%s has another SHA-256: %s", u->file,
				   u->d.sha256);
		} else if (!u->provider) {
			u->provider = xstrdup(f[2]);
		}
	}
	if (n == 4 && !strcmp(f[0], "archive") && u->version && !strcmp(f[1], u->version)) {
		u->suite = xstrdup(f[2]);
		u->source_version = xstrdup(f[3]);
	}
}

int upstream_load(struct upstream *u, const char *base, const char *tarball, struct azk_report *r)
{
	_cleanup_free_ char *real = realpath(tarball, NULL);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n, lineno = 0;
	const char *line;
	int rc;

	memset(u, 0, sizeof(*u));
	rc = azk_read_file(base, &sb);
	if (rc) {
		report_bad(r, "base", base, 0, "%s", strerror(-rc));
		return rc;
	}
	rc = real ? digest_file(real, &u->d) : -errno;
	if (rc) {
		report_bad(r, "tarball", tarball, 0, "%s", strerror(-rc));
		return rc;
	}
	u->file = xstrdup(path_basename(real));
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *copy = xstrndup(line, n);
		char *f[8] = { NULL };

		lineno++;
		if (*copy != '#')
			base_line(u, f, fields(copy, f, ARRAY_SIZE(f)), base, lineno, r);
	}
	if (!u->version)
		report_bad(r, "base", base, 0, "no line 'base VERSION RELEASE'");
	return report_status(r) == AZK_BAD ? -EINVAL : 0;
}

void upstream_free(struct upstream *u)
{
	free(u->version);
	free(u->release);
	free(u->file);
	free(u->provider);
	free(u->suite);
	free(u->source_version);
}

static void load_series(struct build_facts *f, const char *series, struct azk_report *r)
{
	if (series_load(&f->series, series, r))
		return;
	for (size_t i = 0; i < f->series.entries.n; i++) {
		const struct series_entry *e = &f->series.entries.v[i];
		struct patch *p = vec_add(&f->patches);
		struct digests *d = vec_add(&f->patch_digests);
		_cleanup_free_ char *file = NULL;

		if (e->pick)
			continue;
		file = path_join(f->series.dir, e->name);
		if (patch_load(p, e->name, file) || digest_file(file, d))
			report_bad(r, "patch", file, p->errs.n ? p->errs.v[0].line : 0, "%s",
				   p->errs.n ? p->errs.v[0].msg : "cannot be read");
	}
}

static void load_tools(struct build_facts *f, const char *file, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n, lineno = 0;
	const char *line;
	int rc = azk_read_file(file, &sb);

	if (rc)
		report_bad(r, "toolchain", file, 0, "%s", strerror(-rc));
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *copy = xstrndup(line, n);
		char *w[3] = { NULL };
		struct tool *t;

		lineno++;
		if (fields(copy, w, 3) != 2) {
			report_bad(r, "toolchain", file, lineno, "expected 'tool version'");
			continue;
		}
		if (!strcmp(w[1], "absent"))
			continue;
		t = vec_add(&f->tools);
		t->name = xstrdup(w[0]);
		t->version = xstrdup(w[1]);
	}
}

void facts_load(struct build_facts *f, const struct facts_from *from, struct azk_report *r)
{
	int rc;

	memset(f, 0, sizeof(*f));
	upstream_load(&f->up, from->base, from->tarball, r);
	if (from->series)
		load_series(f, from->series, r);
	if (from->toolchain)
		load_tools(f, from->toolchain, r);
	if (from->repository) {
		rc = digest_file(from->repository, &f->repo);
		if (rc)
			report_bad(r, "repository", from->repository, 0, "%s", strerror(-rc));
		f->repo_file = xstrdup(path_basename(from->repository));
	}
	f->commit = from->commit;
	if (f->commit && !is_hex(f->commit, 40) && !is_hex(f->commit, 64))
		report_bad(r, "commit", NULL, 0, "'%s' is not a full commit id", f->commit);
}

void facts_free(struct build_facts *f)
{
	upstream_free(&f->up);
	for (size_t i = 0; i < f->patches.n; i++)
		patch_free(&f->patches.v[i]);
	vec_free(&f->patches);
	vec_free(&f->patch_digests);
	series_free(&f->series);
	for (size_t i = 0; i < f->tools.n; i++) {
		free(f->tools.v[i].name);
		free(f->tools.v[i].version);
	}
	vec_free(&f->tools);
	free(f->repo_file);
}
