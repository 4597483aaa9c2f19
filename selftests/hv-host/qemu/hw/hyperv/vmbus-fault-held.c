/*
 * VMBus fault engine: messages that are sent later, and what waits to be
 * consumed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vmbus-fault-held.h"

/* A message to be overtaken waits this long for another, in ms. */
#define FAULT_REORDER_MS    1000

int64_t fault_now_ms(void)
{
    return qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL);
}

void fault_add_cookie(FaultCookies *list, FaultRule *rule, unsigned generation)
{
    FaultCookie *c = g_new0(FaultCookie, 1);

    c->generation = generation;
    c->rule = rule;
    QTAILQ_INSERT_TAIL(list, c, link);
}

static void drop_cookie(FaultCookies *list, FaultCookie *c)
{
    QTAILQ_REMOVE(list, c, link);
    g_free(c);
}

void fault_drop_cookies(FaultCookies *list)
{
    while (!QTAILQ_EMPTY(list)) {
        drop_cookie(list, QTAILQ_FIRST(list));
    }
}

void fault_consume(FaultCookies *list, FaultCookie *c, unsigned generation)
{
    if (c->generation == generation) {
        c->rule->consumed++;
    }
    drop_cookie(list, c);
}

void fault_move_cookies(FaultCookies *to, FaultCookies *from,
                        uint64_t position)
{
    FaultCookie *c;

    while ((c = QTAILQ_FIRST(from))) {
        QTAILQ_REMOVE(from, c, link);
        c->position = position;
        QTAILQ_INSERT_TAIL(to, c, link);
    }
}

void fault_free_held(FaultHelds *list, FaultHeld *h)
{
    QTAILQ_REMOVE(list, h, link);
    fault_drop_cookies(&h->cookies);
    if (h->desc) {
        g_bytes_unref(h->desc);
    }
    g_bytes_unref(h->data);
    g_free(h);
}

void fault_free_helds(FaultHelds *list)
{
    while (!QTAILQ_EMPTY(list)) {
        fault_free_held(list, QTAILQ_FIRST(list));
    }
}

FaultHeld *fault_hold(FaultHelds *list, QEMUTimer *timer, const FaultMsg *m,
                      GByteArray *desc)
{
    FaultHeld *h = g_new0(FaultHeld, 1);

    h->reorder = m->reorder;
    h->due_ms = fault_now_ms() + (m->reorder ? FAULT_REORDER_MS : m->delay_ms);
    if (m->hdr) {
        h->hdr = *m->hdr;
    }
    if (desc) {
        h->desc = g_bytes_new(desc->data, desc->len);
    }
    h->data = g_bytes_new(m->data->data, m->data->len);
    QTAILQ_INIT(&h->cookies);
    QTAILQ_INSERT_TAIL(list, h, link);
    timer_mod_anticipate(timer, h->due_ms);
    return h;
}

int64_t fault_first_due(FaultHelds *list)
{
    FaultHeld *h;
    int64_t due = 0;

    QTAILQ_FOREACH(h, list, link) {
        if (!due || h->due_ms < due) {
            due = h->due_ms;
        }
    }
    return due;
}

void fault_release_reordered(FaultHelds *list, QEMUTimer *timer)
{
    FaultHeld *h;

    QTAILQ_FOREACH(h, list, link) {
        if (h->reorder) {
            h->reorder = false;
            h->due_ms = fault_now_ms();
            timer_mod_anticipate(timer, h->due_ms);
        }
    }
}
