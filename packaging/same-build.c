// SPDX-License-Identifier: GPL-2.0-only
/*
 * same-build: are two unpacked package sets the same build, and if not, where do they part?
 *
 * Files are compared byte by byte. A pair that differs is opened as far as it can be: zstd frames are
 * decompressed, module signatures taken off, the kernel taken out of its boot image; then the first
 * differing ELF section or offset is named. With --mask-keys what depends on the signing keys alone is
 * left out: certificates (wherever their bytes appear), signatures, and the build id, which ld hashes
 * over the certificate too. What then remains different is a finding in either mode.
 *
 * Layouts: module signature include/linux/module_signature.h; x86 boot image
 * Documentation/arch/x86/boot.rst (payload_offset, payload_length); arm64 EFI zboot image
 * drivers/firmware/efi/libstub/zboot-header.S; PE header: Microsoft PE/COFF specification, "Optional
 * Header" and "The Attribute Certificate Table".
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <getopt.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define SIG_MAGIC	"~Module signature appended~\n"
#define SIG_MAGIC_LEN	(sizeof(SIG_MAGIC) - 1)
#define SIG_TRAILER	12	/* struct module_signature; its last four bytes are the length */
#define MAX_REPORTS	40
#define MAX_CERTS	8

struct blob {
	unsigned char *p;	/* owned */
	size_t n;
};

/* One side of the comparison. */
struct side {
	const char *root;
	char **files;		/* relative paths, sorted */
	size_t n_files;
	struct blob certs[MAX_CERTS];
	size_t n_certs;
};

static bool mask_keys;
static unsigned int findings, masked, same;

static void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p) {
		fputs("same-build: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

static void finding(const char *path, const char *what, const char *detail)
{
	if (findings++ < MAX_REPORTS)
		printf("%s: %s%s\n", path, what, detail ? detail : "");
}

static struct blob read_file(const char *root, const char *path)
{
	struct blob b = { 0 };
	char *full = xrealloc(NULL, strlen(root) + strlen(path) + 2);
	size_t got;
	FILE *f;

	sprintf(full, "%s/%s", root, path);
	f = fopen(full, "rb");
	if (!f) {
		fprintf(stderr, "same-build: %s: %s\n", full, strerror(errno));
		exit(2);
	}
	do {
		b.p = xrealloc(b.p, b.n + (1 << 20));
		got = fread(b.p + b.n, 1, 1 << 20, f);
		b.n += got;
	} while (got);
	if (ferror(f)) {
		fprintf(stderr, "same-build: %s: cannot be read\n", full);
		exit(2);
	}
	fclose(f);
	free(full);
	return b;
}

static bool blob_eq(const struct blob *a, const struct blob *b)
{
	return a->n == b->n && !memcmp(a->p, b->p, a->n);
}

static uint32_t le32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* Replaces b by the zstd frame at its offset; false when there is none. */
static bool unzstd(struct blob *b, size_t at, size_t len)
{
	unsigned long long size;
	unsigned char *plain;
	size_t n;

	if (at > b->n || len > b->n - at)
		return false;
	size = ZSTD_getFrameContentSize(b->p + at, len);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (1ULL << 31))
		size = 512 << 20;	/* kbuild's zstd22 streams; the frame does not say */
	n = ZSTD_findFrameCompressedSize(b->p + at, len);
	if (ZSTD_isError(n))
		return false;
	plain = xrealloc(NULL, size);
	n = ZSTD_decompress(plain, size, b->p + at, n);
	if (ZSTD_isError(n)) {
		free(plain);
		return false;
	}
	free(b->p);
	b->p = plain;
	b->n = n;
	return true;
}

/* The kernel inside a boot image. */
static bool unpack_image(struct blob *b)
{
	if (b->n > 0x250 && !memcmp(b->p + 0x202, "HdrS", 4)) {
		unsigned int sectors = b->p[0x1f1] ? b->p[0x1f1] : 4;

		return unzstd(b, (sectors + 1) * 512 + le32(b->p + 0x248), le32(b->p + 0x24c));
	}
	if (b->n > 64 && !memcmp(b->p, "MZ", 2) && !memcmp(b->p + 4, "zimg", 4))
		return unzstd(b, le32(b->p + 8), le32(b->p + 12));
	return false;
}

/* Takes a module's signature off; true when there was one. */
static bool strip_signature(struct blob *b)
{
	size_t n = b->n, sig;

	if (n < SIG_MAGIC_LEN + SIG_TRAILER || memcmp(b->p + n - SIG_MAGIC_LEN, SIG_MAGIC, SIG_MAGIC_LEN))
		return false;
	n -= SIG_MAGIC_LEN + SIG_TRAILER;
	sig = ((size_t)b->p[n + 8] << 24) | ((size_t)b->p[n + 9] << 16) | ((size_t)b->p[n + 10] << 8) | b->p[n + 11];
	if (sig > n)
		return false;
	b->n = n - sig;
	return true;
}

static void blank_all(struct blob *b, const unsigned char *what, size_t n, size_t skip, size_t len)
{
	unsigned char *at = b->p;

	while (n && (at = memmem(at, b->n - (size_t)(at - b->p), what, n))) {
		if ((size_t)(at - b->p) + skip + len > b->n)
			return;
		memset(at + skip, 0, len);
		at += skip + len;
	}
}

/* Certificates of this side and the build ids go. */
static void blank_keys(struct blob *b, const struct side *s)
{
	/* namesz, descsz, NT_GNU_BUILD_ID, name: elf(5), "Notes" */
	static const unsigned char note[] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0 };

	for (size_t i = 0; i < s->n_certs; i++)
		blank_all(b, s->certs[i].p, s->certs[i].n, 0, s->certs[i].n);
	blank_all(b, note, sizeof(note), sizeof(note), 20);
}

