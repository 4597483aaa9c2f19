// SPDX-License-Identifier: GPL-2.0-or-later
/* What azk audit reads, whole and damaged: each error says where in the file it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/audit_lib.h"

static struct pair *key, *other;

static struct span span_of(const struct strbuf *sb)
{
	return (struct span){ (const unsigned char *)sb_str(sb), sb->len };
}

/* ---- images ------------------------------------------------------------------- */

static struct kernel_parts parts(void)
{
	return (struct kernel_parts){
		.lockdown = true, .banner = "Linux version 6.18.15-1.azure.x86_64 (a@b) #1",
		.config = "CONFIG_X86_64=y\nCONFIG_A=y\n", .trusted = { key, other },
	};
}

static void check_kernel(const struct image *im, const char *form)
{
	assert_string_equal(im->form, form);
	assert_true(im->unpacked);
	assert_string_equal(im->version, "6.18.15-1.azure.x86_64");
	assert_true(im->has_config);
	assert_non_null(strstr(im->config.buf, "CONFIG_A=y"));
	assert_true(im->says_secure_boot && im->has_hook);
	/* the self-test's certificate in front is not one of the list */
	assert_true(im->has_certs);
	assert_int_equal(im->certs.v.n, 2);
	assert_string_equal(im->certs.v.v[0].subject, "a key");
	assert_string_equal(im->certs.v.v[0].key, "RSA 2048");
	assert_string_equal(im->certs.v.v[1].subject, "another key");
}

static void a_kernel_is_found_in_every_wrapping(void **state)
{
	struct strbuf kernel = STRBUF_INIT, z = STRBUF_INIT, b = STRBUF_INIT, u = STRBUF_INIT;
	struct kernel_parts k = parts();
	struct image im;
	struct where w;

	(void)state;
	make_kernel(&k, &kernel);
	make_zboot(&kernel, &z);
	make_bzimage(&kernel, &b);
	make_uki(&b, "root=LABEL=x quiet\n", "sbat,1,SBAT Version,sbat,1\n", &u);

	assert_int_equal(image_read(&im, "z", &z, &w), 0);
	check_kernel(&im, "EFI zboot");
	assert_true(im.is_pe && !im.uki && !im.sbat);
	image_free(&im);
	assert_int_equal(image_read(&im, "b", &b, &w), 0);
	check_kernel(&im, "bzImage");
	assert_false(im.is_pe);
	image_free(&im);
	assert_int_equal(image_read(&im, "u", &u, &w), 0);
	check_kernel(&im, "bzImage");
	assert_true(im.is_pe && im.uki);
	assert_string_equal(im.cmdline, "root=LABEL=x quiet");
	assert_true(str_starts(im.sbat, "sbat,1"));
	image_free(&im);
	assert_int_equal(image_read(&im, "k", &kernel, &w), 0);
	check_kernel(&im, "ELF");
	image_free(&im);
}

static void damaged_images_say_where(void **state)
{
	struct strbuf kernel = STRBUF_INIT, z = STRBUF_INIT;
	struct kernel_parts k = parts();
	static const struct {
		size_t at, bytes;	/* 0xff from here */
		size_t where;
		const char *why;
	} cases[] = {
		{ 0x3c, 4, 0x3c, "not a PE image" },
		{ 0x40, 1, 0x3c, "not a PE image" },
		{ 0x40 + 24, 2, 0x40 + 24, "not a 64-bit PE" },
		{ 0x40 + 20, 2, 0x40 + 20, "optional header" },
		{ 0x40 + 6, 2, 0x40 + 24 + 240, "more PE sections" },
		{ 0x40 + 24 + 60, 4, 0x40 + 24 + 60, "PE headers" },
		{ 0x40 + 24 + 112 + 36, 4, 0x40 + 24 + 112 + 32, "certificate table" },
		{ 0x40 + 24 + 240 + 16, 4, 0x40 + 24 + 240 + 16, "section reaches" },
		{ 8, 4, 8, "compressed kernel reaches" },
		{ 12, 4, 8, "compressed kernel reaches" },
	};

	(void)state;
	make_kernel(&k, &kernel);
	make_zboot(&kernel, &z);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf copy = STRBUF_INIT;
		struct where w = { 0 };
		struct image im;

		sb_add(&copy, z.buf, z.len);
		memset(copy.buf + cases[i].at, 0xff, cases[i].bytes);
		assert_int_not_equal(image_read(&im, "z", &copy, &w), 0);
		image_free(&im);
		if (w.at != cases[i].where || !strstr(w.why, cases[i].why))
			fail_msg("case %zu: byte %zu: %s", i, w.at, w.why);
	}
	sb_free(&kernel);
	sb_free(&z);
}

