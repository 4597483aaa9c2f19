/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_QUEUE_TX_H
#define AZK_QUEUE_TX_H

#include "queue/state.h"

/*
 * Does what the journal says and removes it. May be repeated after being
 * interrupted anywhere. On failure a finding is added, the journal stays and
 * -errno is returned.
 */
int tx_finish(struct state *s, json_t *journal, struct azk_report *r);

#endif
