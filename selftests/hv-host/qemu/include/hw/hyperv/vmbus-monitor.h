/*
 * VMBus: monitored notifications
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_VMBUS_MONITOR_H
#define HW_HYPERV_VMBUS_MONITOR_H

#include "hw/hyperv/vmbus.h"

/*
 * Instead of a hypercall for each signal to the host, a guest can set a bit in
 * a page it shares with the host, which looks at it every so often.  It costs
 * the guest nothing, and what happens in the meantime is one signal.
 */
typedef struct VMBusMonitor VMBusMonitor;

/* Number of ids, that is of channels that can be monitored. */
#define VMBUS_MONITOR_IDS   128

/*
 * A monitor that looks every @latency_us microseconds of virtual time and
 * calls @trigger with the id for each bit it finds set.
 */
VMBusMonitor *vmbus_monitor_new(VMBus *vmbus, uint32_t latency_us,
                                void (*trigger)(VMBus *vmbus, unsigned id));
void vmbus_monitor_free(VMBusMonitor *m);

/* Look at the guest's page at @gpa, 0: at none.  All ids are disabled. */
void vmbus_monitor_set_page(VMBusMonitor *m, hwaddr gpa);

/*
 * Look for @id from now on, or no longer, and say in the page that it stands
 * for event @flag of @connection.
 */
void vmbus_monitor_enable(VMBusMonitor *m, unsigned id, bool enable,
                          uint32_t connection, uint16_t flag);

#endif
