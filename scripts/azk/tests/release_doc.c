// SPDX-License-Identifier: GPL-2.0-or-later
/* What azk release writes: envelopes, SPDX documents, the scan of a small build tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "release/dsse.h"
#include "release/packages.h"
#include "release/sbom.h"

/* The example of the DSSE protocol text. */
static void the_encoding_that_is_signed_binds_type_and_length(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	dsse_pae("http://example.com/HelloWorld", "hello world", 11, &sb);
	assert_string_equal(sb_str(&sb), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	sb_reset(&sb);
	dsse_pae("", "", 0, &sb);
	assert_string_equal(sb_str(&sb), "DSSEv1 0  0 ");
	sb_free(&sb);
}

/* RFC 4648, section 10. */
static void base64_as_in_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	static const char *const bad[] = {
		"Z", "Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Zm 9", "Zh==", "Zm9=", "Zm9v\n",
	};
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		sb_reset(&sb);
		base64_encode(pairs[i][0], strlen(pairs[i][0]), &sb);
		assert_string_equal(sb_str(&sb), pairs[i][1]);
		sb_reset(&sb);
		assert_int_equal(base64_decode(pairs[i][1], strlen(pairs[i][1]), &sb), 0);
		assert_string_equal(sb_str(&sb), pairs[i][0]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), &sb), -EINVAL);
	sb_reset(&sb);
	assert_int_equal(base64_decode("-_-_", 4, &sb), 0);
	assert_memory_equal(sb.buf, "\xfb\xff\xbf", 3);
	sb_free(&sb);
}

static void an_envelope_holds_until_anything_in_it_changes(void **state)
{
	EVP_PKEY *keys[] = { dsse_key_new(), EVP_EC_gen("P-256") }, *other = dsse_key_new();
	static const char body[] = "{\"a\":1}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct strbuf line = STRBUF_INIT;
		const char *why;
		struct dsse e;

		assert_int_equal(dsse_sign(keys[i], DSSE_INTOTO, body, strlen(body), &line), 0);
		assert_int_equal(dsse_parse(&e, sb_str(&line), line.len, &why), 0);
		assert_string_equal(sb_str(&e.body), body);
		assert_true(dsse_verify(&e, keys[i]));
		assert_false(dsse_verify(&e, other));
		e.body.buf[3] ^= 1;
		assert_false(dsse_verify(&e, keys[i]));
		e.body.buf[3] ^= 1;
		e.type[0] ^= 1;
		assert_false(dsse_verify(&e, keys[i]));
		e.type[0] ^= 1;
		e.sigs.v[0].buf[8] ^= 1;
		assert_false(dsse_verify(&e, keys[i]));
		dsse_free(&e);
		sb_free(&line);
		EVP_PKEY_free(keys[i]);
	}
	EVP_PKEY_free(other);
}

static void keys_of_other_kinds_are_refused(void **state)
{
	EVP_PKEY *p384 = EVP_EC_gen("P-384");
	struct strbuf pem = STRBUF_INIT;
	const char *why = NULL;

	(void)state;
	assert_int_equal(dsse_key_public(p384, &pem), 0);
	assert_null(dsse_key_read(sb_str(&pem), pem.len, false, &why));
	assert_string_equal(why, "neither an Ed25519 nor an ECDSA P-256 key");
	assert_null(dsse_key_read(sb_str(&pem), pem.len, true, &why));
	assert_null(dsse_key_read("x", 1, false, &why));
	EVP_PKEY_free(p384);
	sb_free(&pem);
}

static void text_that_is_no_envelope_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[]}",
		"{\"payload\":\"!\",\"payloadType\":\"x\",\"signatures\":[{\"sig\":\"AAAA\"}]}",
		"{\"payload\":\"AAAA\",\"payloadType\":\"x\",\"signatures\":[{\"sig\":1}]}",
		"{\"payload\":\"AAAA\",\"payload\":\"AAAA\",\"payloadType\":\"x\",\"signatures\":[{\"sig\":\"AAAA\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;
		struct dsse e;

		assert_int_equal(dsse_parse(&e, bad[i], strlen(bad[i]), &why), -EINVAL);
		assert_non_null(why);
		dsse_free(&e);
	}
}

/* ---- a small build tree -------------------------------------------------- */

static char dir[64];

