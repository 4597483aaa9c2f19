/*
 * VMBus fault engine: rules as text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qapi/error.h"
#include "vmbus-fault-internal.h"

static const char *const with_names[] = {
    "set", "bytes", "truncate", "lengthen", "dup", "drop", "delay", "reorder",
    "id", NULL
};

static const char *const kind_names[] = {
    [VMBUS_KIND_CONTROL] = "control",
    [VMBUS_KIND_PACKET] = "packet",
    [VMBUS_KIND_DESC] = "desc",
    [VMBUS_KIND_BUFFER] = "buffer",
    NULL
};

static const struct {
    const char *name;
    int type;
} pkt_names[] = {
    { "inband", VMBUS_PACKET_DATA_INBAND },
    { "xfer", VMBUS_PACKET_DATA_USING_XFER_PAGES },
    { "gpa", VMBUS_PACKET_DATA_USING_GPA_DIRECT },
    { "comp", VMBUS_PACKET_COMP },
};

static const struct {
    const char *name;
    FaultOp op;
    enum { ARG_NONE, ARG_NUMBER, ARG_MAYBE, ARG_FIELD } arg;
} op_names[] = {
    { "set", FAULT_SET, ARG_FIELD },
    { "add", FAULT_ADD, ARG_FIELD },
    { "xor", FAULT_XOR, ARG_FIELD },
    { "truncate", FAULT_TRUNCATE, ARG_NUMBER },
    { "lengthen", FAULT_LENGTHEN, ARG_NUMBER },
    { "dup", FAULT_DUP, ARG_NUMBER },
    { "drop", FAULT_DROP, ARG_NONE },
    { "after", FAULT_AFTER, ARG_NONE },
    { "delay", FAULT_DELAY, ARG_NUMBER },
    { "reorder", FAULT_REORDER, ARG_NONE },
    { "rescind", FAULT_RESCIND, ARG_MAYBE },
    { "random", FAULT_RANDOM, ARG_NUMBER },
};

static int lookup(const char *const *names, const char *s, size_t len)
{
    int i;

    for (i = 0; names[i]; i++) {
        if (strlen(names[i]) == len && !strncmp(names[i], s, len)) {
            return i;
        }
    }
    return -1;
}

static bool number(const char *s, uint64_t *v)
{
    if (*s == '-') {
        int64_t i;

        if (qemu_strtoi64(s, NULL, 0, &i)) {
            return false;
        }
        *v = i;
        return true;
    }
    return !qemu_strtou64(s, NULL, 0, v);
}

static void free_rule(FaultRule *r)
{
    guint i;

    for (i = 0; i < r->actions->len; i++) {
        g_free(g_array_index(r->actions, FaultAction, i).field);
    }
    g_array_free(r->actions, true);
    for (i = 0; i < r->tests->len; i++) {
        g_free(g_array_index(r->tests, FaultTest, i).field);
    }
    g_array_free(r->tests, true);
    g_free(r->text);
    g_free(r->dev);
    g_free(r->msg);
    g_free(r);
}

void fault_free_rules(FaultRules *rules)
{
    FaultRule *r, *next;

    QTAILQ_FOREACH_SAFE(r, rules, link, next) {
        QTAILQ_REMOVE(rules, r, link);
        free_rule(r);
    }
}

static bool parse_with(FaultRule *r, const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);
    int i;

    r->with = 0;
    for (i = 0; names[i]; i++) {
        int n = lookup(with_names, names[i], strlen(names[i]));

        if (n < 0) {
            return false;
        }
        r->with |= 1u << n;
    }
    return r->with;
}

/* 'is:FIELD=N' or 'not:FIELD=N': 1, 0 if @key is neither, -1 if it is wrong. */
static int parse_test(FaultRule *r, const char *key, size_t len,
                      const char *value)
{
    FaultTest t = { .not = g_str_has_prefix(key, "not:") };
    size_t prefix = t.not ? 4 : 3;

    if (!t.not && !g_str_has_prefix(key, "is:")) {
        return 0;
    }
    if (len <= prefix || !value || !number(value, &t.value)) {
        return -1;
    }
    t.field = g_strndup(key + prefix, len - prefix);
    g_array_append_val(r->tests, t);
    return 1;
}

