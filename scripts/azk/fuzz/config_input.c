// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What azk config reads that others wrote: gzip'd configurations, Makefiles,
 * and the helper's descriptions. The first byte picks. A .config that was
 * compressed comes back the same.
 */
#include <zlib.h>

#include "config/builds.h"
#include "config/describe.h"
#include "config/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_gunzip(const char *s, size_t n, struct azk_report *r)
{
	struct strbuf out = STRBUF_INIT;

	cfg_gunzip("f", s, n, &out, r);
	sb_free(&out);
}

static void fuzz_round(const char *s, size_t n, struct azk_report *r)
{
	struct strbuf out = STRBUF_INIT;
	z_stream z = { .next_in = (Bytef *)s, .avail_in = (uInt)n };
	size_t cap;
	char *gz;

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	cap = deflateBound(&z, n);
	gz = xmalloc(cap);
	z.next_out = (Bytef *)gz;
	z.avail_out = (uInt)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	if (cfg_gunzip("f", gz, z.total_out, &out, r) || out.len != n ||
	    (n && memcmp(out.buf, s, n)))
		abort();
	cfg_dot_free(cfg_dot_parse("f", sb_str(&out), out.len, r));
	deflateEnd(&z);
	free(gz);
	sb_free(&out);
}

static void fuzz_makefile(const char *s, size_t n)
{
	struct strlist out = { 0 };

	cfg_makefile_scan("drivers/x", s, n, &out);
	/* every line is a symbol and an object of that folder */
	for (size_t i = 0; i < out.n; i++) {
		if (!strstr(out.v[i], " drivers/x/"))
			abort();
	}
	strlist_free(&out);
}

static void fuzz_describe(const char *s, size_t n)
{
	struct strlist lines = { 0 };
	struct cfg_defs d = { 0 };
	const char *line;
	size_t pos = 0, len;

	while (azk_next_line(s, n, &pos, &line, &len)) {
		_cleanup_free_ char *copy = xmemdup0(line, len);

		strlist_add(&lines, copy);
	}
	cfg_defs_parse(&d, &lines);
	for (size_t i = 0; i + 1 < d.map.n && i < 8; i++) {
		_cleanup_free_ char *why = NULL;
		double score = cfg_renamed(d.map.v[i].value, d.map.v[i + 1].value, &why);

		if (!(score > -0.2 && score < 1.2))
			abort();
	}
	cfg_defs_free(&d);
	strlist_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct azk_report *r = report_new("fuzz");
	const char *s = (const char *)data + 1;
	struct strlist list = { 0 };
	size_t n = size ? size - 1 : 0;
	char *text;

	if (!size)
		goto out;
	switch (data[0] % 5) {
	case 0:
		fuzz_gunzip(s, n, r);
		break;
	case 1:
		fuzz_round(s, n, r);
		break;
	case 2:
		fuzz_makefile(s, n);
		break;
	case 3:
		fuzz_describe(s, n);
		break;
	case 4:
		text = xmemdup0(s, n);
		cfg_list_split(text, &list);
		if (!cfg_list_same(text, text) && cfg_list_split(text, &list))
			abort();
		strlist_free(&list);
		free(text);
		break;
	}
out:
	report_free(r);
	return 0;
}
