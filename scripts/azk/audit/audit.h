/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * azk audit: one verdict per security goal, from configuration over image and
 * modules to the running kernel, with the evidence and its weakest link.
 *
 * Readers fill a struct audit; the goals (goals.c) look at nothing else. A
 * reader keeps apart what is absent from what could not be read: the latter is
 * "unknown" in every verdict and never a pass.
 */
#ifndef AZK_AUDIT_H
#define AZK_AUDIT_H

#include <openssl/x509.h>

#include "config/cfg.h"
#include "core/azk.h"

/* ---- bytes (audit/bytes.c) ---------------------------------------------- */

/* Part of somebody else's memory. */
struct span {
	const unsigned char *p;
	size_t n;
};

/* Whether [at, at + n) lies in s. */
static inline bool span_has(struct span s, size_t at, size_t n)
{
	return at <= s.n && n <= s.n - at;
}

static inline struct span span_cut(struct span s, size_t at, size_t n)
{
	return (struct span){ s.p + at, n };
}

uint32_t le16_at(const unsigned char *p);
uint32_t le32_at(const unsigned char *p);
uint64_t le64_at(const unsigned char *p);
uint32_t be32_at(const unsigned char *p);
/* Where needle starts in s at or behind from; SIZE_MAX when nowhere. */
size_t span_find(struct span s, size_t from, const void *needle, size_t n);
bool span_starts(struct span s, const void *magic, size_t n);
/* Printable ASCII of at most n bytes, the rest as '?'; for names out of foreign files. */
char *span_text(struct span s);

/* What a failing reader says: where in the file, and what is wrong there. */
struct where {
	size_t at;
	const char *why;	/* a constant */
};

/* ---- compression (audit/unpack.c) ---------------------------------------- */

/* No file of a kernel package is larger; a bomb ends here. */
#define UNPACK_MAX (512u << 20)

enum packing { PACK_NONE, PACK_GZIP, PACK_ZSTD, PACK_XZ, PACK_LZ4, PACK_LZO, PACK_LZMA, PACK_BZIP2 };

enum packing packing_of(struct span s);		/* by its magic number */
const char *packing_name(enum packing p);
/*
 * Decompresses the first stream of s (all zstd frames), trailing bytes ignored.
 * 0, or -EINVAL, -EFBIG, -ENOTSUP (xz and the others) with w filled.
 */
int unpack(struct span s, struct strbuf *out, struct where *w);

/* ---- certificates (audit/cert.c) ------------------------------------------ */

struct cert {
	X509 *x;
	char *subject;		/* common name, or the whole name */
	char *issuer;
	char *serial;		/* hex */
	char *key;		/* "RSA 4096", "EC P-256" */
	char *hash;		/* of its signature: "SHA512" */
	int key_bits;		/* of symmetric strength */
	int hash_bits;		/* digest size */
	char from[11], until[11];	/* YYYY-MM-DD */
	bool selfsigned;
};

struct certs {
	VEC(struct cert) v;
};

/* Adds the DER certificate at s; its length, or 0. */
size_t certs_add_der(struct certs *c, struct span s);
void certs_add_x509(struct certs *c, X509 *x);	/* takes a reference */
/* DER, or PEM with any number of certificates. How many; 0 when it is neither. */
size_t certs_add_file(struct certs *c, struct span s);
void certs_free(struct certs *c);
/*
 * The certificate list built into an unpacked kernel: consecutive certificates
 * followed, 8-aligned, by a 64-bit number that is their length (system_certificate_list
 * of certs/system_certificates.S). Others, of self-tests, have no such number.
 * False when there is none.
 */
bool certs_of_kernel(struct span kernel, struct certs *out);

/* ---- PKCS#7 signatures (audit/signature.c) --------------------------------- */

enum sig_check { SIG_UNCHECKED, SIG_GOOD, SIG_BAD, SIG_NO_KEY };

struct signature {
	char *signer;		/* common name of the issuer named */
	char *serial;
	char *hash;		/* "sha512" */
	int hash_bits;
	enum sig_check check;
	struct certs carried;	/* inside the signature */
};

