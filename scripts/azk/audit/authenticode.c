// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Authenticode: what signs a PE image is a PKCS#7 over a small structure,
 * SpcIndirectDataContent, that holds the image's digest. The digest covers the
 * file but for its checksum, the directory entry of the signatures and these
 * themselves.
 */
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "audit/audit.h"

#define WIN_CERT_LEN 8		/* dwLength, wRevision, wCertificateType */
#define WIN_CERT_PKCS7 0x00020200u	/* revision 2.0, type 2 */

static int wrong(struct where *w, size_t at, const char *why)
{
	w->at = at;
	w->why = why;
	return -EINVAL;
}

/* One element of DER in s at *at: its content; *at moves behind it. */
static bool der_next(struct span s, size_t *at, int *tag, struct span *content)
{
	const unsigned char *p = s.p + *at;
	int class, rc;
	long n;

	if (*at >= s.n)
		return false;
	rc = ASN1_get_object(&p, &n, tag, &class, (long)(s.n - *at));
	if (rc & 0x81 || n < 0 || !span_has(s, (size_t)(p - s.p), (size_t)n)) {
		ERR_clear_error();
		return false;
	}
	*content = span_cut(s, (size_t)(p - s.p), (size_t)n);
	*at = (size_t)(p - s.p) + (size_t)n;
	return true;
}

/*
 * SpcIndirectDataContent { data SpcAttributeTypeAndOptionalValue,
 * messageDigest DigestInfo }; body is what stands inside its SEQUENCE.
 */
static const EVP_MD *image_digest(struct span body, struct span *digest)
{
	struct span data, info, value;
	size_t at = 0, end = 0;
	const unsigned char *p;
	const EVP_MD *md;
	X509_ALGOR *alg;
	int tag;

	if (!der_next(body, &at, &tag, &data) || tag != V_ASN1_SEQUENCE ||
	    !der_next(body, &at, &tag, &info) || tag != V_ASN1_SEQUENCE)
		return NULL;
	p = info.p;
	alg = d2i_X509_ALGOR(NULL, &p, (long)info.n);
	if (!alg) {
		ERR_clear_error();
		return NULL;
	}
	md = EVP_get_digestbyobj(alg->algorithm);
	X509_ALGOR_free(alg);
	end = (size_t)(p - info.p);
	if (!md || !der_next(info, &end, &tag, &value) || tag != V_ASN1_OCTET_STRING ||
	    value.n != (size_t)EVP_MD_get_size(md))
		return NULL;
	*digest = value;
	return md;
}

