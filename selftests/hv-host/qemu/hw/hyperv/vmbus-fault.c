/*
 * VMBus fault engine: the one place every message to the guest passes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/hyperv/hyperv.h"
#include "hw/qdev-core.h"
#include "vmbus-fault-held.h"
#include "trace.h"

#define FAULT_LOG_LINES     2000
/* How often to look whether the ring buffer has room for a late packet. */
#define FAULT_RETRY_MS      1

struct VMBusFaultChannel {
    QTAILQ_ENTRY(VMBusFaultChannel) link;
    VMBusFault *fault;
    VMBusChannel *chan;
    uint64_t number[VMBUS_KINDS];
    /* what the numbers were when the channel was opened */
    uint64_t opened[VMBUS_KINDS];
    /* of what goes with the packet sent next: buffers, dropped packets */
    FaultCookies next;
    FaultCookies sent;
    FaultHelds held;
    QEMUTimer *timer;
};

struct VMBusFault {
    VMBus *vmbus;
    char *text;
    uint64_t seed;
    unsigned generation;
    FaultRules rules;
    QTAILQ_HEAD(, VMBusFaultChannel) channels;
    uint64_t control_number;
    FaultCookies control;
    FaultHelds control_held;
    QEMUTimer *control_timer;
    GQueue log;
    uint64_t altered;
};

static void note(VMBusFault *f, const FaultMsg *m)
{
    static const char *const kinds[] = { "control", "packet", "desc",
                                         "buffer" };
    char *line = g_strdup_printf("%" PRIu64 " %" PRId64 "ms %s.%u %s %" PRIu64
                                 " type 0x%x:%s", ++f->altered, fault_now_ms(),
                                 !m->dev ? "bus" : DEVICE(m->dev)->id ?:
                                 object_get_typename(OBJECT(m->dev)),
                                 m->chan, kinds[m->kind], m->number, m->type,
                                 m->what->str);

    trace_vmbus_fault(line);
    g_queue_push_tail(&f->log, line);
    if (g_queue_get_length(&f->log) > FAULT_LOG_LINES) {
        g_free(g_queue_pop_head(&f->log));
    }
}

/* Apply all rules to @m; a cookie for each that changed it goes to @cookies. */
static bool run_rules(VMBusFault *f, FaultMsg *m, FaultCookies *cookies)
{
    FaultRule *r;
    bool any = false;

    m->what = g_string_new(NULL);
    QTAILQ_FOREACH(r, &f->rules, link) {
        if (!fault_match(r, m)) {
            continue;
        }
        r->seen++;
        if (r->seen <= r->skip || (r->seen - r->skip - 1) % r->every ||
            (r->count && r->altered >= r->count) ||
            !fault_apply(r, m, f->seed)) {
            continue;
        }
        r->altered++;
        fault_add_cookie(cookies, r, f->generation);
        any = true;
    }
    if (any) {
        note(f, m);
    }
    g_string_free(m->what, true);
    m->what = NULL;
    return any;
}

typedef struct FaultRescind {
    VMBusDevice *dev;
    int64_t offer_ms;
    QEMUTimer *timer;
} FaultRescind;

static void offer_again(void *opaque)
{
    FaultRescind *r = opaque;

    if (DEVICE(r->dev)->realized) {
        vmbus_device_offer(r->dev);
    }
    timer_free(r->timer);
    object_unref(OBJECT(r->dev));
    g_free(r);
}

static void rescind_bh(void *opaque)
{
    FaultRescind *r = opaque;

    if (DEVICE(r->dev)->realized) {
        vmbus_device_rescind(r->dev);
        if (r->offer_ms >= 0) {
            r->timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, offer_again, r);
            timer_mod(r->timer, fault_now_ms() + r->offer_ms);
            return;
        }
    }
    object_unref(OBJECT(r->dev));
    g_free(r);
}

/* Not now: the device is in the middle of something. */
static void rescind_later(const FaultMsg *m)
{
    FaultRescind *r = g_new0(FaultRescind, 1);

    r->dev = m->dev;
    r->offer_ms = m->offer_ms;
    object_ref(OBJECT(r->dev));
    aio_bh_schedule_oneshot(qemu_get_aio_context(), rescind_bh, r);
}

static void check_consumed(VMBusFaultChannel *fc)
{
    FaultCookie *c;
    uint64_t consumed;

    if (QTAILQ_EMPTY(&fc->sent) || !vmbus_channel_is_open(fc->chan)) {
        return;
    }
    consumed = vmbus_channel_consumed(fc->chan);
    while ((c = QTAILQ_FIRST(&fc->sent)) && c->position <= consumed) {
        fault_consume(&fc->sent, c, fc->fault->generation);
    }
}