static void put(const char *name, const char *text)
{
	char *path = path_join(dir, name), *parent = path_dirname(path);

	assert_int_equal(azk_mkdir_p(parent, 0755), 0);
	assert_int_equal(azk_write_file(path, text, strlen(text), 0644), 0);
	free(parent);
	free(path);
}

static int make_tree(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/azk-release.XXXXXX");
	assert_non_null(mkdtemp(dir));
	put("d/one.c", "// SPDX-License-Identifier: GPL-2.0\n");
	put("d/two.c", "// SPDX-License-Identifier: MIT OR GPL-2.0\n");
	put("d/own.h", "/* no tag */\n");
	put("d/m.mod.c", "/* made by modpost */\n");
	put("include/linux/a.h", "/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */\n");
	put("d/table.txt", "1 2 3\n");
	put("d/gen.h", "1,2,3\n");
	put("d/blob.S", ".incbin \"d/blob.bin\"\n");
	put("d/blob.bin", "from the table\n");
	put("d/m.mod", "d/one.o\nd/two.o\n");
	put("d/.one.o.cmd", "savedcmd_d/one.o := gcc d/one.c\nsource_d/one.o := d/one.c\n"
	    "deps_d/one.o := \\\n  include/linux/a.h \\\n  d/own.h \\\n");
	put("d/.two.o.cmd", "savedcmd_d/two.o := gcc d/two.c\nsource_d/two.o := d/two.c\n"
	    "deps_d/two.o := \\\n  ./include/linux/../linux/a.h \\\n  d/gen.h \\\n");
	put("d/.gen.h.cmd", "savedcmd_d/gen.h := d/mkgen d/table.txt > d/gen.h\n");
	put("d/.mkgen.cmd", "savedcmd_d/mkgen := gcc -o d/mkgen d/mkgen.c\n");
	put("d/.blob.o.cmd", "savedcmd_d/blob.o := gcc d/blob.S\nsource_d/blob.o := d/blob.S\n");
	put("d/.blob.bin.cmd", "savedcmd_d/blob.bin := cat d/table.txt | gzip > d/blob.bin\n");
	put("d/.m.o.cmd", "savedcmd_d/m.o := ld -r -o d/m.o @d/m.mod\n");
	put("d/.m.mod.o.cmd", "savedcmd_d/m.mod.o := gcc d/m.mod.c\nsource_d/m.mod.o := d/m.mod.c\n");
	put("d/.m.ko.cmd", "savedcmd_d/m.ko := ld -r -o d/m.ko d/m.o d/m.mod.o\n");
	put("built-in.a", "!<thin>\n//                                              10        `\n"
	    "d/blob.o/\n/0              0           0     0     644     42        `\n");
	put(".built-in.a.cmd", "savedcmd_built-in.a := rm -f built-in.a; ar cDPrST built-in.a d/blob.o\n");
	put(".image.cmd", "savedcmd_image := (dd if=d/part.bin; cat built-in.a; d/tool x) >image\n");
	put("d/tool", "\177ELF");
	put("d/.part.bin.cmd", "savedcmd_d/part.bin := objcopy -O binary d/part.o d/part.bin\n");
	put("d/.part.o.cmd", "savedcmd_d/part.o := gcc\nsource_d/part.o := d/part.S\n");
	put("d/part.S", "/* SPDX-License-Identifier: GPL-2.0 */\n");
	return 0;
}

static int drop_tree(void **state)
{
	(void)state;
	return azk_remove_tree(dir);
}

static void scan(struct record *rec, struct azk_report *r, const char *one, const char *two)
{
	struct strlist products = { 0 };

	memset(rec, 0, sizeof(*rec));
	rec->release = xstrdup("6.18");
	strlist_add(&products, one);
	if (two)
		strlist_add(&products, two);
	scan_build(rec, dir, dir, NULL, &products, r);
	strlist_free(&products);
}

/* Paths of what a product or generated file was made from, one blank between. */
static const char *made_from(const struct record *rec, const char *path)
{
	static struct strbuf sb;
	const struct rec_product *p = record_product(rec, path);
	const struct idxset *from = p ? &p->from : NULL;

	for (size_t i = 0; !from && i < rec->files.n; i++) {
		if (!strcmp(rec->files.v[i].path, path))
			from = &rec->files.v[i].from;
	}
	sb_reset(&sb);
	for (size_t i = 0; from && i < from->n; i++)
		sb_addf(&sb, i ? " %s" : "%s", rec->files.v[from->v[i]].path);
	return sb_str(&sb);
}

