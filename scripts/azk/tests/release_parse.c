// SPDX-License-Identifier: GPL-2.0-or-later
/* What azk release reads: .cmd files, commands, archives, licence tags, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#include "release/release.h"

static int parse(struct cmdfile *c, const char *text, size_t *line)
{
	return cmdfile_parse(c, text, strlen(text), line);
}

static void a_compiled_object_names_source_and_files_read(void **state)
{
	struct cmdfile c;
	size_t line;

	(void)state;
	assert_int_equal(parse(&c, "savedcmd_a/b.o := gcc -c -o a/b.o a/b.c ; ./tools/objtool/objtool a/b.o\n"
			       "\n"
			       "source_a/b.o := a/b.c\n"
			       "\n"
			       "deps_a/b.o := \\\n"
			       "    $(wildcard include/config/X) \\\n"
			       "  include/linux/a.h \\\n"
			       "    $(wildcard include/config/Y) \\\n"
			       "  arch/x86/include/asm/b.h \\\n"
			       "\n"
			       "a/b.o: $(deps_a/b.o)\n"
			       "\n"
			       "$(deps_a/b.o):\n"
			       "\n"
			       "a/b.o: $(wildcard ./tools/objtool/objtool)\n", &line), 0);
	assert_string_equal(c.target, "a/b.o");
	assert_string_equal(c.source, "a/b.c");
	assert_int_equal(c.deps.n, 2);
	assert_string_equal(c.deps.v[0], "include/linux/a.h");
	assert_string_equal(c.deps.v[1], "arch/x86/include/asm/b.h");
	cmdfile_free(&c);
}

static void a_linked_module_has_a_command_only(void **state)
{
	struct cmdfile c;
	size_t line;

	(void)state;
	assert_int_equal(parse(&c, "savedcmd_m.ko := ld -r -o m.ko @m.mod m.mod.o\n", &line), 0);
	assert_null(c.source);
	assert_int_equal(c.deps.n, 0);
	assert_string_equal(c.command, "ld -r -o m.ko @m.mod m.mod.o");
	cmdfile_free(&c);
	assert_int_equal(parse(&c, "cmd_/x/p.o := gcc\n", &line), 0);
	assert_string_equal(c.target, "/x/p.o");
	cmdfile_free(&c);
}

static void other_text_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} cases[] = {
		{ "", 0 },
		{ "gcc -c a.c\n", 1 },
		{ "savedcmd_ := x\n", 1 },
		{ "savedcmd_a.o := x\nsource_b.o := b.c\n", 2 },
		{ "savedcmd_a.o := x\nsource_a.o := a.c\nsource_a.o := b.c\n", 3 },
		{ "savedcmd_a.o := x\nsource_a.o := \n", 2 },
		{ "savedcmd_a.o := x\n\nnothing\n", 3 },
		{ "source_a.o := a.c\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cmdfile c;
		size_t line;

		assert_int_equal(parse(&c, cases[i].text, &line), -EINVAL);
		assert_int_equal(line, cases[i].line);
		cmdfile_free(&c);
	}
}

static void words(const char *command, const char *want)
{
	struct strbuf sb = STRBUF_INIT;
	struct strlist l = { 0 };

	cmd_words(command, &l);
	for (size_t i = 0; i < l.n; i++)
		sb_addf(&sb, i ? " %s" : "%s", l.v[i]);
	assert_string_equal(sb_str(&sb), want);
	sb_free(&sb);
	strlist_free(&l);
}

static void words_of_a_command_are_its_inputs_and_programs(void **state)
{
	(void)state;
	words("ld -r -T a.lds -o m.ko m.o n.mod.o", "!ld a.lds m.ko m.o n.mod.o");
	words("ld -r -o m.o @a/m.mod", "!ld m.o @a/m.mod");
	words("{ cat a b | zstd -22; printf x; } > c", "!cat a b !zstd !printf x");
	words("if sh scripts/a.sh 'b c'; then :; else rm -f d; fi", "!sh scripts/a.sh b c !: !rm d");
	words("nm a 2>/dev/null | scripts/x -o b <c", "!nm a !scripts/x b c");
	words("LC_ALL=C sort a >> b", "!LC_ALL=C !sort a");
	words("a/mkpiggy v.bin.zst > p.S", "!a/mkpiggy v.bin.zst");
	words("", "");
}

#define HEADER(name, size) name "0           0     0     644     " size "`\n"

static void a_thin_archive_names_its_members(void **state)
{
	static const char ar[] = "!<thin>\n"
		"//                                              14        `\n"
		"a/b.o/\nc.o/\n\n\n"
		HEADER("/0              ", "42        ")
		HEADER("/7             /", "42        ");
	struct strlist l = { 0 };

	(void)state;
	assert_int_equal(thin_members(ar, sizeof(ar) - 1, &l), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0], "a/b.o");
	assert_string_equal(l.v[1], "c.o");
	/* cut off anywhere but between two members, it is refused */
	for (size_t n = 0; n < sizeof(ar) - 1; n++) {
		bool whole = n == 8 || n == 8 + 60 + 14 || n == 8 + 60 + 14 + 60;

		assert_int_equal(thin_members(ar, n, &l), whole ? 0 : -EINVAL);
	}
	assert_int_equal(thin_members("!<arch>\n", 8, &l), -EINVAL);
	strlist_free(&l);
}