/* What cannot be unpacked is no error of the file, but nothing is known of it. */
static void a_damaged_payload_is_told_and_not_trusted(void **state)
{
	struct strbuf kernel = STRBUF_INIT, z = STRBUF_INIT;
	struct kernel_parts k = parts();
	struct where w;
	struct image im;

	(void)state;
	make_kernel(&k, &kernel);
	make_zboot(&kernel, &z);
	memset(z.buf + 1024 + 200, 0x55, 100);
	assert_int_equal(image_read(&im, "z", &z, &w), 0);
	assert_false(im.unpacked || im.has_certs || im.has_config || im.says_secure_boot);
	assert_non_null(strstr(im.why_not, "gzip payload, byte "));
	image_free(&im);
	sb_free(&kernel);
}

static void any_cut_of_an_image_is_read_without_harm(void **state)
{
	struct strbuf kernel = STRBUF_INIT, z = STRBUF_INIT;
	struct kernel_parts k = parts();

	(void)state;
	make_kernel(&k, &kernel);
	make_zboot(&kernel, &z);
	sign_pe(&z, key);
	for (size_t n = 0; n < z.len; n += n < 1200 ? 1 : 37) {
		/* exactly as long, so that a read beyond the end is seen */
		struct strbuf copy = { .buf = malloc(n ? n : 1), .len = n, .cap = n };
		struct where w = { 0 };
		struct image im;
		struct pe_sig s;

		memcpy(copy.buf, z.buf, n);
		if (!image_read(&im, "z", &copy, &w) && im.is_pe) {
			assert_int_not_equal(pe_signature(&im.pe, 0, &s, &w) == 1 && s.digest_ok, 1);
			pe_sig_free(&s);
		} else {
			assert_true(w.at <= z.len);
		}
		image_free(&im);
	}
	sb_free(&kernel);
	sb_free(&z);
}

/* ---- signatures ------------------------------------------------------------------ */

static void an_image_is_signed_by_who_it_says(void **state)
{
	struct strbuf kernel = STRBUF_INIT, z = STRBUF_INIT;
	struct kernel_parts k = parts();
	struct where w;
	struct image im;
	struct pe_sig s;

	(void)state;
	make_kernel(&k, &kernel);
	make_zboot(&kernel, &z);
	sign_pe(&z, key);
	assert_int_equal(image_read(&im, "z", &z, &w), 0);
	assert_int_equal(pe_signature(&im.pe, 0, &s, &w), 1);
	assert_true(s.digest_ok);
	assert_int_equal(s.sig.check, SIG_GOOD);
	assert_string_equal(s.sig.signer, "a key");
	assert_int_equal(s.digest_bits, 256);
	pe_sig_free(&s);
	assert_int_equal(pe_signature(&im.pe, 1, &s, &w), 0);
	pe_sig_free(&s);
	/* the checksum is not signed, the byte behind it is */
	im.file.buf[0x40 + 24 + 64] ^= 1;
	assert_int_equal(pe_signature(&im.pe, 0, &s, &w), 1);
	assert_true(s.digest_ok);
	pe_sig_free(&s);
	im.file.buf[0x40 + 24 + 68] ^= 1;
	assert_int_equal(pe_signature(&im.pe, 0, &s, &w), 1);
	assert_false(s.digest_ok);
	pe_sig_free(&s);
	image_free(&im);
	sb_free(&kernel);
}

