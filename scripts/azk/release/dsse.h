/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead Simple Signing Envelope 1.0: what is signed is not the payload but its
 * pre-authentication encoding (PAE), which binds type and length.
 */
#ifndef AZK_RELEASE_DSSE_H
#define AZK_RELEASE_DSSE_H

#include <openssl/evp.h>

#include "core/azk.h"

#define DSSE_INTOTO "application/vnd.in-toto+json"

/* "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in decimal bytes. */
void dsse_pae(const char *type, const char *body, size_t len, struct strbuf *out);

void base64_encode(const void *p, size_t n, struct strbuf *out);
/* The standard or the URL alphabet, with padding. 0 or -EINVAL. */
int base64_decode(const char *s, size_t n, struct strbuf *out);

/*
 * Keys: Ed25519, or ECDSA with SHA-256 on P-256. Others are refused: NULL with
 * the reason in *why (constant). The caller frees with EVP_PKEY_free().
 */
EVP_PKEY *dsse_key_read(const char *pem, size_t len, bool private_key, const char **why);
EVP_PKEY *dsse_key_new(void);				/* Ed25519, in memory only */
int dsse_key_public(EVP_PKEY *key, struct strbuf *pem);	/* PEM of the public half */
char *dsse_key_id(EVP_PKEY *key);			/* SHA-256 of its SubjectPublicKeyInfo */

/* The envelope as one line of JSON. 0 or -EIO. */
int dsse_sign(EVP_PKEY *key, const char *type, const char *body, size_t len, struct strbuf *out);

struct dsse {
	char *type;
	struct strbuf body;
	VEC(struct strbuf) sigs;	/* decoded */
};

/* 0, or -EINVAL with the reason in *why (constant). */
int dsse_parse(struct dsse *e, const char *buf, size_t len, const char **why);
void dsse_free(struct dsse *e);

/* True when one of the signatures is by this key. */
bool dsse_verify(const struct dsse *e, EVP_PKEY *key);

#endif
