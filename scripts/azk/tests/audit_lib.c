// SPDX-License-Identifier: GPL-2.0-or-later
/* Makers of what azk audit reads. */
#include <openssl/cms.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <zlib.h>

#include "tests/audit_lib.h"

#define TODAY 1795132800	/* 2026-11-20 */
#define DAY 86400

#define must(x) do { if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); abort(); } } while (0)

static void put_le(struct strbuf *sb, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		sb_addch(sb, i < 8 ? (char)(v >> 8 * i) : 0);
}

static void put_be32(struct strbuf *sb, uint32_t v)
{
	for (int i = 3; i >= 0; i--)
		sb_addch(sb, (char)(v >> 8 * i));
}

static void set_le32(struct strbuf *sb, size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		sb->buf[at + (size_t)i] = (char)(v >> 8 * i);
}

static void pad_to(struct strbuf *sb, size_t n)
{
	while (sb->len < n)
		sb_addch(sb, 0);
}

struct pair *pair_new(const char *name, int bits, int days)
{
	struct pair *p = xcalloc(1, sizeof(*p));
	X509_NAME *n;

	p->key = EVP_RSA_gen((unsigned int)bits);
	p->cert = X509_new();
	must(p->key && p->cert);
	n = X509_get_subject_name(p->cert);
	X509_set_version(p->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(p->cert), 1000 + days);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(p->cert, n);
	ASN1_TIME_set(X509_getm_notBefore(p->cert), TODAY - 365L * DAY);
	ASN1_TIME_set(X509_getm_notAfter(p->cert), TODAY + (time_t)days * DAY);
	X509_set_pubkey(p->cert, p->key);
	must(X509_sign(p->cert, p->key, EVP_sha256()));
	return p;
}

void pair_free(struct pair *p)
{
	if (!p)
		return;
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	free(p);
}

void add_der(X509 *x, struct strbuf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	must(n > 0);
	sb_add(out, der, (size_t)n);
	OPENSSL_free(der);
}

void make_module(struct strbuf *out, const struct pair *p, const char *md)
{
	static const char magic[] = "~Module signature appended~\n";
	unsigned char *der = NULL;
	CMS_ContentInfo *cms;
	BIO *in;
	int n;

	sb_addstr(out, "\177ELF, a module as far as anybody here looks");
	if (!p)
		return;
	in = BIO_new_mem_buf(out->buf, (int)out->len);
	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_NOCERTS | CMS_PARTIAL | CMS_BINARY | CMS_DETACHED |
		       CMS_STREAM);
	must(cms && CMS_add1_signer(cms, p->cert, p->key, EVP_get_digestbyname(md),
				    CMS_NOCERTS | CMS_BINARY | CMS_NOSMIMECAP | CMS_NOATTR));
	must(CMS_final(cms, in, NULL, CMS_NOCERTS | CMS_BINARY) == 1);
	n = i2d_CMS_ContentInfo(cms, &der);
	must(n > 0);
	sb_add(out, der, (size_t)n);
	sb_add(out, "\0\0\2\0\0\0\0\0", 8);
	put_be32(out, (uint32_t)n);
	sb_addstr(out, magic);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

