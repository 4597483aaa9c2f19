/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree's Kconfig defines, to be compared with another tree's. */
#ifndef AZK_CONFIG_DESCRIBE_H
#define AZK_CONFIG_DESCRIBE_H

#include "config/kconf.h"

struct cfg_def {
	char *name, *type, *file;	/* file: of the first definition */
	bool trans;			/* a transitional name: read, never written */
	struct strlist prompts, help, dep, defaults;
};

struct cfg_defs {
	struct strmap map;		/* name -> struct cfg_def */
};

/* Takes the lines of "describe" (kconf/describe.c). */
void cfg_defs_parse(struct cfg_defs *d, const struct strlist *lines);
const struct cfg_def *cfg_defs_get(const struct cfg_defs *d, const char *name);
void cfg_defs_free(struct cfg_defs *d);

/* How alike two texts are, 0 to 1: the share of their words that both have. */
double cfg_text_alike(const char *a, const char *b);

/*
 * How likely b is the new name of a, 0 to 1, by help text, prompt, name and
 * place. *why (the caller's) tells what is alike.
 */
double cfg_renamed(const struct cfg_def *a, const struct cfg_def *b, char **why);

#endif
