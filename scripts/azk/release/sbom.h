/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_RELEASE_SBOM_H
#define AZK_RELEASE_SBOM_H

#include "queue/patch.h"
#include "release/release.h"

/* The upstream release, as kernel.base names it (base.c). */
struct upstream {
	char *version, *release;	/* of the `base` record */
	char *file;			/* name of the tarball */
	char *provider;			/* as in kernel.base; NULL when its digest is not pinned */
	char *suite, *source_version;	/* of the distribution's source archive, or NULL */
	struct digests d;		/* of the tarball's bytes */
};

/*
 * Reads kernel.base, digests the tarball and finds it there. A tarball whose
 * digest another record of the same file name contradicts is bad input.
 */
int upstream_load(struct upstream *u, const char *base, const char *tarball,
		  struct azk_report *r);
void upstream_free(struct upstream *u);

struct tool {
	char *name, *version;
};

/* Everything the packages of one build have in common (base.c). */
struct build_facts {
	struct upstream up;
	struct series series;
	VEC(struct patch) patches;	/* as series.entries; picks stay empty */
	VEC(struct digests) patch_digests;
	VEC(struct tool) tools;		/* "tool version" lines; absent ones left out */
	const char *commit;		/* of the repository, or NULL */
	char *repo_file;		/* the repository as packed into the source package */
	struct digests repo;
};

/* Where the facts are; paths but base and tarball may be NULL. */
struct facts_from {
	const char *base, *tarball, *series, *toolchain, *repository, *commit;
};

/* The options every verb that needs the facts has, for its table. */
#define FACTS_OPTS(from) \
	{ .name = "base", .arg = "FILE", .help = "kernel.base", .str = &(from).base, \
	  .required = true }, \
	{ .name = "tarball", .arg = "FILE", .help = "the upstream tarball", \
	  .str = &(from).tarball, .required = true }, \
	{ .name = "series", .arg = "FILE", .help = "patches/series", .str = &(from).series, \
	  .required = true }, \
	{ .name = "toolchain", .arg = "FILE", .help = "versions, of scripts/deps --record", \
	  .str = &(from).toolchain }, \
	{ .name = "repository", .arg = "FILE", .help = "the repository as the source package has it", \
	  .str = &(from).repository }, \
	{ .name = "commit", .arg = "ID", .help = "commit of the repository, when it is exactly that", \
	  .str = &(from).commit }

/* Errors go to r. from must outlive f. */
void facts_load(struct build_facts *f, const struct facts_from *from, struct azk_report *r);
void facts_free(struct build_facts *f);

/*
 * The SPDX 2.3 document of one package, an owned object. rec may be NULL: nothing
 * in the package was compiled under kbuild's eyes. A module or image the record
 * does not know is reported.
 */
json_t *spdx_document(const struct rpm_info *p, const struct record *rec,
		      const struct build_facts *f, struct azk_report *r);

/* One array element a line, so that two documents can be compared by diff. */
void spdx_print(json_t *doc, struct strbuf *out);

/* SPDX 2.3, 7.9: SHA-1 over the sorted SHA-1s. */
void verification_code(const struct strlist *sha1s, char out[41]);

/* The time of a package as SPDX and SLSA write it: 2026-02-27T12:00:00Z. */
char *utc_time(uint64_t seconds);

#endif