/* Write @p, for which room was reserved, and with it what @cookies are of. */
static ssize_t put(VMBusFaultChannel *fc, const VMBusPacket *p,
                   FaultCookies *cookies)
{
    ssize_t ret = vmbus_channel_put(fc->chan, p);

    if (ret >= 0) {
        uint64_t position = vmbus_channel_sent(fc->chan);

        fault_move_cookies(&fc->sent, &fc->next, position);
        fault_move_cookies(&fc->sent, cookies, position);
    }
    return ret;
}

static void channel_timer(void *opaque)
{
    VMBusFaultChannel *fc = opaque;
    int64_t now = fault_now_ms();
    FaultHeld *h, *next;

    QTAILQ_FOREACH_SAFE(h, &fc->held, link, next) {
        VMBusPacket p = { .hdr = h->hdr };
        gsize desclen = 0, msglen;

        if (h->due_ms > now) {
            continue;
        }
        p.desc = h->desc ? g_bytes_get_data(h->desc, &desclen) : NULL;
        p.msg = g_bytes_get_data(h->data, &msglen);
        p.desclen = desclen;
        p.msglen = msglen;
        if (vmbus_channel_reserve(fc->chan, p.desclen, p.msglen)) {
            h->due_ms = now + FAULT_RETRY_MS;
            continue;
        }
        put(fc, &p, &h->cookies);
        fault_free_held(&fc->held, h);
    }
    if (!QTAILQ_EMPTY(&fc->held)) {
        timer_mod(fc->timer, fault_first_due(&fc->held));
    }
}

static VMBusFaultChannel *get_channel(VMBusFault *f, VMBusChannel *chan)
{
    VMBusFaultChannel **p = vmbus_channel_fault(chan), *fc = *p;

    if (!fc) {
        *p = fc = g_new0(VMBusFaultChannel, 1);
        fc->fault = f;
        fc->chan = chan;
        QTAILQ_INIT(&fc->next);
        QTAILQ_INIT(&fc->sent);
        QTAILQ_INIT(&fc->held);
        fc->timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, channel_timer, fc);
        QTAILQ_INSERT_TAIL(&f->channels, fc, link);
    }
    return fc;
}

static uint32_t message_type(VMBusDevice *dev, const uint8_t *p, size_t len)
{
    VMBusDeviceClass *vdc = VMBUS_DEVICE_GET_CLASS(dev);
    unsigned size = vdc->msg_type_size ?: 4;

    if (vdc->msg_type_offset + size > len) {
        return 0;
    }
    p += vdc->msg_type_offset;
    return size == 2 ? lduw_le_p(p) : ldl_le_p(p);
}

static GByteArray *copy_bytes(const void *p, guint len)
{
    GByteArray *a = g_byte_array_sized_new(len);

    return len ? g_byte_array_append(a, p, len) : a;
}

static void patch_hdr(vmbus_packet_hdr *hdr, const FaultMsg *m)
{
    unsigned i;

    for (i = 0; i < m->patches; i++) {
        uint64_t v = cpu_to_le64(m->patch[i].value);

        memcpy((uint8_t *)hdr + m->patch[i].offset, &v, m->patch[i].size);
    }
}

/*
 * Deliver the altered packet @p in place of @before, which took @orig bytes,
 * or after it.
 */
static void deliver(VMBusFaultChannel *fc, FaultMsg *m, VMBusPacket *p,
                    const VMBusPacket *before, GByteArray *desc,
                    uint32_t orig, FaultCookies *cookies)
{
    FaultCookies none;
    uint32_t i;

    if (m->after) {
        QTAILQ_INIT(&none);
        put(fc, before, &none);
    } else {
        vmbus_channel_unreserve(fc->chan, orig);
    }
    if (m->drop) {
        fault_move_cookies(&fc->next, cookies, 0);
        return;
    }
    if (m->reorder || m->delay_ms) {
        FaultHeld *h = fault_hold(&fc->held, fc->timer, m, desc);

        h->hdr = p->hdr;
        fault_move_cookies(&h->cookies, cookies, 0);
        return;
    }
    for (i = 0; i <= m->copies; i++) {
        if (vmbus_channel_reserve(fc->chan, p->desclen, p->msglen)) {
            /* no room: late, but in full */
            FaultHeld *h = fault_hold(&fc->held, fc->timer, m, desc);

            h->hdr = p->hdr;
            fault_move_cookies(&h->cookies, cookies, 0);
            continue;
        }
        put(fc, p, cookies);
    }
}

