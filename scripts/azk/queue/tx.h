/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between stage.c (before the decision), tx.c (behind it), state.c and recover.c. */
#ifndef AZK_QUEUE_TX_H
#define AZK_QUEUE_TX_H

#include "queue/state.h"

#define STATE_VERSION 2

/*
 * Does what the journal says and makes it the state. May be repeated after
 * being interrupted anywhere. On failure a finding is added, the journal stays
 * and -errno is returned.
 */
int tx_finish(struct state *s, json_t *journal, struct azk_report *r);

/* The journal's pack under its lasting name, wherever the interruption was. */
int tx_settle_pack(struct state *s, json_t *journal);

/* Writes dirfd/name as a whole, synced. -errno. */
int tx_write_json(int dirfd, const char *name, json_t *j);

/* Names this boot of the machine; "" where the system does not tell. */
const char *boot_id(void);

/*
 * After a reboot: replaces staged (journal given) or written (NULL) files that
 * the power loss tore by what they should be. Adds a note for each. -errno.
 */
int recover_torn(struct state *s, json_t *journal, struct azk_report *r);

#endif
