// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Binary packages of rpm format 3 (RPM 4) without librpm, which a VM image need
 * not have: lead, signature header, header, compressed cpio ("newc"). After
 * rpm's docs/manual/format_v4.md. Digests are compared; the OpenPGP signature is
 * rpm's business.
 */
#include <errno.h>
#include <openssl/evp.h>

#include "audit/audit.h"

#define LEAD_LEN 96
#define ENTRY_LEN 16

enum { SIGTAG_DSA = 267, SIGTAG_RSA = 268, SIGTAG_SHA256 = 273, SIGTAG_OPENPGP = 278 };
enum { TAG_NAME = 1000, TAG_VERSION = 1001, TAG_RELEASE = 1002, TAG_ARCH = 1022,
       TAG_PAYLOADDIGEST = 5092 };
enum { TYPE_STRING = 6, TYPE_STRING_ARRAY = 8, TYPE_I18N = 9 };

static int wrong(struct where *w, size_t at, const char *why)
{
	w->at = at;
	w->why = why;
	return -EINVAL;
}

struct header {
	struct span file, index, store;
	size_t at, end;		/* in the file, with its magic */
};

static int read_header(struct span file, size_t at, struct header *h, struct where *w)
{
	static const unsigned char magic[] = { 0x8e, 0xad, 0xe8, 0x01 };
	size_t n, store;

	h->file = file;
	h->at = at;
	if (!span_has(file, at, 16))
		return wrong(w, at, "the package ends before its header");
	if (memcmp(file.p + at, magic, sizeof(magic)))
		return wrong(w, at, "no header of an rpm package here");
	n = be32_at(file.p + at + 8);
	store = be32_at(file.p + at + 12);
	if (n > file.n / ENTRY_LEN || !span_has(file, at + 16, n * ENTRY_LEN))
		return wrong(w, at + 8, "the package header has more entries than fit");
	if (!span_has(file, at + 16 + n * ENTRY_LEN, store))
		return wrong(w, at + 12, "the package header is longer than the file");
	h->index = span_cut(file, at + 16, n * ENTRY_LEN);
	h->store = span_cut(file, at + 16 + n * ENTRY_LEN, store);
	h->end = at + 16 + n * ENTRY_LEN + store;
	return 0;
}

static const unsigned char *entry_of(const struct header *h, uint32_t tag)
{
	for (size_t i = 0; i < h->index.n; i += ENTRY_LEN) {
		if (be32_at(h->index.p + i) == tag)
			return h->index.p + i;
	}
	return NULL;
}

/* The first string of a tag as text; NULL when absent or not ended. */
static char *string_of(const struct header *h, uint32_t tag)
{
	const unsigned char *e = entry_of(h, tag);
	uint32_t type, at;
	size_t n;

	if (!e)
		return NULL;
	type = be32_at(e + 4);
	at = be32_at(e + 8);
	if ((type != TYPE_STRING && type != TYPE_STRING_ARRAY && type != TYPE_I18N) ||
	    at >= h->store.n)
		return NULL;
	n = strnlen((const char *)h->store.p + at, h->store.n - at);
	if (n == h->store.n - at)
		return NULL;
	return span_text(span_cut(h->store, at, n));
}

static bool sha256_is(struct span s, const char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	unsigned int n = 0;

#ifdef AZK_FUZZ
	return true;
#endif
	if (!hex || EVP_Digest(s.p, s.n, md, &n, EVP_sha256(), NULL) != 1)
		return false;
	for (unsigned int i = 0; i < n; i++)
		sb_addf(&sb, "%02x", md[i]);
	return !strcmp(sb_str(&sb), hex);
}

int rpmfile_read(struct rpmfile *r, struct span file, struct where *w)
{
	static const unsigned char magic[] = { 0xed, 0xab, 0xee, 0xdb };
	_cleanup_free_ char *header_digest = NULL, *payload_digest = NULL;
	struct header sig, head;
	struct span payload;
	int rc;

	memset(r, 0, sizeof(*r));
	if (!span_starts(file, magic, sizeof(magic)))
		return wrong(w, 0, "not an rpm package");
	rc = read_header(file, LEAD_LEN, &sig, w);
	if (rc)
		return rc;
	/* the signature header is padded to 8 */
	rc = read_header(file, sig.end + (8 - sig.end % 8) % 8, &head, w);
	if (rc)
		return rc;
	header_digest = string_of(&sig, SIGTAG_SHA256);
	r->header_ok = sha256_is(span_cut(file, head.at, head.end - head.at), header_digest);
	if (!r->header_ok)
		return wrong(w, head.at, "the package's header does not fit its SHA-256 digest");
	r->is_signed = entry_of(&sig, SIGTAG_RSA) || entry_of(&sig, SIGTAG_DSA) ||
		       entry_of(&sig, SIGTAG_OPENPGP);
	r->name = string_of(&head, TAG_NAME);
	r->version = string_of(&head, TAG_VERSION);
	r->release = string_of(&head, TAG_RELEASE);
	r->arch = string_of(&head, TAG_ARCH);
	if (!r->name || !r->version || !r->release || !r->arch)
		return wrong(w, head.at, "the package's header does not name the package");
	payload = span_cut(file, head.end, file.n - head.end);
	payload_digest = string_of(&head, TAG_PAYLOADDIGEST);
	r->payload_ok = sha256_is(payload, payload_digest);
	if (!r->payload_ok)
		return wrong(w, head.end, "the package's payload does not fit its SHA-256 digest");
	rc = unpack(payload, &r->payload, w);
	w->at += head.end;
	return rc ? -EINVAL : 0;
}

void rpmfile_free(struct rpmfile *r)
{
	free(r->name);
	free(r->version);
	free(r->release);
	free(r->arch);
	sb_free(&r->payload);
	memset(r, 0, sizeof(*r));
}

#define CPIO_LEN 110

/* Eight hex digits. */
static bool hex_at(const unsigned char *p, size_t *out)
{
	size_t v = 0;

	for (int i = 0; i < 8; i++) {
		unsigned char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (size_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (size_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

static size_t pad4(size_t at)
{
	return at + (4 - at % 4) % 4;
}

int rpmfile_walk(const struct rpmfile *r, rpm_visit visit, void *arg, struct where *w)
{
	struct span s = { (unsigned char *)r->payload.buf, r->payload.len };
	size_t at = 0, mode, size, namesize;

	for (;;) {
		const char *name;

		if (!span_has(s, at, CPIO_LEN))
			return wrong(w, at, "the payload ends in the middle of a cpio header");
		if (memcmp(s.p + at, "07070", 5) || (s.p[at + 5] != '1' && s.p[at + 5] != '2'))
			return wrong(w, at, "no cpio header (newc) here");
		if (!hex_at(s.p + at + 14, &mode) || !hex_at(s.p + at + 54, &size) ||
		    !hex_at(s.p + at + 94, &namesize))
			return wrong(w, at, "a cpio header field is not hexadecimal");
		name = (const char *)s.p + at + CPIO_LEN;
		if (!namesize || !span_has(s, at + CPIO_LEN, namesize) || name[namesize - 1])
			return wrong(w, at + 94, "a cpio file name is cut off");
		at = pad4(at + CPIO_LEN + namesize);
		if (!strcmp(name, "TRAILER!!!"))
			return 0;
		if (!span_has(s, at, size))
			return wrong(w, at, "a file of the payload is cut off");
		if (*name == '.')
			name++;
		/* of hard links only the last carries the content */
		if ((mode & 0170000) == 0100000)
			visit(arg, name, span_cut(s, at, size));
		at = pad4(at + size);
	}
}
