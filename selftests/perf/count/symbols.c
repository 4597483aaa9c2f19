// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction counter: the guest's symbols and what class each belongs to.
 *
 * Symbols come from the guest, whose kernel is where it put itself. A slot is
 * what is counted under one name of one module; static functions that share a
 * name share it.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

/* Code this far behind a symbol is not its: generated after the list was made. */
#define SYMBOL_REACH	(512 * 1024)

struct rule {
	uint8_t class;
	enum role role;
	bool by_module;
	char *pattern;			/* fnmatch(3) */
};

static GArray *rules;				/* struct rule */
static char *classes[COUNT_CLASSES] = { "rest" };
static unsigned int n_classes = 1;

static struct symbol *symbols;
static size_t n_symbols;
static uint64_t entry_start, entry_end;
static char *symbol_text;			/* the names are in it */

static struct slot slots[COUNT_SLOTS];
static uint32_t n_slots;
static GHashTable *slot_by_name;		/* "module name" to slot */

static int class_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_classes; i++)
		if (!strcmp(classes[i], name))
			return i;
	if (n_classes == COUNT_CLASSES)
		return -1;
	classes[n_classes] = g_strdup(name);
	return n_classes++;
}

static bool parse_rule(char **word, struct rule *r)
{
	static const char *const roles[] = {
		[ROLE_NONE] = "-", [ROLE_CALLER] = "caller", [ROLE_CALLEE] = "callee",
	};
	int class = class_by_name(word[0]);
	size_t i;

	if (class < 0)
		return false;
	for (i = 0; i < G_N_ELEMENTS(roles); i++)
		if (!strcmp(word[1], roles[i]))
			break;
	if (i == G_N_ELEMENTS(roles) || (strcmp(word[2], "module") && strcmp(word[2], "symbol")))
		return false;
	r->class = class;
	r->role = i;
	r->by_module = !strcmp(word[2], "module");
	r->pattern = g_strdup(word[3]);
	return true;
}

/* The words of a line, without empty ones and without a comment. */
static char **split(char *line)
{
	char **word, *end = strchr(line, '#');
	size_t from, to = 0;

	if (end)
		*end = '\0';
	word = g_strsplit_set(line, " \t\r", -1);
	for (from = 0; word[from]; from++) {
		if (*word[from])
			word[to++] = word[from];
		else
			g_free(word[from]);
	}
	word[to] = NULL;
	return word;
}

char *classes_read(const char *path)
{
	char *text, **lines, *why = NULL;
	GError *err = NULL;
	size_t i;

	if (!g_file_get_contents(path, &text, NULL, &err)) {
		why = g_strdup(err->message);
		g_error_free(err);
		return why;
	}
	rules = g_array_new(FALSE, TRUE, sizeof(struct rule));
	lines = g_strsplit(text, "\n", -1);
	for (i = 0; lines[i] && !why; i++) {
		char **word = split(lines[i]);
		guint n = g_strv_length(word);
		struct rule r;

		if (n == 4 && parse_rule(word, &r))
			g_array_append_val(rules, r);
		else if (n)
			why = g_strdup_printf("%s:%zu: not \"CLASS caller|callee|- module|symbol PATTERN\", or more than %d classes",
					      path, i + 1, COUNT_CLASSES);
		g_strfreev(word);
	}
	g_strfreev(lines);
	g_free(text);
	return why;
}

const char *class_name(unsigned int class)
{
	return classes[class];
}

unsigned int class_count(void)
{
	return n_classes;
}

static void classify(struct slot *s)
{
	guint i;

	for (i = 0; rules && i < rules->len; i++) {
		struct rule *r = &g_array_index(rules, struct rule, i);

		if (!fnmatch(r->pattern, r->by_module ? s->module : s->name, 0)) {
			s->class = r->class;
			s->role = r->role;
			return;
		}
	}
}

static uint32_t slot_new(const char *module, const char *name)
{
	struct slot *s = &slots[n_slots];

	s->name = g_strdup(name);
	s->module = g_strdup(module);
	classify(s);
	return n_slots++;
}

