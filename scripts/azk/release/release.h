/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * azk release: what a package was made from, and the signed statement of it.
 *
 * The kernel's build writes next to every object the command that made it and
 * the files it read (.NAME.cmd). `release scan` follows these from the image and
 * the modules down to source files, while the build tree is there, and keeps the
 * answer as a compile record; the other verbs need only that and the packages.
 */
#ifndef AZK_RELEASE_H
#define AZK_RELEASE_H

#include "core/azk.h"

/* ---- digests (digest.c) ------------------------------------------------- */

/* Lower case hex; SPDX wants SHA-1 of every file beside a real digest. */
struct digests {
	char sha1[41], sha256[65];
};

struct digest_ctx;
struct digest_ctx *digest_begin(void);
void digest_add(struct digest_ctx *c, const void *p, size_t n);
void digest_end(struct digest_ctx *c, struct digests *d);	/* frees c */
void digest_mem(const void *p, size_t n, struct digests *d);
int digest_file(const char *path, struct digests *d);		/* -errno */
bool is_hex(const char *s, size_t n);	/* n lower case hex digits and no more */

/* ---- kbuild's .cmd files (cmdfile.c) ------------------------------------ */

/*
 * One .NAME.cmd: "savedcmd_TARGET := COMMAND" (tools/build writes "cmd_TARGET"),
 * for what was compiled also "source_TARGET := FILE" and "deps_TARGET := ..." as
 * scripts/basic/fixdep makes them.
 */
struct cmdfile {
	char *target, *command;
	char *source;		/* NULL for what was linked, archived or converted */
	struct strlist deps;	/* files only; $(wildcard) configuration symbols are left out */
};

/* 0, or -EINVAL with *line set. Owned by the caller also after an error. */
int cmdfile_parse(struct cmdfile *c, const char *buf, size_t len, size_t *line);
void cmdfile_free(struct cmdfile *c);

/*
 * The words of a shell command that may name files, without quotes, options and
 * redirections. A word in command position (the program) is prefixed with '!'.
 */
void cmd_words(const char *command, struct strlist *out);

/*
 * Member names of a GNU thin archive ("!<thin>\n", as kbuild's `ar T` makes them),
 * relative to its folder. -EINVAL when it is not one or is cut off.
 */
int thin_members(const char *buf, size_t len, struct strlist *out);

/* ---- licence tags (licence.c) ------------------------------------------- */

/* The expression behind the first SPDX-License-Identifier of a source; NULL without one. */
char *licence_tag(const char *buf, size_t len);

/* Whether s is a license expression by SPDX 2.3 annex D (identifiers are not looked up). */
bool licence_valid(const char *s);

/* All different expressions joined by AND, compound ones in parentheses; NULL for none. */
char *licence_join(const struct strlist *l);

/* ---- compile record (record.c) ------------------------------------------ */

enum file_kind {
	FILE_SOURCE,		/* of the kernel tree, queue and overlay applied */
	FILE_GENERATED,		/* made by the build from files of this record */
	FILE_SYSTEM,		/* a header of the compiler */
};

/* Sorted indices into record.files. */
struct idxset {
	uint32_t *v;
	size_t n, cap;
};

void idxset_add(struct idxset *s, uint32_t i);	/* keeps it unsorted */
void idxset_sort(struct idxset *s);		/* and unique */

struct rec_file {
	enum file_kind kind;
	char *path;		/* from the top of the tree; absolute for FILE_SYSTEM */
	struct digests d;
	char *licence;		/* NULL where the file carries no valid tag */
	struct idxset from;	/* of a generated file; may be empty */
};

struct rec_product {
	char *path;		/* image or module, from the top of the tree */
	struct idxset from;
};

struct record {
	char *release;		/* uname -r */
	VEC(struct rec_file) files;	/* strcmp order of path */
	VEC(struct rec_product) products;
};

#define RECORD_MAGIC "azk compile record 1"

void record_write(const struct record *rec, struct strbuf *out);
/* 0, or -EINVAL with *line set. */
int record_parse(struct record *rec, const char *buf, size_t len, size_t *line);
void record_free(struct record *rec);
const struct rec_product *record_product(const struct record *rec, const char *path);

/* ---- scan (scan.c) ------------------------------------------------------ */

/*
 * Fills rec from a finished build in folder build of the tree in folder src (the
 * same folder when built in the tree). products are paths of images and modules.
 * tree holds the paths of src before the build (any value but NULL); NULL when they
 * are not known. What cannot be followed is reported to r.
 */
void scan_build(struct record *rec, const char *build, const char *src,
		const struct strmap *tree, const struct strlist *products, struct azk_report *r);

/* ---- packages (rpm.c, links librpm) ------------------------------------- */

struct rpm_entry {
	char *path;
	bool regular;		/* regular file with content in the payload */
	bool ghost;
	uint64_t size;
	struct digests d;	/* of regular files, from the payload itself */
};

struct rpm_info {
	char *file;		/* base name of the package file */
	char *name, *version, *release, *arch, *vendor, *licence, *summary, *url;
	char *signer;		/* of the header, as rpm prints it; NULL when not signed */
	uint64_t bytes, installed, buildtime;
	struct digests d;	/* of the package file */
	struct strlist requires;	/* "name op version", rpmlib() left out */
	VEC(struct rpm_entry) files;	/* strcmp order */
};

/*
 * Which payload files a caller wants to see: asked with data NULL (true for yes),
 * then called with the content, which is gone afterwards.
 */
typedef bool (*rpm_keep)(void *arg, const char *path, const char *data, size_t len);

/*
 * Reads header and payload; every payload digest is compared with the header's.
 * keep may be NULL. 0, or -errno with a message in *why (owned by the caller).
 */
int rpm_load(struct rpm_info *p, const char *file, rpm_keep keep, void *arg, char **why);
void rpm_free(struct rpm_info *p);

#endif
