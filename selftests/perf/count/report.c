// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction counter: phases and what is written about them.
 *
 * "instructions" and all beside it are the kernel's, modules included, with
 * neither the idle loop nor user space.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

static GPtrArray *phases;

static const char *const event_names[EVENTS] = {
	[EVENT_WRMSR] = "wrmsr", [EVENT_RDMSR] = "rdmsr", [EVENT_HYPERCALL] = "hypercalls",
	[EVENT_HLT] = "hlt", [EVENT_PORT] = "port_accesses",
};

/* Sums over slots */
struct total {
	uint64_t insn, direct, lock, direct_lock, store, rep_store, direct_store, idle, idle_lock, idle_store;
};

GHashTable *tally_new(void)
{
	return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
}

void tally_add(GHashTable *table, uint64_t number, bool idle)
{
	gpointer key = (gpointer)(uintptr_t)number;
	struct tally *t = g_hash_table_lookup(table, key);

	if (!t) {
		t = g_new0(struct tally, 1);
		g_hash_table_insert(table, key, t);
	}
	if (idle)
		t->idle++;
	else
		t->busy++;
}

struct phase *phase_get(const char *name)
{
	struct phase *p;
	guint i;

	if (!phases)
		phases = g_ptr_array_new();
	for (i = 0; i < phases->len; i++) {
		p = phases->pdata[i];
		if (!strcmp(p->name, name))
			return p;
	}
	p = g_new0(struct phase, 1);
	p->name = g_strdup(name);
	p->cell = g_malloc0_n(COUNT_SLOTS, sizeof(*p->cell));
	p->msr = tally_new();
	p->hypercall = tally_new();
	g_ptr_array_add(phases, p);
	return p;
}

static const struct cell *cell_at(const struct phase *p, uint32_t slot)
{
	return (const struct cell *)p->cell[slot];
}

static uint64_t busy(const struct cell *c)
{
	return c->insn - c->idle;
}

static void total_add(struct total *t, const struct cell *c)
{
	t->insn += busy(c);
	t->direct += c->direct;
	t->lock += c->lock - c->idle_lock;
	t->direct_lock += c->direct_lock;
	t->store += c->store;
	t->rep_store += c->rep_store;
	t->direct_store += c->direct_store;
	t->idle += c->idle;
	t->idle_lock += c->idle_lock;
	t->idle_store += c->idle_store;
}

/* Slots that did something in the phase, most instructions first */
static const struct phase *sorted_phase;

static int by_instructions(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t i = busy(cell_at(sorted_phase, x)), j = busy(cell_at(sorted_phase, y));

	if (i != j)
		return i < j ? 1 : -1;
	return strcmp(slot_info(x)->name, slot_info(y)->name);
}

static uint32_t *sorted(const struct phase *p, size_t *n)
{
	uint32_t *list = g_new(uint32_t, slot_count() + 1), i;

	*n = 0;
	for (i = SLOT_NONE; i < slot_count(); i++) {
		const struct cell *c = cell_at(p, i);

		if (c->insn || c->store || c->idle_store)
			list[(*n)++] = i;
	}
	sorted_phase = p;
	qsort(list, *n, sizeof(*list), by_instructions);
	return list;
}

static GHashTable *modules(const struct phase *p, const uint32_t *list, size_t n)
{
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	size_t i;

	for (i = 0; i < n; i++) {
		const struct slot *s = slot_info(list[i]);
		const char *name = *s->module ? s->module : s->name;
		struct total *t = g_hash_table_lookup(all, name);

		if (!t) {
			t = g_new0(struct total, 1);
			g_hash_table_insert(all, (gpointer)name, t);
		}
		total_add(t, cell_at(p, list[i]));
	}
	return all;
}

static void class_totals(const struct phase *p, const uint32_t *list, size_t n, struct total *t)
{
	size_t i;

	memset(t, 0, sizeof(*t) * COUNT_CLASSES);
	for (i = 0; i < n; i++)
		total_add(&t[slot_info(list[i])->class], cell_at(p, list[i]));
}

static GList *keys(GHashTable *table, GCompareFunc compare)
{
	return g_list_sort(g_hash_table_get_keys(table), compare);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
	return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

/* --- JSON --- */

static void json_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned char)*s);
		else if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else
			putc(*s, f);
	}
	putc('"', f);
}

