// SPDX-License-Identifier: GPL-2.0-only
/*
 * azk-kconf: answers questions about one kernel tree's Kconfig.
 *
 * Linked against the tree's own scripts/kconfig objects, so that every rule of
 * the language is the kernel's and not a copy of it. A separate program: these
 * objects are GPL-2.0-only, azk is not.
 *
 * usage: azk-kconf KCONFIG        (environment as the kernel's Makefile sets it)
 *
 * Protocol, one request a line, every answer ends with a line holding ".":
 *
 *   open FILE    values of FILE are what the user asks for, the rest default
 *   write FILE   write the resulting .config
 *   sym NAME...  one record per symbol (see put_sym())
 *   close        forget the values of open
 *
 * A request that cannot be done answers "error TEXT". The parsed tree is the
 * expensive part, and Kconfig keeps state between loads (the priority of
 * choice members), so open forks: each set of values starts from the pristine
 * parse and cannot leave anything behind for the next one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"
#include "lkc.h"

#define PROTOCOL 1

static const char tri_char[] = "nmy";

static void end_answer(void)
{
	puts(".");
	fflush(stdout);
}

static void answer_error(const char *fmt, ...)
{
	va_list ap;

	fputs("error ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	end_answer();
}

/* One line: Kconfig texts may hold line breaks through macros. */
static void put_text(const char *key, const char *text)
{
	printf("%s ", key);
	for (; *text; text++)
		putchar(*text == '\n' || *text == '\r' ? ' ' : *text);
	putchar('\n');
}

static void put_expr(const char *key, const struct expr *e)
{
	struct gstr gs = str_new();

	expr_gstr_print(e, &gs);
	put_text(key, str_get(&gs));
	str_free(&gs);
}

/*
 * Every conjunct of a condition on its own line: a false one is a reason by
 * itself, and the reader need not take a whole page of "&&" apart.
 */
static void put_terms(const char *key, struct expr *e)
{
	char head[32];

	if (!e)
		return;
	if (e->type == E_AND) {
		put_terms(key, e->left.expr);
		put_terms(key, e->right.expr);
		return;
	}
	snprintf(head, sizeof(head), "%s %c", key, tri_char[expr_calc_value(e)]);
	put_expr(head, e);
}

static void put_leaf(struct symbol *sym)
{
	if (!sym || (sym->flags & SYMBOL_CONST) || !sym->name)
		return;
	sym_calc_value(sym);
	printf("leaf %s ", sym->name);
	put_text(sym->type == S_UNKNOWN ? "undefined" : sym_type_name(sym->type),
		 sym->type == S_UNKNOWN ? "n" : sym_get_string_value(sym));
}

static void put_leaves(struct expr *e)
{
	if (!e)
		return;
	switch (e->type) {
	case E_AND:
	case E_OR:
		put_leaves(e->left.expr);
		put_leaves(e->right.expr);
		break;
	case E_NOT:
		put_leaves(e->left.expr);
		break;
	case E_SYMBOL:
		put_leaf(e->left.sym);
		break;
	case E_EQUAL:
	case E_UNEQUAL:
	case E_LTH:
	case E_LEQ:
	case E_GTH:
	case E_GEQ:
		put_leaf(e->left.sym);
		put_leaf(e->right.sym);
		break;
	default:
		break;
	}
}

/* Reverse dependencies: one alternative a line, the ones in effect only. */
static void put_active(const char *key, struct expr *e)
{
	char head[32];

	if (!e)
		return;
	if (e->type == E_OR) {
		put_active(key, e->left.expr);
		put_active(key, e->right.expr);
		return;
	}
	if (expr_calc_value(e) == no)
		return;
	snprintf(head, sizeof(head), "%s %c", key, tri_char[expr_calc_value(e)]);
	put_expr(head, e);
}

static void put_choice(struct symbol *sym)
{
	struct menu *choice = sym_get_choice_menu(sym), *m;

	if (!choice)
		return;
	put_text("choice", choice->prompt ? choice->prompt->text : "");
	menu_for_each_sub_entry(m, choice) {
		if (!m->sym || !m->sym->name)
			continue;
		sym_calc_value(m->sym);
		if (sym_get_tristate_value(m->sym) == yes) {
			printf("chosen %s\n", m->sym->name);
			return;
		}
	}
}

static void put_range(struct symbol *sym)
{
	struct property *prop = sym_get_range_prop(sym);

	if (!prop || prop->expr->type != E_RANGE)
		return;
	printf("range %s ", sym_get_string_value(prop->expr->left.sym));
	puts(sym_get_string_value(prop->expr->right.sym));
}

