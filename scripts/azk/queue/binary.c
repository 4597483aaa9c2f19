// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Git binary patches: "literal" (the new content) and "delta" (pack form),
 * deflated and written in base 85. Format: git's Documentation
 * (gitformat-pack for the delta) and what git diff --binary prints.
 */
#include <errno.h>
#include <zlib.h>

#include "queue/binary.h"
#include "queue/parser.h"

#define MAX_BINARY (256u << 20)

static const char digits85[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			       "!#$%&()*+-;<=>?@^_`{|}~";

static int digit85(char c)
{
	const char *s = c ? strchr(digits85, c) : NULL;

	return s ? (int)(s - digits85) : -1;
}

/* One line: its length as a letter, then groups of five digits for four bytes. */
static const char *decode85(const struct parser *ps, struct strbuf *out)
{
	char c = ps->s[0];
	size_t len = c >= 'A' && c <= 'Z' ? (size_t)(c - 'A') + 1 :
		c >= 'a' && c <= 'z' ? (size_t)(c - 'a') + 27 : 0;

	if (!len || ps->n != 1 + (len + 3) / 4 * 5)
		return "malformed base-85 line";
	for (size_t i = 1; i < ps->n; i += 5) {
		uint64_t v = 0;
		unsigned char b[4];

		for (size_t k = 0; k < 5; k++) {
			int d = digit85(ps->s[i + k]);

			if (d < 0)
				return "malformed base-85 line";
			v = v * 85 + (uint64_t)d;
		}
		if (v > UINT32_MAX)
			return "base-85 digits out of range";
		for (size_t k = 0; k < 4; k++)
			b[k] = (unsigned char)(v >> (24 - 8 * k));
		sb_add(out, b, len < 4 ? len : 4);
		len -= len < 4 ? len : 4;
	}
	return NULL;
}

/* The whole of in, which must give exactly len bytes. */
static const char *inflate_all(const struct strbuf *in, size_t len, char **out)
{
	z_stream z = { 0 };
	int rc;

	/* deflate cannot do better than 1032 to 1 */
	if (len > MAX_BINARY || len / 1032 > in->len)
		return "its stated size is too large";
	if (inflateInit(&z) != Z_OK)
		return "zlib fails";
	*out = xmalloc(len + 1);
	z.next_in = (unsigned char *)in->buf;
	z.avail_in = (unsigned int)in->len;
	z.next_out = (unsigned char *)*out;
	z.avail_out = (unsigned int)len + 1;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (rc != Z_STREAM_END || z.total_out != len || z.avail_in)
		return "its data does not inflate to the stated size";
	return NULL;
}

/* "literal N" or "delta N" and its lines up to a blank one. */
static int parse_one(struct parser *ps, struct binary *b)
{
	_cleanup_sb_ struct strbuf data = STRBUF_INIT;
	_cleanup_free_ char *num = NULL;
	size_t line = ps->lineno, skip;
	const char *why = NULL;
	unsigned long len;

	b->delta = parse_starts(ps, "delta ");
	if (!b->delta && !parse_starts(ps, "literal "))
		return parse_fail(ps, line, "expected 'literal' or 'delta' and a size");
	skip = b->delta ? 6 : 8;
	num = xstrndup(ps->s + skip, ps->n - skip);
	if (!str_to_uint(num, &len))
		return parse_fail(ps, line, "malformed size of a binary patch");
	for (parse_next(ps); !ps->eof && ps->n && !why; parse_next(ps)) {
		why = ps->eol ? decode85(ps, &data) : "the patch ends in the middle of a line";
		if (why)
			return parse_fail(ps, ps->lineno, "%s", why);
	}
	if (ps->eof)
		return parse_fail(ps, line, "binary patch without the blank line that ends it");
	why = inflate_all(&data, len, &b->data);
	if (why)
		return parse_fail(ps, line, "binary patch: %s", why);
	b->len = len;
	parse_next(ps);
	return 0;
}

static bool size_at(const unsigned char **s, const unsigned char *end, size_t *out)
{
	unsigned int shift = 0;

	*out = 0;
	while (*s < end && shift < 35) {
		unsigned char c = *(*s)++;

		*out |= (size_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
		shift += 7;
	}
	return false;
}

/* The sizes of the two sides as b tells them; was only where it is a delta. */
static void sizes(const struct binary *b, size_t *was, size_t *is)
{
	const unsigned char *s = (const unsigned char *)b->data, *end = s + b->len;

	if (!b->delta)
		*is = b->len;
	else if (!size_at(&s, end, was) || !size_at(&s, end, is))
		*was = *is = 0;
}

int parse_binary(struct parser *ps, struct file_diff *d)
{
	struct binary reverse = { 0 };
	int rc;

	d->is_binary = true;
	parse_next(ps);
	rc = parse_one(ps, &d->forward);
	/* the way back is read and checked, not used: azk keeps what it replaces */
	if (!rc && (parse_starts(ps, "literal ") || parse_starts(ps, "delta ")))
		rc = parse_one(ps, &reverse);
	if (!rc && reverse.data)
		sizes(&reverse, &d->is_size, &d->was_size);
	if (!rc)
		sizes(&d->forward, &d->was_size, &d->is_size);
	free(reverse.data);
	return rc;
}

/* Bytes of a copy instruction that are there, least significant first. */
static bool operand(const unsigned char **s, const unsigned char *end, unsigned int bits,
		    unsigned int n, size_t *out)
{
	*out = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (!(bits & 1u << i))
			continue;
		if (*s == end)
			return false;
		*out |= (size_t)*(*s)++ << 8 * i;
	}
	return true;
}

static const char *apply_delta(const struct binary *b, const struct strbuf *old,
			       struct strbuf *out)
{
	static const char damaged[] = "its delta is damaged";
	const unsigned char *s = (const unsigned char *)b->data, *end = s + b->len;
	size_t src, dst;

	if (!size_at(&s, end, &src) || !size_at(&s, end, &dst) || dst > MAX_BINARY)
		return damaged;
	if (src != old->len)
		return "the file has not the size its delta was made from";
	while (s < end) {
		unsigned char op = *s++;
		size_t off, n;

		if (op & 0x80) {
			if (!operand(&s, end, op, 4, &off) || !operand(&s, end, op >> 4, 3, &n))
				return damaged;
			n = n ? n : 0x10000;
			if (off > old->len || n > old->len - off || n > dst - out->len)
				return damaged;
			sb_add(out, old->buf + off, n);
		} else {
			n = op;
			if (!n || n > (size_t)(end - s) || n > dst - out->len)
				return damaged;
			sb_add(out, s, n);
			s += n;
		}
	}
	return out->len == dst ? NULL : damaged;
}

const char *binary_apply(const struct binary *b, const struct strbuf *old, struct strbuf *out)
{
	if (b->delta)
		return apply_delta(b, old, out);
	sb_add(out, b->data, b->len);
	return NULL;
}

/* git's lines hold 52 bytes and its deflate is at level 1, so the bytes are git's. */
void binary_write(const struct strbuf *data, struct strbuf *out)
{
	uLongf len = compressBound(data->len);
	unsigned char *z = xmalloc(len);

	if (compress2(z, &len, (const unsigned char *)sb_str(data), data->len, Z_BEST_SPEED) != Z_OK)
		abort();	/* only out of memory */
	sb_addf(out, "literal %zu\n", data->len);
	for (size_t at = 0; at < len; at += 52) {
		size_t n = len - at < 52 ? len - at : 52;

		sb_addch(out, (char)(n <= 26 ? 'A' + n - 1 : 'a' + n - 27));
		for (size_t i = 0; i < n; i += 4) {
			char group[6] = "";
			uint32_t v = 0;

			for (size_t k = 0; k < 4; k++)
				v = v << 8 | (i + k < n ? z[at + i + k] : 0);
			for (int k = 4; k >= 0; k--, v /= 85)
				group[k] = digits85[v % 85];
			sb_addstr(out, group);
		}
		sb_addch(out, '\n');
	}
	sb_addch(out, '\n');
	free(z);
}