ssize_t vmbus_fault_packet(VMBusFault *f, VMBusChannel *chan, VMBusPacket *p)
{
    VMBusFaultChannel *fc = get_channel(f, chan);
    VMBusDevice *dev = vmbus_channel_device(chan);
    g_autoptr(GByteArray) data = copy_bytes(p->msg, p->msglen);
    g_autoptr(GByteArray) desc = copy_bytes(p->desc, p->desclen);
    uint32_t orig = vmbus_packet_set_offsets(p);
    FaultMsg m = {
        .kind = VMBUS_KIND_PACKET,
        .dev = dev,
        .chan = vmbus_channel_idx(chan),
        .number = ++fc->number[VMBUS_KIND_PACKET],
        .type = message_type(dev, p->msg, p->msglen),
        .hdr = &p->hdr,
        .data = data,
        .offer_ms = -1,
    };
    FaultMsg d;
    VMBusPacket before;
    FaultCookies cookies;
    bool altered = false;

    QTAILQ_INIT(&cookies);
    m.nth = m.number - fc->opened[VMBUS_KIND_PACKET];
    d = m;
    if (p->desclen) {
        d.kind = VMBUS_KIND_DESC;
        d.number = ++fc->number[VMBUS_KIND_DESC];
        d.nth = d.number - fc->opened[VMBUS_KIND_DESC];
        d.data = desc;
        d.fixed = true;
        altered = run_rules(f, &d, &cookies);
    }
    altered |= run_rules(f, &m, &cookies);

    if (altered) {
        before = *p;
        p->desc = desc->data;
        p->msg = data->data;
        p->msglen = data->len;
        vmbus_packet_set_offsets(p);
        patch_hdr(&p->hdr, &d);
        patch_hdr(&p->hdr, &m);
        deliver(fc, &m, p, &before, p->desclen ? desc : NULL, orig, &cookies);
        if (m.rescind || d.rescind) {
            rescind_later(m.rescind ? &m : &d);
        }
    } else {
        ssize_t ret = put(fc, p, &cookies);

        if (ret < 0) {
            return ret;
        }
    }
    if (!m.reorder) {
        fault_release_reordered(&fc->held, fc->timer);
    }
    fault_drop_cookies(&cookies);
    check_consumed(fc);
    return orig;
}

void vmbus_fault_buffer(VMBusFault *f, VMBusChannel *chan, void *data,
                        size_t len)
{
    VMBusFaultChannel *fc = get_channel(f, chan);
    g_autoptr(GByteArray) copy = copy_bytes(data, len);
    FaultMsg m = {
        .kind = VMBUS_KIND_BUFFER,
        .dev = vmbus_channel_device(chan),
        .chan = vmbus_channel_idx(chan),
        .number = ++fc->number[VMBUS_KIND_BUFFER],
        .type = len >= 4 ? ldl_le_p(data) : 0,
        .data = copy,
        .fixed = true,
        .offer_ms = -1,
    };

    m.nth = m.number - fc->opened[VMBUS_KIND_BUFFER];
    if (run_rules(f, &m, &fc->next)) {
        memcpy(data, copy->data, len);
        if (m.rescind) {
            rescind_later(&m);
        }
    }
}

static void control_timer(void *opaque)
{
    VMBusFault *f = opaque;
    int64_t now = fault_now_ms();
    FaultHeld *h, *next;

    QTAILQ_FOREACH_SAFE(h, &f->control_held, link, next) {
        if (h->due_ms <= now) {
            gsize len;
            const void *p = g_bytes_get_data(h->data, &len);

            vmbus_inject(f->vmbus, p, len);
            fault_move_cookies(&f->control, &h->cookies, 0);
            fault_free_held(&f->control_held, h);
        }
    }
    if (!QTAILQ_EMPTY(&f->control_held)) {
        timer_mod(f->control_timer, fault_first_due(&f->control_held));
    }
}

bool vmbus_fault_control(VMBusFault *f, VMBus *vmbus,
                         struct hyperv_message *msg, uint32_t len)
{
    g_autoptr(GByteArray) data = copy_bytes(msg->payload, len);
    FaultMsg m = {
        .kind = VMBUS_KIND_CONTROL,
        .number = ++f->control_number,
        .type = ldl_le_p(msg->payload),
        .data = data,
    };
    FaultCookies cookies;
    uint32_t i;

    QTAILQ_INIT(&cookies);
    m.nth = m.number;
    if (!run_rules(f, &m, &cookies)) {
        fault_release_reordered(&f->control_held, f->control_timer);
        return true;
    }
    if (m.reorder || m.delay_ms) {
        FaultHeld *h = fault_hold(&f->control_held, f->control_timer, &m, NULL);

        fault_move_cookies(&h->cookies, &cookies, 0);
        return m.after;
    }
    fault_release_reordered(&f->control_held, f->control_timer);
    fault_move_cookies(&f->control, &cookies, 0);
    if (m.drop) {
        return false;
    }
    if (m.after) {
        for (i = 0; i <= m.copies; i++) {
            vmbus_inject(vmbus, data->data, data->len);
        }
        return true;
    }
    memset(msg->payload, 0, sizeof(msg->payload));
    memcpy(msg->payload, data->data, data->len);
    if (m.resized) {
        msg->header.payload_size = data->len;
    }
    for (i = 0; i < m.copies; i++) {
        vmbus_inject(vmbus, data->data, data->len);
    }
    return true;
}

