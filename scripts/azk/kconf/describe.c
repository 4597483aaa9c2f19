// SPDX-License-Identifier: GPL-2.0-only
/* What azk-kconf says of symbols. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "azk-kconf.h"

/* One line: Kconfig texts may hold line breaks through macros. */
void put_text(const char *key, const char *text)
{
	printf("%s ", key);
	for (; *text; text++)
		putchar(*text == '\n' || *text == '\r' ? ' ' : *text);
	putchar('\n');
}

void put_expr(const char *key, const struct expr *e)
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
	/* numbers that are compared with are symbols without a definition */
	if (!sym || (sym->flags & SYMBOL_CONST) || !sym->name ||
	    (sym->type == S_UNKNOWN && isdigit((unsigned char)sym->name[0])))
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

/* Without modules an m that is asked for is taken for y: as good as a term that is false. */
static void put_modules(struct symbol *sym)
{
	if (sym->type != S_TRISTATE || !sym_has_value(sym) || !modules_sym->name ||
	    sym->def[S_DEF_USER].tri != mod || sym_get_tristate_value(modules_sym) != no)
		return;
	printf("term n %s [=n]\n", modules_sym->name);
	put_leaf(modules_sym);
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

static void put_help(const struct menu *menu)
{
	if (!menu->help)
		return;
	fputs("help ", stdout);
	for (const char *s = menu->help; *s; s++) {
		if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s == '\\')
			fputs("\\\\", stdout);
		else if (*s != '\r')
			putchar(*s);
	}
	putchar('\n');
}

static void put_prop(const char *key, const struct property *prop)
{
	struct gstr gs = str_new();

	/* printing shows the values that were calculated, whenever that was */
	expr_calc_value(prop->expr);
	expr_calc_value(prop->visible.expr);
	expr_gstr_print(prop->expr, &gs);
	if (!expr_is_yes(prop->visible.expr)) {
		str_append(&gs, " if ");
		expr_gstr_print(prop->visible.expr, &gs);
	}
	put_text(key, str_get(&gs));
	str_free(&gs);
}

/*
 * A record:
 *   sym NAME | missing NAME     no definition read for this architecture
 *   type T, value V, user V     user: what the open file asked for
 *   visible T                   upper bound of what may be asked, n without prompt
 *   dir T, select T, imply T    direct and reverse dependencies
 *   trans                       a transitional name: read, never written
 *   at FILE:LINE                per definition
 *   help TEXT                   of that definition, "\\n" for a line break
 *   prompt TEXT                 per prompt
 *   term T EXPR                 conjuncts of each prompt's visibility
 *   dep T EXPR                  conjuncts of the direct dependencies
 *   leaf NAME TYPE VALUE        symbols those name
 *   selby T EXPR, impby T EXPR  reverse dependencies in effect
 *   choice TEXT, chosen NAME, range LOW HIGH
 *   selects EXPR, implies EXPR, default EXPR    each with " if CONDITION"
 */