static void a_module_is_signed_by_a_key_of_the_image(void **state)
{
	struct strbuf ko = STRBUF_INIT;
	struct certs keys = { 0 }, strangers = { 0 };
	struct signature s;
	struct where w;

	(void)state;
	certs_add_x509(&keys, key->cert);
	certs_add_x509(&strangers, other->cert);
	make_module(&ko, NULL, NULL);
	assert_int_equal(module_signature(span_of(&ko), &keys, &s, &w), 0);
	signature_free(&s);
	sb_reset(&ko);
	make_module(&ko, key, "SHA512");
	assert_int_equal(module_signature(span_of(&ko), &keys, &s, &w), 1);
	assert_int_equal(s.check, SIG_GOOD);
	assert_string_equal(s.signer, "a key");
	assert_int_equal(s.hash_bits, 512);
	signature_free(&s);
	assert_int_equal(module_signature(span_of(&ko), &strangers, &s, &w), 1);
	assert_int_equal(s.check, SIG_NO_KEY);
	signature_free(&s);
	assert_int_equal(module_signature(span_of(&ko), NULL, &s, &w), 1);
	assert_int_equal(s.check, SIG_UNCHECKED);
	signature_free(&s);
	ko.buf[5] ^= 1;
	assert_int_equal(module_signature(span_of(&ko), &keys, &s, &w), 1);
	assert_int_equal(s.check, SIG_BAD);
	signature_free(&s);
	/* the length in the trailer, then its type */
	ko.buf[ko.len - 28 - 4] = 0x7f;
	assert_int_equal(module_signature(span_of(&ko), &keys, &s, &w), -EINVAL);
	assert_int_equal(w.at, ko.len - 28 - 4);
	ko.buf[ko.len - 28 - 10] = 1;
	assert_int_equal(module_signature(span_of(&ko), &keys, &s, &w), -EINVAL);
	assert_int_equal(w.at, ko.len - 28 - 10);
	sb_free(&ko);
	certs_free(&keys);
	certs_free(&strangers);
}

/* ---- packages ------------------------------------------------------------------------ */

static void collect(void *arg, const char *path, struct span data)
{
	struct strbuf *sb = arg;

	sb_addf(sb, "%s %zu\n", path, data.n);
}

static void a_package_is_walked_and_its_digests_are_checked(void **state)
{
	struct strbuf rpm = STRBUF_INIT, seen = STRBUF_INIT, x = STRBUF_INIT;
	struct packed files[] = { { "/lib/a", &x }, { "/lib/b", &x }, { NULL, NULL } };
	struct rpmfile r;
	struct where w;

	(void)state;
	sb_addstr(&x, "hello");
	make_rpm("kernel-core", files, &rpm);
	assert_int_equal(rpmfile_read(&r, span_of(&rpm), &w), 0);
	assert_string_equal(r.name, "kernel-core");
	assert_string_equal(r.arch, "x86_64");
	assert_false(r.is_signed);
	assert_int_equal(rpmfile_walk(&r, collect, &seen, &w), 0);
	assert_string_equal(seen.buf, "/lib/a 5\n/lib/b 5\n");
	/* cut in the archive */
	r.payload.len -= 130;
	assert_int_not_equal(rpmfile_walk(&r, collect, &seen, &w), 0);
	assert_true(w.at <= r.payload.len && w.at > 0);
	rpmfile_free(&r);

	rpm.buf[rpm.len - 20] ^= 1;
	assert_int_not_equal(rpmfile_read(&r, span_of(&rpm), &w), 0);
	assert_non_null(strstr(w.why, "payload does not fit"));
	rpmfile_free(&r);
	rpm.buf[rpm.len - 20] ^= 1;
	/* a byte of the header's store */
	rpm.buf[96 + 16 + 16 + 72 + 16 + 5 * 16 + 8] ^= 1;
	assert_int_not_equal(rpmfile_read(&r, span_of(&rpm), &w), 0);
	assert_non_null(strstr(w.why, "header does not fit"));
	rpmfile_free(&r);
	for (size_t n = 0; n < rpm.len; n++) {
		/* exactly as long, so that a read beyond the end is seen */
		_cleanup_free_ unsigned char *copy = xmalloc(n ? n : 1);

		memcpy(copy, rpm.buf, n);
		assert_int_not_equal(rpmfile_read(&r, (struct span){ copy, n }, &w), 0);
		assert_true(w.at <= rpm.len);
		rpmfile_free(&r);
	}
	sb_free(&rpm);
	sb_free(&seen);
	sb_free(&x);
}

/* ---- configurations --------------------------------------------------------------------- */

