/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration from somewhere: a flavour of ours, or a file that holds one. */
#ifndef AZK_CONFIG_INPUT_H
#define AZK_CONFIG_INPUT_H

#include "config/run.h"

struct cfg_input {
	char *label;			/* as named by the user, for a package with the file in it */
	struct strbuf text;		/* as Kconfig may be given it */
	struct cfg_dot *dot;
	const struct cfg_plan *plan;	/* NULL for a file */
	int arch;
};

/*
 * The .config text of a file: plain, gzip (/proc/config.gz), or the one a
 * kernel package (RPM) has below /boot or /lib/modules. What is wrong is
 * reported with its position. 0 or -1.
 */
int cfg_config_file(const char *path, struct strbuf *out, struct azk_report *r);
/* The same of bytes that are gzip; at most 64 MiB come out. */
int cfg_gunzip(const char *path, const char *buf, size_t len, struct strbuf *out,
	       struct azk_report *r);

/*
 * name is a file, or FLAVOUR or FLAVOUR/ARCH of run's plans; without an arch
 * want (or -1) says which. A flavour is rendered. 0 or -1 after reporting.
 */
int cfg_input_open(struct cfg_run *run, const char *name, int want, struct cfg_input *in);
/* The arch a name would have, -1 when it leaves it open or is no flavour. */
int cfg_input_arch(const struct cfg_run *run, const char *name);
void cfg_input_free(struct cfg_input *in);

#endif
