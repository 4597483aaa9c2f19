// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs azk config check on every folder of tests/config/cases and compares
 * what it prints; then what only code can show (see tests/config/README.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/kconf.h"

static char *root, *tests, *azk, *mini, *helper;
static const char *tree;

/* Runs a shell command below root; its output is in sb, its status returned. */
static int shell(struct strbuf *sb, const char *fmt, ...) AZK_PRINTF(2, 3);
static int shell(struct strbuf *sb, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf cmd = STRBUF_INIT;
	_cleanup_free_ char *log = path_join(root, "log");
	char *argv[] = { "sh", "-c", NULL, NULL };
	va_list ap;
	int rc;

	va_start(ap, fmt);
	sb_vaddf(&cmd, fmt, ap);
	va_end(ap);
	argv[2] = cmd.buf;
	unlink(log);
	rc = kconf_run(argv, root, log);
	if (sb)
		assert_int_equal(azk_read_file(log, sb), 0);
	return rc;
}

static int setup(void **state)
{
	char tmp[] = "/tmp/azk-config.XXXXXX";
	const char *env = getenv("AZK_TESTS");

	(void)state;
	root = xstrdup(mkdtemp(tmp) ? tmp : "");
	tests = realpath(env ? env : "tests", NULL);
	azk = xstrdup(getenv("AZK_BIN"));
	tree = getenv("AZK_TEST_TREE");
	if (!*root || !tests)
		return -1;
	mini = path_join(root, "tree");
	helper = path_join(tests, "../kconf");
	setenv("AZK_KCONF_SRC", helper, 0);
	return shell(NULL, "mkdir tree tree/scripts && cp -r '%s/config/tree/.' tree && "
		     "ln -s '%s/scripts/kconfig' '%s/scripts/include' tree/scripts/", tests, tree,
		     tree);
}

static int teardown(void **state)
{
	(void)state;
	azk_remove_tree(root);
	free(root);
	free(tests);
	free(azk);
	free(mini);
	free(helper);
	return 0;
}

/* A folder of configs with one flavour, a, of one fragment, b. */
static void configs(const char *dir, const char *flavour, const char *fragment)
{
	static const char *const folders[] = { "flavours", "fragments", "policy" };
	_cleanup_free_ char *f = xasprintf("%s/%s/flavours/a.flavour", root, dir);
	_cleanup_free_ char *b = xasprintf("%s/%s/fragments/b.config", root, dir);

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *sub = xasprintf("%s/%s/%s", root, dir, folders[i]);

		assert_int_equal(azk_mkdir_p(sub, 0755), 0);
	}
	assert_int_equal(azk_write_file(f, flavour, strlen(flavour), 0644), 0);
	assert_int_equal(azk_write_file(b, fragment, strlen(fragment), 0644), 0);
}

static void run_case(void **state)
{
	const char *name = *state;
	_cleanup_free_ char *dir = xasprintf("%s/config/cases/%s", tests, name);
	_cleanup_free_ char *expected = path_join(dir, "expected");
	_cleanup_sb_ struct strbuf args = STRBUF_INIT, got = STRBUF_INIT, want = STRBUF_INIT;
	_cleanup_free_ char *file = path_join(dir, "args");
	int rc;

	azk_read_file(file, &args);
	if (args.len)
		args.buf[args.len - 1] = '\0';
	rc = shell(&got, "cd '%s' && '%s' config check --tree '%s' --cache '%s/cache' "
		   "--today 2026-11-20 %s", dir, azk, mini, root, sb_str(&args));
	sb_addf(&got, "exit %d\n", rc);
	if (getenv("AZK_TEST_ACCEPT"))
		assert_int_equal(azk_write_file(expected, got.buf, got.len, 0644), 0);
	assert_int_equal(azk_read_file(expected, &want), 0);
	assert_string_equal(sb_str(&got), sb_str(&want));
}

/*
 * The helper renders; kbuild would have used conf. Both must write the same
 * bytes, for the real tree and both arches, from an input with lost options.
 */
