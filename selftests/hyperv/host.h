/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host, as a test may ask it to do things. On the Hyper-V host of our
 * selftests a serial port of the guest is QEMU's monitor (QMP); a real host
 * has nothing of the kind, and what needs it is skipped there.
 *
 * Devices are named by their type, of which there is one: hv-kvp, hv-heartbeat
 * and so on; vmbus-bridge is the bus itself. What begins with / is a path.
 */
#ifndef HYPERV_HOST_H
#define HYPERV_HOST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens the monitor: the port named by $HV_HOST_QMP or, on the kernel's
 * command line, by azk.qmp=. 0, -ENODEV if neither says anything, or -errno.
 * Opens it once; later calls return the same.
 */
int host_open(void);

/*
 * Runs one command. @arguments is a JSON object or NULL. The answer's "return"
 * is copied to @result as JSON text, cut to @size, if @result is not NULL.
 * 0, -EREMOTEIO if the host refused (host_error() says why), -ETIMEDOUT.
 */
int host_command(const char *name, const char *arguments, char *result, size_t size);
const char *host_error(void);

/* The same without a result; @arguments by printf's rules. Opens the monitor. */
int host_do(const char *name, const char *arguments, ...) __attribute__((format(printf, 2, 3)));

/*
 * Where QEMU has the first device of a type, as a path for its commands. False
 * if there is none.
 */
bool host_find(const char *device, char *path, size_t size);
bool host_has(const char *device);

/*
 * Properties. A string comes without its quotes and escapes. 0 or -errno as
 * host_command(); -EPROTO if the property is of another type.
 */
int host_get(const char *device, const char *property, char *value, size_t size);
int host_get_number(const char *device, const char *property, long long *value);
int host_set(const char *device, const char *property, const char *value);
int host_set_number(const char *device, const char *property, long long value);

#endif
