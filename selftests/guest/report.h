/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two halves of the report tool share: results, and their printing.
 */
#ifndef AZK_GUEST_REPORT_H
#define AZK_GUEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum status { OK, NOT_OK, SKIPPED };

struct item {
	char *name;
	char *note;		/* reason of a skip, cause of a failure */
	enum status status;
	bool known;		/* failed as the skip list says it does */
};

extern struct item *items;
extern size_t nitems;

/*
 * Prints all results as TAP, the plan last, a summary if wanted; returns how
 * many failed.
 */
size_t print_tap(FILE *f, const char *suite, bool summary);

/* Writes them to a file, as TAP or as JUnit XML; -1, with a message, if not whole. */
int write_results(const char *path, const char *suite, bool junit);

#endif
