/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree's files as they were below any of its applied patches, made from the
 * kept originals and the recorded patch texts without looking at the tree.
 */
#ifndef AZK_QUEUE_REPLAY_H
#define AZK_QUEUE_REPLAY_H

#include "queue/state.h"

struct replay {
	const struct state *s;
	json_t *state;			/* borrowed: the state to replay */
	struct tree tree;		/* the view, behind the patches run so far */
	VEC(struct patch *) patches;	/* those run; they own the view's text */
	size_t done;			/* how many of state's patches are in the view */
	bool good;
};

void replay_open(struct replay *rp, const struct state *s, json_t *state);

/* Runs the patches up to number n (SIZE_MAX: all). 0, or -EIO: the records are damaged. */
int replay_run(struct replay *rp, size_t n);
void replay_close(struct replay *rp);

/* The recorded text of applied patch e; owned, NULL when it is damaged. */
char *replay_text(const struct state *s, json_t *e, size_t *len);

#endif
