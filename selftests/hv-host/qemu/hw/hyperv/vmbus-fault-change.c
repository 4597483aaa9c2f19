/*
 * VMBus fault engine: doing to a message what a rule says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/host-utils.h"
#include "vmbus-fault-internal.h"

/* Names of the packet header's fields, in vmbus_packet_hdr. */
static const struct {
    const char *name;
    uint8_t offset;
    uint8_t size;
} hdr_fields[] = {
    { "pkt-type", offsetof(vmbus_packet_hdr, type), 2 },
    { "pkt-offset", offsetof(vmbus_packet_hdr, offset_qwords), 2 },
    { "pkt-len", offsetof(vmbus_packet_hdr, len_qwords), 2 },
    { "pkt-flags", offsetof(vmbus_packet_hdr, flags), 2 },
    { "pkt-id", offsetof(vmbus_packet_hdr, transaction_id), 8 },
};

static bool field_is_about(const VMBusFieldDesc *d, const FaultMsg *m)
{
    return d->kind == m->kind && (d->type == UINT32_MAX || d->type == m->type);
}

static bool is_message(const FaultMsg *m, const char *name)
{
    const VMBusFieldDesc *d = fault_fields(m->dev);

    for (; d && d->message; d++) {
        if (field_is_about(d, m) && !strcmp(d->message, name)) {
            return true;
        }
    }
    return false;
}

static uint64_t load(const uint8_t *p, unsigned size)
{
    return size == 1 ? *p : size == 2 ? lduw_le_p(p) :
           size == 4 ? ldl_le_p(p) & UINT32_MAX : ldq_le_p(p);
}

static int find_hdr_field(const FaultMsg *m, const char *field)
{
    int i;

    for (i = 0; m->hdr && i < ARRAY_SIZE(hdr_fields); i++) {
        if (!strcmp(hdr_fields[i].name, field)) {
            return i;
        }
    }
    return -1;
}

/* Where @field is in @m's data; false if it is not there in full. */
static bool find_data_field(const FaultMsg *m, const char *field,
                            const char **name, unsigned *offset,
                            unsigned *size)
{
    const VMBusFieldDesc *d = fault_fields(m->dev);
    const char *dot = strchr(field, '.');

    *name = "";
    if (sscanf(field, "@%u/%u", offset, size) == 2) {
        return (*size == 1 || *size == 2 || *size == 4 || *size == 8) &&
               *offset < FAULT_LEN_MAX && *offset + *size <= m->data->len;
    }
    for (; d && d->message; d++) {
        if (!field_is_about(d, m)) {
            continue;
        }
        if (dot ? !strncmp(d->message, field, dot - field) &&
                  !d->message[dot - field] && !strcmp(d->name, dot + 1) :
                  !strcmp(d->name, field)) {
            *name = d->name;
            *offset = d->offset;
            *size = d->size;
            return *offset + *size <= m->data->len;
        }
    }
    return false;
}

/* A field that is not there passes no test, not even one of what it is not. */
static bool passes(const FaultTest *t, const FaultMsg *m)
{
    unsigned offset, size;
    const char *name;
    uint64_t v;
    int i = find_hdr_field(m, t->field);

    if (i >= 0) {
        v = load((uint8_t *)m->hdr + hdr_fields[i].offset, hdr_fields[i].size);
    } else if (find_data_field(m, t->field, &name, &offset, &size)) {
        v = load(m->data->data + offset, size);
    } else {
        return false;
    }
    return (v == t->value) != t->not;
}

bool fault_match(const FaultRule *r, const FaultMsg *m)
{
    guint i;

    for (i = 0; i < r->tests->len; i++) {
        if (!passes(&g_array_index(r->tests, FaultTest, i), m)) {
            return false;
        }
    }
    if (r->dev) {
        if (!m->dev) {
            if (strcmp(r->dev, "bus")) {
                return false;
            }
        } else if (strcmp(r->dev, object_get_typename(OBJECT(m->dev))) &&
                   g_strcmp0(r->dev, DEVICE(m->dev)->id)) {
            return false;
        }
    }
    return (r->chan < 0 || r->chan == m->chan) &&
           (r->kind < 0 || r->kind == m->kind) &&
           (r->pkt < 0 || (m->hdr && m->hdr->type == r->pkt)) &&
           (r->type < 0 || r->type == m->type) &&
           (r->len < 0 || r->len == m->data->len) &&
           (!r->nth || r->nth == m->nth) &&
           (!r->msg || is_message(m, r->msg));
}

