// SPDX-License-Identifier: GPL-2.0-or-later
/* The parsers of configs/: what they accept, and what they say where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "config/builds.h"
#include "config/describe.h"
#include "config/finds.h"
#include "config/input.h"

/* The report's n-th finding as "line message", "" when there are fewer. */
static const char *finding(struct azk_report *r, size_t n)
{
	static char text[512];
	json_t *f = json_array_get(json_object_get(report_root(r), "findings"), n);

	if (!f)
		return "";
	snprintf(text, sizeof(text), "%d %s",
		 (int)json_integer_value(json_object_get(f, "line")),
		 json_string_value(json_object_get(f, "message")));
	return text;
}

static struct cfg_fragment *fragment(const char *text, struct azk_report *r)
{
	return cfg_fragment_parse("f", "f.config", text, strlen(text), r);
}

static void a_block_covers_options_up_to_a_blank_line(void **state)
{
	struct azk_report *r = report_new("t");
	struct cfg_fragment *f = fragment("# a comment\n"
					  "#: why    the disk hangs off it\n"
					  "#:        and so does the NIC\n"
					  "#: ref a\n"
					  "#: ref b\n"
					  "#: review 2027-05\n"
					  "#: overrides base other\n"
					  "CONFIG_A=y\n"
					  "# CONFIG_B is not set\n"
					  "# CONFIG_C is only talked about\n"
					  "\n"
					  "CONFIG_D=\"x=\\\"y\\\"\"\n"
					  "#: why next\n"
					  "CONFIG_E=0x1f\n"
					  "#: why after it\n"
					  "CONFIG_F=-3", r);

	(void)state;
	assert_int_equal(report_status(r), AZK_OK);
	assert_int_equal(f->blocks.n, 3);
	assert_string_equal(f->blocks.v[0].why, "the disk hangs off it and so does the NIC");
	assert_string_equal(f->blocks.v[0].ref, "a b");
	assert_string_equal(f->blocks.v[0].review, "2027-05");
	assert_true(strlist_has(&f->blocks.v[0].overrides, "other"));
	assert_int_equal(f->opts.n, 5);
	assert_string_equal(f->opts.v[0].sym, "A");
	assert_int_equal(f->opts.v[0].line, 8);
	assert_string_equal(f->opts.v[1].value, "n");
	assert_int_equal(f->opts.v[1].block, 0);
	assert_true(f->opts.v[2].block == CFG_NO_BLOCK);
	assert_string_equal(f->opts.v[2].value, "\"x=\\\"y\\\"\"");
	assert_int_equal(f->opts.v[3].block, 1);
	assert_int_equal(f->opts.v[4].block, 2);
	cfg_fragment_free(f);
	report_free(r);
}

static void malformed_fragments_are_told_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "\nCONFIG_A=n\n", "2 CONFIG_A: write '# CONFIG_X is not set' instead of =n" },
		{ "CONFIG_A=\n", "1 CONFIG_A: value is empty" },
		{ "CONFIG_A=\"x\n", "1 CONFIG_A: string has no closing quote" },
		{ "CONFIG_A=\"x\"y\n", "1 CONFIG_A: text after the closing quote" },
		{ "CONFIG_A=\"x\\", "1 CONFIG_A: string ends in a backslash" },
		{ "CONFIG_A=0xg\n", "1 CONFIG_A: not a hexadecimal number" },
		{ "CONFIG_A=064\n", "1 CONFIG_A: number has a leading zero" },
		{ "CONFIG_A=yes\n", "1 CONFIG_A: value is not y, m, a number or a quoted string" },
		{ "CONFIG_A-B=y\n", "1 'CONFIG_A-B' is not a symbol name" },
		{ "CONFIG_A\n", "1 expected CONFIG_X=value" },
		{ " CONFIG_A=y\n", "1 neither an option, a comment nor a '#:' line" },
		{ "#CONFIG_A is not set\n",
		  "1 an option in a comment: write '# CONFIG_X is not set' or drop it" },
		{ "# CONFIG_A=y\n",
		  "1 an option in a comment: write '# CONFIG_X is not set' or drop it" },
		{ "#:\n", "1 '#:' needs a key and a text" },
		{ "#: why\n", "1 '#:' needs a key and a text" },
		{ "#: because x\n",
		  "1 unknown key 'because' (why, ref, test, owner, review, overrides)" },
		{ "#:  x\n", "1 nothing for this line to continue" },
		{ "#: why a\n#: why b\n", "2 second 'why' in one block" },
		{ "#: review 2027-13\n", "1 review '2027-13' is not YYYY-MM" },
		{ "CONFIG_A=y\r\n", "1 control character 0x0d in column 11" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct azk_report *r = report_new("t");

		cfg_fragment_free(fragment(bad[i].text, r));
		assert_string_equal(finding(r, 0), bad[i].says);
		assert_string_equal(finding(r, 1), "");
		assert_int_equal(report_status(r), AZK_BAD);
		report_free(r);
	}
}

