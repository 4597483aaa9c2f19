// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Man pages and shell completion, made from the verbs' own option tables: each
 * verb is asked for its help, and what it hands to azk_parse_opts() is taken
 * instead of printed. So they cannot say other than --help does.
 */
#include "azk.h"

static struct {
	bool on;
	const struct azk_opt *opts;
	const char *usage, *example;
	void (*print)(const struct azk_opt *opts, const char *usage, const char *example);
} ask;

bool azk_described(const struct azk_opt *opts, const char *usage, const char *example)
{
	if (!ask.on)
		return false;
	ask.print(opts, usage, example);
	return true;
}

static void describe(const struct azk_verb *v, void (*print)(const struct azk_opt *opts,
							     const char *usage, const char *example))
{
	char *argv[] = { (char *)v->name, (char *)"--help", NULL };

	ask.on = true;
	ask.print = print;
	v->run(2, argv);
	ask.on = false;
}

/* ---- bash --------------------------------------------------------------- */

/* What completes the argument of an option, told by the name its help gives it. */
static const char *completes(const char *arg)
{
	if (!arg)
		return NULL;
	if (!strcmp(arg, "DIR"))
		return "-d";
	return !strcmp(arg, "FILE") || !strcmp(arg, "LIST") ? "-f" : "";
}

static void print_bash_verb(const struct azk_opt *opts, const char *usage, const char *example)
{
	(void)usage;
	(void)example;
	fputs("\t\topts='--help", stdout);
	for (const struct azk_opt *o = opts; o->name; o++)
		printf(" --%s", o->name);
	fputs("'\n\t\tcase $prev in\n", stdout);
	for (const struct azk_opt *o = opts; o->name; o++) {
		const char *how = completes(o->arg);

		if (how && *how)
			printf("\t\t--%s) mapfile -t COMPREPLY < <(compgen %s -- \"$cur\"); return ;;\n",
			       o->name, how);
		else if (how)
			printf("\t\t--%s) return ;;\n", o->name);
	}
	fputs("\t\tesac\n", stdout);
}

static void print_bash(const struct azk_noun *const *nouns, size_t n)
{
	fputs("# bash completion of azk, printed by `azk completion bash`\n"
	      "_azk()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} opts=\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\topts='--help --version", stdout);
	for (size_t i = 0; i < n; i++) {
		if (nouns[i])
			printf(" %s", nouns[i]->name);
	}
	fputs("'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n", stdout);
	for (size_t i = 0; i < n; i++) {
		if (!nouns[i])
			continue;
		printf("\t\t%s) opts='--help", nouns[i]->name);
		for (const struct azk_verb *v = nouns[i]->verbs; v->name; v++)
			printf(" %s", v->name);
		fputs("' ;;\n", stdout);
	}
	fputs("\t\tesac\n\tfi\n\tif [ \"$COMP_CWORD\" -gt 2 ]; then\n\t\topts=\n"
	      "\t\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n", stdout);
	for (size_t i = 0; i < n; i++) {
		for (const struct azk_verb *v = nouns[i] ? nouns[i]->verbs : NULL; v && v->name; v++) {
			printf("\t\t\"%s %s\")\n", nouns[i]->name, v->name);
			describe(v, print_bash_verb);
			fputs("\t\t;;\n", stdout);
		}
	}
	fputs("\t\tesac\n"
	      "\t\tcase $cur in -*) ;; *) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;; esac\n"
	      "\tfi\n\tmapfile -t COMPREPLY < <(compgen -W \"$opts\" -- \"$cur\")\n}\n"
	      "complete -o filenames -F _azk azk\n", stdout);
}

/* ---- man ---------------------------------------------------------------- */

