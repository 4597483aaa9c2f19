// SPDX-License-Identifier: GPL-2.0-or-later
/* gzip and zstd, as kernels, modules, configurations and packages are compressed. */
#include <errno.h>
#include <zlib.h>
#include <zstd.h>

#include "audit/audit.h"

#define CHUNK (1u << 20)

static const struct {
	const char *magic;
	size_t n;
	const char *name;
} packings[] = {
	[PACK_NONE] = { NULL, 0, "not compressed" },
	[PACK_GZIP] = { "\037\213\010", 3, "gzip" },
	[PACK_ZSTD] = { "\050\265\057\375", 4, "zstd" },
	[PACK_XZ] = { "\375" "7zXZ", 5, "xz" },
	[PACK_LZ4] = { "\002\041\114\030", 4, "lz4" },
	[PACK_LZO] = { "\211LZO", 4, "lzo" },
	[PACK_LZMA] = { "\135\000\000", 3, "lzma" },
	[PACK_BZIP2] = { "BZh", 3, "bzip2" },
};

enum packing packing_of(struct span s)
{
	for (size_t i = PACK_GZIP; i < ARRAY_SIZE(packings); i++) {
		if (span_starts(s, packings[i].magic, packings[i].n))
			return (enum packing)i;
	}
	return PACK_NONE;
}

const char *packing_name(enum packing p)
{
	return packings[p].name;
}

static int wrong(struct where *w, size_t at, const char *why, int rc)
{
	w->at = at;
	w->why = why;
	return rc;
}

static int unpack_gzip(struct span s, struct strbuf *out, struct where *w)
{
	size_t begin = out->len;
	z_stream z = { 0 };
	int rc;

	/* 16: with the gzip header */
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return wrong(w, 0, "zlib cannot start", -ENOMEM);
	z.next_in = (unsigned char *)s.p;
	z.avail_in = s.n > UINT32_MAX ? UINT32_MAX : (uInt)s.n;
	do {
		out->buf = vec_grow_(out->buf, out->len + CHUNK + 1, &out->cap, 1);
		z.next_out = (unsigned char *)out->buf + out->len;
		z.avail_out = CHUNK;
		rc = inflate(&z, Z_NO_FLUSH);
		out->len += CHUNK - z.avail_out;
	} while (rc == Z_OK && out->len - begin <= UNPACK_MAX);
	out->buf[out->len] = '\0';
	w->at = z.total_in;
	inflateEnd(&z);
	if (out->len - begin > UNPACK_MAX)
		return wrong(w, w->at, "unpacks to more than 512 MiB", -EFBIG);
	if (rc != Z_STREAM_END)
		return wrong(w, w->at, rc == Z_DATA_ERROR ? "damaged gzip data" :
			     "gzip data is cut off", -EINVAL);
	return 0;
}

/* What follows a frame and is not another one (bzImage: the size) is not looked at. */
static bool frame_at(struct span s, size_t at)
{
	return at < s.n && packing_of(span_cut(s, at, s.n - at)) == PACK_ZSTD;
}

static int unpack_zstd(struct span s, struct strbuf *out, struct where *w)
{
	ZSTD_inBuffer in = { s.p, s.n, 0 };
	ZSTD_DStream *d = ZSTD_createDStream();
	size_t begin = out->len, rc = 1;
	int err = 0;

	/* kernels are packed with --ultra: windows up to 128 MiB */
	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 27);
	while (!err && (rc || frame_at(s, in.pos))) {
		ZSTD_outBuffer o;
		size_t was = in.pos;

		out->buf = vec_grow_(out->buf, out->len + CHUNK + 1, &out->cap, 1);
		o = (ZSTD_outBuffer){ out->buf + out->len, CHUNK, 0 };
		rc = ZSTD_decompressStream(d, &o, &in);
		if (ZSTD_isError(rc))
			err = wrong(w, in.pos, "damaged zstd data", -EINVAL);
		else if (rc && in.pos == was && !o.pos)
			err = wrong(w, in.pos, "zstd data is cut off", -EINVAL);
		else
			out->len += o.pos;
		if (!err && out->len - begin > UNPACK_MAX)
			err = wrong(w, in.pos, "unpacks to more than 512 MiB", -EFBIG);
	}
	ZSTD_freeDStream(d);
	if (out->buf)
		out->buf[out->len] = '\0';
	return err;
}

int unpack(struct span s, struct strbuf *out, struct where *w)
{
	switch (packing_of(s)) {
	case PACK_GZIP:
		return unpack_gzip(s, out, w);
	case PACK_ZSTD:
		return unpack_zstd(s, out, w);
	case PACK_NONE:
		return wrong(w, 0, "not compressed by any method known here", -EINVAL);
	default:
		return wrong(w, 0, "compressed by a method not read here (gzip and zstd are)", -ENOTSUP);
	}
}