static void a_nul_and_an_endless_line_are_refused(void **state)
{
	struct azk_report *r = report_new("t");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct cfg_fragment *f;

	(void)state;
	cfg_fragment_free(cfg_fragment_parse("f", "f", "CONFIG_A=y\n\0\n", 13, r));
	assert_string_equal(finding(r, 0), "2 control character 0x00 in column 1");
	report_free(r);

	r = report_new("t");
	for (int i = 0; i < 9000; i++)
		sb_addch(&sb, '#');
	sb_addstr(&sb, "\nCONFIG_A=y\n");
	f = cfg_fragment_parse("f", "f", sb.buf, sb.len, r);
	assert_string_equal(finding(r, 0), "1 line is longer than 8192 bytes");
	assert_int_equal(f->opts.n, 1);
	cfg_fragment_free(f);
	report_free(r);
}

static void a_flavour_lists_arches_includes_fragments_and_policies(void **state)
{
	static const char text[] = "# the common one\n"
				   "arch x86_64 aarch64\n"
				   "ship yes   # it goes out\n"
				   "include base\n"
				   "without kvm\n"
				   "fragment vmbus\n"
				   "fragment x86 x86_64\n"
				   "policy boot\n";
	struct azk_report *r = report_new("t");
	struct cfg_flavour *f = cfg_flavour_parse("a", "a.flavour", text, strlen(text), r);

	(void)state;
	assert_int_equal(report_status(r), AZK_OK);
	assert_int_equal(f->arches, 3);
	assert_int_equal(f->ship, CFG_SHIP_YES);
	assert_int_equal(f->uses.n, 4);
	assert_int_equal(f->uses.v[0].arches, 0);
	assert_false(f->uses.v[0].without);
	assert_int_equal(f->uses.v[1].arches, 0);
	assert_true(f->uses.v[1].without);
	assert_int_equal(f->uses.v[2].arches, CFG_ALL_ARCHES);
	assert_int_equal(f->uses.v[3].arches, 1);
	assert_int_equal(f->uses.v[3].line, 7);
	assert_string_equal(f->policies.v[0], "boot");
	cfg_flavour_free(f);
	report_free(r);
}

static void malformed_flavours_are_told_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "arch\n", "1 'arch' needs a name" },
		{ "\narch arm64\n", "2 unknown arch 'arm64' (x86_64, aarch64)" },
		{ "fragment a i386\n", "1 unknown arch 'i386' (x86_64, aarch64)" },
		{ "ship maybe\n", "1 ship is yes or no, not 'maybe'" },
		{ "ship\n", "1 'ship' needs a value" },
		{ "fragment ../x\n", "1 '../x' is not a name" },
		{ "include a b\n", "1 text after the name: 'b'" },
		{ "without a x86_64\n", "1 text after the name: 'x86_64'" },
		{ "config x\n",
		  "1 unknown directive 'config' (arch, ship, include, without, fragment, policy)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct azk_report *r = report_new("t");

		cfg_flavour_free(cfg_flavour_parse("a", "a", bad[i].text, strlen(bad[i].text), r));
		assert_string_equal(finding(r, 0), bad[i].says);
		assert_string_equal(finding(r, 1), "");
		report_free(r);
	}
}

