// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, help and the noun/verb table. */
#include "azk.h"

static const struct azk_opt *find_opt(const struct azk_opt *opts, const char *name, size_t n)
{
	for (; opts->name; opts++) {
		if (strlen(opts->name) == n && !memcmp(opts->name, name, n))
			return opts;
	}
	return NULL;
}

static void print_help(const struct azk_opt *opts, const char *usage, const char *example)
{
	printf("usage: azk %s\n\n", usage);
	for (; opts->name; opts++) {
		_cleanup_free_ char *left = opts->arg ?
			xasprintf("--%s %s", opts->name, opts->arg) :
			xasprintf("--%s", opts->name);

		printf("  %-18s %s\n", left, opts->help);
	}
	printf("  %-18s %s\n", "--help", "this text");
	if (example)
		printf("\nexample: azk %s\n", example);
}

static int set_opt(const struct azk_opt *o, const char *value)
{
	if (o->str) {
		*o->str = value;
	} else if (o->list) {
		strlist_add(o->list, value);
	} else if (o->num && !str_to_uint(value, o->num)) {
		azk_error("--%s takes a number, not '%s'", o->name, value);
		return AZK_OPT_BAD;
	}
	return 0;
}

int azk_parse_opts(const struct azk_opt *opts, const char *usage, const char *example, int argc,
		   char **argv)
{
	bool given[64] = { false };
	bool only_args = false;
	int n = 0;

	if (azk_described(opts, usage, example))
		return AZK_OPT_HELP;

	for (int i = 1; i < argc; i++) {
		char *a = argv[i];
		const struct azk_opt *o;
		const char *value;
		size_t len;

		if (only_args || a[0] != '-' || !a[1]) {
			argv[++n] = a;
			continue;
		}
		if (!strcmp(a, "--")) {
			only_args = true;
			continue;
		}
		if (!strcmp(a, "--help") || !strcmp(a, "-h")) {
			print_help(opts, usage, example);
			return AZK_OPT_HELP;
		}
		len = str_starts(a, "--") ? strcspn(a + 2, "=") : 0;
		o = len ? find_opt(opts, a + 2, len) : NULL;
		if (!o) {
			azk_error("unknown option '%s'; usage: azk %s", a, usage);
			return AZK_OPT_BAD;
		}
		given[o - opts] = true;
		value = a[2 + len] == '=' ? a + 3 + len : NULL;
		if (!o->arg) {
			if (value) {
				azk_error("--%s takes no argument", o->name);
				return AZK_OPT_BAD;
			}
			*o->flag = true;
			continue;
		}
		if (!value && ++i < argc)
			value = argv[i];
		if (!value || (!*value && !o->list)) {
			azk_error("--%s needs %s", o->name, o->arg);
			return AZK_OPT_BAD;
		}
		if (set_opt(o, value))
			return AZK_OPT_BAD;
	}
	for (const struct azk_opt *o = opts; o->name; o++) {
		if (o->required && !given[o - opts]) {
			azk_error("--%s is missing; usage: azk %s", o->name, usage);
			return AZK_OPT_BAD;
		}
	}
	return n;
}

static void print_nouns(const struct azk_noun *const *nouns, size_t n, FILE *out)
{
	fputs("usage: azk <noun> <verb> [options]\n", out);
	for (size_t i = 0; i < n; i++) {
		if (!nouns[i])
			continue;
		fprintf(out, "\n%s: %s\n", nouns[i]->name, nouns[i]->help);
		for (const struct azk_verb *v = nouns[i]->verbs; v->name; v++)
			fprintf(out, "  azk %s %-10s %s\n", nouns[i]->name, v->name, v->help);
	}
	fputs("\nazk <noun> <verb> --help tells the options; azk man <noun> <verb> prints the man page,\n"
	      "azk completion bash what bash needs to complete a command line.\n"
	      "exit status: 0 it holds, 1 findings, 2 bad input or usage\n", out);
}

static void print_noun(const struct azk_noun *noun, FILE *out)
{
	fprintf(out, "%s: %s\n", noun->name, noun->help);
	for (const struct azk_verb *v = noun->verbs; v->name; v++)
		fprintf(out, "  azk %s %-10s %s\n", noun->name, v->name, v->help);
}

/* A full disk must not look like an answer. */
static int flush(int rc)
{
	if (fflush(stdout) || ferror(stdout))
		return azk_error("writing to the standard output failed");
	return rc;
}

int azk_main(const struct azk_noun *const *nouns, size_t n, int argc, char **argv)
{
	const struct azk_noun *noun = NULL;
	const char *arg = argc > 1 ? argv[1] : NULL;

	if (!arg) {
		print_nouns(nouns, n, stderr);
		return AZK_BAD;
	}
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h") || !strcmp(arg, "help")) {
		print_nouns(nouns, n, stdout);
		return flush(AZK_OK);
	}
	if (!strcmp(arg, "--version")) {
		puts("azk " AZK_VERSION);
		return flush(AZK_OK);
	}
	if (!strcmp(arg, "man") || !strcmp(arg, "completion"))
		return flush(azk_doc(nouns, n, argc - 1, argv + 1));
	for (size_t i = 0; i < n; i++) {
		if (nouns[i] && !strcmp(nouns[i]->name, arg))
			noun = nouns[i];
	}
	if (!noun)
		return azk_error("no noun '%s'; see azk --help", arg);
	arg = argc > 2 ? argv[2] : NULL;
	if (!arg) {
		print_noun(noun, stderr);
		return AZK_BAD;
	}
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
		print_noun(noun, stdout);
		return flush(AZK_OK);
	}
	for (const struct azk_verb *v = noun->verbs; v->name; v++) {
		if (!strcmp(v->name, arg))
			return flush(v->run(argc - 2, argv + 2));
	}
	return azk_error("%s has no verb '%s'; see azk %s --help", noun->name, arg, noun->name);
}