static void a_render_is_what_the_trees_own_conf_writes(void **state)
{
	static const char asked[] = "CONFIG_MODULES=y\nCONFIG_HYPERVISOR_GUEST=y\nCONFIG_HYPERV=m\n"
				    "CONFIG_HZ_1000=y\nCONFIG_CFI_CLANG=y\nCONFIG_NR_CPUS=100000\n"
				    "CONFIG_MANA_INFINIBAND=m\n# CONFIG_SMP is not set\n"
				    "CONFIG_XFS_FS=m\nCONFIG_CRYPTO_FIPS=y\nCONFIG_EXPERT=y\n";
	_cleanup_free_ char *cache = path_join(root, "cache");
	_cleanup_free_ char *file = path_join(root, "asked");
	struct azk_report *r = report_new("t");

	(void)state;
	assert_int_equal(azk_write_file(file, asked, strlen(asked), 0644), 0);
	assert_int_equal(shell(NULL, "k='%s/scripts/kconfig'; mkdir conf && cd conf && "
			       "bison -o parser.tab.c --defines=parser.tab.h -t -l $k/parser.y && "
			       "flex -olexer.lex.c -L $k/lexer.l && "
			       "cc -O1 -D_GNU_SOURCE -I. -I$k -I'%s/scripts/include' -o conf "
			       "$k/conf.c $k/confdata.c $k/expr.c $k/menu.c $k/preprocess.c "
			       "$k/symbol.c $k/util.c parser.tab.c lexer.lex.c && : >auto.conf",
			       tree, tree), 0);
	for (int i = 0; i < CFG_NARCH; i++) {
		struct kconf *k = kconf_start(tree, i, cache, r);
		_cleanup_sb_ struct strbuf ours = STRBUF_INIT, theirs = STRBUF_INIT;
		_cleanup_free_ char *out = path_join(root, "conf/theirs");

		assert_non_null(k);
		/* a set before it must leave nothing behind */
		assert_int_equal(kconf_open(k, "CONFIG_HZ_100=y\nCONFIG_EXPERT=y\n", 33), 0);
		assert_int_equal(kconf_close(k), 0);
		assert_int_equal(kconf_open(k, asked, strlen(asked)), 0);
		assert_int_equal(kconf_write(k, &ours), 0);
		kconf_stop(k);
		assert_int_equal(shell(NULL, "cd conf && d='%s/scripts/dummy-tools' && env -i "
			"PATH=/usr/bin:/bin srctree='%s' ARCH=%s SRCARCH=%s CC=$d/gcc LD=$d/ld "
			"NM=$d/nm OBJCOPY=$d/objcopy PAHOLE=$d/pahole RUSTC=false BINDGEN=false "
			"KERNELVERSION=\"$(env -u MAKEFLAGS -u MAKELEVEL make -s "
			"--no-print-directory -C '%s' kernelversion)\" "
			"CC_VERSION_TEXT=\"$($d/gcc --version)\" KCONFIG_ALLCONFIG=../asked "
			"KCONFIG_CONFIG=theirs KCONFIG_AUTOCONFIG=auto.conf "
			"./conf -s --alldefconfig Kconfig", tree, tree, cfg_arches[i].kbuild,
			cfg_arches[i].src, tree), 0);
		assert_int_equal(azk_read_file(out, &theirs), 0);
		assert_true(theirs.len > 10000);
		assert_string_equal(sb_str(&ours), sb_str(&theirs));
	}
	assert_int_equal(report_status(r), AZK_OK);
	report_free(r);
}

static void a_tree_that_is_none_is_refused(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("c", "fragment b\n", "");
	assert_int_equal(shell(&got, "mkdir none && "
			       "'%s' config render --tree none --configs c", azk), 2);
	assert_non_null(strstr(got.buf, "none: error: not a kernel tree"));
}

static void a_kconfig_that_does_not_parse_is_told_with_its_line(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("d", "fragment b\n", "");
	assert_int_equal(shell(&got, "cp -r tree broken && echo 'config' >>broken/Kconfig && "
			       "'%s' config render --tree broken --configs d --cache cache", azk), 2);
	assert_non_null(strstr(got.buf, "the Kconfig helper ended early"));
	assert_non_null(strstr(got.buf, "Kconfig:"));
}