static struct cfg_policy *policy(const char *text, struct azk_report *r)
{
	return cfg_policy_parse("p", "p.policy", text, strlen(text), r);
}

static void a_rule_holds_its_assertions_texts_and_exceptions(void **state)
{
	struct azk_report *r = report_new("t");
	struct cfg_policy *p = policy("# boot\n"
				      "rule vmbus\n"
				      "assert CONFIG_A = y\n"
				      "or CONFIG_B in y m\n"
				      "assert CONFIG_LSM contains lockdown yama\n"
				      "assert CONFIG_N >= 64\n"
				      "assert CONFIG_Z is not set\n"
				      "arch aarch64\n"
				      "severity warning\n"
				      "why the disk\n"
				      "  is behind it\n"
				      "ref drivers/hv\n"
				      "except min until 2027-01 why no disk there\n"
				      "\n\n"
				      "rule next\n"
				      "assert CONFIG_S = \"a b\"\n"
				      "why x", r);
	struct cfg_rule *v = &p->rules.v[0];
	_cleanup_free_ char *text = cfg_assert_text(&v->asserts.v[1]);
	_cleanup_free_ char *unset = cfg_assert_text(&v->asserts.v[4]);

	(void)state;
	assert_int_equal(report_status(r), AZK_OK);
	assert_int_equal(p->rules.n, 2);
	assert_int_equal(v->asserts.n, 5);
	assert_true(v->asserts.v[1].alternative);
	assert_string_equal(text, "CONFIG_B in y m");
	assert_string_equal(unset, "CONFIG_Z is not set");
	assert_int_equal(v->arches, 2);
	assert_true(v->warning);
	assert_string_equal(v->why, "the disk is behind it");
	assert_string_equal(v->excepts.v[0].until, "2027-01");
	assert_string_equal(v->excepts.v[0].why, "no disk there");
	assert_int_equal(p->rules.v[1].arches, CFG_ALL_ARCHES);
	assert_string_equal(p->rules.v[1].asserts.v[0].args.v[0], "\"a b\"");
	cfg_policy_free(p);
	report_free(r);
}

static void malformed_policies_are_told_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "assert CONFIG_A = y\n", "1 'assert' outside a rule" },
		{ "rule\n", "1 'rule' needs a name" },
		{ "rule A\nassert CONFIG_A = y\nwhy x\n", "1 'A' is not a name" },
		{ "rule a\nwhy x\n", "1 rule a asserts nothing" },
		{ "rule a\nassert CONFIG_A = y\n", "1 rule a has no why" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\n\nrule a\nassert CONFIG_A = y\nwhy x\n",
		  "5 second rule named 'a'" },
		{ "rule a\nor CONFIG_A = y\nassert CONFIG_A = y\nwhy x\n",
		  "2 'or' without an assert above it" },
		{ "rule a\nassert A = y\nassert CONFIG_A = y\nwhy x\n",
		  "2 expected CONFIG_X, a comparison and a value" },
		{ "rule a\nassert CONFIG_A = yes\nassert CONFIG_A = y\nwhy x\n",
		  "2 value is not y, m, a number or a quoted string" },
		{ "rule a\nassert CONFIG_A >= y\nassert CONFIG_A = y\nwhy x\n",
		  "2 '>=' needs a number" },
		{ "rule a\nassert CONFIG_A ~ y\nassert CONFIG_A = y\nwhy x\n",
		  "2 unknown comparison '~' (=, !=, >=, <=, in, contains, is not set)" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\nwhy y\n", "4 second 'why' in one rule" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\nseverity fatal\n",
		  "4 severity is error or warning, not 'fatal'" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\narch i386\n",
		  "4 unknown arch 'i386' (x86_64, aarch64)" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\nexcept min\n",
		  "4 expected: except FLAVOUR until YYYY-MM why TEXT" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\nexcept m until 2027 why y\n",
		  "4 '2027' is not YYYY-MM" },
		{ "rule a\nassert CONFIG_A = y\nwhy x\nowner me\n",
		  "4 unknown key 'owner' (assert, or, arch, version, severity, goal, why, ref, cost, except)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct azk_report *r = report_new("t");

		cfg_policy_free(policy(bad[i].text, r));
		assert_string_equal(finding(r, 0), bad[i].says);
		assert_string_equal(finding(r, 1), "");
		report_free(r);
	}
}