static void a_module_is_followed_to_its_sources(void **state)
{
	struct azk_report *r = report_new("t");
	struct record rec;

	(void)state;
	scan(&rec, r, "image", "d/m.ko");
	assert_int_equal(report_status(r), AZK_OK);
	assert_string_equal(made_from(&rec, "d/m.ko"),
			    "d/gen.h d/m.mod.c d/one.c d/own.h d/two.c include/linux/a.h");
	/* the program that made it is a tool, what it read is not */
	assert_string_equal(made_from(&rec, "d/gen.h"), "d/table.txt");
	assert_string_equal(made_from(&rec, "image"), "d/blob.S d/part.S d/table.txt");
	record_free(&rec);
	report_free(r);
}

static void what_cannot_be_followed_is_said(void **state)
{
	struct azk_report *r = report_new("t");
	struct record rec;

	(void)state;
	scan(&rec, r, "d/none.ko", NULL);
	assert_int_equal(report_status(r), AZK_BAD);
	record_free(&rec);
	report_free(r);

	r = report_new("t");
	put("d/.bad.ko.cmd", "savedcmd_d/bad.ko := ld -r -o d/bad.ko @d/gone.mod\n");
	scan(&rec, r, "d/bad.ko", NULL);
	assert_int_equal(report_status(r), AZK_BAD);
	record_free(&rec);
	report_free(r);

	r = report_new("t");
	put("d/.loop.o.cmd", "savedcmd_d/loop.o := nonsense\nnonsense\n");
	put("d/.loop.ko.cmd", "savedcmd_d/loop.ko := ld -r -o d/loop.ko d/loop.o\n");
	scan(&rec, r, "d/loop.ko", NULL);
	assert_int_equal(report_status(r), AZK_BAD);
	record_free(&rec);
	report_free(r);
}

/* ---- a document ----------------------------------------------------------- */

static void fill(struct rpm_info *p, const char *module)
{
	struct rpm_entry *e;

	memset(p, 0, sizeof(*p));
	p->file = xstrdup("kernel-core-6.18-1.x86_64.rpm");
	p->name = xstrdup("kernel-core");
	p->version = xstrdup("6.18");
	p->release = xstrdup("1");
	p->arch = xstrdup("x86_64");
	p->vendor = xstrdup("Azure");
	p->licence = xstrdup("GPL-2.0-only");
	p->summary = xstrdup("s");
	p->url = xstrdup("");
	p->buildtime = 1772150400;
	digest_mem("rpm", 3, &p->d);
	e = vec_add(&p->files);
	e->path = xasprintf("/lib/modules/6.18/kernel/%s.zst", module);
	e->regular = true;
	digest_mem("ko", 2, &e->d);
	e = vec_add(&p->files);
	e->path = xstrdup("/lib/modules/6.18/config");
	e->regular = true;
	digest_mem("cfg", 3, &e->d);
}

static bool related(json_t *doc, const char *a, const char *type, const char *b)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(doc, "relationships"), i, v) {
		if (!strcmp(json_string_value(json_object_get(v, "spdxElementId")), a) &&
		    !strcmp(json_string_value(json_object_get(v, "relationshipType")), type) &&
		    !strcmp(json_string_value(json_object_get(v, "relatedSpdxElement")), b))
			return true;
	}
	return false;
}

static json_t *file_named(json_t *doc, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(doc, "files"), i, v) {
		if (!strcmp(json_string_value(json_object_get(v, "fileName")), name))
			return v;
	}
	return NULL;
}

static const char *key(json_t *o, const char *k)
{
	const char *s = json_string_value(json_object_get(o, k));

	return s ? s : "";
}

