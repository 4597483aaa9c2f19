// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything `azk release` reads that another program wrote: .cmd files, commands,
 * thin archives, licence tags, compile records, envelopes, signatures of modules and
 * images, shared libraries of programs. The first byte picks.
 * A record written down again parses to the same bytes; base64 decodes to what was
 * encoded.
 */
#include "release/dsse.h"
#include "release/packages.h"
#include "release/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_cmd(const char *s, size_t n)
{
	struct strlist words = { 0 };
	struct cmdfile c;
	size_t line;

	if (!cmdfile_parse(&c, s, n, &line))
		cmd_words(c.command, &words);
	cmdfile_free(&c);
	strlist_free(&words);
}

static void fuzz_record(const char *s, size_t n)
{
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct record rec, again;
	size_t line;

	if (!record_parse(&rec, s, n, &line)) {
		record_write(&rec, &first);
		if (record_parse(&again, sb_str(&first), first.len, &line))
			abort();
		record_write(&again, &second);
		if (first.len != second.len || memcmp(first.buf, second.buf, first.len))
			abort();
		record_free(&again);
	}
	record_free(&rec);
	sb_free(&first);
	sb_free(&second);
}

static void fuzz_dsse(const char *s, size_t n)
{
	struct strbuf text = STRBUF_INIT, back = STRBUF_INIT;
	const char *why;
	struct dsse e;

	dsse_parse(&e, s, n, &why);
	dsse_free(&e);
	base64_encode(s, n, &text);
	if (base64_decode(sb_str(&text), text.len, &back) || back.len != n ||
	    (n && memcmp(back.buf, s, n)))
		abort();
	sb_free(&text);
	sb_free(&back);
}

static void fuzz_licence(const char *s, size_t n)
{
	struct strlist l = { 0 };
	char *tag = licence_tag(s, n), *all;

	if (tag) {
		strlist_add(&l, tag);
		strlist_add(&l, "GPL-2.0 OR MIT");
		all = licence_join(&l);
		if (!licence_valid(tag) || !licence_valid(all))
			abort();
		free(all);
	}
	strlist_free(&l);
	free(tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strlist l = { 0 };
	const char *s;
	size_t n;

	if (!size)
		return 0;
	s = (const char *)data + 1;
	n = size - 1;
	switch (data[0]) {
	case 'c':
		fuzz_cmd(s, n);
		break;
	case 'a':
		thin_members(s, n, &l);
		strlist_free(&l);
		break;
	case 'l':
		fuzz_licence(s, n);
		break;
	case 'm':
		free(module_signer(s, n));
		break;
	case 'p':
		free(pe_signer(s, n));
		break;
	case 'e':
		elf_needed(s, n, &l);
		strlist_free(&l);
		break;
	case 'r':
		fuzz_record(s, n);
		break;
	case 'd':
		fuzz_dsse(s, n);
		break;
	}
	return 0;
}