void vmbus_fault_control_posted(VMBusFault *f)
{
    FaultCookie *c, *next;

    QTAILQ_FOREACH_SAFE(c, &f->control, link, next) {
        if (c->posted) {
            fault_consume(&f->control, c, f->generation);
        } else {
            c->posted = true;
        }
    }
}

void vmbus_fault_channel_event(VMBusFault *f, VMBusChannel *chan)
{
    VMBusFaultChannel *fc = *vmbus_channel_fault(chan);

    if (fc) {
        check_consumed(fc);
    }
}

void vmbus_fault_channel_closed(VMBusFault *f, VMBusChannel *chan)
{
    VMBusFaultChannel *fc = *vmbus_channel_fault(chan);

    if (fc) {
        check_consumed(fc);
        memcpy(fc->opened, fc->number, sizeof(fc->opened));
        timer_del(fc->timer);
        fault_free_helds(&fc->held);
        fault_drop_cookies(&fc->next);
        fault_drop_cookies(&fc->sent);
    }
}

void vmbus_fault_channel_free(VMBusChannel *chan)
{
    VMBusFaultChannel **p = vmbus_channel_fault(chan), *fc = *p;

    if (fc) {
        vmbus_fault_channel_closed(fc->fault, chan);
        QTAILQ_REMOVE(&fc->fault->channels, fc, link);
        timer_free(fc->timer);
        g_free(fc);
        *p = NULL;
    }
}

bool vmbus_fault_active(VMBusFault *f)
{
    return !QTAILQ_EMPTY(&f->rules);
}

bool vmbus_fault_set(VMBusFault *f, const char *text, Error **errp)
{
    VMBusFaultChannel *fc;
    FaultRules rules;
    uint64_t seed = 0;

    QTAILQ_INIT(&rules);
    if (!fault_parse(&rules, &seed, text, errp)) {
        return false;
    }
    fault_free_rules(&f->rules);
    while (!QTAILQ_EMPTY(&rules)) {
        FaultRule *r = QTAILQ_FIRST(&rules);

        QTAILQ_REMOVE(&rules, r, link);
        QTAILQ_INSERT_TAIL(&f->rules, r, link);
    }
    f->seed = seed;
    f->generation++;
    g_free(f->text);
    f->text = g_strdup(text);
    /* what was held is not forgotten with the rule that held it */
    QTAILQ_FOREACH(fc, &f->channels, link) {
        fault_release_reordered(&fc->held, fc->timer);
    }
    fault_release_reordered(&f->control_held, f->control_timer);
    return true;
}

char *vmbus_fault_get(VMBusFault *f)
{
    return g_strdup(f->text);
}

char *vmbus_fault_status(VMBusFault *f)
{
    VMBusFaultChannel *fc;
    FaultRule *r;
    GString *s = g_string_new(NULL);

    QTAILQ_FOREACH(fc, &f->channels, link) {
        check_consumed(fc);
    }
    QTAILQ_FOREACH(r, &f->rules, link) {
        g_string_append_printf(s, "seen %" PRIu64 " altered %" PRIu64
                               " consumed %" PRIu64 ": %s\n", r->seen,
                               r->altered, r->consumed, r->text);
    }
    return g_string_free(s, false);
}

char *vmbus_fault_log(VMBusFault *f)
{
    GString *s = g_string_new(NULL);
    GList *l;

    for (l = f->log.head; l; l = l->next) {
        g_string_append_printf(s, "%s\n", (char *)l->data);
    }
    return g_string_free(s, false);
}

VMBusFault *vmbus_fault_new(void)
{
    VMBusFault *f = g_new0(VMBusFault, 1);

    QTAILQ_INIT(&f->rules);
    QTAILQ_INIT(&f->channels);
    QTAILQ_INIT(&f->control);
    QTAILQ_INIT(&f->control_held);
    g_queue_init(&f->log);
    f->text = g_strdup("");
    f->control_timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, control_timer, f);
    return f;
}

void vmbus_fault_attach(VMBusFault *f, VMBus *vmbus)
{
    f->vmbus = vmbus;
}

void vmbus_fault_free(VMBusFault *f)
{
    assert(QTAILQ_EMPTY(&f->channels));
    fault_free_rules(&f->rules);
    fault_drop_cookies(&f->control);
    fault_free_helds(&f->control_held);
    timer_free(f->control_timer);
    g_queue_clear_full(&f->log, g_free);
    g_free(f->text);
    g_free(f);
}
