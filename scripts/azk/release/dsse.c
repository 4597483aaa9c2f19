// SPDX-License-Identifier: GPL-2.0-or-later
/* DSSE envelopes; the keys and signatures are libcrypto's. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "release/dsse.h"
#include "release/release.h"

void dsse_pae(const char *type, const char *body, size_t len, struct strbuf *out)
{
	sb_addf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, len);
	sb_add(out, body, len);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *p, size_t n, struct strbuf *out)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		unsigned int v = (unsigned int)s[i] << 16 |
			(have > 1 ? (unsigned int)s[i + 1] << 8 : 0) | (have > 2 ? s[i + 2] : 0);

		sb_addch(out, alphabet[v >> 18]);
		sb_addch(out, alphabet[v >> 12 & 63]);
		sb_addch(out, have > 1 ? alphabet[v >> 6 & 63] : '=');
		sb_addch(out, have > 2 ? alphabet[v & 63] : '=');
	}
}

static int sextet(char c)
{
	const char *at;

	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

int base64_decode(const char *s, size_t n, struct strbuf *out)
{
	size_t pad = 0;

	if (n % 4)
		return -EINVAL;
	if (n)
		pad = (size_t)(s[n - 1] == '=') + (s[n - 1] == '=' && s[n - 2] == '=');
	for (size_t i = 0; i < n; i += 4) {
		size_t have = i + 4 == n ? 4 - pad : 4;
		unsigned int v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < have ? sextet(s[i + k]) : 0;

			if (d < 0)
				return -EINVAL;
			v = v << 6 | (unsigned int)d;
		}
		/* bits behind the last byte are zero, so that one text means one content */
		if ((have == 3 && v & 0xff) || (have == 2 && v & 0xffff))
			return -EINVAL;
		sb_addch(out, (char)(v >> 16));
		if (have > 2)
			sb_addch(out, (char)(v >> 8 & 0xff));
		if (have > 3)
			sb_addch(out, (char)(v & 0xff));
	}
	return 0;
}

static bool usable(EVP_PKEY *key)
{
	char curve[64] = "";

	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	return EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) &&
		(!strcmp(curve, "prime256v1") || !strcmp(curve, "P-256"));
}

/* A passphrase is never asked for: this runs in a build. */
static int no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf, (void)size, (void)rw, (void)arg;
	return -1;
}

EVP_PKEY *dsse_key_read(const char *pem, size_t len, bool private_key, const char **why)
{
	BIO *bio = len > INT32_MAX ? NULL : BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *key = NULL;

	if (bio)
		key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) :
			PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!key) {
		*why = private_key ? "no private key in PEM without passphrase" :
			"no public key in PEM (BEGIN PUBLIC KEY)";
		return NULL;
	}
	if (!usable(key)) {
		*why = "neither an Ed25519 nor an ECDSA P-256 key";
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

EVP_PKEY *dsse_key_new(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

int dsse_key_public(EVP_PKEY *key, struct strbuf *pem)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rc = -EIO;
	char *p;

	if (bio && PEM_write_bio_PUBKEY(bio, key) == 1) {
		long n = BIO_get_mem_data(bio, &p);

		sb_add(pem, p, (size_t)n);
		rc = 0;
	}
	BIO_free(bio);
	return rc;
}

char *dsse_key_id(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct digests d = { "", "" };

	if (n > 0)
		digest_mem(der, (size_t)n, &d);
	OPENSSL_free(der);
	return xstrdup(d.sha256);
}

/* Ed25519 hashes by itself. */
static const EVP_MD *md_of(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

static int signature(EVP_PKEY *key, const struct strbuf *pae, struct strbuf *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 0;
	unsigned char *buf = NULL;
	int rc = -EIO;

	if (ctx && EVP_DigestSignInit(ctx, NULL, md_of(key), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, NULL, &n, (const unsigned char *)pae->buf, pae->len) == 1) {
		buf = xmalloc(n);
		if (EVP_DigestSign(ctx, buf, &n, (const unsigned char *)pae->buf,
				   pae->len) == 1) {
			sb_add(sig, buf, n);
			rc = 0;
		}
	}
	free(buf);
	EVP_MD_CTX_free(ctx);
	return rc;
}

int dsse_sign(EVP_PKEY *key, const char *type, const char *body, size_t len, struct strbuf *out)
{
	_cleanup_sb_ struct strbuf pae = STRBUF_INIT, sig = STRBUF_INIT;
	_cleanup_sb_ struct strbuf sig64 = STRBUF_INIT, body64 = STRBUF_INIT;
	_cleanup_free_ char *id = dsse_key_id(key);
	json_t *o;
	char *line;
	int rc;

	dsse_pae(type, body, len, &pae);
	rc = signature(key, &pae, &sig);
	if (rc)
		return rc;
	base64_encode(sig.buf, sig.len, &sig64);
	base64_encode(body, len, &body64);
	o = json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "payload", sb_str(&body64), "payloadType", type,
		      "signatures", "keyid", id, "sig", sb_str(&sig64));
	line = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (!line)
		return -EIO;
	sb_addf(out, "%s\n", line);
	free(line);
	return 0;
}

static int parse_sigs(struct dsse *e, json_t *sigs)
{
	json_t *s;
	size_t i;

	json_array_foreach(sigs, i, s) {
		json_t *sig = json_object_get(s, "sig");
		struct strbuf *sb;

		if (!json_is_string(sig))
			return -EINVAL;
		sb = vec_add(&e->sigs);
		if (base64_decode(json_string_value(sig), json_string_length(sig), sb))
			return -EINVAL;
	}
	return e->sigs.n ? 0 : -EINVAL;
}

int dsse_parse(struct dsse *e, const char *buf, size_t len, const char **why)
{
	json_t *o = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *payload = json_object_get(o, "payload");
	json_t *type = json_object_get(o, "payloadType");
	int rc = -EINVAL;

	memset(e, 0, sizeof(*e));
	*why = "not JSON, or a key stands twice";
	if (!json_is_object(o))
		goto out;
	*why = "no payload, payloadType or signatures: not a DSSE envelope";
	if (!json_is_string(payload) || !json_is_string(type) ||
	    strlen(json_string_value(type)) != json_string_length(type))
		goto out;
	e->type = xstrdup(json_string_value(type));
	*why = "the payload is not base64";
	if (base64_decode(json_string_value(payload), json_string_length(payload), &e->body))
		goto out;
	*why = "a signature is not base64, or there is none";
	rc = parse_sigs(e, json_object_get(o, "signatures"));
out:
	json_decref(o);
	return rc;
}

void dsse_free(struct dsse *e)
{
	free(e->type);
	sb_free(&e->body);
	for (size_t i = 0; i < e->sigs.n; i++)
		sb_free(&e->sigs.v[i]);
	vec_free(&e->sigs);
}

bool dsse_verify(const struct dsse *e, EVP_PKEY *key)
{
	_cleanup_sb_ struct strbuf pae = STRBUF_INIT;
	bool good = false;

	dsse_pae(e->type, sb_str(&e->body), e->body.len, &pae);
	for (size_t i = 0; i < e->sigs.n && !good; i++) {
		const struct strbuf *sig = &e->sigs.v[i];
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		good = ctx && EVP_DigestVerifyInit(ctx, NULL, md_of(key), NULL, key) == 1 &&
			EVP_DigestVerify(ctx, (const unsigned char *)sb_str(sig), sig->len,
					 (const unsigned char *)pae.buf, pae.len) == 1;
		EVP_MD_CTX_free(ctx);
	}
	return good;
}