/*
 * A record:
 *   sym NAME | missing NAME     no definition read for this architecture
 *   type T, value V, user V     user: what the open file asked for
 *   visible T                   upper bound of what may be asked, n without prompt
 *   dir T, select T, imply T    direct and reverse dependencies
 *   trans                       a transitional name: read, never written
 *   at FILE:LINE                per definition
 *   prompt TEXT                 per prompt
 *   term T EXPR                 conjuncts of each prompt's visibility
 *   dep T EXPR                  conjuncts of the direct dependencies
 *   leaf NAME TYPE VALUE        symbols those name
 *   selby T EXPR, impby T EXPR  reverse dependencies in effect
 *   choice TEXT, chosen NAME, range LOW HIGH
 */
static void put_sym(const char *name)
{
	struct symbol *sym = sym_find(name);
	struct property *prop;
	struct menu *menu;

	if (!sym || sym->type == S_UNKNOWN || (sym->flags & SYMBOL_CONST)) {
		printf("missing %s\n", name);
		return;
	}
	sym_calc_value(sym);
	printf("sym %s\n", name);
	printf("type %s\n", sym_type_name(sym->type));
	put_text("value", sym_get_string_value(sym));
	if (sym_has_value(sym)) {
		char tri[2] = { tri_char[sym->def[S_DEF_USER].tri], 0 };

		if (sym->type == S_BOOLEAN || sym->type == S_TRISTATE)
			put_text("user", tri);
		else
			put_text("user", sym->def[S_DEF_USER].val);
	}
	printf("visible %c\n", tri_char[sym->visible]);
	printf("dir %c\n", tri_char[sym->dir_dep.tri]);
	printf("select %c\n", tri_char[sym->rev_dep.tri]);
	printf("imply %c\n", tri_char[sym->implied.tri]);
#ifdef SYMBOL_TRANS	/* since 6.18 */
	if (sym->flags & SYMBOL_TRANS)
		puts("trans");
#endif
	list_for_each_entry(menu, &sym->menus, link)
		printf("at %s:%d\n", menu->filename, menu->lineno);
	for_all_prompts(sym, prop) {
		put_text("prompt", prop->text);
		put_terms("term", prop->visible.expr);
		put_leaves(prop->visible.expr);
	}
	put_terms("dep", sym->dir_dep.expr);
	put_leaves(sym->dir_dep.expr);
	put_active("selby", sym->rev_dep.expr);
	put_active("impby", sym->implied.expr);
	put_choice(sym);
	put_range(sym);
}

static void do_sym(char *names)
{
	char *save = NULL, *name;

	for (name = strtok_r(names, " ", &save); name;
	     name = strtok_r(NULL, " ", &save))
		put_sym(name);
	end_answer();
}

static char *read_request(char **line, size_t *size)
{
	ssize_t len = getline(line, size, stdin);

	if (len <= 0)
		return NULL;
	if ((*line)[len - 1] == '\n')
		(*line)[len - 1] = '\0';
	return *line;
}

static bool starts(const char *s, const char *word, char **rest)
{
	size_t len = strlen(word);

	if (strncmp(s, word, len) || (s[len] && s[len] != ' '))
		return false;
	*rest = (char *)s + len + (s[len] == ' ');
	return true;
}

/* Requests that need no values, and with @opened those that do. */
static void request(char *line, bool opened)
{
	char *arg;

	if (starts(line, "sym", &arg)) {
		do_sym(arg);
	} else if (opened && starts(line, "write", &arg)) {
		if (conf_write(arg))
			answer_error("cannot write %s", arg);
		else
			end_answer();
	} else {
		answer_error("unknown request: %s", line);
	}
}

/* In the child: serve until close. */
static void serve_values(const char *file)
{
	char *line = NULL, *arg;
	size_t size = 0;

	if (conf_read_simple(file, S_DEF_USER)) {
		answer_error("cannot read %s: %s", file, strerror(errno));
	} else {
		/* what conf --alldefconfig does: no new values, recalculate */
		sym_clear_all_valid();
		end_answer();
	}
	while (read_request(&line, &size)) {
		if (starts(line, "close", &arg)) {
			end_answer();
			break;
		}
		request(line, true);
	}
	free(line);
}

static int serve(void)
{
	char *line = NULL, *arg;
	size_t size = 0;
	int status, ret = 0;
	pid_t pid;

	while (read_request(&line, &size)) {
		if (!starts(line, "open", &arg)) {
			request(line, false);
			continue;
		}
		pid = fork();
		if (pid < 0) {
			answer_error("fork: %s", strerror(errno));
			continue;
		}
		if (!pid) {
			serve_values(arg);
			fflush(stdout);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) < 0 || status) {
			ret = 1;
			break;
		}
	}
	free(line);
	return ret;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: azk-kconf KCONFIG\n");
		return 2;
	}
	/* parent and child read the same pipe: nobody may read ahead */
	setvbuf(stdin, NULL, _IONBF, 0);
	conf_set_message_callback(NULL);
	conf_parse(argv[1]);
	sym_clear_all_valid();
	printf("azk-kconf %d\n", PROTOCOL);
	end_answer();
	return serve();
}
