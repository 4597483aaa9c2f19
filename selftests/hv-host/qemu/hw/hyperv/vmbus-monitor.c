/*
 * VMBus: monitored notifications
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/bitmap.h"
#include "qemu/timer.h"
#include "hw/hyperv/hyperv.h"
#include "hw/hyperv/vmbus-monitor.h"
#include "system/dma.h"

#define GROUPS      4
#define GROUP_IDS   32

/*
 * The page, as HV_MONITOR_PAGE in the TLFS (data types of the guest interface)
 * and struct hv_monitor_page in Linux's include/linux/hyperv.h.
 */
typedef struct MonitorPage {
    uint32_t trigger_state;         /* bit n: group n is in use */
    uint32_t reserved1;
    struct {
        uint32_t pending;           /* set by the guest, cleared here */
        uint32_t armed;
    } group[GROUPS];
    uint64_t reserved2[3];
    int32_t next_check[GROUPS][GROUP_IDS];
    uint16_t latency[GROUPS][GROUP_IDS];    /* in 100 ns */
    uint64_t reserved3[32];
    struct {
        uint32_t connection;
        uint16_t flag;
        uint16_t reserved;
    } parameter[GROUPS][GROUP_IDS];
    uint8_t reserved4[1984];
} MonitorPage;

QEMU_BUILD_BUG_ON(sizeof(MonitorPage) != 4096);
QEMU_BUILD_BUG_ON(GROUPS * GROUP_IDS != VMBUS_MONITOR_IDS);

struct VMBusMonitor {
    VMBus *vmbus;
    void (*trigger)(VMBus *vmbus, unsigned id);
    uint32_t latency_us;
    hwaddr gpa;
    DECLARE_BITMAP(enabled, VMBUS_MONITOR_IDS);
    QEMUTimer *timer;
};

static MonitorPage *map_page(VMBusMonitor *m)
{
    hwaddr len = sizeof(MonitorPage);
    MonitorPage *page = dma_memory_map(hyperv_dma_as(), m->gpa, &len,
                                       DMA_DIRECTION_FROM_DEVICE,
                                       MEMTXATTRS_UNSPECIFIED);

    if (page && len != sizeof(*page)) {
        dma_memory_unmap(hyperv_dma_as(), page, len, DMA_DIRECTION_FROM_DEVICE,
                         0);
        page = NULL;
    }
    return page;
}

static void unmap_page(MonitorPage *page, bool dirty)
{
    dma_memory_unmap(hyperv_dma_as(), page, sizeof(*page),
                     DMA_DIRECTION_FROM_DEVICE, dirty ? sizeof(*page) : 0);
}

static void monitor_look(void *opaque)
{
    VMBusMonitor *m = opaque;
    MonitorPage *page = map_page(m);
    uint32_t pending[GROUPS] = { };
    bool any = false;
    unsigned i;

    if (page) {
        for (i = 0; i < GROUPS; i++) {
            if (qatomic_read(&page->group[i].pending)) {
                pending[i] = le32_to_cpu(
                    qatomic_xchg(&page->group[i].pending, 0));
                any = true;
            }
        }
        unmap_page(page, any);
    }
    for (i = 0; any && i < VMBUS_MONITOR_IDS; i++) {
        if (pending[i / GROUP_IDS] & 1u << i % GROUP_IDS &&
            test_bit(i, m->enabled)) {
            m->trigger(m->vmbus, i);
        }
    }
    /* the last channel may just have been closed */
    if (m->gpa && !bitmap_empty(m->enabled, VMBUS_MONITOR_IDS)) {
        timer_mod(m->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) +
                  m->latency_us);
    }
}

void vmbus_monitor_enable(VMBusMonitor *m, unsigned id, bool enable,
                          uint32_t connection, uint16_t flag)
{
    unsigned group = id / GROUP_IDS, i = id % GROUP_IDS;
    MonitorPage *page;

    assert(id < VMBUS_MONITOR_IDS);

    if (!m->gpa) {
        return;
    }
    if (!enable) {
        clear_bit(id, m->enabled);
        return;
    }
    page = map_page(m);
    if (!page) {
        return;
    }
    page->trigger_state |= cpu_to_le32(1u << group);
    page->latency[group][i] = cpu_to_le16(MIN(m->latency_us * 10, UINT16_MAX));
    page->parameter[group][i].connection = cpu_to_le32(connection);
    page->parameter[group][i].flag = cpu_to_le16(flag);
    unmap_page(page, true);

    set_bit(id, m->enabled);
    if (!timer_pending(m->timer)) {
        timer_mod(m->timer, qemu_clock_get_us(QEMU_CLOCK_VIRTUAL) +
                  m->latency_us);
    }
}

void vmbus_monitor_set_page(VMBusMonitor *m, hwaddr gpa)
{
    m->gpa = gpa;
    bitmap_zero(m->enabled, VMBUS_MONITOR_IDS);
    timer_del(m->timer);
}

VMBusMonitor *vmbus_monitor_new(VMBus *vmbus, uint32_t latency_us,
                                void (*trigger)(VMBus *vmbus, unsigned id))
{
    VMBusMonitor *m = g_new0(VMBusMonitor, 1);

    m->vmbus = vmbus;
    m->latency_us = latency_us;
    m->trigger = trigger;
    m->timer = timer_new_us(QEMU_CLOCK_VIRTUAL, monitor_look, m);
    return m;
}

void vmbus_monitor_free(VMBusMonitor *m)
{
    timer_free(m->timer);
    g_free(m);
}
