/* SPDX-License-Identifier: GPL-2.0-only */
/* The search of solve.c, and the look at one of its states in obstacles.c. */
#ifndef AZK_KCONF_SOLVE_H
#define AZK_KCONF_SOLVE_H

#include "azk-kconf.h"

#define MAX_WISHES 10
#define MAX_ATOMS 48
#define MAX_DEPTH 16

struct wish {
	struct symbol *sym;
	tristate tri;		/* of a bool or tristate */
	const char *val;	/* of the others; constants live as long as the parse */
};

struct state {
	struct wish w[MAX_WISHES];
	unsigned int n;
};

/* One look at what stands in the way in the state that is applied. */
struct walk {
	const struct state *st;
	struct wish atom[MAX_ATOMS];
	unsigned int n;
	const struct symbol *stack[MAX_DEPTH];
	unsigned int depth;
};

bool wished(const struct state *st, const struct symbol *sym);

/*
 * Fills w->atom with the wishes that each may bring sym nearer to the goal: by
 * the first false term of a conjunction, by each of a disjunction.
 */
void look(struct walk *w, struct symbol *sym, const struct wish *goal);

#endif
