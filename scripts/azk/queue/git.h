/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What azk asks of libgit2. */
#ifndef AZK_QUEUE_GIT_H
#define AZK_QUEUE_GIT_H

#include <git2.h>

#include "queue/patch.h"

/* Must come before any other call of libgit2; may be repeated, from any thread. */
void git_start(void);

/* The last error of libgit2 as words; valid until its next call in this thread. */
const char *git_why(void);

/* The id git gives this content, as 40 hex digits. */
void blob_id(const void *data, size_t len, char hex[41]);

#endif