/* A detached PKCS#7 over data, against keys (their certificates need not be CAs). */
int signature_read(struct span der, struct span data, const struct certs *keys,
		   struct signature *s, struct where *w);
void signature_free(struct signature *s);

/*
 * The signature appended to a module (include/linux/module_signature.h); ko is
 * uncompressed. 1 signed, 0 not signed, -EINVAL malformed with w.
 */
int module_signature(struct span ko, const struct certs *keys, struct signature *s,
		     struct where *w);

/* ---- PE images (audit/pe.c, audit/authenticode.c) --------------------------- */

#define PE_SECTIONS 96

struct pe_section {
	char name[9];
	struct span data;
};

struct pe {
	struct span file;
	uint16_t machine;
	size_t checksum, cert_entry;	/* offsets the digest leaves out */
	size_t headers;			/* SizeOfHeaders */
	size_t certs_at, certs_n;	/* attribute certificate table; 0 0 when unsigned */
	struct pe_section sections[PE_SECTIONS];
	size_t nsections;
};

int pe_read(struct span file, struct pe *pe, struct where *w);
const struct pe_section *pe_section(const struct pe *pe, const char *name);

struct pe_sig {
	struct signature sig;
	bool digest_ok;		/* the file is the one that was signed */
	char *digest;		/* algorithm the file is digested with */
	int digest_bits;
};

/* Signature number i of the table (0: the first): 1, 0 when there is none, -EINVAL. */
int pe_signature(const struct pe *pe, size_t i, struct pe_sig *out, struct where *w);
void pe_sig_free(struct pe_sig *s);

/* ---- kernel images (audit/image.c) ------------------------------------------- */

struct image {
	char *path;
	struct strbuf file;
	const char *form;	/* "bzImage", "EFI zboot", "arm64 Image", "ELF" */
	bool uki;		/* it came in a unified kernel image */
	bool is_pe;
	struct pe pe;		/* of the outermost file */
	struct strbuf kernel;	/* unpacked */
	bool unpacked;
	char *why_not;		/* unpacked is false because */
	char *version;		/* of "Linux version", NULL when not found */
	struct strbuf config;	/* from ikconfig */
	bool has_config;
	struct certs certs;	/* built in */
	bool has_certs;
	bool says_secure_boot, has_hook;	/* the lockdown patch: its reason, its function */
	char *cmdline;		/* of a UKI, or NULL */
	char *sbat;		/* or NULL */
};

/*
 * Takes file. 0 also where only the wrapping could be read (unpacked false with
 * why_not); -EINVAL when it is no kernel image at all, with w.
 */
int image_read(struct image *im, const char *path, struct strbuf *file, struct where *w);
void image_free(struct image *im);
/* ikconfig in unpacked bytes: 1 found, 0 not there, -EINVAL. */
int ikconfig_find(struct span s, struct strbuf *out, struct where *w);

/* ---- RPM packages (audit/rpmfile.c) --------------------------------------------- */

struct rpmfile {
	char *name, *version, *release, *arch;
	bool header_ok, payload_ok;	/* digests fit */
	bool is_signed;			/* carries a signature of the header (not verified here) */
	struct strbuf payload;		/* the cpio archive */
};

/* A regular file of the payload; path starts with '/'. */
typedef void (*rpm_visit)(void *arg, const char *path, struct span data);

int rpmfile_read(struct rpmfile *r, struct span file, struct where *w);
/* Calls visit for each regular file. 0 or -EINVAL with w. */
int rpmfile_walk(const struct rpmfile *r, rpm_visit visit, void *arg, struct where *w);
void rpmfile_free(struct rpmfile *r);

/* ---- a running system or its snapshot (audit/root.c) ------------------------------ */

enum got { GOT_IT, GOT_ABSENT, GOT_UNREADABLE, GOT_UNASKED };

struct root_file {
	enum got got;
	int err;		/* GOT_UNREADABLE */
	struct strbuf text;	/* what was read; of a folder its names, one a line */
};

