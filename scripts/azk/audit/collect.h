/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_AUDIT_COLLECT_H
#define AZK_AUDIT_COLLECT_H

#include "audit/audit.h"

/*
 * Each fills a from what is named; what is wrong with it goes to r. Returns 0,
 * or -1 when nothing can be said (bad input, reported).
 */

/* A .config, config.gz, or the configuration inside a kernel image. */
int collect_config(struct audit *a, const char *path, struct azk_report *r);
int collect_image(struct audit *a, const char *path, struct azk_report *r);
int collect_rpms(struct audit *a, char **paths, size_t n, struct azk_report *r);
/* The system at a->root, which is open. */
int collect_live(struct audit *a, struct azk_report *r);

/* Takes file; as collect_image(). */
int take_image(struct audit *a, const char *name, struct strbuf *file, struct azk_report *r);

#endif