static void a_render_is_kept_when_nothing_changed_and_leaves_the_tree_alone(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;
	static const char cmd[] =
		"find tree/ -newer e/fragments/b.config >before; "
		"'%s' config render --tree tree --configs e --cache cache >/dev/null && "
		"touch -d '2001-01-01' e/rendered/* && "
		"'%s' config render --tree tree --configs e --cache cache && "
		"find e/rendered -type f -newermt '2002-01-01' && find tree/ -newer e/fragments/b.config";

	(void)state;
	configs("e", "ship yes\nfragment b\n", "CONFIG_NET=y\n");
	assert_int_equal(shell(&got, cmd, azk, azk), 0);
	assert_string_equal(got.buf,
			    "e/rendered/a-x86_64.config: 1 asked, 14 symbols, unchanged\n"
			    "e/rendered/a-aarch64.config: 1 asked, 14 symbols, unchanged\n");
}

static void what_the_machine_lacks_is_named(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("f", "fragment b\n", "");
	assert_int_equal(shell(&got, "mkdir nothing && PATH=nothing "
			       "'%s' config render --tree tree --configs f --cache fresh", azk), 2);
	assert_non_null(strstr(got.buf, "the Kconfig helper needs 'bison', which is not installed"));
	sb_reset(&got);
	/* and no half-built helper is taken for a good one afterwards */
	assert_int_equal(shell(&got, "'%s' config render --tree tree --configs f --cache fresh "
			       "--out g && ls fresh | wc -l", azk), 0);
	assert_non_null(strstr(got.buf, "g/a-x86_64.config: 0 asked"));
	assert_string_equal(got.buf + got.len - 2, "1\n");
}

static void a_result_that_cannot_be_written_is_told(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("h", "arch x86_64\nfragment b\n", "");
	assert_int_equal(shell(&got, ": >full && '%s' config render --tree tree --configs h --cache cache "
			       "--out full", azk), 2);
	assert_string_equal(got.buf, "full/a-x86_64.config: error: Not a directory [write]\n");
}

static void the_callers_environment_does_not_reach_kconfig(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("i", "fragment b\n", "CONFIG_NET=y\n");
	assert_int_equal(shell(&got, "'%s' config render --tree tree --configs i --cache cache --out i1 && "
			       "ARCH=um SRCARCH=um CC=clang CONFIG_=X_ KERNELVERSION=1 srctree=/ "
			       "KCONFIG_ALLCONFIG=/dev/null KCONFIG_CONFIG=nowhere CC_VERSION_TEXT=x "
			       "'%s' config render --tree tree --configs i --cache cache --out i2 && "
			       "diff -r i1 i2 && echo same", azk, azk), 0);
	assert_string_equal(got.buf + got.len - 5, "same\n");
}