struct root {
	const char *dir;	/* "/" or a snapshot */
	int fd;
	bool snapshot;
	const char *save;	/* copy what is read to here, or NULL */
	int save_err;		/* the first error in doing so */
	char taken[11];		/* the day of a snapshot, "" when not known */
	struct strmap seen;	/* path -> struct root_file */
	struct strmap manifest;	/* of a snapshot: path -> word */
	bool has_manifest;
};

/* Opens a snapshot's manifest or the live system. 0, or -errno after reporting to r. */
int root_open(struct root *rt, const char *dir, const char *save, struct azk_report *r);
/* A file below the root, path relative. Never NULL, kept until root_close(). */
const struct root_file *root_get(struct root *rt, const char *path);
/* Names in a folder, one a line, sorted. */
const struct root_file *root_list(struct root *rt, const char *path);
/* A device node or file that is not read. */
const struct root_file *root_stat(struct root *rt, const char *path);
/* For what has no file: text made by the caller when live, read back from a snapshot. */
const struct root_file *root_note(struct root *rt, const char *path,
				  void (*make)(struct strbuf *out));
/* Contents without the newline at its end, or NULL unless GOT_IT. */
const char *root_text(struct root *rt, const char *path);
/* Why a file was not read, as words. */
const char *root_why(const struct root_file *f);
int root_finish(struct root *rt, struct azk_report *r);	/* writes the manifest of --save */
void root_close(struct root *rt);

/* CPUID leaves that tell a confidential guest, one a line; nothing on arm64. (audit/cpuid.c) */
void cpuid_text(struct strbuf *out);

/* ---- what is known (audit/audit.c) -------------------------------------------------- */

enum layer { LAYER_CONFIG, LAYER_IMAGE, LAYER_MODULES, LAYER_LIVE, LAYERS };

struct mod {
	char *name, *path;
	int is_signed;		/* 1, 0, or -1: not readable */
	char *why;		/* when -1 */
	struct signature sig;
	char *taint;		/* of a loaded one, "" without */
	bool loaded;
};

/* How far lockdown has to go: the goals' --level. */
enum level { LEVEL_NONE, LEVEL_INTEGRITY, LEVEL_CONFIDENTIALITY };
extern const char *const level_names[3];

struct audit {
	unsigned int layers;		/* 1 << enum layer: what this verb looks at */
	enum level level;
	const char *flavour;		/* for exceptions */
	char *own_flavour;		/* read out of a release */
	char today[11];
	char *subject;			/* what was audited, for titles */

	struct cfg_dot *config;		/* NULL: not read */
	char *config_from, *config_why;	/* file it came from; why it is not read */
	int arch;			/* -1 not known */
	char *release;
	VEC(struct cfg_policy *) policies;
	struct strlist policy_names;	/* those with a verdict of their own */

	struct image *image;
	char *image_why;
	struct strbuf shipped_config;	/* a package's config file, to compare with the image's */
	char *shipped_config_from;
	struct certs shipped_certs;	/* signing_key.x509 and the like beside the image */
	VEC(struct mod) mods;
	bool mods_read;
	char *mods_why;

	struct root *root;		/* live */
};

void audit_free(struct audit *a);
/* Certificates modules may be signed with; NULL when none is known. */
const struct certs *audit_keys(const struct audit *a);
/* A module file, packed or not; the bytes may be NULL with a reason. */
struct mod *audit_add_module(struct audit *a, const char *path, struct span file,
			     const char *why);
/* Text of a .config from anywhere: 0 or -1 after reporting. Sets arch. */
int audit_set_config(struct audit *a, const char *from, struct span text, struct azk_report *r);
/* The flavour in a release such as 6.18.15-1.azure_hpc.x86_64: caller frees; NULL. */
char *flavour_of_release(const char *release);

/* ---- verdicts (audit/goals.c) --------------------------------------------------------- */

/* From worst to best; a goal is as good as its worst link. */
enum state { FAILS, UNKNOWN, WEAK, HOLDS, NOT_APPLICABLE };
extern const char *const state_names[5];