static void tag(const char *text, const char *want)
{
	char *got = licence_tag(text, strlen(text));

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void licence_tags_are_read_from_any_comment(void **state)
{
	char *late = xcalloc(1, 256);

	(void)state;
	tag("// SPDX-License-Identifier: GPL-2.0\nint x;\n", "GPL-2.0");
	tag("/* SPDX-License-Identifier: GPL-2.0-or-later */\n", "GPL-2.0-or-later");
	tag("#!/bin/sh\n# SPDX-License-Identifier: MIT\r\n", "MIT");
	tag("<!-- SPDX-License-Identifier: MIT -->\n", "MIT");
	tag("/* SPDX-License-Identifier: (GPL-2.0+ WITH Linux-syscall-note) OR BSD-3-Clause */",
	    "(GPL-2.0+ WITH Linux-syscall-note) OR BSD-3-Clause");
	tag("/* SPDX-License-Identifier: GPL v2 */\n", NULL);
	tag("/* SPDX-License-Identifier: GPL-2.0 or MIT */\n", NULL);
	tag("sed 's/SPDX-License-Identifier: *\\(.*\\)/\\1/'\n# SPDX-License-Identifier: ISC\n", "ISC");
	tag("int x;\n", NULL);
	memset(late, '\n', 200);
	strcpy(late + 200, "// SPDX-License-Identifier: MIT\n");
	tag(late, NULL);
	free(late);
}

static void license_expressions_follow_the_grammar(void **state)
{
	static const char *const good[] = {
		"MIT", "GPL-2.0+", "A AND (B OR C)", "((A))", "LicenseRef-x.y-1",
		"GPL-2.0-only WITH Linux-syscall-note AND MIT", "ANDY OR ORB",
	};
	static const char *const bad[] = {
		"", " ", "A B", "A AND", "OR A", "(A", "A)", "A WITH (B)", "A, B", "AND",
		"A AND WITH", "(((((((((((((((((((((((((((((((((A)))))))))))))))))))))))))))))))))",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(licence_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(licence_valid(bad[i]));
}

static void joined_licences_keep_their_meaning(void **state)
{
	struct strlist l = { 0 };
	char *s;

	(void)state;
	assert_null(licence_join(&l));
	strlist_add(&l, "MIT OR GPL-2.0");
	s = licence_join(&l);
	assert_string_equal(s, "MIT OR GPL-2.0");
	free(s);
	strlist_add(&l, "GPL-2.0");
	strlist_add(&l, "(A) OR (B)");
	strlist_add(&l, "GPL-2.0");
	strlist_add(&l, "(C OR D)");
	s = licence_join(&l);
	assert_string_equal(s, "((A) OR (B)) AND (C OR D) AND GPL-2.0 AND (MIT OR GPL-2.0)");
	free(s);
	strlist_free(&l);
}

#define SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define RECORD RECORD_MAGIC "\nrelease\t6.18.15-1.azure.x86_64\n" \
	"source\t" SHA1 "\t" SHA256 "\tGPL-2.0\ta.c\n" \
	"system\t" SHA1 "\t" SHA256 "\t-\t/usr/lib/gcc/x/stdarg.h\n" \
	"source\t" SHA1 "\t" SHA256 "\t-\tb.c\n" \
	"made\t" SHA1 "\t" SHA256 "\t0-1\tvmlinux\n" \
	"product\t0-1,3\tarch/x86/boot/bzImage\n"

static void a_record_written_is_the_record_read(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct record rec;
	size_t line;

	(void)state;
	assert_int_equal(record_parse(&rec, RECORD, strlen(RECORD), &line), 0);
	assert_int_equal(rec.files.n, 4);
	assert_null(rec.files.v[2].licence);
	assert_int_equal(record_product(&rec, "arch/x86/boot/bzImage")->from.n, 3);
	assert_null(record_product(&rec, "bzImage"));
	record_write(&rec, &sb);
	assert_string_equal(sb_str(&sb), RECORD);
	record_free(&rec);
	sb_free(&sb);
}

static void a_wrong_record_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *line;
		bool after;	/* found when all is read */
	} cases[] = {
		{ "product\t0-9\tx", true },
		{ "product\t1,0\tx", false },
		{ "product\t1-1\tx", false },
		{ "product\t0\t../x", false },
		{ "product\t0-4000000000\tx", false },
		{ "source\t" SHA1 "\t" SHA256 "\tMIT\tlate.c", false },
		{ "release\tx", false },
		{ "else\t1\t2", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = xasprintf("%s%s\n", RECORD, cases[i].line);
		struct record rec;
		size_t line;

		assert_int_equal(record_parse(&rec, text, strlen(text), &line), -EINVAL);
		assert_int_equal(line, 8);
		record_free(&rec);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_compiled_object_names_source_and_files_read),
		cmocka_unit_test(a_linked_module_has_a_command_only),
		cmocka_unit_test(other_text_is_refused_with_its_line),
		cmocka_unit_test(words_of_a_command_are_its_inputs_and_programs),
		cmocka_unit_test(a_thin_archive_names_its_members),
		cmocka_unit_test(licence_tags_are_read_from_any_comment),
		cmocka_unit_test(license_expressions_follow_the_grammar),
		cmocka_unit_test(joined_licences_keep_their_meaning),
		cmocka_unit_test(a_record_written_is_the_record_read),
		cmocka_unit_test(a_wrong_record_is_refused_with_its_line),
	};

	return cmocka_run_group_tests_name("release: parsers", tests, NULL, NULL);
}