static void a_damaged_config_gz_says_where(void **state)
{
	struct strbuf gz = STRBUF_INIT, out = STRBUF_INIT;
	static const char text[] = "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n";
	struct where w = { 0 };

	(void)state;
	gzip(text, strlen(text), &gz);
	assert_int_equal(unpack(span_of(&gz), &out, &w), 0);
	assert_string_equal(out.buf, text);
	gz.len -= 12;
	assert_int_equal(unpack(span_of(&gz), &out, &w), -EINVAL);
	assert_string_equal(w.why, "gzip data is cut off");
	assert_true(w.at <= gz.len);
	gz.buf[12] = (char)0xff;
	assert_int_equal(unpack(span_of(&gz), &out, &w), -EINVAL);
	assert_non_null(strstr(w.why, "gzip data"));
	assert_int_equal(unpack((struct span){ (const unsigned char *)"\375" "7zXZ\0", 6 }, &out, &w), -ENOTSUP);
	sb_reset(&gz);
	sb_addstr(&gz, "xxxxIKCFG_STyyyy");
	assert_int_equal(ikconfig_find(span_of(&gz), &out, &w), -EINVAL);
	assert_int_equal(w.at, 12);
	sb_free(&gz);
	sb_free(&out);
}

/* ---- policies ------------------------------------------------------------------------------ */

static void rules_have_a_goal_a_cost_and_versions(void **state)
{
	static const char text[] = "rule a\nassert CONFIG_A = y\nversion >= 6.16\nversion < 7.0\n"
				   "goal lockdown\nwhy because\ncost 1 %\n  (somewhere)\n";
	struct azk_report *r = report_new("t");
	struct cfg_policy *p = cfg_policy_parse("p", "p", text, strlen(text), r);
	const struct cfg_rule *a = &p->rules.v[0];

	(void)state;
	assert_int_equal(report_status(r), AZK_OK);
	assert_string_equal(a->goal, "lockdown");
	assert_string_equal(a->cost, "1 % (somewhere)");
	assert_false(cfg_rule_applies(a, 0, cfg_version("6.12.74")));
	assert_true(cfg_rule_applies(a, 0, cfg_version("6.16")));
	assert_true(cfg_rule_applies(a, 0, cfg_version("6.18.15")));
	assert_false(cfg_rule_applies(a, 0, cfg_version("7.0")));
	assert_true(cfg_rule_applies(a, 0, 0));
	cfg_policy_free(p);
	report_free(r);
}

static void bad_keys_of_a_rule_say_their_line(void **state)
{
	static const char *const bad[] = {
		"version 6.16", "version >= x", "version = 6.1", "goal Lock Down", "goal", "cost",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *text = xasprintf("rule a\nassert CONFIG_A = y\n%s\nwhy x\n", bad[i]);
		struct azk_report *r = report_new("t");
		struct cfg_policy *p = cfg_policy_parse("p", "p.policy", text, strlen(text), r);
		json_t *f = json_array_get(json_object_get(report_root(r), "findings"), 0);

		assert_int_equal(report_status(r), AZK_BAD);
		assert_int_equal(json_integer_value(json_object_get(f, "line")), 3);
		cfg_policy_free(p);
		report_free(r);
	}
}

static int setup(void **state)
{
	(void)state;
	key = pair_new("a key", 2048, 1000);
	other = pair_new("another key", 2048, 2000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(key);
	pair_free(other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_is_found_in_every_wrapping),
		cmocka_unit_test(damaged_images_say_where),
		cmocka_unit_test(a_damaged_payload_is_told_and_not_trusted),
		cmocka_unit_test(any_cut_of_an_image_is_read_without_harm),
		cmocka_unit_test(an_image_is_signed_by_who_it_says),
		cmocka_unit_test(a_module_is_signed_by_a_key_of_the_image),
		cmocka_unit_test(a_package_is_walked_and_its_digests_are_checked),
		cmocka_unit_test(a_damaged_config_gz_says_where),
		cmocka_unit_test(rules_have_a_goal_a_cost_and_versions),
		cmocka_unit_test(bad_keys_of_a_rule_say_their_line),
	};

	return cmocka_run_group_tests_name("audit_parse", tests, setup, teardown);
}