static size_t first_difference(const unsigned char *a, const unsigned char *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Names the first section whose name, size or bytes differ; false when that cannot be told. */
static bool name_section(const char *path, struct blob *a, struct blob *b)
{
	Elf *ea = elf_memory((char *)a->p, a->n), *eb = elf_memory((char *)b->p, b->n);
	Elf_Scn *sa = NULL, *sb = NULL;
	size_t stra, strb;
	bool named = false;
	char detail[256];

	if (!ea || !eb || elf_kind(ea) != ELF_K_ELF || elf_kind(eb) != ELF_K_ELF ||
	    elf_getshdrstrndx(ea, &stra) || elf_getshdrstrndx(eb, &strb))
		goto out;
	while (!named) {
		Elf64_Shdr *ha, *hb;
		Elf_Data *da, *db;
		const char *na, *nb;

		sa = elf_nextscn(ea, sa);
		sb = elf_nextscn(eb, sb);
		if (!sa && !sb)
			break;
		ha = sa ? elf64_getshdr(sa) : NULL;
		hb = sb ? elf64_getshdr(sb) : NULL;
		na = ha ? elf_strptr(ea, stra, ha->sh_name) : NULL;
		nb = hb ? elf_strptr(eb, strb, hb->sh_name) : NULL;
		if (!na || !nb || strcmp(na, nb)) {
			snprintf(detail, sizeof(detail), "section %s against %s", na ? na : "(none)", nb ? nb : "(none)");
			finding(path, detail, NULL);
			named = true;
			break;
		}
		if (ha->sh_type == SHT_NOBITS && ha->sh_size == hb->sh_size)
			continue;
		da = elf_rawdata(sa, NULL);
		db = elf_rawdata(sb, NULL);
		if (ha->sh_size != hb->sh_size) {
			snprintf(detail, sizeof(detail), "section %s has %llu bytes against %llu", na,
				 (unsigned long long)ha->sh_size, (unsigned long long)hb->sh_size);
			finding(path, detail, NULL);
			named = true;
		} else if (da && db && da->d_buf && db->d_buf && memcmp(da->d_buf, db->d_buf, da->d_size)) {
			snprintf(detail, sizeof(detail), "section %s differs at offset 0x%zx", na,
				 first_difference(da->d_buf, db->d_buf, da->d_size));
			finding(path, detail, NULL);
			named = true;
		}
	}
out:
	elf_end(ea);
	elf_end(eb);
	return named;
}

static bool ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

/* Files that are a certificate, or hold nothing but a value computed from a signed file. */
static bool is_key_file(const char *path)
{
	return ends(path, ".x509") || ends(path, ".der") || ends(path, ".hmac");
}

static void compare_file(const struct side *a, const struct side *b, const char *path_a, const char *path_b)
{
	struct blob x = read_file(a->root, path_a), y = read_file(b->root, path_b);
	bool signed_x = false, signed_y = false, image = false;
	char detail[128];

	if (blob_eq(&x, &y)) {
		same++;
		goto out;
	}
	if (mask_keys && is_key_file(path_a)) {
		masked++;
		goto out;
	}
	if (ends(path_a, ".zst") && !(unzstd(&x, 0, x.n) && unzstd(&y, 0, y.n))) {
		finding(path_a, "differs and does not decompress", NULL);
		goto out;
	}
	if (strstr(path_a, ".ko")) {
		signed_x = strip_signature(&x);
		signed_y = strip_signature(&y);
	} else if (strstr(path_a, "vmlinuz")) {
		image = unpack_image(&x) && unpack_image(&y);
		if (!image) {
			finding(path_a, "differs and is no zstd-compressed boot image", NULL);
			goto out;
		}
		if (!mask_keys && blob_eq(&x, &y)) {
			finding(path_a, "the kernel is the same, its boot code or signature differs", NULL);
			goto out;
		}
	}
	if (mask_keys) {
		blank_keys(&x, a);
		blank_keys(&y, b);
	}
	if (blob_eq(&x, &y)) {
		if (mask_keys && signed_x == signed_y && (signed_x || image))
			masked++;
		else if (signed_x || signed_y)
			finding(path_a, "differs in its signature only", NULL);
		else if (mask_keys)
			masked++;
		else
			finding(path_a, "differs in compression only", NULL);
	} else if (!name_section(path_a, &x, &y)) {
		snprintf(detail, sizeof(detail), "%zu against %zu bytes, first difference at 0x%zx", x.n, y.n,
			 first_difference(x.p, y.p, x.n < y.n ? x.n : y.n));
		finding(path_a, detail, NULL);
	}
out:
	free(x.p);
	free(y.p);
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load(struct side *s, const char *root)
{
	char *const roots[] = { (char *)root, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	s->root = root;
	while (fts && (e = fts_read(fts))) {
		const char *path = e->fts_path + strlen(root);

		while (*path == '/')
			path++;
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
			fprintf(stderr, "same-build: %s: %s\n", e->fts_path, strerror(e->fts_errno));
			exit(2);
		}
		if (e->fts_info != FTS_F && e->fts_info != FTS_SL)
			continue;
		s->files = xrealloc(s->files, (s->n_files + 1) * sizeof(*s->files));
		s->files[s->n_files++] = strdup(path);
		if (e->fts_info == FTS_F && (ends(path, ".x509") || ends(path, ".der")) && s->n_certs < MAX_CERTS)
			s->certs[s->n_certs++] = read_file(root, path);
	}
	if (!fts || !s->n_files) {
		fprintf(stderr, "same-build: %s: no files there\n", root);
		exit(2);
	}
	fts_close(fts);
	qsort(s->files, s->n_files, sizeof(*s->files), by_string);
}

/* Type, permission bits and, of a link, its target. */
static void compare_meta(const struct side *a, const struct side *b, const char *path, bool *regular)
{
	char pa[4096], pb[4096], ta[4096], tb[4096];
	struct stat sa, sb;
	ssize_t na, nb;

	snprintf(pa, sizeof(pa), "%s/%s", a->root, path);
	snprintf(pb, sizeof(pb), "%s/%s", b->root, path);
	*regular = false;
	if (lstat(pa, &sa) || lstat(pb, &sb)) {
		finding(path, "cannot be looked at: ", strerror(errno));
	} else if (sa.st_mode != sb.st_mode) {
		finding(path, "type or mode differs", NULL);
	} else if (S_ISLNK(sa.st_mode)) {
		na = readlink(pa, ta, sizeof(ta));
		nb = readlink(pb, tb, sizeof(tb));
		if (na != nb || na < 0 || memcmp(ta, tb, (size_t)na))
			finding(path, "link target differs", NULL);
		else
			same++;
	} else {
		*regular = true;
	}
}

static void unload(struct side *s)
{
	for (size_t i = 0; i < s->n_files; i++)
		free(s->files[i]);
	for (size_t i = 0; i < s->n_certs; i++)
		free(s->certs[i].p);
	free(s->files);
}

static void usage(FILE *to)
{
	fputs("usage: same-build [--mask-keys] DIR DIR\n"
	      "\n"
	      "Compares two folders of unpacked packages; names the first differing section of each file that\n"
	      "differs. --mask-keys leaves out certificates, signatures, build ids. Exit 0 same, 1 not, 2 bad usage.\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mask-keys", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct side a = { 0 }, b = { 0 };
	size_t i = 0, j = 0;
	bool regular;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'm': mask_keys = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (optind != argc - 2) {
		usage(stderr);
		return 2;
	}
	elf_version(EV_CURRENT);
	load(&a, argv[optind]);
	load(&b, argv[optind + 1]);
	while (i < a.n_files || j < b.n_files) {
		int order = i == a.n_files ? 1 : j == b.n_files ? -1 : strcmp(a.files[i], b.files[j]);

		if (order < 0) {
			finding(a.files[i++], "only in ", a.root);
		} else if (order > 0) {
			finding(b.files[j++], "only in ", b.root);
		} else {
			compare_meta(&a, &b, a.files[i], &regular);
			if (regular)
				compare_file(&a, &b, a.files[i], b.files[j]);
			i++;
			j++;
		}
	}
	if (findings > MAX_REPORTS)
		printf("%u more not shown\n", findings - MAX_REPORTS);
	printf("same-build: %u files the same, %u the same but for keys, %u different\n", same, masked, findings);
	unload(&a);
	unload(&b);
	return findings ? 1 : 0;
}
