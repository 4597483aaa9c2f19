// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue: the verbs. */
#include "queue/queue.h"
#include "queue/rebase.h"

static const struct azk_verb verbs[] = {
	{ "apply", queue_apply, "apply the series to a tree, all of it or nothing" },
	{ "pop", queue_pop, "take applied patches off a tree, byte for byte" },
	{ "status", queue_status, "list what is applied and what changed since" },
	{ "refresh", queue_refresh, "write the applied patches as they are now; no other byte changes" },
	{ "import", queue_import, "take patches from files, mailboxes, folders or git" },
	{ "export", queue_export, "give them as a mailbox, a quilt folder or a git branch" },
	{ "landed", queue_landed, "say, with proof, which patches another base has already" },
	{ "rebase", queue_rebase, "carry the series to another base; --dry-run is the forecast" },
	{ "continue", queue_continue, "go on with a rebase when its conflicts are resolved" },
	{ "skip", queue_skip, "go on with a rebase without the patch that conflicts" },
	{ "abort", queue_abort, "drop a rebase that is under way" },
	{ "equal", queue_equal, "say whether two patches are the same change" },
	{ "deps", queue_deps, "say which patches need which" },
	{ "lint", queue_lint, "check the patches themselves: trailers, subject, whitespace" },
	{ 0 },
};

const struct azk_noun queue_noun = { "queue", "the patch queue", verbs };
