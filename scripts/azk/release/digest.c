// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-1 and SHA-256 in one pass. */
#include <errno.h>
#include <openssl/evp.h>

#include "release/release.h"

struct digest_ctx {
	EVP_MD_CTX *sha1, *sha256;
};

/* OpenSSL fails here only without memory or without its default provider. */
static void must(int ok)
{
	if (ok != 1) {
		azk_error("libcrypto cannot make SHA-1 and SHA-256 digests");
		exit(AZK_BAD);
	}
}

struct digest_ctx *digest_begin(void)
{
	struct digest_ctx *c = xcalloc(1, sizeof(*c));

	c->sha1 = EVP_MD_CTX_new();
	c->sha256 = EVP_MD_CTX_new();
	must(c->sha1 && c->sha256);
	must(EVP_DigestInit_ex(c->sha1, EVP_sha1(), NULL));
	must(EVP_DigestInit_ex(c->sha256, EVP_sha256(), NULL));
	return c;
}

void digest_add(struct digest_ctx *c, const void *p, size_t n)
{
	must(EVP_DigestUpdate(c->sha1, p, n));
	must(EVP_DigestUpdate(c->sha256, p, n));
}

static void hex(EVP_MD_CTX *ctx, char *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	must(EVP_DigestFinal_ex(ctx, md, &n));
	for (unsigned int i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", md[i]);
	EVP_MD_CTX_free(ctx);
}

void digest_end(struct digest_ctx *c, struct digests *d)
{
	hex(c->sha1, d->sha1);
	hex(c->sha256, d->sha256);
	free(c);
}

void digest_mem(const void *p, size_t n, struct digests *d)
{
	struct digest_ctx *c = digest_begin();

	digest_add(c, p, n);
	digest_end(c, d);
}

int digest_file(const char *path, struct digests *d)
{
	struct digest_ctx *c;
	char buf[65536];
	size_t n;
	FILE *f = fopen(path, "rbe");
	int rc = 0;

	if (!f)
		return -errno;
	c = digest_begin();
	errno = 0;
	while ((n = fread(buf, 1, sizeof(buf), f)))
		digest_add(c, buf, n);
	if (ferror(f))
		rc = errno ? -errno : -EIO;
	digest_end(c, d);
	fclose(f);
	return rc;
}

bool is_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") == n && !s[n];
}