struct link {
	char *id;
	enum layer layer;
	enum state state;
	char *said;		/* the evidence, in one line */
	char *source;		/* file or rule it is from */
	size_t line;		/* in source */
	char *why;		/* why it matters, or NULL */
	char *remedy;		/* or NULL */
	char *cause;		/* id of the link that makes this one fail, or NULL */
};

struct goal {
	char *id;
	char *title;
	VEC(struct link) links;
	enum state verdict;
	const struct link *weakest;	/* NULL when all hold */
};

/* What one reason of enum lockdown_reason comes to here (audit/reach.c). */
struct reach {
	const char *reason;	/* without LOCKDOWN_ */
	enum level level;	/* the lowest that forbids it */
	const char *what;	/* what a program could do */
	enum { REACH_REFUSED, REACH_ALLOWED, REACH_NONE, REACH_UNKNOWN } is;
	char *because;
	bool by_level;		/* lockdown's level alone decides it */
};

struct verdicts {
	VEC(struct goal *) goals;
	VEC(struct reach) reach;	/* live only, in the kernel's order */
	const struct goal *goal;	/* where the weakest link of all is; NULL when all hold */
};

void verdicts_make(struct audit *a, struct verdicts *v, struct azk_report *r);
void verdicts_free(struct verdicts *v);
/* As the findings, "goals" and "reach" of the report. */
void verdicts_report(const struct audit *a, const struct verdicts *v, struct azk_report *r);
void verdicts_text(json_t *root, FILE *out);

/* The level in force: lockdown's file in securityfs; -1 not known, with why. */
int live_level(const struct audit *a, const char **why);
void reach_make(const struct audit *a, struct verdicts *v);

/* ---- building a goal (audit/goals.c) ------------------------------------------------ */

struct goal *goal_add(struct verdicts *v, const char *id, const char *fmt, ...) AZK_PRINTF(3, 4);
/* The link may be completed until the next one is added. */
struct link *link_add(struct goal *g, enum layer layer, const char *id, enum state state,
		      const char *source, const char *fmt, ...) AZK_PRINTF(6, 7);
void link_remedy(struct link *l, const char *why, const char *remedy);
struct link *goal_link(const struct goal *g, const char *id);

/* The rules of all policies that name this goal; with "policy-P" those of P that name none. */
void links_of_rules(const struct audit *a, struct goal *g);	/* audit/links_config.c */
void links_of_image_lockdown(const struct audit *a, struct goal *g);	/* audit/links_image.c */
void links_of_keys(const struct audit *a, struct goal *g);
void links_of_modules(const struct audit *a, struct goal *g);
void links_of_boot(const struct audit *a, struct goal *g);
void links_of_secure_boot(const struct audit *a, struct goal *g);	/* audit/links_live.c */
void links_of_level(const struct audit *a, struct goal *g);
void links_of_live_modules(const struct audit *a, struct goal *g);
void links_of_live_kexec(const struct audit *a, struct goal *g);
void links_of_live_lsm(const struct audit *a, struct goal *g);
void links_of_runtime(const struct audit *a, struct goal *g);	/* audit/links_runtime.c */
void links_of_confidential(const struct audit *a, struct goal *g);
void links_of_reach(const struct audit *a, const struct verdicts *v, struct goal *g,
		    enum level level);				/* audit/reach.c */
bool kexec_enforced(const struct audit *a, const char **how);
bool modules_enforced(const struct audit *a, const char **how);

/* ---- output --------------------------------------------------------------------------- */

/* SARIF 2.1.0 of a report's record; an owned object (audit/sarif.c). */
json_t *sarif_of(json_t *root);
/* One page without anything from outside it (audit/html.c). */
void html_of(json_t *root, struct strbuf *out);

int audit_cmd_config(int argc, char **argv);
int audit_cmd_image(int argc, char **argv);
int audit_cmd_rpm(int argc, char **argv);
int audit_cmd_live(int argc, char **argv);

#endif
