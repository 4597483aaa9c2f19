// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for a private key in files, folders and raw disks.
 *
 * usage: find-key KEYFILE... -- PATH...
 *
 * Searched for are the secret numbers of the keys (RSA: exponents, primes and the
 * rest; EC and Ed25519: the one) as they stand in DER and as words in memory do, and the
 * lines of their PEM text, all cut into pieces of 32 bytes: a file that a file
 * system spread over blocks is found, too. Public numbers are not searched for.
 * Prints every place; exit status 0 nothing, 1 found, 2 error.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 32
#define CHUNK (4u << 20)
#define MAX_PIECES 4096

static unsigned char pieces[MAX_PIECES][PIECE];
static unsigned int n_pieces;
static int first[65536];	/* piece + 1 that begins with these two bytes */
static int next_piece[MAX_PIECES];

static unsigned long long bytes, files, hits;
static int failed;

static void die(const char *what, const char *arg)
{
	fprintf(stderr, "find-key: %s: %s\n", arg, what);
	exit(2);
}

static void add_piece(const unsigned char *p)
{
	unsigned int at = p[0] << 8 | p[1];

	/* zeroes and the like are everywhere */
	for (int i = 1; p[i] == p[0]; i++) {
		if (i == PIECE - 1)
			return;
	}
	if (n_pieces == MAX_PIECES)
		die("too many keys", "arguments");
	memcpy(pieces[n_pieces], p, PIECE);
	next_piece[n_pieces] = first[at];
	first[at] = (int)++n_pieces;
}

static void add_number(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i + PIECE <= n; i += PIECE)
		add_piece(p + i);
}

static void add_secret(EVP_PKEY *key, const char *name)
{
	unsigned char be[2048], le[2048];
	BIGNUM *bn = NULL;
	int n;

	if (!EVP_PKEY_get_bn_param(key, name, &bn))
		return;
	n = BN_num_bytes(bn);
	if (n >= PIECE && n <= (int)sizeof(be)) {
		BN_bn2bin(bn, be);
		BN_bn2lebinpad(bn, le, n);
		add_number(be, (size_t)n);
		add_number(le, (size_t)n);
	}
	BN_clear_free(bn);
}

/*
 * Of the PEM text the lines behind the first third: in front there are the version
 * and, in an RSA key, the modulus, which is public.
 */
static void add_text(const char *pem)
{
	const char *begin = strstr(pem, "PRIVATE KEY-----\n"), *end;

	end = begin ? strstr(begin, "\n-----END") : NULL;
	if (!end)
		return;
	begin += strlen("PRIVATE KEY-----\n");
	for (const char *l = begin; l < end; l = strchr(l, '\n') + 1) {
		if ((l - begin) * 3 > end - begin && strcspn(l, "\n") == 64) {
			add_piece((const unsigned char *)l);
			add_piece((const unsigned char *)l + PIECE);
		}
	}
}

static void add_key(const char *file)
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_PRIV_KEY,
	};
	static char pem[65536];
	unsigned char raw[64];
	unsigned int before = n_pieces;
	FILE *f = fopen(file, "re");
	EVP_PKEY *key;
	size_t n;

	if (!f)
		die(strerror(errno), file);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	if (!key)
		die("no private key in PEM", file);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_secret(key, names[i]);
	/* Ed25519 */
	n = sizeof(raw);
	if (EVP_PKEY_get_raw_private_key(key, raw, &n))
		add_number(raw, n);
	rewind(f);
	n = fread(pem, 1, sizeof(pem) - 1, f);
	pem[n] = '\0';
	add_text(pem);
	OPENSSL_cleanse(pem, sizeof(pem));
	EVP_PKEY_free(key);
	fclose(f);
	if (n_pieces == before)
		die("nothing of it to look for", file);
}

static void search(const unsigned char *p, size_t n, const char *path, unsigned long long at)
{
	for (size_t i = 0; i + PIECE <= n; i++) {
		for (int k = first[p[i] << 8 | p[i + 1]]; k; k = next_piece[k - 1]) {
			if (memcmp(p + i, pieces[k - 1], PIECE))
				continue;
			if (++hits <= 20)
				printf("%s: at byte %llu\n", path, at + i);
		}
	}
}

static void scan_fd(int fd, const char *path, off_t size)
{
	static unsigned char buf[CHUNK + PIECE];
	size_t kept = 0;
	off_t pos = 0;

	for (;;) {
		/* holes hold nothing; where the file system cannot tell, all is data */
		off_t data = size ? lseek(fd, pos, SEEK_DATA) : pos;
		ssize_t n;

		if (data < 0 && errno == ENXIO)
			break;
		if (data > pos) {
			kept = 0;
			pos = data;
		}
		n = pread(fd, buf + kept, CHUNK, pos);
		if (n < 0) {
			fprintf(stderr, "find-key: %s: %s\n", path, strerror(errno));
			failed = 1;
		}
		if (n <= 0)
			break;
		search(buf, kept + (size_t)n, path, (unsigned long long)pos - kept);
		bytes += (unsigned long long)n;
		pos += n;
		n += (ssize_t)kept;
		kept = n < PIECE - 1 ? (size_t)n : PIECE - 1;
		memmove(buf, buf + n - kept, kept);
	}
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;

	(void)ftw;
	if (type != FTW_F || !(S_ISREG(st->st_mode) || S_ISBLK(st->st_mode)))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
	if (fd < 0) {
		/* what is gone meanwhile cannot hold it */
		if (errno != ENOENT) {
			fprintf(stderr, "find-key: %s: %s\n", path, strerror(errno));
			failed = 1;
		}
		return 0;
	}
	files++;
	scan_fd(fd, path, S_ISREG(st->st_mode) ? st->st_size : 0);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		add_key(argv[i]);
	if (!n_pieces || i + 1 >= argc) {
		fprintf(stderr, "usage: find-key KEYFILE... -- PATH...\n");
		return 2;
	}
	while (++i < argc) {
		if (nftw(argv[i], visit, 32, FTW_PHYS) && errno != ENOENT)
			die(strerror(errno), argv[i]);
	}
	printf("%u pieces of the key: %llu found in %llu bytes of %llu files\n", n_pieces, hits, bytes,
	       files);
	return failed ? 2 : hits ? 1 : 0;
}