void put_sym(const char *name)
{
	struct symbol *sym = find_symbol(name);
	struct property *prop;
	struct menu *menu;

	if (!sym) {
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
	list_for_each_entry(menu, &sym->menus, link) {
		printf("at %s:%d\n", menu->filename, menu->lineno);
		put_help(menu);
	}
	for_all_prompts(sym, prop) {
		put_text("prompt", prop->text);
		put_terms("term", prop->visible.expr);
		put_leaves(prop->visible.expr);
	}
	put_terms("dep", sym->dir_dep.expr);
	put_leaves(sym->dir_dep.expr);
	put_modules(sym);
	put_active("selby", sym->rev_dep.expr);
	put_active("impby", sym->implied.expr);
	put_choice(sym);
	put_range(sym);
	for_all_properties(sym, prop, P_SELECT)
		put_prop("selects", prop);
	for_all_properties(sym, prop, P_IMPLY)
		put_prop("implies", prop);
	for_all_properties(sym, prop, P_DEFAULT)
		put_prop("default", prop);
}


/* ---- what depends on it ---------------------------------------------------- */

/* Choices have no name; what depends on one is told for its members. */
static bool named(const struct symbol *sym)
{
	return sym->name && sym->type != S_UNKNOWN && !(sym->flags & SYMBOL_CONST);
}

/*
 * depends NAME = V, selects, implies and defaults likewise: each
 * symbol whose visibility or dependencies, reverse dependencies or defaults
 * name sym, with its value.
 */
void put_reverse(struct symbol *sym)
{
	struct property *prop;
	struct symbol *s;

	for_all_symbols(s) {
		const char *how = NULL;

		if (!named(s) || s == sym)
			continue;
		if (s->dir_dep.expr && expr_contains_symbol(s->dir_dep.expr, sym))
			how = "depends";
		for_all_prompts(s, prop) {
			if (!how && expr_contains_symbol(prop->visible.expr, sym))
				how = "depends";
		}
		for_all_properties(s, prop, P_SELECT) {
			if (prop_get_symbol(prop) == sym)
				how = "selects";
		}
		for_all_properties(s, prop, P_IMPLY) {
			if (prop_get_symbol(prop) == sym)
				how = "implies";
		}
		for_all_defaults(s, prop) {
			if (!how && (expr_contains_symbol(prop->expr, sym) ||
				     expr_contains_symbol(prop->visible.expr, sym)))
				how = "defaults";
		}
		if (!how)
			continue;
		sym_calc_value(s);
		printf("%s %s ", how, s->name);
		put_text("=", sym_get_string_value(s));
	}
}

/* ---- dependencies as a tree ------------------------------------------------- */

#define MAX_LEVEL 12

static struct symbol *path[MAX_LEVEL];

static void node_expr(struct expr *e, unsigned int level);

/* A symbol; one that is off or m goes on with what it depends on itself. */
static void node_symbol(struct symbol *sym, tristate val, unsigned int level)
{
	bool told = false;

	if (sym->flags & SYMBOL_CONST) {
		printf("node %u %c const %s\n", level, tri_char[val], sym->name);
		return;
	}
	sym_calc_value(sym);
	printf("node %u %c %s %s %s\n", level, tri_char[val],
	       sym->type == S_UNKNOWN ? "undefined" : "symbol", sym->name ? sym->name : "<choice>",
	       sym->type == S_UNKNOWN ? "n" : sym_get_string_value(sym));
	for (unsigned int i = 0; i < level && i < MAX_LEVEL; i++)
		told = told || path[i] == sym;
	if (val == yes || told || level + 1 >= MAX_LEVEL || sym->type == S_UNKNOWN)
		return;
	path[level] = sym;
	if (sym->dir_dep.expr && sym->dir_dep.tri != yes)
		node_expr(sym->dir_dep.expr, level + 1);
	path[level] = NULL;
}

/* "A && B && C" is one level, not two. */
static void node_list(struct expr *e, enum expr_type type, unsigned int level)
{
	if (e->type == type) {
		node_list(e->left.expr, type, level);
		node_list(e->right.expr, type, level);
	} else {
		node_expr(e, level);
	}
}

static void node_expr(struct expr *e, unsigned int level)
{
	tristate val = expr_calc_value(e);
	struct gstr gs;

	path[level < MAX_LEVEL ? level : MAX_LEVEL - 1] = NULL;
	switch (e->type) {
	case E_SYMBOL:
		node_symbol(e->left.sym, val, level);
		return;
	case E_AND:
	case E_OR:
		printf("node %u %c %s\n", level, tri_char[val], e->type == E_AND ? "all" : "any");
		if (level + 1 < MAX_LEVEL)
			node_list(e, e->type, level + 1);
		return;
	default:
		break;
	}
	gs = str_new();
	expr_gstr_print(e, &gs);
	printf("node %u %c ", level, tri_char[val]);
	put_text("term", str_get(&gs));
	str_free(&gs);
	if (e->type == E_NOT && val != yes && e->left.expr->type != E_SYMBOL &&
	    level + 1 < MAX_LEVEL)
		node_expr(e->left.expr, level + 1);
}

/*
 * node LEVEL V all|any|term EXPR|symbol NAME VALUE|undefined NAME n|const NAME:
 * the direct dependencies, each term with its value; below a symbol that is
 * not y what that one depends on.
 */
void put_tree(struct symbol *sym)
{
	sym_calc_value(sym);
	memset(path, 0, sizeof(path));
	if (sym->dir_dep.expr)
		node_expr(sym->dir_dep.expr, 0);
}

/* ---- every symbol ------------------------------------------------------------ */

static void add_plain(void *data, struct symbol *sym, const char *str)
{
	(void)sym;
	str_append(data, str);
}

/* Without values, since it is to be compared with another tree's. */
static void put_plain(const char *key, struct expr *e, struct expr *cond)
{
	struct gstr gs = str_new();

	if (e)
		expr_print(e, add_plain, &gs, E_NONE);
	if (cond && !expr_is_yes(cond)) {
		str_append(&gs, " if ");
		expr_print(cond, add_plain, &gs, E_NONE);
	}
	put_text(key, str_get(&gs));
	str_free(&gs);
}

static void put_description(struct symbol *sym)
{
	struct property *prop;
	struct menu *menu;

	printf("sym %s\n", sym->name);
	printf("type %s\n", sym_type_name(sym->type));
#ifdef SYMBOL_TRANS
	if (sym->flags & SYMBOL_TRANS)
		puts("trans");
#endif
	list_for_each_entry(menu, &sym->menus, link) {
		printf("at %s:%d\n", menu->filename, menu->lineno);
		put_help(menu);
	}
	for_all_prompts(sym, prop)
		put_text("prompt", prop->text);
	if (sym->dir_dep.expr)
		put_plain("dep", sym->dir_dep.expr, NULL);
	for_all_defaults(sym, prop)
		put_plain("default", prop->expr, prop->visible.expr);
	for_all_properties(sym, prop, P_SELECT)
		put_plain("selects", prop->expr, prop->visible.expr);
	for_all_properties(sym, prop, P_RANGE)
		put_plain("range", prop->expr, prop->visible.expr);
	if (sym_get_choice_menu(sym))
		puts("choice");
}

/* sym, type, trans, at, help, prompt, dep, default, selects, range, choice. */
void put_all_descriptions(void)
{
	struct symbol *sym;

	for_all_symbols(sym) {
		if (named(sym))
			put_description(sym);
	}
}

/*
 * "NAME TYPE W VISIBLE SELECT FILE = VALUE"; W: w when the .config has the
 * symbol, else -; VISIBLE and SELECT as in put_sym(), FILE of its first definition.
 */
void put_all_values(void)
{
	const struct menu *menu;
	struct symbol *sym;

	for_all_symbols(sym) {
		if (!named(sym))
			continue;
		sym_calc_value(sym);
		menu = list_empty(&sym->menus) ? NULL :
		       list_first_entry(&sym->menus, struct menu, link);
		printf("%s %s %c %c %c %s ", sym->name, sym_type_name(sym->type),
		       sym->flags & SYMBOL_WRITE ? 'w' : '-', tri_char[sym->visible],
		       tri_char[sym->rev_dep.tri], menu ? menu->filename : "-");
		put_text("=", sym_get_string_value(sym));
	}
}