void gzip(const void *p, size_t n, struct strbuf *out)
{
	unsigned char buf[65536];
	z_stream z = { 0 };
	int rc;

	must(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (unsigned char *)p;
	z.avail_in = (uInt)n;
	do {
		z.next_out = buf;
		z.avail_out = sizeof(buf);
		rc = deflate(&z, Z_FINISH);
		sb_add(out, buf, sizeof(buf) - z.avail_out);
	} while (rc == Z_OK);
	must(rc == Z_STREAM_END);
	deflateEnd(&z);
}

void make_kernel(const struct kernel_parts *k, struct strbuf *out)
{
	struct strbuf list = STRBUF_INIT, first = STRBUF_INIT;

	sb_addstr(out, "\177ELF");
	/* a certificate of a self-test, which is no trusted key */
	if (k->trusted[0])
		add_der(k->trusted[0]->cert, out);
	pad_to(out, out->len + 13);
	sb_addf(out, "%s\n", k->banner);
	sb_addch(out, 0);
	if (k->lockdown) {
		sb_add(out, "EFI Secure Boot", 16);
		sb_add(out, "lockdown_efi_secure_boot", 25);
	}
	if (k->config) {
		sb_addstr(out, "IKCFG_ST");
		gzip(k->config, strlen(k->config), out);
		sb_addstr(out, "IKCFG_ED");
	}
	pad_to(out, (out->len + 7) & ~(size_t)7);
	for (int i = 0; i < 4 && k->trusted[i]; i++) {
		add_der(k->trusted[i]->cert, &list);
		if (!i)
			add_der(k->trusted[i]->cert, &first);
	}
	sb_add(out, sb_str(&list), list.len);
	pad_to(out, (out->len + 7) & ~(size_t)7);
	put_le(out, list.len, 8);
	put_le(out, first.len, 8);
	sb_free(&list);
	sb_free(&first);
}

#define PE_AT 0x40
#define OPT_AT (PE_AT + 24)
#define OPT_LEN (112 + 16 * 8)

struct section {
	const char *name;
	const void *p;
	size_t n;
};

/* head fills the first 0x40 bytes, which pe_at is put into. */
static void make_pe(struct strbuf *out, const struct section *s, size_t n)
{
	size_t table, at;

	pad_to(out, 0x3c);
	put_le(out, PE_AT, 4);
	sb_add(out, "PE\0\0", 4);
	put_le(out, 0x8664, 2);
	put_le(out, n, 2);
	put_le(out, 0, 12);
	put_le(out, OPT_LEN, 2);
	put_le(out, 0, 2);
	put_le(out, 0x20b, 2);
	pad_to(out, OPT_AT + 60);
	put_le(out, 512, 4);		/* SizeOfHeaders */
	pad_to(out, OPT_AT + 108);
	put_le(out, 16, 4);
	table = OPT_AT + OPT_LEN;
	pad_to(out, table);
	at = 1024;
	for (size_t i = 0; i < n; i++) {
		char name[8] = "";

		memcpy(name, s[i].name, strnlen(s[i].name, 8));
		sb_add(out, name, 8);
		put_le(out, s[i].n, 4);
		put_le(out, at, 4);
		put_le(out, s[i].n, 4);
		put_le(out, at, 4);
		put_le(out, 0, 16);
		at += s[i].n;
	}
	pad_to(out, 1024);
	for (size_t i = 0; i < n; i++)
		sb_add(out, s[i].p, s[i].n);
}

void make_zboot(const struct strbuf *kernel, struct strbuf *out)
{
	struct strbuf packed = STRBUF_INIT;
	struct section s = { .name = ".text" };

	gzip(kernel->buf, kernel->len, &packed);
	put_le(&packed, kernel->len, 4);
	sb_add(out, "MZ\0\0zimg", 8);
	put_le(out, 1024, 4);
	put_le(out, packed.len - 4, 4);
	put_le(out, 0, 8);
	sb_add(out, "gzip", 5);
	s.p = packed.buf;
	s.n = packed.len;
	make_pe(out, &s, 1);
	sb_free(&packed);
}

void make_bzimage(const struct strbuf *kernel, struct strbuf *out)
{
	struct strbuf packed = STRBUF_INIT;

	gzip(kernel->buf, kernel->len, &packed);
	put_le(&packed, kernel->len, 4);
	pad_to(out, 0x1f1);
	sb_addch(out, 1);			/* one sector of setup behind the first */
	pad_to(out, 0x202);
	sb_addstr(out, "HdrS");
	put_le(out, 0x20f, 2);
	pad_to(out, 0x248);
	put_le(out, 64, 4);
	put_le(out, packed.len, 4);
	pad_to(out, 1024 + 64);
	sb_add(out, packed.buf, packed.len);
	sb_free(&packed);
}

void make_uki(const struct strbuf *image, const char *cmdline, const char *sbat, struct strbuf *out)
{
	struct section s[3] = {
		{ ".linux", image->buf, image->len },
		{ ".cmdline", cmdline, strlen(cmdline) },
		{ ".sbat", sbat, sbat ? strlen(sbat) : 0 },
	};

	sb_add(out, "MZ", 2);
	make_pe(out, s, sbat ? 3 : 2);
}

/* ---- Authenticode --------------------------------------------------------------- */

/* The content of SpcIndirectDataContent for a SHA-256 digest; flags and file are empty. */
static void indirect_data(const unsigned char digest[32], struct strbuf *out)
{
	static const unsigned char data[] = {
		0x30, 0x17, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0f,
		0x30, 0x09, 0x03, 0x01, 0x00, 0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00,
	};
	static const unsigned char info[] = {
		0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
		0x01, 0x05, 0x00, 0x04, 0x20,
	};

	sb_add(out, data, sizeof(data));
	sb_add(out, info, sizeof(info));
	sb_add(out, digest, 32);
}

static void set_content(PKCS7 *p7, const struct strbuf *body)
{
	struct strbuf seq = STRBUF_INIT;
	ASN1_TYPE *t = ASN1_TYPE_new();
	ASN1_STRING *str = ASN1_STRING_new();
	PKCS7 *inner = PKCS7_new();

	must(body->len < 128);
	sb_addch(&seq, 0x30);
	sb_addch(&seq, (char)body->len);
	sb_add(&seq, body->buf, body->len);
	ASN1_STRING_set(str, seq.buf, (int)seq.len);
	ASN1_TYPE_set(t, V_ASN1_SEQUENCE, str);
	inner->type = OBJ_txt2obj("1.3.6.1.4.1.311.2.1.4", 1);
	inner->d.other = t;
	must(PKCS7_set_content(p7, inner) == 1);
	sb_free(&seq);
}

void sign_pe(struct strbuf *image, const struct pair *p)
{
	const size_t checksum = OPT_AT + 64, entry = OPT_AT + 112 + 4 * 8;
	struct strbuf covered = STRBUF_INIT, body = STRBUF_INIT;
	unsigned char digest[32], *der = NULL;
	PKCS7 *p7 = PKCS7_new();
	size_t at;
	BIO *b;
	int n;

	pad_to(image, (image->len + 7) & ~(size_t)7);
	sb_add(&covered, image->buf, checksum);
	sb_add(&covered, image->buf + checksum + 4, entry - checksum - 4);
	sb_add(&covered, image->buf + entry + 8, image->len - entry - 8);
	must(EVP_Digest(covered.buf, covered.len, digest, NULL, EVP_sha256(), NULL) == 1);
	indirect_data(digest, &body);
	must(PKCS7_set_type(p7, NID_pkcs7_signed) == 1);
	must(PKCS7_sign_add_signer(p7, p->cert, p->key, EVP_sha256(), PKCS7_BINARY | PKCS7_NOSMIMECAP));
	must(PKCS7_content_new(p7, NID_pkcs7_data) == 1);
	b = PKCS7_dataInit(p7, NULL);
	must(b && BIO_write(b, body.buf, (int)body.len) == (int)body.len && PKCS7_dataFinal(p7, b) == 1);
	BIO_free_all(b);
	set_content(p7, &body);
	n = i2d_PKCS7(p7, &der);
	must(n > 0);
	at = image->len;
	put_le(image, (uint64_t)n + 8, 4);
	put_le(image, 0x00020200, 4);
	sb_add(image, der, (size_t)n);
	pad_to(image, (image->len + 7) & ~(size_t)7);
	set_le32(image, entry, (uint32_t)at);
	set_le32(image, entry + 4, (uint32_t)(image->len - at));
	OPENSSL_free(der);
	PKCS7_free(p7);
	sb_free(&covered);
	sb_free(&body);
}

/* ---- packages ---------------------------------------------------------------------- */

struct entry {
	uint32_t tag;
	const char *value;
};

static void header(struct strbuf *out, const struct entry *e, size_t n)
{
	struct strbuf store = STRBUF_INIT, index = STRBUF_INIT;

	for (size_t i = 0; i < n; i++) {
		put_be32(&index, e[i].tag);
		put_be32(&index, 6);
		put_be32(&index, (uint32_t)store.len);
		put_be32(&index, 1);
		sb_add(&store, e[i].value, strlen(e[i].value) + 1);
	}
	sb_add(out, "\x8e\xad\xe8\x01\0\0\0\0", 8);
	put_be32(out, (uint32_t)n);
	put_be32(out, (uint32_t)store.len);
	sb_add(out, index.buf, index.len);
	sb_add(out, store.buf, store.len);
	sb_free(&store);
	sb_free(&index);
}

static void cpio_entry(struct strbuf *out, const char *name, unsigned int mode, const void *p, size_t n)
{
	sb_addf(out, "07070100000000%08x%032d%08zx%032d%08zx%08x", mode, 0, n, 0, strlen(name) + 1, 0);
	sb_add(out, name, strlen(name) + 1);
	pad_to(out, (out->len + 3) & ~(size_t)3);
	sb_add(out, p, n);
	pad_to(out, (out->len + 3) & ~(size_t)3);
}

static char *sha256(const struct strbuf *sb)
{
	struct strbuf hex = STRBUF_INIT;
	unsigned char md[32];

	must(EVP_Digest(sb->buf, sb->len, md, NULL, EVP_sha256(), NULL) == 1);
	for (int i = 0; i < 32; i++)
		sb_addf(&hex, "%02x", md[i]);
	return sb_detach(&hex);
}

void make_rpm(const char *name, const struct packed *files, struct strbuf *out)
{
	struct strbuf cpio = STRBUF_INIT, packed = STRBUF_INIT, head = STRBUF_INIT;
	_cleanup_free_ char *payload = NULL, *digest = NULL;

	for (; files->path; files++) {
		_cleanup_free_ char *dotted = xasprintf(".%s", files->path);

		cpio_entry(&cpio, dotted, 0100644, sb_str(files->content), files->content->len);
	}
	cpio_entry(&cpio, "TRAILER!!!", 0, "", 0);
	gzip(cpio.buf, cpio.len, &packed);
	payload = sha256(&packed);
	header(&head, (struct entry[]){ { 1000, name }, { 1001, "6.18.15" }, { 1002, "1" },
					{ 1022, "x86_64" }, { 5092, payload } }, 5);
	digest = sha256(&head);
	sb_add(out, "\xed\xab\xee\xdb", 4);
	pad_to(out, 96);
	header(out, (struct entry[]){ { 273, digest } }, 1);
	pad_to(out, (out->len + 7) & ~(size_t)7);
	sb_add(out, head.buf, head.len);
	sb_add(out, packed.buf, packed.len);
	sb_free(&cpio);
	sb_free(&packed);
	sb_free(&head);
}