static void assertions_compare_values_as_kconfig_means_them(void **state)
{
	static const char config[] = "CONFIG_A=y\nCONFIG_M=m\n# CONFIG_OFF is not set\n"
				     "CONFIG_N=64\nCONFIG_H=0x0010\nCONFIG_LSM=\"landlock,yama\"\n";
	static const struct {
		const char *line;
		bool holds;
	} t[] = {
		{ "CONFIG_A = y", true },
		{ "CONFIG_M = y", false },
		{ "CONFIG_M in y m", true },
		{ "CONFIG_ABSENT in y m", false },
		{ "CONFIG_ABSENT is not set", true },
		{ "CONFIG_OFF is not set", true },
		{ "CONFIG_OFF = n", true },
		{ "CONFIG_A is not set", false },
		{ "CONFIG_A != n", true },
		{ "CONFIG_ABSENT != n", false },
		{ "CONFIG_N >= 64", true },
		{ "CONFIG_N >= 65", false },
		{ "CONFIG_N <= 64", true },
		{ "CONFIG_ABSENT <= 64", false },
		{ "CONFIG_H = 0x10", true },
		{ "CONFIG_LSM contains yama", true },
		{ "CONFIG_LSM contains yama landlock", true },
		{ "CONFIG_LSM contains lock", false },
		{ "CONFIG_LSM contains yam", false },
		{ "CONFIG_LSM = \"landlock,yama\"", true },
		{ "CONFIG_ABSENT contains yama", false },
	};
	struct azk_report *r = report_new("t");
	struct cfg_dot *d = cfg_dot_parse("c", config, strlen(config), r);

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_free_ char *text = xasprintf("rule a\nassert %s\nwhy x\n", t[i].line);
		struct cfg_policy *p = policy(text, r);

		if (cfg_assert_holds(&p->rules.v[0].asserts.v[0], d) != t[i].holds)
			fail_msg("%s: expected %d", t[i].line, t[i].holds);
		cfg_policy_free(p);
	}
	assert_int_equal(report_status(r), AZK_OK);
	cfg_dot_free(d);
	report_free(r);
}

static void a_config_is_read_as_symbols(void **state)
{
	static const char text[] = "#\n# Linux\n#\nCONFIG_Z=y\n# CONFIG_A is not set\n"
				   "CONFIG_S=\"a = b\"\n";
	struct azk_report *r = report_new("t");
	struct cfg_dot *d = cfg_dot_parse("c", text, strlen(text), r);

	(void)state;
	assert_int_equal(d->e.n, 3);
	assert_string_equal(cfg_dot_get(d, "A"), "n");
	assert_string_equal(cfg_dot_get(d, "S"), "\"a = b\"");
	assert_null(cfg_dot_get(d, "B"));
	cfg_dot_free(d);
	assert_null(cfg_dot_parse("c", "CONFIG_A=y\nhello\n", 17, r));
	assert_string_equal(finding(r, 0), "2 not a line of a .config");
	report_free(r);
}

static void toolchain_globs_need_a_reason(void **state)
{
	static const char text[] = "# what gcc decides\nCONFIG_GCC_VERSION # its version\n"
				   "CC_HAS_*  # what it can\nLD_VERSION\n";
	struct azk_report *r = report_new("t");
	struct cfg_globs g = { 0 };

	(void)state;
	assert_int_equal(cfg_globs_parse(&g, "l", text, strlen(text), r), -1);
	assert_string_equal(finding(r, 0), "4 'LD_VERSION' needs '# reason' behind it");
	assert_true(cfg_globs_match(&g, "GCC_VERSION"));
	assert_true(cfg_globs_match(&g, "CC_HAS_KASAN"));
	assert_false(cfg_globs_match(&g, "XCC_HAS_KASAN"));
	assert_false(cfg_globs_match(&g, "LD_VERSION"));
	cfg_globs_free(&g);
	report_free(r);
}

