/*
 * VMBus fault engine: rules and messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_VMBUS_FAULT_INTERNAL_H
#define HW_HYPERV_VMBUS_FAULT_INTERNAL_H

#include "hw/hyperv/vmbus-fault.h"
#include "qemu/queue.h"

/* The largest packet or message that lengthening makes. */
#define FAULT_LEN_MAX   (64 * 1024)

/* What FAULT_RANDOM may choose, a set of bits. */
enum {
    WITH_SET = 1,
    WITH_BYTES = 2,
    WITH_TRUNCATE = 4,
    WITH_LENGTHEN = 8,
    WITH_DUP = 16,
    WITH_DROP = 32,
    WITH_DELAY = 64,
    WITH_REORDER = 128,
    WITH_ID = 256,
    WITH_ALL = 511,
};

/* A message on its way; data and what is decided about it. */
typedef struct FaultMsg {
    VMBusMsgKind kind;
    /* NULL: the bus itself */
    VMBusDevice *dev;
    uint16_t chan;
    /* number of the message among those of its kind and channel, from 1 */
    uint64_t number;
    /* the same, counted from the opening of the channel */
    uint64_t nth;
    uint32_t type;
    /* packets only: the header to be sent */
    vmbus_packet_hdr *hdr;
    GByteArray *data;
    /* data must keep its length */
    bool fixed;

    bool resized;
    bool drop;
    bool after;
    bool reorder;
    bool rescind;
    int64_t offer_ms;
    uint32_t delay_ms;
    uint32_t copies;
    /* header fields to overwrite once the lengths in it are known */
    struct {
        uint8_t offset;
        uint8_t size;
        uint64_t value;
    } patch[4];
    unsigned patches;
    /* what was done, for the log */
    GString *what;
} FaultMsg;

typedef enum FaultOp {
    FAULT_SET,
    FAULT_ADD,
    FAULT_XOR,
    FAULT_TRUNCATE,
    FAULT_LENGTHEN,
    FAULT_DUP,
    FAULT_DROP,
    FAULT_AFTER,
    FAULT_DELAY,
    FAULT_REORDER,
    FAULT_RESCIND,
    FAULT_RANDOM,
} FaultOp;

typedef struct FaultAction {
    FaultOp op;
    /* set, add, xor: MESSAGE.NAME, NAME, @OFFSET/SIZE or pkt-... */
    char *field;
    uint64_t value;
} FaultAction;

/* A field that must have a value, or must not have it. */
typedef struct FaultTest {
    char *field;
    uint64_t value;
    bool not;
} FaultTest;

typedef struct FaultRule {
    QTAILQ_ENTRY(FaultRule) link;
    char *text;
    /* which messages; -1 and NULL mean any */
    char *dev;
    char *msg;
    int chan;
    int kind;
    int pkt;
    int64_t type;
    int64_t len;
    uint64_t nth;
    GArray *tests;
    uint64_t skip;
    uint64_t every;
    uint64_t count;
    /* what to do */
    GArray *actions;
    unsigned with;
    /* so far */
    uint64_t seen;
    uint64_t altered;
    uint64_t consumed;
} FaultRule;

typedef QTAILQ_HEAD(FaultRules, FaultRule) FaultRules;

/*
 * Parse @text into @rules, which must be empty, and the seed if it has one.
 * On failure @rules is empty and @errp set.
 */
bool fault_parse(FaultRules *rules, uint64_t *seed, const char *text,
                 Error **errp);
void fault_free_rules(FaultRules *rules);

/* Whether @r is about @m, not looking at skip, every and count. */
bool fault_match(const FaultRule *r, const FaultMsg *m);
/* Do to @m what @r says; return false if that changes nothing. */
bool fault_apply(const FaultRule *r, FaultMsg *m, uint64_t seed);

/* The class's fields, or those of the control messages if @dev is NULL. */
const VMBusFieldDesc *fault_fields(VMBusDevice *dev);
/* Rules of the scenario called @name, NULL if there is none. */
const char *fault_scenario(const char *name);
/* All names with what they are about, for messages to the user. */
char *fault_scenario_list(void);

#endif
