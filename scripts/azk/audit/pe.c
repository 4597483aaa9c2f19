// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PE images: kernels with an EFI stub, unified kernel images. After Microsoft's
 * PE Format and the UEFI specification: only 64-bit (PE32+), as all of ours are.
 */
#include <errno.h>

#include "audit/audit.h"

#define DOS_PE_AT	0x3c
#define COFF_LEN	24	/* with the signature "PE\0\0" */
#define OPT_MAGIC_64	0x20b
#define OPT_HEADERS	60	/* SizeOfHeaders */
#define OPT_CHECKSUM	64
#define OPT_NDIRS	108
#define OPT_DIRS	112
#define DIR_CERTS	4
#define SECTION_LEN	40

static int wrong(struct where *w, size_t at, const char *why)
{
	w->at = at;
	w->why = why;
	return -EINVAL;
}

static int read_sections(struct pe *pe, size_t at, size_t n, struct where *w)
{
	if (n > PE_SECTIONS)
		return wrong(w, at, "more PE sections than the format allows");
	if (!span_has(pe->file, at, n * SECTION_LEN))
		return wrong(w, at, "the PE section table is cut off");
	for (size_t i = 0; i < n; i++, at += SECTION_LEN) {
		const unsigned char *h = pe->file.p + at;
		struct pe_section *s = &pe->sections[pe->nsections++];
		size_t virt = le32_at(h + 8), raw = le32_at(h + 16), from = le32_at(h + 20);

		memcpy(s->name, h, 8);
		s->name[8] = '\0';
		for (char *c = s->name; *c; c++)
			*c = *c < ' ' || *c > '~' ? '?' : *c;
		if (raw && !span_has(pe->file, from, raw))
			return wrong(w, at + 16, "a PE section reaches behind the end of the file");
		/* what is beyond the virtual size is padding */
		s->data = span_cut(pe->file, raw ? from : 0, virt && virt < raw ? virt : raw);
	}
	return 0;
}

static int read_certs(struct pe *pe, size_t opt, struct where *w)
{
	size_t dir = opt + OPT_DIRS + DIR_CERTS * 8;

	if (le32_at(pe->file.p + opt + OPT_NDIRS) <= DIR_CERTS)
		return wrong(w, opt + OPT_NDIRS, "the PE header has no place for signatures");
	pe->cert_entry = dir;
	pe->certs_at = le32_at(pe->file.p + dir);
	pe->certs_n = le32_at(pe->file.p + dir + 4);
	if (!pe->certs_n)
		pe->certs_at = 0;
	else if (!span_has(pe->file, pe->certs_at, pe->certs_n))
		return wrong(w, dir, "the PE certificate table reaches behind the end of the file");
	return 0;
}

int pe_read(struct span file, struct pe *pe, struct where *w)
{
	size_t at, opt, optlen;
	int rc;

	memset(pe, 0, sizeof(*pe));
	pe->file = file;
	if (file.n < 0x40 || memcmp(file.p, "MZ", 2))
		return wrong(w, 0, "not a PE image (no \"MZ\")");
	at = le32_at(file.p + DOS_PE_AT);
	if (!span_has(file, at, COFF_LEN + OPT_DIRS + 8 * (DIR_CERTS + 1)) ||
	    memcmp(file.p + at, "PE\0\0", 4))
		return wrong(w, DOS_PE_AT, "not a PE image (no \"PE\" where the header points)");
	pe->machine = (uint16_t)le16_at(file.p + at + 4);
	optlen = le16_at(file.p + at + 20);
	opt = at + COFF_LEN;
	if (le16_at(file.p + opt) != OPT_MAGIC_64)
		return wrong(w, opt, "not a 64-bit PE image");
	if (optlen < OPT_DIRS + 8 * (DIR_CERTS + 1) || !span_has(file, opt, optlen))
		return wrong(w, at + 20, "the PE optional header is cut off");
	pe->checksum = opt + OPT_CHECKSUM;
	pe->headers = le32_at(file.p + opt + OPT_HEADERS);
	if (pe->headers > file.n)
		return wrong(w, opt + OPT_HEADERS, "PE headers are larger than the file");
	rc = read_certs(pe, opt, w);
	return rc ? rc : read_sections(pe, opt + optlen, le16_at(file.p + at + 6), w);
}

const struct pe_section *pe_section(const struct pe *pe, const char *name)
{
	for (size_t i = 0; i < pe->nsections; i++) {
		if (!strcmp(pe->sections[i].name, name))
			return &pe->sections[i];
	}
	return NULL;
}