void slots_init(void)
{
	slot_by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	slot_new("", "(user space)");
	slot_new("", "(no symbol)");
	slot_new("", "(hypercall page)");
	slot_new("", "(more symbols than slots)");
}

uint32_t symbol_slot(struct symbol *s)
{
	char *key;

	if (s->slot)
		return s->slot;
	key = g_strdup_printf("%s %s", s->module, s->name);
	s->slot = GPOINTER_TO_UINT(g_hash_table_lookup(slot_by_name, key));
	if (!s->slot && n_slots == COUNT_SLOTS)
		s->slot = SLOT_FULL;
	if (s->slot) {
		g_free(key);
		return s->slot;
	}
	s->slot = slot_new(s->module, s->name);
	g_hash_table_insert(slot_by_name, key, GUINT_TO_POINTER(s->slot));
	return s->slot;
}

const struct slot *slot_info(uint32_t slot)
{
	return &slots[slot];
}

uint32_t slot_count(void)
{
	return n_slots;
}

/*
 * The idle loop. do_idle() goes round from where the CPU has nothing to do to
 * where it looks what it was woken for: flush_smp_call_function_queue(), then
 * schedule_idle(). Interrupts that come in between enter by the symbols of
 * arch/x86/include/asm/idtentry.h.
 */
static enum place place_of(const char *name)
{
	if (!strcmp(name, "do_idle"))
		return PLACE_IDLE;
	if (!strcmp(name, "schedule_idle") || !strcmp(name, "flush_smp_call_function_queue"))
		return PLACE_BUSY;
	if (g_str_has_prefix(name, "asm_sysvec_") || g_str_has_prefix(name, "asm_exc_") ||
	    !strcmp(name, "asm_common_interrupt") || !strcmp(name, "asm_spurious_interrupt"))
		return PLACE_INTERRUPT;
	return PLACE_NONE;
}

/* "ffffffff81000000 T name", and "\t[module]" if it is a module's. */
static bool parse_symbol(char *line, struct symbol *s)
{
	char *end, *name, *module;
	char type;

	s->addr = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	type = end[1];
	name = end + 3;
	if (!strchr("tTwW", type) || !*name)
		return false;
	module = strchr(name, '\t');
	s->module = "vmlinux";
	if (module) {
		*module++ = '\0';
		if (*module == '[')
			module++;
		module[strcspn(module, "]")] = '\0';
		s->module = module;
	}
	s->name = name;
	s->slot = 0;
	s->place = place_of(name);
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* of several names the one with a meaning, then as in the list */
	if (x->place != y->place)
		return x->place > y->place ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

size_t symbols_read(char *text, size_t len)
{
	GArray *found = g_array_new(FALSE, TRUE, sizeof(struct symbol));
	char *line = text, *end = text + len, *next;
	size_t i, n = 0;

	for (; line < end; line = next) {
		char *nl = memchr(line, '\n', end - line);
		struct symbol s;

		if (!nl)
			break;
		*nl = '\0';
		next = nl + 1;
		if (!parse_symbol(line, &s) || !s.addr)
			continue;
		if (!strcmp(s.name, "__entry_text_start"))
			entry_start = s.addr;
		else if (!strcmp(s.name, "__entry_text_end"))
			entry_end = s.addr;
		else
			g_array_append_val(found, s);
	}
	qsort(found->data, found->len, sizeof(struct symbol), by_address);
	g_free(symbols);
	g_free(symbol_text);
	symbol_text = text;
	n_symbols = found->len;
	symbols = (struct symbol *)(void *)g_array_free(found, FALSE);
	/* one name for an address */
	for (i = 0; i < n_symbols; i++)
		if (!n || symbols[n - 1].addr != symbols[i].addr)
			symbols[n++] = symbols[i];
	n_symbols = n;
	return n;
}

struct symbol *symbol_at(uint64_t addr)
{
	size_t low = 0, high = n_symbols;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (symbols[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || addr - symbols[low - 1].addr > SYMBOL_REACH)
		return NULL;
	return &symbols[low - 1];
}

bool symbols_in_entry(uint64_t addr)
{
	return addr >= entry_start && addr < entry_end;
}
