/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels, modules, packages and snapshots for the tests of azk audit, small but
 * whole: keys are made, signatures are real.
 */
#ifndef AZK_TESTS_AUDIT_LIB_H
#define AZK_TESTS_AUDIT_LIB_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "audit/audit.h"

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

/* RSA; valid from a year ago until so many days from 2026-11-20 (may be past). */
struct pair *pair_new(const char *name, int bits, int days);
void pair_free(struct pair *p);
void add_der(X509 *x, struct strbuf *out);

/* One module: content, and a signature by p (NULL: none) over digest md. */
void make_module(struct strbuf *out, const struct pair *p, const char *md);

struct kernel_parts {
	bool lockdown;			/* carries the patch's strings */
	const char *banner;
	const char *config;		/* for ikconfig; NULL: none */
	const struct pair *trusted[4];	/* the built-in certificate list */
};

/* The unpacked kernel. */
void make_kernel(const struct kernel_parts *k, struct strbuf *out);
void gzip(const void *p, size_t n, struct strbuf *out);
/* An EFI zboot image around it, with a section table and room for a signature. */
void make_zboot(const struct strbuf *kernel, struct strbuf *out);
/* A bzImage around it (no PE). */
void make_bzimage(const struct strbuf *kernel, struct strbuf *out);
/* A unified kernel image: sections .linux, .cmdline, .sbat (NULL: none). */
void make_uki(const struct strbuf *image, const char *cmdline, const char *sbat, struct strbuf *out);
/* Signs a PE image in place, over SHA-256. */
void sign_pe(struct strbuf *image, const struct pair *p);

/* A package of the files; pairs of path and content, path NULL at the end. */
struct packed {
	const char *path;
	const struct strbuf *content;
};
void make_rpm(const char *name, const struct packed *files, struct strbuf *out);

#endif
