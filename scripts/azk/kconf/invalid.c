// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kconfig forgets the values of all expressions by walking its hash table and
 * writing to each, which in a forked process copies every page they lie on, and
 * reads memory in no order. That is most of what a question costs. After the
 * parse no expression is made any more: they are listed once in the order of
 * their addresses, and only those that were calculated are written to. Linked
 * with --wrap=expr_invalidate_all.
 */
#include <stdlib.h>

#include "azk-kconf.h"

void __real_expr_invalidate_all(void);
void __wrap_expr_invalidate_all(void);

static struct expr **all;
static size_t nall;

static int by_address(const void *a, const void *b)
{
	const struct expr *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

void list_expressions(void)
{
	struct expr *e;
	size_t n = 0;

	hash_for_each(expr_hashtable, e, node)
		n++;
	all = calloc(n ? n : 1, sizeof(*all));
	if (!all)
		return;
	hash_for_each(expr_hashtable, e, node)
		all[nall++] = e;
	qsort(all, nall, sizeof(*all), by_address);
}

void __wrap_expr_invalidate_all(void)
{
	if (!all) {
		__real_expr_invalidate_all();
		return;
	}
	for (size_t i = 0; i < nall; i++) {
		if (all[i]->val_is_valid)
			all[i]->val_is_valid = false;
	}
}
