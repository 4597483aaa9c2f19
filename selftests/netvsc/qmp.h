/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the host for something. On the Hyper-V host of selftests/hv-host a
 * serial port of the guest is QEMU's own monitor; elsewhere there is none, and
 * what needs it skips.
 */
#ifndef AZURE_QMP_H
#define AZURE_QMP_H

#include <stdbool.h>

/* Is there a monitor? Opens it the first time. */
bool qmp_available(void);

/*
 * Run a QMP command. @arguments: a JSON object by printf's rules, or NULL.
 * Returns 0, or -1 with the host's answer in qmp_answer().
 */
int qmp(const char *command, const char *arguments, ...)
	__attribute__((format(printf, 2, 3)));

/* What the host said last. */
const char *qmp_answer(void);

#endif
