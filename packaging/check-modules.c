// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check-modules: every module of a package carries the right vermagic, a signature that verifies
 * against the given certificate, only dependencies that are there, and no path of the build machine.
 *
 * Runs in %check of kernel.spec, after depmod, before the packages are written. It reads what will be
 * shipped: the compressed, signed file. All faults are reported, not only the first.
 *
 * Signature layout: include/linux/module_signature.h and scripts/sign-file.c of the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <zstd.h>

#define SIG_MAGIC	"~Module signature appended~\n"
#define SIG_MAGIC_LEN	(sizeof(SIG_MAGIC) - 1)
#define PKEY_ID_PKCS7	2
#define MAX_REPORTS	20

/* struct module_signature: follows the signature, precedes the magic. */
struct sig_trailer {
	uint8_t algo, hash, id_type, signer_len, key_id_len, pad[3];
	uint32_t sig_len;	/* big endian */
};

struct module {
	char *name;	/* as the kernel spells it: no folder, no suffix, '_' for '-' */
	char *path;
	char *depends;	/* comma list, as in .modinfo */
};

static STACK_OF(X509) *certs;
static const char *release;
static const char *forbidden;
static char *vermagic;		/* of the first module; all must agree */
static struct module *modules;
static size_t n_modules;
static unsigned int faults;

static void fault(const char *path, const char *what, const char *detail)
{
	if (faults++ < MAX_REPORTS)
		fprintf(stderr, "check-modules: %s: %s%s\n", path, what, detail ? detail : "");
}

