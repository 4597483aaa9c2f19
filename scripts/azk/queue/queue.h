/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_QUEUE_QUEUE_H
#define AZK_QUEUE_QUEUE_H

#include "queue/patch.h"

/* The patches of a series in order; picks have an empty entry (name is NULL). */
struct patch_list {
	VEC(struct patch) patches;
};

/*
 * Reads all patch files of s with jobs threads. Errors of all of them become
 * findings (bad input). Returns 0 or -EINVAL.
 */
int patches_load(struct patch_list *l, const struct series *s, unsigned long jobs,
		 struct azk_report *r);

/*
 * Fills the entries of picks from the kernel clone git, and lists them in r's
 * record ("picked"); without one (NULL) they stay empty and are listed as
 * "not_carried". Returns 0, or -errno after a finding.
 */
int patches_pick(struct patch_list *l, const struct series *s, const char *git,
		 struct azk_report *r);
void patches_free(struct patch_list *l);

/* The 64-bit hash as 16 hex digits, as state.json has it; owned. */
char *hash_hex(uint64_t h);

/* A string member of a JSON object, "" when there is none (borrowed). */
const char *str_of(json_t *o, const char *key);

/* The verbs; each returns enum azk_exit. */
int queue_apply(int argc, char **argv);
int queue_pop(int argc, char **argv);
int queue_status(int argc, char **argv);
int queue_refresh(int argc, char **argv);
int queue_import(int argc, char **argv);
int queue_export(int argc, char **argv);
int queue_lint(int argc, char **argv);
int queue_equal(int argc, char **argv);
int queue_deps(int argc, char **argv);

#endif
