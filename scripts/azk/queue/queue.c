// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue: the verbs. */
#include "queue/queue.h"

static const struct azk_verb verbs[] = {
	{ "apply", queue_apply, "apply the series to a tree, all of it or nothing" },
	{ "pop", queue_pop, "take applied patches off a tree, byte for byte" },
	{ "status", queue_status, "list what is applied and what changed since" },
	{ "refresh", queue_refresh, "write the applied patches as they are now; no other byte changes" },
	{ "import", queue_import, "take patches from files, mailboxes, folders or git" },
	{ "export", queue_export, "give them as a mailbox, a quilt folder or a git branch" },
	{ "lint", queue_lint, "check the patches themselves: trailers, subject, whitespace" },
	{ 0 },
};

const struct azk_noun queue_noun = { "queue", "the patch queue", verbs };