static void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p) {
		fputs("check-modules: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

static char *xstrdup(const char *s)
{
	return strcpy(xrealloc(NULL, strlen(s) + 1), s);
}

/* The decompressed module; the caller frees. NULL was reported. */
static unsigned char *read_module(const char *path, size_t *len)
{
	unsigned char *packed = NULL, *plain = NULL;
	unsigned long long size;
	FILE *f = fopen(path, "rb");
	size_t n = 0, got;

	if (!f) {
		fault(path, "cannot read: ", strerror(errno));
		return NULL;
	}
	do {
		packed = xrealloc(packed, n + (1 << 20));
		got = fread(packed + n, 1, 1 << 20, f);
		n += got;
	} while (got);
	fclose(f);
	size = ZSTD_getFrameContentSize(packed, n);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (1ULL << 30)) {
		fault(path, "not a zstd file of known size", NULL);
	} else {
		plain = xrealloc(NULL, size + 1);
		*len = ZSTD_decompress(plain, size, packed, n);
		if (ZSTD_isError(*len)) {
			fault(path, "does not decompress: ", ZSTD_getErrorName(*len));
			free(plain);
			plain = NULL;
		}
	}
	free(packed);
	return plain;
}

/* Length of the module without its signature, or 0 when that is missing or wrong (reported). */
static size_t check_signature(const char *path, const unsigned char *data, size_t len)
{
	struct sig_trailer t;
	const unsigned char *der;
	CMS_ContentInfo *cms;
	BIO *content;
	size_t sig_len;
	bool good;

	if (len < SIG_MAGIC_LEN + sizeof(t) ||
	    memcmp(data + len - SIG_MAGIC_LEN, SIG_MAGIC, SIG_MAGIC_LEN)) {
		fault(path, "is not signed", NULL);
		return 0;
	}
	len -= SIG_MAGIC_LEN + sizeof(t);
	memcpy(&t, data + len, sizeof(t));
	sig_len = ntohl(t.sig_len);
	if (t.id_type != PKEY_ID_PKCS7 || !sig_len || sig_len >= len) {
		fault(path, "has a malformed signature trailer", NULL);
		return 0;
	}
	len -= sig_len;
	der = data + len;
	cms = d2i_CMS_ContentInfo(NULL, &der, (long)sig_len);
	content = BIO_new_mem_buf(data, (int)len);
	good = cms && content &&
	       CMS_verify(cms, certs, NULL, content, NULL,
			  CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	if (!good)
		fault(path, "its signature does not verify against the certificate", NULL);
	BIO_free(content);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return good ? len : 0;
}

/* Value of KEY in the .modinfo section, or NULL. Strings there are NUL-separated "key=value". */
static const char *modinfo(const char *info, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	while (len) {
		size_t n = strnlen(info, len);

		if (n == len)
			return NULL;
		if (n > key_len && info[key_len] == '=' && !strncmp(info, key, key_len))
			return info + key_len + 1;
		info += n + 1;
		len -= n + 1;
	}
	return NULL;
}

static Elf_Data *section(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		Elf64_Shdr *sh = elf64_getshdr(scn);
		const char *s = sh ? elf_strptr(elf, strings, sh->sh_name) : NULL;

		if (s && !strcmp(s, name))
			return elf_getdata(scn, NULL);
	}
	return NULL;
}

static void check_modinfo(const char *path, char *data, size_t len)
{
	Elf *elf = elf_memory(data, len);
	Elf_Data *info = elf ? section(elf, ".modinfo") : NULL;
	const char *magic = NULL, *name = NULL, *depends = NULL;
	struct module *m;

	if (info && info->d_buf) {
		magic = modinfo(info->d_buf, info->d_size, "vermagic");
		name = modinfo(info->d_buf, info->d_size, "name");
		depends = modinfo(info->d_buf, info->d_size, "depends");
	}
	if (!magic || !name) {
		fault(path, "has no vermagic or name in .modinfo", NULL);
	} else {
		if (!vermagic)
			vermagic = xstrdup(magic);
		if (strncmp(magic, release, strlen(release)) || magic[strlen(release)] != ' ')
			fault(path, "is for another kernel: ", magic);
		else if (strcmp(magic, vermagic))
			fault(path, "has another vermagic than the rest: ", magic);
		modules = xrealloc(modules, (n_modules + 1) * sizeof(*modules));
		m = &modules[n_modules++];
		m->name = xstrdup(name);
		m->path = xstrdup(path);
		m->depends = xstrdup(depends ? depends : "");
	}
	elf_end(elf);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *suffix = ".ko.zst";
	size_t n = strlen(path), len;
	unsigned char *data;

	(void)st;
	(void)ftw;
	if (type != FTW_F || !strstr(path, ".ko"))
		return 0;
	if (n < strlen(suffix) || strcmp(path + n - strlen(suffix), suffix)) {
		fault(path, "is not zstd-compressed", NULL);
		return 0;
	}
	data = read_module(path, &len);
	if (!data)
		return 0;
	if (forbidden && memmem(data, len, forbidden, strlen(forbidden)))
		fault(path, "holds a path of the build machine: ", forbidden);
	len = check_signature(path, data, len);
	if (len)
		check_modinfo(path, (char *)data, len);
	free(data);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

/* Dependencies name modules only: what is built in does not appear in them. */
static void check_depends(void)
{
	qsort(modules, n_modules, sizeof(*modules), by_name);
	for (size_t i = 0; i < n_modules; i++) {
		char *save = NULL, *s = strtok_r(modules[i].depends, ",", &save);

		for (; s; s = strtok_r(NULL, ",", &save)) {
			struct module key = { .name = s };

			/* modpost writes file names here and module names in "name" */
			for (char *c = s; *c; c++)
				if (*c == '-')
					*c = '_';
			if (!bsearch(&key, modules, n_modules, sizeof(*modules), by_name))
				fault(modules[i].path, "needs a module that is not there: ", s);
		}
		if (i && !strcmp(modules[i].name, modules[i - 1].name))
			fault(modules[i].path, "has the name of another module: ", modules[i].name);
	}
}

static void load_cert(const char *path)
{
	BIO *b = BIO_new_file(path, "rb");
	X509 *x = b ? d2i_X509_bio(b, NULL) : NULL;

	if (b && !x && BIO_reset(b) == 0)
		x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	if (!x) {
		fprintf(stderr, "check-modules: %s: not a certificate\n", path);
		exit(2);
	}
	BIO_free(b);
	certs = sk_X509_new_null();
	sk_X509_push(certs, x);
}

static void usage(FILE *to)
{
	fputs("usage: check-modules --cert FILE --release UNAME-R [--forbid STRING] DIR\n"
	      "\n"
	      "Checks every module below DIR: zstd-compressed, signed by the certificate (DER or PEM),\n"
	      "vermagic of UNAME-R, dependencies present, STRING nowhere in it. Exit 0 holds, 1 faults,\n"
	      "2 bad usage.\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cert", required_argument, NULL, 'c' },
		{ "release", required_argument, NULL, 'r' },
		{ "forbid", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'c': load_cert(optarg); break;
		case 'r': release = optarg; break;
		case 'f': forbidden = optarg; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (!certs || !release || optind != argc - 1) {
		usage(stderr);
		return 2;
	}
	elf_version(EV_CURRENT);
	if (nftw(argv[optind], visit, 64, FTW_PHYS)) {
		fprintf(stderr, "check-modules: %s: %s\n", argv[optind], strerror(errno));
		return 2;
	}
	check_depends();
	if (!n_modules)
		fault(argv[optind], "holds no module that could be checked", NULL);
	if (faults > MAX_REPORTS)
		fprintf(stderr, "check-modules: %u more not shown\n", faults - MAX_REPORTS);
	for (size_t i = 0; i < n_modules; i++) {
		free(modules[i].name);
		free(modules[i].path);
		free(modules[i].depends);
	}
	printf("check-modules: %zu modules, %u faults, vermagic \"%s\"\n", n_modules, faults,
	       vermagic ? vermagic : "");
	free(modules);
	free(vermagic);
	sk_X509_pop_free(certs, X509_free);
	return faults ? 1 : 0;
}
