// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel images, down to the unpacked kernel: what was built into it, whatever
 * a configuration file beside it says.
 *
 * bzImage: Documentation/arch/x86/boot.rst; EFI zboot:
 * drivers/firmware/efi/libstub/zboot-header.S; arm64 Image:
 * Documentation/arch/arm64/booting.rst; unified kernel images: the UAPI group's
 * specification 5.
 */
#include <errno.h>

#include "audit/audit.h"

static int wrong(struct where *w, size_t at, const char *why)
{
	w->at = at;
	w->why = why;
	return -EINVAL;
}

int ikconfig_find(struct span s, struct strbuf *out, struct where *w)
{
	size_t at = span_find(s, 0, "IKCFG_ST", 8);
	int rc;

	if (at == SIZE_MAX)
		return 0;
	at += 8;
	rc = unpack(span_cut(s, at, s.n - at), out, w);
	if (rc) {
		w->at += at;
		return -EINVAL;
	}
	at = span_find(s, at, "IKCFG_ED", 8);
	if (at == SIZE_MAX)
		return wrong(w, s.n, "the configuration in the image has no end mark");
	return 1;
}

/* Unpacks s into im->kernel, or says why not. */
static void unpack_kernel(struct image *im, struct span s, size_t base)
{
	struct where w = { 0 };
	int rc = packing_of(s) == PACK_NONE ? -EINVAL : unpack(s, &im->kernel, &w);

	if (!rc) {
		im->unpacked = true;
		return;
	}
	if (packing_of(s) == PACK_NONE)
		str_setf(&im->why_not, "payload at byte %zu: not compressed by a known method", base);
	else
		str_setf(&im->why_not, "%s payload, byte %zu: %s", packing_name(packing_of(s)),
			 base + w.at, w.why);
}

static bool is_bzimage(struct span s)
{
	return s.n > 0x250 && !memcmp(s.p + 0x202, "HdrS", 4);
}

static int read_bzimage(struct image *im, struct span s, struct where *w)
{
	size_t setup = s.p[0x1f1] ? s.p[0x1f1] : 4, at, n;

	im->form = "bzImage";
	/* payload_offset came with boot protocol 2.08 */
	if (le16_at(s.p + 0x206) < 0x208)
		return wrong(w, 0x206, "a boot protocol before 2.08 does not say where the kernel is");
	at = (setup + 1) * 512 + (size_t)le32_at(s.p + 0x248);
	n = le32_at(s.p + 0x24c);
	if (!span_has(s, at, n))
		return wrong(w, 0x248, "the compressed kernel reaches behind the end of the file");
	unpack_kernel(im, span_cut(s, at, n), at);
	return 0;
}

static bool is_zboot(struct span s)
{
	return s.n > 0x40 && !memcmp(s.p, "MZ", 2) && !memcmp(s.p + 4, "zimg", 4);
}

static int read_zboot(struct image *im, struct span s, struct where *w)
{
	size_t at = le32_at(s.p + 8), n = le32_at(s.p + 12);

	im->form = "EFI zboot";
	if (!span_has(s, at, n))
		return wrong(w, 8, "the compressed kernel reaches behind the end of the file");
	unpack_kernel(im, span_cut(s, at, n), at);
	return 0;
}

static void take_plain(struct image *im, const char *form, struct span s)
{
	im->form = form;
	sb_add(&im->kernel, s.p, s.n);
	im->unpacked = true;
}

static int read_kernel(struct image *im, struct span s, struct where *w)
{
	if (is_bzimage(s))
		return read_bzimage(im, s, w);
	if (is_zboot(s))
		return read_zboot(im, s, w);
	if (s.n > 0x40 && !memcmp(s.p + 0x38, "ARM\x64", 4)) {
		take_plain(im, "arm64 Image", s);
		return 0;
	}
	if (span_starts(s, "\177ELF", 4)) {
		take_plain(im, "ELF", s);
		return 0;
	}
	if (packing_of(s) != PACK_NONE) {
		im->form = "compressed image";
		unpack_kernel(im, s, 0);
		return 0;
	}
	return wrong(w, 0, "no kernel image: neither bzImage, EFI zboot, arm64 Image nor ELF");
}

static char *section_text(const struct pe *pe, const char *name)
{
	const struct pe_section *s = pe_section(pe, name);
	char *t;

	if (!s || !s->data.n || !s->data.p[0])
		return NULL;
	t = span_text(span_cut(s->data, 0, strnlen((const char *)s->data.p, s->data.n)));
	str_trim(t);
	return t;
}

/* "Linux version 6.18.15-1.azure.x86_64 (..." in init/version.c's banner */
static void find_version(struct image *im, struct span k)
{
	static const char banner[] = "Linux version ";
	size_t at = 0, n;

	while ((at = span_find(k, at, banner, sizeof(banner) - 1)) != SIZE_MAX) {
		at += sizeof(banner) - 1;
		for (n = 0; n < 128 && span_has(k, at + n, 1) && k.p[at + n] > ' ' &&
		     k.p[at + n] < 0x7f; n++)
			;
		/* also there: the format "%s (" of /proc/version */
		if (n && k.p[at] >= '0' && k.p[at] <= '9') {
			im->version = span_text(span_cut(k, at, n));
			return;
		}
	}
}

static void look_inside(struct image *im)
{
	static const char reason[] = "EFI Secure Boot";
	static const char hook[] = "lockdown_efi_secure_boot";
	struct span k = { (unsigned char *)im->kernel.buf, im->kernel.len };
	struct where w;
	int rc;

	find_version(im, k);
	rc = ikconfig_find(k, &im->config, &w);
	im->has_config = rc == 1;
	if (rc < 0)
		str_setf(&im->why_not, "configuration in the image, byte %zu: %s", w.at, w.why);
	im->has_certs = certs_of_kernel(k, &im->certs);
	/* with their NULs: the reason given to lock_kernel_down(), the name in BTF */
	im->says_secure_boot = span_find(k, 0, reason, sizeof(reason)) != SIZE_MAX;
	im->has_hook = span_find(k, 0, hook, sizeof(hook)) != SIZE_MAX;
}

int image_read(struct image *im, const char *path, struct strbuf *file, struct where *w)
{
	const struct pe_section *linux_section;
	struct span s;
	int rc;

	memset(im, 0, sizeof(*im));
	im->path = xstrdup(path);
	im->file = *file;
	*file = (struct strbuf)STRBUF_INIT;
	s = (struct span){ (unsigned char *)im->file.buf, im->file.len };
	if (span_starts(s, "MZ", 2)) {
		rc = pe_read(s, &im->pe, w);
		if (rc)
			return rc;
		im->is_pe = true;
		im->sbat = section_text(&im->pe, ".sbat");
		linux_section = pe_section(&im->pe, ".linux");
		if (linux_section) {
			im->uki = true;
			im->cmdline = section_text(&im->pe, ".cmdline");
			s = linux_section->data;
		}
	}
	rc = read_kernel(im, s, w);
	if (rc && im->uki)
		w->why = "the .linux section holds no kernel image";
	if (!rc && im->unpacked)
		look_inside(im);
	return rc;
}

void image_free(struct image *im)
{
	if (!im)
		return;
	free(im->path);
	free(im->why_not);
	free(im->version);
	free(im->cmdline);
	free(im->sbat);
	sb_free(&im->file);
	sb_free(&im->kernel);
	sb_free(&im->config);
	certs_free(&im->certs);
}