static void json_total(FILE *f, const struct total *t)
{
	fprintf(f, "{\"instructions\":%" PRIu64 ",\"direct\":%" PRIu64 ",\"locked\":%" PRIu64 ",\"direct_locked\":%" PRIu64
		",\"stored\":%" PRIu64 ",\"rep_stored\":%" PRIu64 ",\"direct_stored\":%" PRIu64 ",\"idle\":%" PRIu64 ",\"idle_locked\":%" PRIu64
		",\"idle_stored\":%" PRIu64 "}",
		t->insn, t->direct, t->lock, t->direct_lock, t->store, t->rep_store, t->direct_store, t->idle, t->idle_lock,
		t->idle_store);
}

static void json_tally(FILE *f, const char *name, GHashTable *table)
{
	GList *all = keys(table, by_number), *k;

	fprintf(f, ",\n   \"%s\":{", name);
	for (k = all; k; k = k->next) {
		const struct tally *t = g_hash_table_lookup(table, k->data);

		fprintf(f, "%s\"0x%x\":{\"busy\":%" PRIu64 ",\"idle\":%" PRIu64 "}", k == all ? "" : ",",
			(unsigned int)(uintptr_t)k->data, t->busy, t->idle);
	}
	putc('}', f);
	g_list_free(all);
}

static void json_symbols(FILE *f, const struct phase *p, const uint32_t *list, size_t n)
{
	size_t i;

	fprintf(f, ",\n   \"symbols\":[");
	for (i = 0; i < n; i++) {
		const struct slot *s = slot_info(list[i]);
		const struct cell *c = cell_at(p, list[i]);

		fprintf(f, "%s\n    {\"name\":", i ? "," : "");
		json_string(f, s->name);
		fprintf(f, ",\"module\":");
		json_string(f, s->module);
		fprintf(f, ",\"class\":");
		json_string(f, class_name(s->class));
		fprintf(f, ",\"calls\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"direct\":%" PRIu64 ",\"locked\":%" PRIu64
			",\"stored\":%" PRIu64 ",\"rep_stored\":%" PRIu64 ",\"idle\":%" PRIu64 "}",
			c->call, busy(c), c->direct, c->lock - c->idle_lock, c->store, c->rep_store, c->idle);
	}
	fprintf(f, "]");
}

static void json_phase(FILE *f, const struct phase *p)
{
	struct total all = { 0 }, class[COUNT_CLASSES];
	size_t n, i;
	uint32_t *list = sorted(p, &n);
	GHashTable *mods = modules(p, list, n);
	GList *names = keys(mods, by_name), *k;

	for (i = 0; i < n; i++)
		total_add(&all, cell_at(p, list[i]));
	fprintf(f, "  {\"name\":");
	json_string(f, p->name);
	fprintf(f, ",\"operations\":%" PRIu64 ",\"times\":%" PRIu64 ",\n   \"user\":{\"instructions\":%" PRIu64 "},\n   \"kernel\":",
		p->operations, p->times, cell_at(p, SLOT_USER)->insn);
	json_total(f, &all);
	fprintf(f, ",\n   \"events\":{");
	for (i = 1; i < EVENTS; i++)
		fprintf(f, "%s\"%s\":{\"busy\":%" PRIu64 ",\"idle\":%" PRIu64 "}", i > 1 ? "," : "", event_names[i],
			p->event[i].busy, p->event[i].idle);
	fprintf(f, "}");
	json_tally(f, "msr", p->msr);
	json_tally(f, "hypercall", p->hypercall);
	class_totals(p, list, n, class);
	fprintf(f, ",\n   \"classes\":{");
	for (i = 0; i < class_count(); i++) {
		fprintf(f, "%s\n    ", i ? "," : "");
		json_string(f, class_name(i));
		putc(':', f);
		json_total(f, &class[i]);
	}
	fprintf(f, "},\n   \"modules\":{");
	for (k = names; k; k = k->next) {
		fprintf(f, "%s\n    ", k == names ? "" : ",");
		json_string(f, k->data);
		putc(':', f);
		json_total(f, g_hash_table_lookup(mods, k->data));
	}
	fprintf(f, "}");
	json_symbols(f, p, list, n);
	fprintf(f, "}");
	g_list_free(names);
	g_hash_table_destroy(mods);
	g_free(list);
}