/* Return 1 if @key is a criterion, 0 if it is none, -1 if its value is bad. */
static int parse_criterion(FaultRule *r, const char *key, size_t len,
                           const char *value)
{
    static const char *const keys[] = {
        "dev", "msg", "chan", "kind", "pkt", "type", "len", "skip", "every",
        "count", "with", "nth", NULL
    };
    uint64_t v = 0;
    bool ok = value && number(value, &v);
    int i;

    switch (lookup(keys, key, len)) {
    case 0:
        g_free(r->dev);
        r->dev = g_strdup(value);
        return value ? 1 : -1;
    case 1:
        g_free(r->msg);
        r->msg = g_strdup(value);
        return value ? 1 : -1;
    case 2:
        r->chan = v;
        return ok && v <= UINT16_MAX ? 1 : -1;
    case 3:
        r->kind = value ? lookup(kind_names, value, strlen(value)) : -1;
        return r->kind >= 0 ? 1 : -1;
    case 4:
        for (i = 0; value && i < ARRAY_SIZE(pkt_names); i++) {
            if (!strcmp(pkt_names[i].name, value)) {
                r->pkt = pkt_names[i].type;
                return 1;
            }
        }
        return -1;
    case 5:
        r->type = v;
        return ok && v <= UINT32_MAX ? 1 : -1;
    case 6:
        r->len = v;
        return ok && v <= UINT32_MAX ? 1 : -1;
    case 7:
        r->skip = v;
        return ok ? 1 : -1;
    case 8:
        r->every = v;
        return ok && v ? 1 : -1;
    case 9:
        r->count = v;
        return ok && v ? 1 : -1;
    case 10:
        return value && parse_with(r, value) ? 1 : -1;
    case 11:
        r->nth = v;
        return ok && v ? 1 : -1;
    default:
        return 0;
    }
}

static bool parse_action(FaultRule *r, const char *word, size_t len,
                         const char *value)
{
    size_t name = strcspn(word, ":=");
    FaultAction a = { .value = UINT64_MAX };
    int i;

    for (i = 0; i < ARRAY_SIZE(op_names); i++) {
        if (strlen(op_names[i].name) == name &&
            !strncmp(op_names[i].name, word, name)) {
            break;
        }
    }
    if (i == ARRAY_SIZE(op_names)) {
        return false;
    }
    a.op = op_names[i].op;
    switch (op_names[i].arg) {
    case ARG_NONE:
        if (value) {
            return false;
        }
        break;
    case ARG_MAYBE:
        if (value && !number(value, &a.value)) {
            return false;
        }
        break;
    case ARG_NUMBER:
        if (word[name] == ':' || !value || !number(value, &a.value) ||
            a.value > FAULT_LEN_MAX) {
            return false;
        }
        break;
    case ARG_FIELD:
        if (word[name] != ':' || !value || !number(value, &a.value) ||
            name + 1 >= len) {
            return false;
        }
        a.field = g_strndup(word + name + 1, len - name - 1);
        break;
    }
    g_array_append_val(r->actions, a);
    return true;
}

static FaultRule *parse_rule(const char *text, Error **errp)
{
    FaultRule *r = g_new0(FaultRule, 1);
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);
    int i;

    r->text = g_strdup(text);
    r->chan = r->kind = r->pkt = -1;
    r->type = r->len = -1;
    r->every = 1;
    r->with = WITH_ALL;
    r->actions = g_array_new(false, true, sizeof(FaultAction));
    r->tests = g_array_new(false, true, sizeof(FaultTest));

    for (i = 0; words[i]; i++) {
        const char *eq = strchr(words[i], '=');
        size_t len = eq ? eq - words[i] : strlen(words[i]);
        const char *value = eq ? eq + 1 : NULL;
        int known;

        if (!*words[i]) {
            continue;
        }
        known = parse_test(r, words[i], len, value) ?:
                parse_criterion(r, words[i], len, value);
        if (known < 0 ||
            (!known && !parse_action(r, words[i], len, value))) {
            error_setg(errp, "'%s' in rule '%s' is not understood", words[i],
                       text);
            free_rule(r);
            return NULL;
        }
    }
    if (!r->actions->len) {
        error_setg(errp, "rule '%s' does not say what to do", text);
        free_rule(r);
        return NULL;
    }
    return r;
}

static bool parse_rules(FaultRules *rules, uint64_t *seed, const char *text,
                        bool nested, Error **errp)
{
    ERRP_GUARD();
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    int i;

    for (i = 0; parts[i]; i++) {
        char *s = g_strstrip(parts[i]);
        FaultRule *r;

        if (!*s) {
            continue;
        }
        if (g_str_has_prefix(s, "seed=")) {
            if (!number(s + 5, seed)) {
                error_setg(errp, "'%s' is no number", s + 5);
                return false;
            }
            continue;
        }
        if (!nested && g_str_has_prefix(s, "scenario=")) {
            const char *scenario = fault_scenario(s + 9);

            if (!scenario) {
                g_autofree char *list = fault_scenario_list();

                error_setg(errp, "no scenario '%s'", s + 9);
                error_append_hint(errp, "There are:\n%s", list);
                return false;
            }
            if (!parse_rules(rules, seed, scenario, true, errp)) {
                return false;
            }
            continue;
        }
        r = parse_rule(s, errp);
        if (!r) {
            return false;
        }
        QTAILQ_INSERT_TAIL(rules, r, link);
    }
    return true;
}

bool fault_parse(FaultRules *rules, uint64_t *seed, const char *text,
                 Error **errp)
{
    if (!parse_rules(rules, seed, text, false, errp)) {
        fault_free_rules(rules);
        return false;
    }
    return true;
}
