// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who signed a module or an image: the issuer its signature names, not verified
 * here (packaging/check-modules.c and the boots do that).
 */
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "release/packages.h"

static uint32_t le32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint32_t be32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 24;
}

/* Common name of the first signer's issuer, for a self-signed certificate its own. */
static char *pkcs7_signer(const char *der, size_t len)
{
	const unsigned char *p = (const unsigned char *)der;
	PKCS7 *p7 = len > INT32_MAX ? NULL : d2i_PKCS7(NULL, &p, (long)len);
	STACK_OF(PKCS7_SIGNER_INFO) *infos;
	char cn[256] = "";

	infos = p7 && PKCS7_type_is_signed(p7) ? PKCS7_get_signer_info(p7) : NULL;
	if (infos && sk_PKCS7_SIGNER_INFO_num(infos) > 0) {
		PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(infos, 0);

		if (si->issuer_and_serial && si->issuer_and_serial->issuer)
			X509_NAME_get_text_by_NID(si->issuer_and_serial->issuer, NID_commonName,
						  cn, sizeof(cn));
	}
	PKCS7_free(p7);
	for (char *c = cn; *c; c++) {
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
	}
	return *cn ? xstrdup(cn) : NULL;
}

/*
 * include/linux/module_signature.h: data, PKCS#7, 12 bytes that end with the big
 * endian length of it, and the magic string.
 */
char *module_signer(const char *buf, size_t len)
{
	static const char magic[] = "~Module signature appended~\n";
	const size_t tail = sizeof(magic) - 1 + 12;
	uint32_t n;

	if (len < tail || memcmp(buf + len - (sizeof(magic) - 1), magic, sizeof(magic) - 1))
		return NULL;
	n = be32(buf + len - (sizeof(magic) - 1) - 4);
	if (n > len - tail)
		return NULL;
	return pkcs7_signer(buf + len - tail - n, n);
}

/*
 * Microsoft's PE format: at 0x3c the offset of "PE\0\0"; 24 bytes on the optional
 * header, whose data directory 4 holds file offset and size of the certificates
 * (a WIN_CERTIFICATE: length, revision 0x0200, type 2 for PKCS#7).
 */
char *pe_signer(const char *buf, size_t len)
{
	size_t pe, dir, at, n;

	if (len < 0x40 || memcmp(buf, "MZ", 2))
		return NULL;
	pe = le32(buf + 0x3c);
	if (pe > len || len - pe < 24 + 2 || memcmp(buf + pe, "PE\0", 4))
		return NULL;
	/* PE32+ has wider fields in front of the directories than PE32 */
	dir = pe + 24 + ((le32(buf + pe + 24) & 0xffff) == 0x20b ? 112 : 96) + 4 * 8;
	if (dir > len || len - dir < 8)
		return NULL;
	at = le32(buf + dir);
	n = le32(buf + dir + 4);
	if (at > len || n > len - at || n < 8 || le32(buf + at) > n || le32(buf + at) < 8 ||
	    le32(buf + at + 4) != 0x00020200)
		return NULL;
	return pkcs7_signer(buf + at + 8, le32(buf + at) - 8);
}
