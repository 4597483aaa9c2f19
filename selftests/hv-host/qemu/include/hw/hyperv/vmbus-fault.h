/*
 * VMBus: misbehaviour of the host towards the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_VMBUS_FAULT_H
#define HW_HYPERV_VMBUS_FAULT_H

#include "hw/hyperv/vmbus.h"

/*
 * A guest in a confidential virtual machine must survive whatever the host
 * sends.  For tests of that, every message to the guest passes here: control
 * messages of the bus, packets in the channels' ring buffers, and what a
 * device writes to a buffer that the guest gave it by a GPADL.  Rules say
 * which of them to change, and how.
 *
 * The rules are text, so that they can be a property or come by QMP:
 *
 *   rules    := rule (';' rule)*
 *   rule     := 'seed=' NUMBER | 'scenario=' NAME | word (' ' word)*
 *
 * Which messages, all words of a rule must hold:
 *   dev=NAME      id or type of the device; 'bus' means control messages
 *   chan=N        index of the sub-channel, 0 is the primary one
 *   kind=KIND     control, packet, desc or buffer (see VMBusMsgKind)
 *   pkt=TYPE      comp, inband, xfer (pages) or gpa (direct)
 *   msg=NAME      message as named in the device's field table
 *   type=N        value of the message's type field
 *   len=N         length in bytes
 *   nth=N         Nth of its kind in its channel since the guest opened that, or
 *                 since there are rules
 *   is:FIELD=N    value of a field, named as in 'set'
 *   not:FIELD=N   the field is there and has another value
 *   skip=N        not the first N of these
 *   every=N       only each Nth of these after that
 *   count=N       only N of these, 1 if followed by nothing else
 * What to do, at least one of:
 *   set:FIELD=N   overwrite a field.  FIELD is MESSAGE.NAME or NAME from the
 *                 field table, @OFFSET/SIZE in bytes, or pkt-type,
 *                 pkt-offset, pkt-len, pkt-flags or pkt-id in the packet's
 *                 own header
 *   add:FIELD=N   add to a field, modulo its size
 *   xor:FIELD=N   flip bits of a field
 *   truncate=N    cut to N bytes
 *   lengthen=N    append N bytes 0xa5
 *   dup=N         send it N times more
 *   drop          do not send it
 *   after         send it as it is, and after it what the other words make of
 *                 it
 *   delay=MS      send it MS milliseconds of virtual time later
 *   reorder       send it after the next message of the channel
 *   rescind[=MS]  take the device's offer away once it is sent, and offer the
 *                 device again after MS milliseconds
 *   random=N      of 1000 messages alter N: one of the above, chosen with the
 *                 seed, the channel and the number of the message in it, so
 *                 that it does not depend on what other channels do
 *   with=LIST     what 'random' may choose: set, bytes, truncate, lengthen,
 *                 dup, drop, delay, reorder, id, with commas between
 *
 * A buffer keeps its length and place: there set, add, xor and random's set
 * and bytes work.
 *
 * A message counts as consumed when the guest has moved the ring buffer's read
 * index past it, for a buffer past the packet sent next, for a control message
 * when its slot was found empty for the next one.
 *
 * All of this runs in the main loop under the BQL.
 */

struct hyperv_message;

typedef struct VMBusFault VMBusFault;
typedef struct VMBusFaultChannel VMBusFaultChannel;

/* A packet for the ring buffer.  @desc and @msg belong to the caller. */
typedef struct VMBusPacket {
    vmbus_packet_hdr hdr;
    const void *desc;
    uint32_t desclen;
    const void *msg;
    uint32_t msglen;
} VMBusPacket;

/* Called by the bridge */
VMBusFault *vmbus_fault_new(void);
void vmbus_fault_free(VMBusFault *f);
void vmbus_fault_attach(VMBusFault *f, VMBus *vmbus);
/* Replaces all rules; returns false and sets @errp if @text is no rules. */
bool vmbus_fault_set(VMBusFault *f, const char *text, Error **errp);
/* These return text that the caller frees. */
char *vmbus_fault_get(VMBusFault *f);
char *vmbus_fault_status(VMBusFault *f);
char *vmbus_fault_log(VMBusFault *f);

/* Called by the bus on the way to the guest, if vmbus_fault_active() */
bool vmbus_fault_active(VMBusFault *f);
/*
 * Deliver @p, for which there is room reserved, in one way or another.  Return
 * the number of bytes of the original packet, or negative errno.
 */
ssize_t vmbus_fault_packet(VMBusFault *f, VMBusChannel *chan, VMBusPacket *p);
/* Change what is about to be written to a GPADL. */
void vmbus_fault_buffer(VMBusFault *f, VMBusChannel *chan, void *data,
                        size_t len);
/* Change @msg of @len bytes; return whether it is to be posted now. */
bool vmbus_fault_control(VMBusFault *f, VMBus *vmbus,
                         struct hyperv_message *msg, uint32_t len);
/* Called by the bus at any time; @f may be NULL. */
void vmbus_fault_control_posted(VMBusFault *f);
void vmbus_fault_channel_event(VMBusFault *f, VMBusChannel *chan);
void vmbus_fault_channel_closed(VMBusFault *f, VMBusChannel *chan);
void vmbus_fault_channel_free(VMBusChannel *chan);

/* Provided by the bus */
/* Set @p's lengths in its header; return its size in the ring buffer. */
uint32_t vmbus_packet_set_offsets(VMBusPacket *p);
/* Write @p with its header as it is.  Room for it must have been reserved. */
ssize_t vmbus_channel_put(VMBusChannel *chan, const VMBusPacket *p);
/* Give @size bytes back that vmbus_channel_reserve() reserved. */
void vmbus_channel_unreserve(VMBusChannel *chan, uint32_t size);
/* Bytes written to, and read by the guest from, the ring buffer since open. */
uint64_t vmbus_channel_sent(VMBusChannel *chan);
uint64_t vmbus_channel_consumed(VMBusChannel *chan);
/* Where the engine keeps its state of a channel. */
VMBusFaultChannel **vmbus_channel_fault(VMBusChannel *chan);
/* Post a control message when nothing else is being posted; it is copied. */
void vmbus_inject(VMBus *vmbus, const void *data, uint32_t len);

#endif
