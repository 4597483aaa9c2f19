/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scratch trees for the queue tests. */
#ifndef AZK_TESTS_QUEUE_LIB_H
#define AZK_TESTS_QUEUE_LIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/azk.h"

/* A new empty folder; the path is owned by the caller, see scratch_free(). */
char *scratch_new(void);
void scratch_free(char *dir);	/* removes it */

/* Writes dir/name, making folders. */
void put_file(const char *dir, const char *name, const char *text);
char *get_file(const char *dir, const char *name);	/* NULL when absent; owned */

/*
 * Runs a shell command line with $D (dir) and $AZK (the test build) set,
 * output to dir/out. Returns the exit status, or 256 + the signal.
 */
int sh(const char *dir, const char *cmd);

/* The same for a test: must end with the status want, else the output is shown. */
void run(const char *dir, int want, const char *cmd);
void out_says(const char *dir, const char *words);	/* of the last command */

/* Names, modes and contents of everything below dir, without .azk; owned. */
char *snapshot(const char *dir);

/* Small seeded generator, the same everywhere. */
uint32_t rnd(uint64_t *state, uint32_t below);

#endif