static void store(uint8_t *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1:
        *p = v;
        break;
    case 2:
        stw_le_p(p, v);
        break;
    case 4:
        stl_le_p(p, v);
        break;
    default:
        stq_le_p(p, v);
    }
}

static uint64_t combine(FaultOp op, uint64_t old, uint64_t v)
{
    return op == FAULT_ADD ? old + v : op == FAULT_XOR ? old ^ v : v;
}

static bool change_hdr(FaultMsg *m, int i, FaultOp op, uint64_t v)
{
    uint64_t old;

    if (!m->hdr || m->patches == ARRAY_SIZE(m->patch)) {
        return false;
    }
    old = load((uint8_t *)m->hdr + hdr_fields[i].offset, hdr_fields[i].size);
    m->patch[m->patches].offset = hdr_fields[i].offset;
    m->patch[m->patches].size = hdr_fields[i].size;
    m->patch[m->patches++].value = combine(op, old, v);
    g_string_append_printf(m->what, " %s 0x%" PRIx64 "->0x%" PRIx64,
                           hdr_fields[i].name, old, combine(op, old, v));
    return true;
}

static bool change_data(FaultMsg *m, const char *name, unsigned offset,
                        unsigned size, FaultOp op, uint64_t v)
{
    uint64_t old, new;

    if (offset + size > m->data->len) {
        return false;
    }
    old = load(m->data->data + offset, size);
    new = combine(op, old, v);
    if (size < 8) {
        new &= (1ULL << size * 8) - 1;
    }
    if (new == old) {
        return false;
    }
    store(m->data->data + offset, size, new);
    g_string_append_printf(m->what, " %s@%u/%u 0x%" PRIx64 "->0x%" PRIx64,
                           name, offset, size, old, new);
    return true;
}

static bool change_field(FaultMsg *m, const char *field, FaultOp op,
                         uint64_t v)
{
    unsigned offset, size;
    const char *name;
    int i = find_hdr_field(m, field);

    if (i >= 0) {
        return change_hdr(m, i, op, v);
    }
    return find_data_field(m, field, &name, &offset, &size) &&
           change_data(m, name, offset, size, op, v);
}

static bool resize(FaultMsg *m, uint64_t len)
{
    guint old = m->data->len;

    /* what does not fit into a message slot cannot be sent */
    if (m->fixed || len == old || len > FAULT_LEN_MAX ||
        (m->kind == VMBUS_KIND_CONTROL && len > 240)) {
        return false;
    }
    g_byte_array_set_size(m->data, len);
    if (len > old) {
        memset(m->data->data + old, 0xa5, len - old);
    }
    m->resized = true;
    g_string_append_printf(m->what, " length %u->%u", old, m->data->len);
    return true;
}

/* A step of splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Values that have made trouble before, and sometimes any. */
static uint64_t random_value(uint64_t *state, uint32_t len)
{
    static const uint64_t values[] = {
        0, 1, 2, 3, 7, 8, 0x7f, 0xff, 0x1000, 0x7fff, 0x8000, 0xffff,
        0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, UINT64_MAX,
    };
    uint64_t r = next_random(state);

    switch (r % 4) {
    case 0:
        return next_random(state);
    case 1:
        return len + (int)(r / 4 % 9) - 4;
    default:
        return values[r / 4 % ARRAY_SIZE(values)];
    }
}

static bool random_field(FaultMsg *m, uint64_t *state)
{
    const VMBusFieldDesc *d, *all = fault_fields(m->dev);
    unsigned n = 0, pick;
    uint64_t v = random_value(state, m->data->len);

    for (d = all; d && d->message; d++) {
        n += field_is_about(d, m);
    }
    if (!n) {
        return false;
    }
    pick = next_random(state) % n;
    for (d = all; ; d++) {
        if (field_is_about(d, m) && !pick--) {
            return change_data(m, d->name, d->offset, d->size,
                               next_random(state) % 4 ? FAULT_SET : FAULT_ADD,
                               v);
        }
    }
}

