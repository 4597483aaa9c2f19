/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of azk-kconf share. */
#ifndef AZK_KCONF_H
#define AZK_KCONF_H

#include <stdbool.h>
#include <stdio.h>

#include "internal.h"
#include "lkc.h"

static const char tri_char[] = "nmy";

static inline bool is_tri(const struct symbol *sym)
{
	return sym->type == S_BOOLEAN || sym->type == S_TRISTATE;
}

/* A symbol with a definition for this architecture; NULL otherwise. */
static inline struct symbol *find_symbol(const char *name)
{
	struct symbol *sym = sym_find(name);

	return sym && sym->type != S_UNKNOWN && !(sym->flags & SYMBOL_CONST) ? sym : NULL;
}

/* "KEY TEXT", line breaks as blanks: Kconfig texts may hold some through macros. */
void put_text(const char *key, const char *text);
void put_expr(const char *key, const struct expr *e);	/* with values: A [=y] && !B [=n] */

/* describe.c: answers to sym, rdeps, describe and values (see azk-kconf.c) */
void put_sym(const char *name);
void put_reverse(struct symbol *sym);
void put_tree(struct symbol *sym);
void put_all_descriptions(void);
void put_all_values(void);

/*
 * solve.c: the smallest sets of values that make sym what value says, one
 * "set" record each; at most budget states are tried.
 */
void put_fixes(struct symbol *sym, const char *value, unsigned int budget, bool losses);

/* What was tried last is forgotten: call it before anything is told of values. */
void settle(void);

/* invalid.c: the parse is over, no expression is made any more. */
void list_expressions(void);

/* memo.c: keeps what $(shell) said, in the file $AZK_KCONF_MEMO names. */
void memo_load(void);
void memo_save(void);

#endif