/* Text for a roff line: backslashes and a leading control character mean themselves. */
static void roff(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

static const char *man_body;	/* what doc/ says, in roff */

static void print_man_verb(const struct azk_opt *opts, const char *usage, const char *example)
{
	fputs(".SH SYNOPSIS\n.B azk\n", stdout);
	roff(usage);
	fputs("\n.SH DESCRIPTION\n", stdout);
	fputs(man_body, stdout);
	fputs(".SH OPTIONS\n", stdout);
	for (const struct azk_opt *o = opts; o->name; o++) {
		fputs(".TP\n\\fB\\-\\-", stdout);
		roff(o->name);
		printf("\\fR%s%s%s\n", o->arg ? " \\fI" : "", o->arg ? o->arg : "", o->arg ? "\\fR" : "");
		roff(o->help);
		fputs("\n", stdout);
	}
	fputs(".TP\n\\fB\\-\\-help\\fR\nprints the options\n"
	      ".SH EXIT STATUS\n0 it holds, 1 findings, 2 bad input or usage.\n", stdout);
	if (example) {
		fputs(".SH EXAMPLES\n.nf\nazk ", stdout);
		roff(example);
		fputs("\n.fi\n", stdout);
	}
}

static void man_head(const char *name, const char *help)
{
	printf(".TH %s 1 " AZK_DATE " \"azk " AZK_VERSION "\" \"azk manual\"\n.SH NAME\n", name);
	roff(name);
	fputs(" \\- ", stdout);
	roff(help);
	fputs("\n", stdout);
}

static void print_man_top(const struct azk_noun *const *nouns, size_t n)
{
	man_head("azk", "services a kernel tree: its patch queue and its configuration");
	fputs(".SH SYNOPSIS\n.B azk\n\\fInoun verb\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n", stdout);
	fputs(man_body, stdout);
	for (size_t i = 0; i < n; i++) {
		for (const struct azk_verb *v = nouns[i] ? nouns[i]->verbs : NULL; v && v->name; v++) {
			printf(".TP\n.BR azk\\-%s\\-%s (1)\n", nouns[i]->name, v->name);
			roff(v->help);
			fputs("\n", stdout);
		}
	}
	fputs(".SH EXIT STATUS\n0 it holds, 1 findings, 2 bad input or usage.\n", stdout);
}

static int print_man(const struct azk_noun *const *nouns, size_t n, const char *noun,
		     const char *verb)
{
	for (size_t i = 0; i < n; i++) {
		if (!nouns[i] || strcmp(nouns[i]->name, noun))
			continue;
		for (const struct azk_verb *v = nouns[i]->verbs; v->name; v++) {
			_cleanup_free_ char *name = xasprintf("azk-%s-%s", noun, v->name);

			if (strcmp(v->name, verb))
				continue;
			man_head(name, v->help);
			describe(v, print_man_verb);
			fputs(".SH SEE ALSO\n.BR azk (1)", stdout);
			for (const struct azk_verb *o = nouns[i]->verbs; o->name; o++) {
				if (o != v)
					printf(",\n.BR azk\\-%s\\-%s (1)", noun, o->name);
			}
			fputs("\n", stdout);
			return AZK_OK;
		}
	}
	return azk_error("no verb '%s %s'", noun, verb);
}

/* azk man [--body FILE] [NOUN VERB] and azk completion bash */
int azk_doc(const struct azk_noun *const *nouns, size_t n, int argc, char **argv)
{
	_cleanup_sb_ struct strbuf body = STRBUF_INIT;

	if (!strcmp(argv[0], "completion")) {
		if (argc != 2 || strcmp(argv[1], "bash"))
			return azk_error("usage: azk completion bash");
		print_bash(nouns, n);
		return AZK_OK;
	}
	if (argc > 2 && !strcmp(argv[1], "--body")) {
		int rc = azk_read_file(argv[2], &body);

		if (rc)
			return azk_error("reading '%s': %s", argv[2], strerror(-rc));
		argc -= 2;
		argv += 2;
	}
	man_body = sb_str(&body);
	if (argc == 3)
		return print_man(nouns, n, argv[1], argv[2]);
	if (argc != 1)
		return azk_error("usage: azk man [--body FILE] [NOUN VERB]");
	print_man_top(nouns, n);
	return AZK_OK;
}