static bool digest_fits(const struct pe *pe, const EVP_MD *md, struct span digest)
{
	size_t end = pe->certs_n ? pe->certs_at : pe->file.n, pad = (8 - end % 8) % 8;
	static const unsigned char zero[8];
	unsigned char got[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned int n = 0;
	bool ok;

	if (end < pe->cert_entry + 8) {
		EVP_MD_CTX_free(c);
		return false;
	}
	ok = EVP_DigestInit_ex(c, md, NULL) == 1 &&
	     EVP_DigestUpdate(c, pe->file.p, pe->checksum) == 1 &&
	     EVP_DigestUpdate(c, pe->file.p + pe->checksum + 4,
			      pe->cert_entry - pe->checksum - 4) == 1 &&
	     EVP_DigestUpdate(c, pe->file.p + pe->cert_entry + 8,
			      end - pe->cert_entry - 8) == 1 &&
	     EVP_DigestUpdate(c, zero, pad) == 1 &&
	     EVP_DigestFinal_ex(c, got, &n) == 1;
	EVP_MD_CTX_free(c);
	return ok && n == digest.n && !memcmp(got, digest.p, n);
}

/* The signed structure, without its own tag and length: that is what is digested. */
static bool signed_body(PKCS7 *p7, struct span *body)
{
	PKCS7 *inner = p7->d.sign ? p7->d.sign->contents : NULL;
	ASN1_TYPE *t = inner && inner->type && OBJ_obj2nid(inner->type) != NID_pkcs7_data ?
		inner->d.other : NULL;
	struct span whole;
	size_t at = 0;
	int tag;

	if (!t || t->type != V_ASN1_SEQUENCE || !t->value.sequence)
		return false;
	whole = (struct span){ t->value.sequence->data, (size_t)t->value.sequence->length };
	return der_next(whole, &at, &tag, body) && tag == V_ASN1_SEQUENCE;
}

static void describe(PKCS7 *p7, struct signature *s)
{
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(p7);
	PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(infos, 0);
	STACK_OF(X509) *certs = p7->d.sign->cert;
	char cn[256] = "";
	const EVP_MD *md;

	if (si->issuer_and_serial && si->issuer_and_serial->issuer)
		X509_NAME_get_text_by_NID(si->issuer_and_serial->issuer, NID_commonName, cn,
					  sizeof(cn));
	s->signer = span_text((struct span){ (unsigned char *)cn, strlen(cn) });
	md = si->digest_alg ? EVP_get_digestbyobj(si->digest_alg->algorithm) : NULL;
	s->hash = xstrdup(md ? EVP_MD_get0_name(md) : "unknown");
	s->hash_bits = md ? EVP_MD_get_size(md) * 8 : 0;
	for (int i = 0; i < sk_X509_num(certs); i++)
		certs_add_x509(&s->carried, sk_X509_value(certs, i));
}

/*
 * The first signer's signature over body, by a certificate that comes along.
 * PKCS7_verify() would do this, and leaks where an algorithm is not known.
 */
static enum sig_check verify(PKCS7 *p7, struct span body)
{
	PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(p7), 0);
	X509 *signer = PKCS7_cert_from_signer_info(p7, si);
	BIO *content = BIO_new_mem_buf(body.p, (int)body.n), *chain;
	bool good = false;
	char buf[1024];

	if (!signer) {
		BIO_free(content);
		return SIG_NO_KEY;
	}
	chain = PKCS7_dataInit(p7, content);
	if (chain) {
		while (BIO_read(chain, buf, sizeof(buf)) > 0)
			;
		good = PKCS7_signatureVerify(chain, p7, si, signer) == 1;
	}
	BIO_free_all(chain ? chain : content);
	return good ? SIG_GOOD : SIG_BAD;
}

static int read_pkcs7(const struct pe *pe, struct span der, struct pe_sig *out, struct where *w)
{
	const unsigned char *p = der.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)der.n);
	struct span body, digest;
	const EVP_MD *md;
	int rc = 0;

	if (!p7 || !PKCS7_type_is_signed(p7) || !p7->d.sign ||
	    sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(p7)) < 1 || !signed_body(p7, &body)) {
		rc = wrong(w, pe->certs_at, "the PE signature is no PKCS#7 that signs an image");
		goto out;
	}
	md = image_digest(body, &digest);
	if (!md) {
		rc = wrong(w, pe->certs_at, "the PE signature holds no digest of an image");
		goto out;
	}
	describe(p7, &out->sig);
	out->digest = xstrdup(EVP_MD_get0_name(md));
	out->digest_bits = EVP_MD_get_size(md) * 8;
	out->digest_ok = digest_fits(pe, md, digest);
	out->sig.check = verify(p7, body);
out:
	PKCS7_free(p7);
	ERR_clear_error();
	return rc;
}

int pe_signature(const struct pe *pe, size_t i, struct pe_sig *out, struct where *w)
{
	size_t at = pe->certs_at, end = pe->certs_at + pe->certs_n, n;
	int rc;

	memset(out, 0, sizeof(*out));
	for (;;) {
		if (at >= end || end - at < WIN_CERT_LEN)
			return 0;
		n = le32_at(pe->file.p + at);
		if (n < WIN_CERT_LEN || n > end - at)
			return wrong(w, at, "a PE signature is longer than its table");
		if (!i--)
			break;
		at += n + (8 - n % 8) % 8;
	}
	if (le32_at(pe->file.p + at + 4) != WIN_CERT_PKCS7)
		return wrong(w, at + 4, "a PE signature of unknown type");
	rc = read_pkcs7(pe, span_cut(pe->file, at + WIN_CERT_LEN, n - WIN_CERT_LEN), out, w);
	return rc ? rc : 1;
}

void pe_sig_free(struct pe_sig *s)
{
	signature_free(&s->sig);
	free(s->digest);
	memset(s, 0, sizeof(*s));
}