static void explain_tells_who_asked_and_what_it_needs(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("j", "fragment b\npolicy p\n", "#: why nothing works without\n#: owner net\n"
		"CONFIG_NET=y\nCONFIG_BUS=m\nCONFIG_FS=y\n");
	assert_int_equal(shell(NULL, "mkdir -p j/patches/bus tree/bus && : >tree/bus/ring.c && "
			       "printf 'obj-$(CONFIG_BUS) += hv.o\\nhv-y := ring.o vmbus.o\\n' >tree/bus/Makefile && "
			       "printf 'bus/a.patch\\nbus/b.patch\\n' >j/patches/series && "
			       "echo '+ depends on CONFIG_BUS' >j/patches/bus/a.patch && "
			       "echo '+ depends on CONFIG_BUSY' >j/patches/bus/b.patch"), 0);
	assert_int_equal(shell(&got, "printf 'rule net\\nassert CONFIG_BUS in y m\\nwhy x\\n' "
			       ">j/policy/p.policy && for s in CONFIG_BUS LIB IBT; do '%s' config "
			       "explain $s --tree tree --configs j --cache cache --patches j/patches || exit; done", azk),
			 0);
	assert_string_equal(got.buf,
			    "a/x86_64, a/aarch64: CONFIG_BUS is m (tristate)\n"
			    "    prompt Host bus\n"
			    "    defined at Kconfig:12\n"
			    "    asked m at j/fragments/b.config:4\n"
			    "        why: nothing works without\n"
			    "        owner: net\n"
			    "    needs NET [=y]: y\n"
			    "    depends on\n"
			    "      NET = y\n"
			    "    policy p, rule net: CONFIG_BUS in y m\n"
			    "    n takes CONFIG_BUS is not set (j/fragments/b.config:4 asks m)\n"
			    "    y takes CONFIG_BUS=y (j/fragments/b.config:4 asks m)\n"
			    "    named by 1 options, 0 of them on\n"
			    "builds bus/ring.c\n"
			    "       bus/vmbus.o\n"
			    "patch bus/a.patch names it\n"
			    "a/x86_64, a/aarch64: CONFIG_LIB is y (tristate)\n"
			    "    prompt Shared code\n"
			    "    defined at Kconfig:40\n"
			    "    not asked for\n"
			    "    selected by FS [=y]: y\n"
			    "    n takes CONFIG_FS is not set (j/fragments/b.config:5 asks y)\n"
			    "    m takes CONFIG_FS=m (j/fragments/b.config:5 asks y)\n"
			    "    named by 1 options, 1 of them on:\n"
			    "      FS (selects): y\n"
			    "a/x86_64: CONFIG_IBT is n (bool)\n"
			    "    prompt Branch tracking\n"
			    "    defined at arch/x86/Kconfig:2\n"
			    "    not asked for\n"
			    "    y takes CONFIG_IBT=y\n"
			    "a/aarch64: no CONFIG_IBT in this tree\n");
	sb_reset(&got);
	assert_int_equal(shell(&got, "'%s' config explain NOPE --tree tree --configs j "
			       "--cache cache", azk), 2);
	assert_non_null(strstr(got.buf, "CONFIG_NOPE does not exist in this tree"));
}

static void diff_tells_what_was_asked_from_what_follows(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("k", "fragment b\n", "CONFIG_NET=y\nCONFIG_FS=y\nCONFIG_LSM=\"lockdown,yama\"\n");
	assert_int_equal(shell(&got, "printf '%%s\\n' 'CONFIG_TOOL* # it' 'CONFIG_CC_* # the compiler' >k/toolchain.list; "
			       "printf '%%s\\n' CONFIG_X86_64=y CONFIG_TOOL=y CONFIG_HZ_100=y CONFIG_ELSEWHERE=m "
			       "'CONFIG_LSM=\"yama\"' >other && gzip -kn other && "
			       "'%s' config diff a other.gz --tree tree --configs k --cache cache --all",
			       azk), 1);
	assert_string_equal(got.buf,
			    "warning: a/x86_64 -> other.gz: 13 options differ [differ]\n"
			    "7 asked differently\n"
			    "  (top): 7\n"
			    "    CONFIG_CPUS: 64 -> absent\n"
			    "    CONFIG_FS: y -> absent  k/fragments/b.config:2\n"
			    "    CONFIG_HZ_100: n -> y\n"
			    "    CONFIG_HZ_250: y -> absent\n"
			    "    CONFIG_LSM: \"lockdown,yama\" -> \"yama\"  k/fragments/b.config:3\n"
			    "    CONFIG_MODULES: y -> absent\n"
			    "    CONFIG_NET: y -> absent  k/fragments/b.config:1\n"
			    "2 consequences\n"
			    "  (top): 2\n"
			    "    CONFIG_LIB: y -> absent\n"
			    "    CONFIG_VT: y -> absent\n"
			    "2 the toolchain's\n"
			    "  (top): 2\n"
			    "    CONFIG_CC_VERSION_TEXT: \"gcc (scripts/dummy-tools/gcc)\" -> absent\n"
			    "    CONFIG_TOOL: n -> y\n"
			    "2 absent in this version\n"
			    "  (top): 2\n"
			    "    CONFIG_ELSEWHERE: absent -> m\n"
			    "    CONFIG_X86_64: absent -> y\n");
	sb_reset(&got);
	assert_int_equal(shell(&got, "head -c 30 other.gz >cut.gz; "
			       "'%s' config diff a cut.gz --tree tree --configs k --cache cache", azk), 2);
	assert_non_null(strstr(got.buf, "cut.gz: error: byte 30: the gzip data ends early [gzip]"));
	sb_reset(&got);
	assert_int_equal(shell(&got, "echo CONFIG_NET=y >nowhere; "
			       "'%s' config diff a nowhere --tree tree --configs k --cache cache", azk), 2);
	assert_non_null(strstr(got.buf, "of what arch is it?"));
}

