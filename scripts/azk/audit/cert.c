// SPDX-License-Identifier: GPL-2.0-or-later
/* X.509 certificates: out of files and out of a kernel's memory image. */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "audit/audit.h"

static char *name_text(X509_NAME *name)
{
	char cn[256] = "";
	char *all, *copy;

	if (X509_NAME_get_text_by_NID(name, NID_commonName, cn, sizeof(cn)) > 0)
		return span_text((struct span){ (unsigned char *)cn, strlen(cn) });
	all = X509_NAME_oneline(name, NULL, 0);
	copy = span_text((struct span){ (unsigned char *)all, all ? strlen(all) : 0 });
	OPENSSL_free(all);
	return copy;
}

static char *serial_text(const ASN1_INTEGER *n)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(n, NULL);
	char *hex = bn ? BN_bn2hex(bn) : NULL;
	char *copy = xstrdup(hex ? hex : "?");

	OPENSSL_free(hex);
	BN_free(bn);
	return copy;
}

static void date_text(const ASN1_TIME *t, char out[11])
{
	struct tm tm;

	strcpy(out, "?");
	if (ASN1_TIME_to_tm(t, &tm) == 1 && tm.tm_year >= -1900 && tm.tm_year < 8100)
		strftime(out, 11, "%Y-%m-%d", &tm);
	/* years without leading zeros would not compare as text */
	if (strlen(out) != 10)
		strcpy(out, "?");
}

static void describe_key(struct cert *c)
{
	EVP_PKEY *k = X509_get0_pubkey(c->x);
	char group[64] = "";
	size_t n;

	if (!k) {
		c->key = xstrdup("a key that cannot be read");
		return;
	}
	c->key_bits = EVP_PKEY_get_security_bits(k);
	if (EVP_PKEY_get_group_name(k, group, sizeof(group), &n) == 1)
		c->key = xasprintf("EC %s", group);
	else
		c->key = xasprintf("%s %d", EVP_PKEY_get0_type_name(k) ?: "key",
				   EVP_PKEY_get_bits(k));
}

static void describe_hash(struct cert *c)
{
	int md = NID_undef, pk;
	const EVP_MD *m;

	if (!OBJ_find_sigid_algs(X509_get_signature_nid(c->x), &md, &pk) || md == NID_undef) {
		/* EdDSA has its hash inside */
		c->hash = xstrdup("its own");
		c->hash_bits = X509_get_signature_nid(c->x) == NID_undef ? 0 : 256;
		return;
	}
	m = EVP_get_digestbynid(md);
	c->hash = xstrdup(OBJ_nid2sn(md));
	c->hash_bits = m ? EVP_MD_get_size(m) * 8 : 0;
}

void certs_add_x509(struct certs *list, X509 *x)
{
	struct cert *c = vec_add(&list->v);

	X509_up_ref(x);
	c->x = x;
	c->subject = name_text(X509_get_subject_name(x));
	c->issuer = name_text(X509_get_issuer_name(x));
	c->serial = serial_text(X509_get0_serialNumber(x));
	c->selfsigned = !X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x));
	date_text(X509_get0_notBefore(x), c->from);
	date_text(X509_get0_notAfter(x), c->until);
	describe_key(c);
	describe_hash(c);
}

size_t certs_add_der(struct certs *list, struct span s)
{
	const unsigned char *p = s.p;
	X509 *x = d2i_X509(NULL, &p, s.n > INT32_MAX ? INT32_MAX : (long)s.n);

	if (!x) {
		ERR_clear_error();
		return 0;
	}
	certs_add_x509(list, x);
	X509_free(x);
	ERR_clear_error();
	return (size_t)(p - s.p);
}

size_t certs_add_file(struct certs *list, struct span s)
{
	size_t before = list->v.n;
	BIO *b;
	X509 *x;

	if (certs_add_der(list, s))
		return 1;
	b = BIO_new_mem_buf(s.p, s.n > INT32_MAX ? 0 : (int)s.n);
	while (b && (x = PEM_read_bio_X509(b, NULL, NULL, NULL))) {
		certs_add_x509(list, x);
		X509_free(x);
	}
	BIO_free(b);
	ERR_clear_error();
	return list->v.n - before;
}

void certs_free(struct certs *list)
{
	for (size_t i = 0; i < list->v.n; i++) {
		struct cert *c = &list->v.v[i];

		X509_free(c->x);
		free(c->subject);
		free(c->issuer);
		free(c->serial);
		free(c->key);
		free(c->hash);
	}
	vec_free(&list->v);
}

/* SEQUENCE of more than 255 bytes holding one: how every certificate here begins. */
static size_t der_length(struct span s, size_t at)
{
	if (!span_has(s, at, 8) || s.p[at] != 0x30 || s.p[at + 1] != 0x82 ||
	    s.p[at + 4] != 0x30 || s.p[at + 5] != 0x82)
		return 0;
	return 4 + ((size_t)s.p[at + 2] << 8 | s.p[at + 3]);
}

static bool list_at(struct span kernel, size_t at, struct certs *out)
{
	size_t end = at, n, word;

	while ((n = der_length(kernel, end)) && span_has(kernel, end, n))
		end += n;
	if (end == at)
		return false;
	/* the symbol is 8-aligned, but what is before it in the file need not be */
	for (word = end; word < end + 8 && span_has(kernel, word, 16); word++) {
		uint64_t all = le64_at(kernel.p + word), first = le64_at(kernel.p + word + 8);

		if (all == end - at && first <= all)
			break;
	}
	if (word == end + 8 || !span_has(kernel, word, 16))
		return false;
	for (n = at; n < end;) {
		size_t len = certs_add_der(out, span_cut(kernel, n, end - n));

		if (!len) {
			certs_free(out);
			return false;
		}
		n += len;
	}
	return true;
}

bool certs_of_kernel(struct span kernel, struct certs *out)
{
	static const unsigned char start[] = { 0x30, 0x82 };
	size_t at = 0;

	while ((at = span_find(kernel, at, start, sizeof(start))) != SIZE_MAX) {
		if (list_at(kernel, at, out))
			return true;
		at++;
	}
	return false;
}