static void a_document_says_what_a_module_was_made_from(void **state)
{
	struct azk_report *r = report_new("t");
	struct build_facts f = { 0 };
	struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct record rec;
	struct rpm_info p;
	json_t *doc, *ko;

	(void)state;
	scan(&rec, r, "image", "d/m.ko");
	fill(&p, "d/m.ko");
	f.up.version = xstrdup("6.18");
	f.up.file = xstrdup("linux.tar.xz");
	digest_mem("tar", 3, &f.up.d);
	doc = spdx_document(&p, &rec, &f, r);
	assert_int_equal(report_status(r), AZK_OK);
	ko = file_named(doc, "./lib/modules/6.18/kernel/d/m.ko.zst");
	assert_true(related(doc, key(ko, "SPDXID"), "GENERATED_FROM",
			    key(file_named(doc, "./d/one.c"), "SPDXID")));
	assert_true(related(doc, key(ko, "SPDXID"), "DEPENDS_ON", "SPDXRef-Headers"));
	assert_true(related(doc, key(file_named(doc, "./d/gen.h"), "SPDXID"), "GENERATED_FROM",
			    key(file_named(doc, "./d/table.txt"), "SPDXID")));
	assert_string_equal(key(ko, "licenseConcluded"),
			    "GPL-2.0 AND GPL-2.0 WITH Linux-syscall-note AND (MIT OR GPL-2.0)");
	/* only what this package was made from */
	assert_null(file_named(doc, "./d/blob.S"));
	spdx_print(doc, &one);
	json_decref(doc);
	doc = spdx_document(&p, &rec, &f, r);
	spdx_print(doc, &two);
	assert_string_equal(sb_str(&one), sb_str(&two));
	json_decref(doc);
	rpm_free(&p);
	sb_free(&one);
	sb_free(&two);

	fill(&p, "d/other.ko");
	json_decref(spdx_document(&p, &rec, &f, r));
	assert_int_equal(report_status(r), AZK_FINDINGS);
	rpm_free(&p);
	facts_free(&f);
	record_free(&rec);
	report_free(r);
}

static void a_parity_row_holds_only_where_its_file_says_so(void **state)
{
	static const struct {
		const char *row;
		int status;
	} cases[] = {
		{ "yes | a thing | d/one.c | GPL-2.0", AZK_OK },
		{ "no | a thing | because\n# a comment\n", AZK_OK },
		{ "yes | a thing | d/one.c | MIT", AZK_FINDINGS },
		{ "yes | a thing | d/none.c | MIT", AZK_FINDINGS },
		{ "yes | a thing | ../etc/passwd | root", AZK_FINDINGS },
		{ "yes | a thing | d/one.c", AZK_BAD },
		{ "no | a thing", AZK_BAD },
		{ "maybe | a thing | why", AZK_BAD },
	};
	char *file = path_join(dir, "parity");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct azk_report *r = report_new("t");

		put("parity", cases[i].row);
		json_decref(parity_load(file, dir, r));
		assert_int_equal(report_status(r), cases[i].status);
		report_free(r);
	}
	free(file);
}

static void what_is_not_signed_has_no_signer(void **state)
{
	static const char cut[] = "x\0\0\0\2\0\0\0\0\xff\xff\xff\xff~Module signature appended~\n";
	char pe[256] = "MZ";

	(void)state;
	assert_null(module_signer("", 0));
	assert_null(module_signer(cut, sizeof(cut) - 1));
	assert_null(pe_signer(pe, sizeof(pe)));
	memcpy(pe + 0x3c, "\xff\xff\xff\xff", 4);
	assert_null(pe_signer(pe, sizeof(pe)));
	memcpy(pe + 0x3c, "\x40\0\0\0", 4);
	memcpy(pe + 0x40, "PE\0", 4);
	assert_null(pe_signer(pe, sizeof(pe)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_encoding_that_is_signed_binds_type_and_length),
		cmocka_unit_test(base64_as_in_rfc_4648),
		cmocka_unit_test(an_envelope_holds_until_anything_in_it_changes),
		cmocka_unit_test(keys_of_other_kinds_are_refused),
		cmocka_unit_test(text_that_is_no_envelope_is_refused),
		cmocka_unit_test(a_module_is_followed_to_its_sources),
		cmocka_unit_test(what_cannot_be_followed_is_said),
		cmocka_unit_test(a_parity_row_holds_only_where_its_file_says_so),
		cmocka_unit_test(what_is_not_signed_has_no_signer),
		cmocka_unit_test(a_document_says_what_a_module_was_made_from),
	};

	return cmocka_run_group_tests_name("release: records and documents", tests, make_tree,
					   drop_tree);
}
