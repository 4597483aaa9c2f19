// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and text out of other programs' files. */
#include "audit/audit.h"

uint32_t le16_at(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

uint32_t le32_at(const unsigned char *p)
{
	return le16_at(p) | le16_at(p + 2) << 16;
}

uint64_t le64_at(const unsigned char *p)
{
	return le32_at(p) | (uint64_t)le32_at(p + 4) << 32;
}

uint32_t be32_at(const unsigned char *p)
{
	return p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

size_t span_find(struct span s, size_t from, const void *needle, size_t n)
{
	const unsigned char *at;

	if (from > s.n || !s.p)
		return SIZE_MAX;
	at = memmem(s.p + from, s.n - from, needle, n);
	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

bool span_starts(struct span s, const void *magic, size_t n)
{
	return s.n >= n && !memcmp(s.p, magic, n);
}

char *span_text(struct span s)
{
	char *t = xmemdup0(s.n ? (const void *)s.p : "", s.n);

	for (size_t i = 0; i < s.n; i++) {
		if ((t[i] < ' ' || t[i] > '~') && t[i] != '\n' && t[i] != '\t')
			t[i] = '?';
	}
	return t;
}
