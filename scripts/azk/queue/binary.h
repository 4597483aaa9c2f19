/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_QUEUE_BINARY_H
#define AZK_QUEUE_BINARY_H

#include "queue/patch.h"

/* Appends the new content made from old to out. NULL, or what is wrong (static). */
const char *binary_apply(const struct binary *b, const struct strbuf *old, struct strbuf *out);

/* Appends "literal N" and the content as git writes it, and the blank line behind it. */
void binary_write(const struct strbuf *data, struct strbuf *out);

#endif