static bool random_bytes(FaultMsg *m, uint64_t *state)
{
    unsigned n = 1 + next_random(state) % 4;
    bool any = false;

    while (n-- && m->data->len) {
        any |= change_data(m, "", next_random(state) % m->data->len, 1,
                           FAULT_SET, next_random(state));
    }
    return any;
}

static bool random_change(const FaultRule *r, FaultMsg *m, uint64_t rate,
                          uint64_t seed)
{
    const char *name = m->dev ? DEVICE(m->dev)->id ?:
                       object_get_typename(OBJECT(m->dev)) : "bus";
    uint64_t state = seed ^ ((uint64_t)g_str_hash(name) << 32) ^
                     (uint64_t)m->chan << 20 ^ (uint64_t)m->kind << 16;
    uint64_t v;
    unsigned with;

    next_random(&state);
    state ^= m->number;
    if (next_random(&state) % 1000 >= rate) {
        return false;
    }
    do {
        with = 1u << next_random(&state) % ctpop32(WITH_ALL);
    } while (!(with & r->with));
    v = next_random(&state);

    switch (with) {
    case WITH_SET:
        return random_field(m, &state) || random_bytes(m, &state);
    case WITH_BYTES:
        return random_bytes(m, &state);
    case WITH_TRUNCATE:
        return m->data->len && resize(m, v % m->data->len);
    case WITH_LENGTHEN:
        return resize(m, m->data->len + 1 + v % 256);
    default:
        break;
    }
    if (m->fixed || m->kind == VMBUS_KIND_DESC) {
        return false;
    }
    switch (with) {
    case WITH_DUP:
        m->copies = 1 + v % 2;
        g_string_append_printf(m->what, " dup %u", m->copies);
        return true;
    case WITH_DROP:
        m->drop = true;
        g_string_append(m->what, " drop");
        return true;
    case WITH_DELAY:
        m->delay_ms = 1 + v % 50;
        g_string_append_printf(m->what, " delay %u", m->delay_ms);
        return true;
    case WITH_REORDER:
        m->reorder = true;
        g_string_append(m->what, " reorder");
        return true;
    default:
        return m->hdr && change_field(m, "pkt-id", FAULT_SET,
                                      random_value(&state, v % 16));
    }
}

bool fault_apply(const FaultRule *r, FaultMsg *m, uint64_t seed)
{
    bool whole = !m->fixed && m->kind != VMBUS_KIND_DESC;
    bool any = false;
    guint i;

    for (i = 0; i < r->actions->len; i++) {
        FaultAction *a = &g_array_index(r->actions, FaultAction, i);

        switch (a->op) {
        case FAULT_SET:
        case FAULT_ADD:
        case FAULT_XOR:
            any |= change_field(m, a->field, a->op, a->value);
            continue;
        case FAULT_TRUNCATE:
            any |= a->value < m->data->len && resize(m, a->value);
            continue;
        case FAULT_LENGTHEN:
            any |= resize(m, m->data->len + a->value);
            continue;
        case FAULT_RANDOM:
            any |= random_change(r, m, a->value, seed);
            continue;
        case FAULT_RESCIND:
            if (m->dev) {
                m->rescind = any = true;
                m->offer_ms = a->value == UINT64_MAX ? -1 : (int64_t)a->value;
                g_string_append(m->what, " rescind");
            }
            continue;
        default:
            break;
        }
        /* the rest is about whole messages */
        if (!whole) {
            continue;
        }
        any = true;
        switch (a->op) {
        case FAULT_DUP:
            m->copies = a->value;
            g_string_append_printf(m->what, " dup %u", m->copies);
            break;
        case FAULT_DROP:
            m->drop = true;
            g_string_append(m->what, " drop");
            break;
        case FAULT_AFTER:
            m->after = true;
            g_string_append(m->what, " after");
            break;
        case FAULT_DELAY:
            m->delay_ms = a->value;
            g_string_append_printf(m->what, " delay %u", m->delay_ms);
            break;
        default:
            m->reorder = true;
            g_string_append(m->what, " reorder");
        }
    }
    return any;
}