static void a_why_that_only_restates_the_prompt_is_seen(void **state)
{
	static const struct {
		const char *why, *prompt, *sym;
		bool restates;
	} t[] = {
		{ "Enable Microsoft Hyper-V network driver", "Microsoft Hyper-V virtual network driver",
		  "HYPERV_NET", true },
		{ "hyperv networking support", "Microsoft Hyper-V networking", "X", true },
		{ "needed", "Anything", "X", true },
		{ "support for ext4 filesystems", "The Extended 4 (ext4) filesystem", "EXT4_FS", true },
		{ "KVM", "Kernel-based Virtual Machine", "KVM", true },
		{ "every Azure VM sends its packets through it", "Microsoft Hyper-V virtual network driver",
		  "HYPERV_NET", false },
		{ "nested guests", "Kernel-based Virtual Machine", "KVM", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (cfg_why_restates(t[i].why, t[i].prompt, t[i].sym) != t[i].restates)
			fail_msg("'%s' against '%s'", t[i].why, t[i].prompt);
	}
}

static void values_are_equal_as_kconfig_means_them(void **state)
{
	(void)state;
	assert_true(cfg_value_equal("n", NULL));
	assert_true(cfg_value_equal(NULL, NULL));
	assert_true(cfg_value_equal("0x10", "0x0010"));
	assert_true(cfg_value_equal("16", "0x10"));
	assert_false(cfg_value_equal("y", "m"));
	assert_false(cfg_value_equal("\"\"", NULL));
	assert_false(cfg_value_equal("64", "65"));
}

static void a_comma_list_is_compared_by_element_and_order(void **state)
{
	struct cfg_find f = { 0 };

	(void)state;
	assert_true(cfg_list_same("\"lockdown,yama\"", "\"lockdown, yama\""));
	assert_false(cfg_list_same("\"lockdown,yama\"", "\"yama,lockdown\""));
	assert_false(cfg_list_same("\"a\"", "a"));
	cfg_note_elements("\"lockdown,yama,bpf\"", "\"yama,selinux\"", &f);
	assert_int_equal(f.notes.n, 3);
	assert_string_equal(f.notes.v[0], "element lockdown is missing");
	assert_string_equal(f.notes.v[1], "element bpf is missing");
	assert_string_equal(f.notes.v[2], "element selinux is not asked for");
	cfg_find_free(&f);
	memset(&f, 0, sizeof(f));
	cfg_note_elements("\"lockdown,yama\"", "\"yama,lockdown\"", &f);
	assert_int_equal(f.notes.n, 1);
	assert_string_equal(f.notes.v[0], "the order differs from element 1 on: yama where lockdown is asked");
	cfg_find_free(&f);
}

static void a_makefile_tells_what_an_option_builds(void **state)
{
	static const char text[] =
		"# obj-$(CONFIG_NO) += no.o\n"
		"obj-$(CONFIG_NET) += net.o \\\n\tsub/ last.o\n"
		"obj-$(CONFIG_VMBUS) += bus.o\n"
		"bus-y := one.o two.o\n"
		"bus-$(CONFIG_TRACE)\t+= trace.o\n"
		"obj-$(call rule,$(CONFIG_NET)) += odd.o\n"
		"\techo obj-$(CONFIG_NET) += recipe.o\n"
		"obj-$(CONFIG_END) +=";
	static const char *const want[] = {
		"NET d/net.o", "NET d/sub/", "NET d/last.o", "VMBUS d/one.o", "VMBUS d/two.o",
		"TRACE d/trace.o",
	};
	struct strlist out = { 0 };

	(void)state;
	cfg_makefile_scan("d", text, sizeof(text) - 1, &out);
	assert_int_equal(out.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < out.n; i++)
		assert_string_equal(out.v[i], want[i]);
	strlist_free(&out);
}

/* "CONFIG_A=y\n" as gzip -n writes it */
static const char gz[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x73\xf6\xf7\x73\xf3\x74\x8f\x77\xb4"
	"\xad\xe4\x02\x00\x8e\xb1\x80\xda\x0b\x00\x00\x00";

static void malformed_gzip_is_told_by_byte(void **state)
{
	char bad[sizeof(gz)];

	(void)state;
	for (size_t cut = 0; cut < sizeof(gz) - 1; cut++) {
		struct azk_report *r = report_new("t");
		struct strbuf out = STRBUF_INIT;

		if (cfg_gunzip("config.gz", gz, cut, &out, r) != -1 ||
		    report_status(r) != AZK_BAD || !strstr(finding(r, 0), "0 byte "))
			fail_msg("cut at %zu: %s", cut, finding(r, 0));
		sb_free(&out);
		report_free(r);
	}
	for (size_t i = 0; i < sizeof(gz) - 1; i++) {
		struct azk_report *r = report_new("t");
		struct strbuf out = STRBUF_INIT;

		/* time, flags and system of the header are nobody's business */
		if (i == 3 || (i >= 4 && i < 10))
			goto next;
		memcpy(bad, gz, sizeof(gz));
		bad[i] ^= 0x41;
		if (cfg_gunzip("config.gz", bad, sizeof(gz) - 1, &out, r) != -1 ||
		    report_status(r) != AZK_BAD)
			fail_msg("byte %zu changed and not seen", i);
next:
		sb_free(&out);
		report_free(r);
	}
}

static void a_likely_rename_needs_more_than_a_template(void **state)
{
	static const char *const text[] = {
		"sym OLD_STACK_SIZE", "type int", "at lib/Kconfig:3",
		"help Minimum size in bytes of a stack that is erased when a call returns.",
		"prompt Minimum stack size tracked",
		"sym NEW_STACK_SIZE", "type int", "at lib/Kconfig:9",
		"help Minimum size in bytes of a stack that is erased when a call returns.",
		"prompt Minimum stack size that is tracked",
		"sym NET_VENDOR_A", "type bool", "at net/a/Kconfig:1",
		"help If you have a network card of this class, say Y. Note that the answer to this question does not directly affect the kernel.",
		"prompt Aaa devices",
		"sym NET_VENDOR_B", "type bool", "at net/b/Kconfig:1",
		"help If you have a network card of this class, say Y. Note that the answer to this question does not directly affect the kernel.",
		"prompt Bbb cards",
	};
	struct strlist lines = { 0 };
	struct cfg_defs d = { 0 };
	char *why = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		strlist_add(&lines, text[i]);
	cfg_defs_parse(&d, &lines);
	assert_true(cfg_renamed(cfg_defs_get(&d, "OLD_STACK_SIZE"),
				cfg_defs_get(&d, "NEW_STACK_SIZE"), &why) > 0.8);
	assert_non_null(strstr(why, "same file"));
	free(why);
	assert_true(cfg_renamed(cfg_defs_get(&d, "NET_VENDOR_A"),
				cfg_defs_get(&d, "NET_VENDOR_B"), &why) < 0.5);
	free(why);
	cfg_defs_free(&d);
	strlist_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_covers_options_up_to_a_blank_line),
		cmocka_unit_test(malformed_fragments_are_told_by_line),
		cmocka_unit_test(a_nul_and_an_endless_line_are_refused),
		cmocka_unit_test(a_flavour_lists_arches_includes_fragments_and_policies),
		cmocka_unit_test(malformed_flavours_are_told_by_line),
		cmocka_unit_test(a_rule_holds_its_assertions_texts_and_exceptions),
		cmocka_unit_test(malformed_policies_are_told_by_line),
		cmocka_unit_test(assertions_compare_values_as_kconfig_means_them),
		cmocka_unit_test(a_config_is_read_as_symbols),
		cmocka_unit_test(toolchain_globs_need_a_reason),
		cmocka_unit_test(a_why_that_only_restates_the_prompt_is_seen),
		cmocka_unit_test(values_are_equal_as_kconfig_means_them),
		cmocka_unit_test(a_comma_list_is_compared_by_element_and_order),
		cmocka_unit_test(a_makefile_tells_what_an_option_builds),
		cmocka_unit_test(malformed_gzip_is_told_by_byte),
		cmocka_unit_test(a_likely_rename_needs_more_than_a_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