static bool finish(FILE *f, const char *path)
{
	bool bad = fflush(f) || ferror(f);

	if ((fclose(f) || bad)) {
		fprintf(stderr, "count: cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

static FILE *begin(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fprintf(stderr, "count: cannot write %s: %s\n", path, strerror(errno));
	return f;
}

bool report_json(const char *path)
{
	FILE *f = begin(path);
	guint i;

	if (!f)
		return false;
	fprintf(f, "{\"phases\":[\n");
	for (i = 0; phases && i < phases->len; i++) {
		if (i)
			fprintf(f, ",\n");
		json_phase(f, phases->pdata[i]);
	}
	fprintf(f, "\n]}\n");
	return finish(f, path);
}

/* --- text --- */

static void text_row(FILE *f, const char *name, const struct total *t, double ops)
{
	fprintf(f, "  %-36s %10.1f %10.1f %10.2f %10.1f %10.1f %10.1f\n", name, t->insn / ops, t->direct / ops, t->lock / ops,
		t->store / ops, t->rep_store / ops, t->idle / ops);
}

static void text_phase(FILE *f, const struct phase *p, unsigned int top)
{
	double ops = p->operations ? p->operations : 1;
	struct total all = { 0 }, class[COUNT_CLASSES];
	size_t n, i;
	uint32_t *list = sorted(p, &n);

	for (i = 0; i < n; i++)
		total_add(&all, cell_at(p, list[i]));
	fprintf(f, "%s: %" PRIu64 " operations; per operation:\n", p->name, p->operations);
	fprintf(f, "  %-36s %10s %10s %10s %10s %10s %10s\n", "", "instr", "direct", "locked", "stored", "by rep", "idle");
	text_row(f, "kernel", &all, ops);
	fprintf(f, "  %-36s %10.1f\n", "user", cell_at(p, SLOT_USER)->insn / ops);
	class_totals(p, list, n, class);
	for (i = 0; i < class_count(); i++)
		text_row(f, class_name(i), &class[i], ops);
	for (i = 1; i < EVENTS; i++)
		fprintf(f, "  %-36s %10.3f%s%.3f\n", event_names[i], p->event[i].busy / ops, ", idle ", p->event[i].idle / ops);
	for (i = 0; i < n && i < top; i++) {
		const struct cell *c = cell_at(p, list[i]);
		struct total t = { 0 };
		char *name = g_strdup_printf("%s [%s]", slot_info(list[i])->name, class_name(slot_info(list[i])->class));

		total_add(&t, c);
		text_row(f, name, &t, ops);
		g_free(name);
	}
	putc('\n', f);
	g_free(list);
}

bool report_text(const char *path, unsigned int top)
{
	FILE *f = begin(path);
	guint i;

	if (!f)
		return false;
	for (i = 0; phases && i < phases->len; i++)
		text_phase(f, phases->pdata[i], top);
	return finish(f, path);
}

/* --- rows: "PHASE METRIC VALUE", for scripts --- */

static void rows_total(FILE *f, const char *phase, const char *what, const struct total *t)
{
	const struct {
		const char *name;
		uint64_t value;
	} row[] = {
		{ "instructions", t->insn }, { "direct", t->direct }, { "locked", t->lock },
		{ "direct_locked", t->direct_lock }, { "stored", t->store }, { "rep_stored", t->rep_store }, { "direct_stored", t->direct_store },
		{ "idle", t->idle },
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(row); i++)
		fprintf(f, "%s %s.%s %" PRIu64 "\n", phase, what, row[i].name, row[i].value);
}

static void rows_phase(FILE *f, const struct phase *p)
{
	struct total all = { 0 }, class[COUNT_CLASSES];
	char *name = g_strdup(p->name);
	size_t n, i;
	uint32_t *list = sorted(p, &n);

	g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.", '_');
	for (i = 0; i < n; i++)
		total_add(&all, cell_at(p, list[i]));
	class_totals(p, list, n, class);
	fprintf(f, "%s operations %" PRIu64 "\n%s user.instructions %" PRIu64 "\n", name, p->operations, name,
		cell_at(p, SLOT_USER)->insn);
	rows_total(f, name, "kernel", &all);
	for (i = 0; i < class_count(); i++)
		rows_total(f, name, class_name(i), &class[i]);
	for (i = 1; i < EVENTS; i++)
		fprintf(f, "%s events.%s %" PRIu64 "\n", name, event_names[i], p->event[i].busy);
	g_free(name);
	g_free(list);
}

bool report_rows(const char *path)
{
	FILE *f = begin(path);
	guint i;

	if (!f)
		return false;
	for (i = 0; phases && i < phases->len; i++)
		rows_phase(f, phases->pdata[i]);
	return finish(f, path);
}