static void bump_tells_what_is_gone_new_renamed_and_lost(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("l", "arch x86_64\nship yes\nfragment b\n",
		"CONFIG_NET=y\nCONFIG_BUS=m\nCONFIG_FS=y\nCONFIG_CPUS=128\n");
	assert_int_equal(shell(&got, "cp -r tree next && sed -i -e 's/^config FS$/config FILES/' "
			       "-e '/tristate \"Host bus\"/a\\\\tdepends on EXPERT' next/Kconfig && "
			       "printf 'config FRESH\\n\\tbool \"Something new\"\\n\\tdefault y\\n' >>next/Kconfig && "
			       "'%s' config bump tree next --configs l --cache cache", azk), 1);
	assert_string_equal(got.buf,
			    "l/fragments/b.config:3: error: CONFIG_FS is asked y and is gone [removed]\n"
			    "    likely now CONFIG_FILES: help text 0 % alike, prompt 100 %, same file\n"
			    "l/fragments/b.config:2: error: CONFIG_BUS asked m, got nothing (a/x86_64) [lost]\n"
			    "    needs EXPERT [=n], which is n\n"
			    "      CONFIG_EXPERT is n: not asked for\n"
			    "    smallest change that makes it m:\n"
			    "      CONFIG_EXPERT=y, which nothing asks for yet\n"
			    "1 options gone that were on or asked for\n"
			    "  CONFIG_FS: was y, likely CONFIG_FILES (help text 0 % alike, prompt 100 %, same file)\n"
			    "2 new options that can be asked for\n"
			    "  CONFIG_FILES: n  File system (Kconfig)\n"
			    "    its default: nothing to ask\n"
			    "  CONFIG_FRESH: y  Something new (Kconfig)\n"
			    "    on by default: '# CONFIG_FRESH is not set' in l/fragments/b.config keeps the kernel as it was\n"
			    "1 options with other definitions\n"
			    "  CONFIG_BUS\n"
			    "    dependency: NET\n"
			    "      now: EXPERT && NET\n"
			    "1 values that differ though nobody asks\n"
			    "  CONFIG_LIB: y -> n\n");
}

static void a_difference_nobody_declared_is_told(void **state)
{
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("m", "ship yes\nfragment b\n", "#: why nothing works without\nCONFIG_NET=y\n");
	assert_int_equal(shell(&got, "cp -r tree arches && printf 'config QUIET\\n\\tbool \"Say less\"\\n"
			       "\\tdefault y if \"$(ARCH)\" = \"x86_64\"\\n' >>arches/Kconfig && "
			       "'%s' config render --tree arches --configs m --cache cache >/dev/null && "
			       "'%s' config check --tree arches --configs m --cache cache --today 2026-11-20",
			       azk, azk), 1);
	assert_string_equal(got.buf,
			    "m/flavours/a.flavour: error: CONFIG_QUIET is y in a/x86_64 and n here, and no fragment says so (a/aarch64) [drift]\n"
			    "    ask for it in a fragment of each, with the reason for the difference\n"
			    "a/x86_64: 1 asked, 0 lost or changed; policy rules: 0 hold, 0 excepted, 0 fail\n"
			    "a/aarch64: 1 asked, 0 lost or changed; policy rules: 0 hold, 0 excepted, 0 fail\n");
	sb_reset(&got);
	/* asked for on one side it is declared */
	assert_int_equal(shell(&got, "printf '#: why the other arch has a serial console\\n# CONFIG_QUIET is not set\\n' "
			       ">m/fragments/arm.config && echo 'fragment arm aarch64' >>m/flavours/a.flavour && "
			       "'%s' config check --tree arches --configs m --cache cache --today 2026-11-20",
			       azk), 0);
}

