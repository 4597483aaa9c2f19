// SPDX-License-Identifier: GPL-2.0-or-later
/* PKCS#7 signatures, and the one at the end of a module. */
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "audit/audit.h"

static const char magic[] = "~Module signature appended~\n";

#define MAGIC_LEN (sizeof(magic) - 1)
#define TRAILER_LEN 12		/* struct module_signature */
#define ID_PKCS7 2

static int wrong(struct where *w, size_t at, const char *why)
{
	w->at = at;
	w->why = why;
	return -EINVAL;
}

static void describe(CMS_SignerInfo *si, struct signature *s)
{
	ASN1_OCTET_STRING *keyid = NULL;
	ASN1_INTEGER *serial = NULL;
	X509_NAME *issuer = NULL;
	X509_ALGOR *digest = NULL;
	const EVP_MD *md;
	char cn[256] = "";

	if (CMS_SignerInfo_get0_signer_id(si, &keyid, &issuer, &serial) == 1 && issuer)
		X509_NAME_get_text_by_NID(issuer, NID_commonName, cn, sizeof(cn));
	s->signer = span_text((struct span){ (unsigned char *)cn, strlen(cn) });
	if (serial) {
		BIGNUM *bn = ASN1_INTEGER_to_BN(serial, NULL);
		char *hex = bn ? BN_bn2hex(bn) : NULL;

		s->serial = xstrdup(hex ? hex : "?");
		OPENSSL_free(hex);
		BN_free(bn);
	}
	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
	md = digest ? EVP_get_digestbyobj(digest->algorithm) : NULL;
	s->hash = xstrdup(md ? EVP_MD_get0_name(md) : "unknown");
	s->hash_bits = md ? EVP_MD_get_size(md) * 8 : 0;
}

static enum sig_check check(CMS_ContentInfo *cms, struct span data, const struct certs *keys)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	enum sig_check result = SIG_NO_KEY;
	bool known = false;
	BIO *content;

	for (size_t i = 0; i < keys->v.n; i++) {
		X509 *x = keys->v.v[i].x;

		sk_X509_push(certs, x);
		for (int k = 0; k < sk_CMS_SignerInfo_num(infos); k++)
			known |= !CMS_SignerInfo_cert_cmp(sk_CMS_SignerInfo_value(infos, k), x);
	}
	content = BIO_new_mem_buf(data.p, data.n > INT32_MAX ? 0 : (int)data.n);
	if (known)
		result = CMS_verify(cms, certs, NULL, content, NULL,
				    CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1 ?
			 SIG_GOOD : SIG_BAD;
	BIO_free(content);
	sk_X509_free(certs);
	return result;
}

int signature_read(struct span der, struct span data, const struct certs *keys,
		   struct signature *s, struct where *w)
{
	const unsigned char *p = der.p;
	STACK_OF(CMS_SignerInfo) *infos;
	CMS_ContentInfo *cms;
	STACK_OF(X509) *carried;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	cms = d2i_CMS_ContentInfo(NULL, &p, der.n > INT32_MAX ? 0 : (long)der.n);
	infos = cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed ?
		CMS_get0_SignerInfos(cms) : NULL;
	if (!infos || sk_CMS_SignerInfo_num(infos) < 1) {
		rc = wrong(w, 0, "the signature is no PKCS#7 with a signer");
		goto out;
	}
	describe(sk_CMS_SignerInfo_value(infos, 0), s);
	carried = CMS_get1_certs(cms);
	for (int i = 0; i < sk_X509_num(carried); i++)
		certs_add_x509(&s->carried, sk_X509_value(carried, i));
	sk_X509_pop_free(carried, X509_free);
	if (keys && keys->v.n)
		s->check = check(cms, data, keys);
out:
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return rc;
}

void signature_free(struct signature *s)
{
	free(s->signer);
	free(s->serial);
	free(s->hash);
	certs_free(&s->carried);
	memset(s, 0, sizeof(*s));
}

int module_signature(struct span ko, const struct certs *keys, struct signature *s,
		     struct where *w)
{
	size_t end = ko.n, n;
	int rc;

	memset(s, 0, sizeof(*s));
	if (end < MAGIC_LEN || memcmp(ko.p + end - MAGIC_LEN, magic, MAGIC_LEN))
		return 0;
	end -= MAGIC_LEN;
	if (end < TRAILER_LEN)
		return wrong(w, end, "the module signature's trailer is cut off");
	end -= TRAILER_LEN;
	n = be32_at(ko.p + end + 8);
	if (ko.p[end + 2] != ID_PKCS7)
		return wrong(w, end + 2, "the module signature is not of type PKCS#7");
	if (!n || n > end)
		return wrong(w, end + 8, "the module signature is longer than the file");
	rc = signature_read(span_cut(ko, end - n, n), span_cut(ko, 0, end - n), keys, s, w);
	if (rc) {
		w->at += end - n;
		return rc;
	}
	return 1;
}
