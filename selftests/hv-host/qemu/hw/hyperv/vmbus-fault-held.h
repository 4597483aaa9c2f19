/*
 * VMBus fault engine: messages that are sent later, and what waits to be
 * consumed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_VMBUS_FAULT_HELD_H
#define HW_HYPERV_VMBUS_FAULT_HELD_H

#include "qemu/timer.h"
#include "vmbus-fault-internal.h"

/*
 * Something altered that the guest has not consumed yet.  The rule is valid
 * only while the engine's generation is the cookie's.
 */
typedef struct FaultCookie {
    QTAILQ_ENTRY(FaultCookie) link;
    unsigned generation;
    FaultRule *rule;
    /* in a channel: consumed once the guest has read this many bytes */
    uint64_t position;
    /* control: it has been in the guest's slot */
    bool posted;
} FaultCookie;

typedef QTAILQ_HEAD(FaultCookies, FaultCookie) FaultCookies;

/* A message that is sent later. */
typedef struct FaultHeld {
    QTAILQ_ENTRY(FaultHeld) link;
    int64_t due_ms;
    bool reorder;
    vmbus_packet_hdr hdr;
    GBytes *desc;
    GBytes *data;
    FaultCookies cookies;
} FaultHeld;

typedef QTAILQ_HEAD(FaultHelds, FaultHeld) FaultHelds;

/* Milliseconds of the virtual clock. */
int64_t fault_now_ms(void);

/* What @rule, of the engine's rules of @generation, altered, is on its way. */
void fault_add_cookie(FaultCookies *list, FaultRule *rule, unsigned generation);
void fault_drop_cookies(FaultCookies *list);
/* Count @c for its rule, if the rules still are those, and free it. */
void fault_consume(FaultCookies *list, FaultCookie *c, unsigned generation);
/* Move all of @from to @to, as consumed at @position. */
void fault_move_cookies(FaultCookies *to, FaultCookies *from,
                        uint64_t position);

/*
 * Keep a copy of @m, and of @desc unless NULL, until @timer, which is set to
 * fire then. The result is @list's.
 */
FaultHeld *fault_hold(FaultHelds *list, QEMUTimer *timer, const FaultMsg *m,
                      GByteArray *desc);
void fault_free_held(FaultHelds *list, FaultHeld *h);
void fault_free_helds(FaultHelds *list);
/* When the first of @list is due, 0 if there is none. */
int64_t fault_first_due(FaultHelds *list);
/* What is to be overtaken has been: it is due now. */
void fault_release_reordered(FaultHelds *list, QEMUTimer *timer);

#endif