static void a_shipped_kselftest_has_what_it_needs_or_a_reason(void **state)
{
	static const char check[] = "'%s' config check --tree tested --configs o --cache cache "
				    "--today 2026-11-20 --kselftests shipped";
	_cleanup_sb_ struct strbuf got = STRBUF_INIT;

	(void)state;
	configs("o", "arch x86_64\nship yes\nfragment b\n", "#: why nothing works without\nCONFIG_NET=y\n");
	assert_int_equal(shell(NULL, "cp -r tree tested && mkdir -p tested/tools/testing/selftests/one && "
			       "printf 'CONFIG_NET=m\\nCONFIG_TOOL=y\\n' >tested/tools/testing/selftests/one/config && "
			       "echo 'one # the test' >shipped && "
			       "'%s' config render --tree tested --configs o --cache cache", azk), 0);
	assert_int_equal(shell(&got, check, azk), 1);
	assert_non_null(strstr(got.buf, "selftests/one/config: error: the shipped test one needs "
			       "CONFIG_TOOL=y, which is n (a/x86_64) [kselftest]\n"));
	assert_null(strstr(got.buf, "CONFIG_NET"));
	assert_int_equal(shell(NULL, "echo 'one CONFIG_TOO* # it is broken' >o/kselftest.list"), 0);
	assert_int_equal(shell(NULL, check, azk), 0);
	sb_reset(&got);
	assert_int_equal(shell(NULL, "echo 'one CONFIG_GONE # it is broken' >>o/kselftest.list"), 0);
	assert_int_equal(shell(&got, check, azk), 1);
	assert_non_null(strstr(got.buf, "o/kselftest.list:2: error: one lacks nothing of this line [kselftest]\n"));
	sb_reset(&got);
	assert_int_equal(shell(NULL, "echo 'one CONFIG_TOOL' >>o/kselftest.list"), 0);
	assert_int_equal(shell(&got, check, azk), 2);
	assert_non_null(strstr(got.buf, "o/kselftest.list:3: error: 'one' needs '# reason' at its end [syntax]\n"));
}

/* cmocka 1.1.5 writes a skipped test as "not ok": say it in TAP ourselves. */
static bool skip_all(const struct CMUnitTest *all, size_t n)
{
	const char *dir = getenv("AZK_TEST_TREE");

	if (getenv("AZK_BIN") && dir && azk_is_dir(dir))
		return false;
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		printf("ok %zu - %s # SKIP AZK_TEST_TREE names no kernel tree\n", i + 1,
		       all[i].name);
	return true;
}

int main(void)
{
	static const struct CMUnitTest code[] = {
		cmocka_unit_test(a_render_is_what_the_trees_own_conf_writes),
		cmocka_unit_test(a_tree_that_is_none_is_refused),
		cmocka_unit_test(a_kconfig_that_does_not_parse_is_told_with_its_line),
		cmocka_unit_test(a_render_is_kept_when_nothing_changed_and_leaves_the_tree_alone),
		cmocka_unit_test(what_the_machine_lacks_is_named),
		cmocka_unit_test(a_result_that_cannot_be_written_is_told),
		cmocka_unit_test(the_callers_environment_does_not_reach_kconfig),
		cmocka_unit_test(explain_tells_who_asked_and_what_it_needs),
		cmocka_unit_test(diff_tells_what_was_asked_from_what_follows),
		cmocka_unit_test(bump_tells_what_is_gone_new_renamed_and_lost),
		cmocka_unit_test(a_difference_nobody_declared_is_told),
		cmocka_unit_test(a_shipped_kselftest_has_what_it_needs_or_a_reason),
	};
	const char *env = getenv("AZK_TESTS");
	_cleanup_free_ char *dir = path_join(env ? env : "tests", "config/cases");
	struct strlist names = { 0 };
	struct CMUnitTest *all;
	int rc = 0;

	if (azk_list_dir(dir, &names) || !names.n)
		return azk_error("no cases in %s", dir);
	all = xcalloc(names.n + ARRAY_SIZE(code), sizeof(*all));
	for (size_t i = 0; i < names.n; i++)
		all[i] = (struct CMUnitTest){ .name = names.v[i], .test_func = run_case,
					      .initial_state = names.v[i] };
	memcpy(all + names.n, code, sizeof(code));
	if (!skip_all(all, names.n + ARRAY_SIZE(code)))
		rc = _cmocka_run_group_tests("config_check", all, names.n + ARRAY_SIZE(code), setup,
					     teardown);
	free(all);
	strlist_free(&names);
	return rc;
}
