// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction counter: a plugin for QEMU's emulated CPU (TCG).
 *
 *	-plugin count.so[,json=FILE][,text=FILE][,rows=FILE][,classes=FILE][,top=N][,kernel=ADDRESS]
 *
 * Until a program in the guest gives it the kernel's symbols (mark.h) it only
 * looks for that and costs next to nothing. From then on each instruction is
 * counted for the symbol it is in, by operations that QEMU puts into the code
 * it generates. A phase is the difference between two marks, over all vCPUs.
 *
 * What is counted:
 *   - an instruction each time it begins, also if it then faults; one with a
 *     REP prefix once, however often it repeats, and once more after each
 *     interrupt in its middle;
 *   - LOCK prefixes and XCHG with memory as they stand in memory: a kernel on
 *     one vCPU patches LOCK away;
 *   - bytes stored by instructions of the kernel, page table walks apart;
 *   - kernel and user space by the address of the code: Linux has its own in
 *     the upper half, and with SMEP neither can run in the other's. "kernel="
 *     moves the border, for a guest that is no Linux;
 *   - the idle loop apart: see place_of() in symbols.c. The work an interrupt
 *     does there is the kernel's, and so is switching to and from the idle
 *     task;
 *   - "direct": what runs between a call from a symbol whose class has the
 *     role "caller" to one that is "callee", and the return into the former.
 */
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

#include "count.h"
#include "mark.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Where a vCPU is. Bit 0 of @where: in the idle loop; the rest: depth of interrupts there. */
struct state {
	uint64_t where;
	uint64_t direct;
	uint64_t repeating;		/* the last block began within a REP instruction */
};
#define IN_IDLE		1
#define INTERRUPT	2

static qemu_plugin_id_t plugin;
static struct qemu_plugin_scoreboard *cells, *states;
static const char *json_path, *text_path, *rows_path;
static unsigned int top = 25;
static uint64_t kernel_base = 1ULL << 63;

static GMutex lock;
static bool counting;
static struct phase *current;
static uint64_t (*base)[CELL_MEMBERS];
static struct qemu_plugin_register *rcx, *rdx, *rsi, *rdi;

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
static void at_exit(qemu_plugin_id_t id, void *data);

static void complain(const char *text)
{
	char *s = g_strdup_printf("count: %s\n", text);

	/* qemu_plugin_outs() needs -d plugin */
	fputs(s, stderr);
	g_free(s);
}

static qemu_plugin_u64 cell_entry(uint32_t slot, size_t member)
{
	return (qemu_plugin_u64){ cells, slot * sizeof(struct cell) + member };
}
#define CELL(slot, member) cell_entry(slot, offsetof(struct cell, member))
#define STATE(member) qemu_plugin_scoreboard_u64_in_struct(states, struct state, member)

static struct cell *cell_of(unsigned int vcpu, uint32_t slot)
{
	return (struct cell *)qemu_plugin_scoreboard_find(cells, vcpu) + slot;
}

static struct state *state_of(unsigned int vcpu)
{
	return qemu_plugin_scoreboard_find(states, vcpu);
}

static bool idle(unsigned int vcpu)
{
	return state_of(vcpu)->where == IN_IDLE;
}

/* --- marks --- */

static void sum(uint32_t slot, uint64_t out[CELL_MEMBERS])
{
	int vcpu, n = qemu_plugin_num_vcpus();
	size_t i;

	memset(out, 0, sizeof(uint64_t) * CELL_MEMBERS);
	for (vcpu = 0; vcpu < n; vcpu++) {
		const uint64_t *c = (const uint64_t *)cell_of(vcpu, slot);

		for (i = 0; i < CELL_MEMBERS; i++)
			out[i] += c[i];
	}
}

static void phase_begin(const char *name)
{
	uint32_t i;

	if (current)
		complain("a phase begins within another, which is dropped");
	memset(base, 0, COUNT_SLOTS * sizeof(*base));
	for (i = 0; i < slot_count(); i++)
		sum(i, base[i]);
	current = phase_get(name);
}

static void phase_end(uint64_t operations)
{
	uint64_t now[CELL_MEMBERS];
	uint32_t i;
	size_t j;

	if (!current) {
		complain("a phase ends that has not begun");
		return;
	}
	for (i = 0; i < slot_count(); i++) {
		sum(i, now);
		for (j = 0; j < CELL_MEMBERS; j++)
			current->cell[i][j] += now[j] - base[i][j];
	}
	current->operations += operations;
	current->times++;
	current = NULL;
}

static void find_registers(void)
{
	static const struct {
		const char *name;
		struct qemu_plugin_register **handle;
	} wanted[] = { { "rcx", &rcx }, { "rdx", &rdx }, { "rsi", &rsi }, { "rdi", &rdi } };
	GArray *regs = qemu_plugin_get_registers();
	guint i;
	size_t j;

	for (i = 0; i < regs->len; i++) {
		qemu_plugin_reg_descriptor *d = &g_array_index(regs, qemu_plugin_reg_descriptor, i);

		for (j = 0; j < G_N_ELEMENTS(wanted); j++)
			if (!strcmp(d->name, wanted[j].name))
				*wanted[j].handle = d->handle;
	}
	g_array_free(regs, TRUE);
}

/* A general register of the vCPU that runs the callback. */
static uint64_t register_value(struct qemu_plugin_register *r)
{
	GByteArray *buf = g_byte_array_new();
	uint64_t v = 0;
	int n = r ? qemu_plugin_read_register(r, buf) : 0;

	if (n > 0)
		memcpy(&v, buf->data, MIN((size_t)n, sizeof(v)));
	g_byte_array_free(buf, TRUE);
	return v;
}

/* @len bytes of the guest's memory and a 0 behind them, or NULL. */
static char *guest_text(uint64_t addr, uint64_t len)
{
	GByteArray *buf;
	guint8 end = 0;

	if (!len || len > 256 << 20)
		return NULL;
	buf = g_byte_array_new();
	if (!qemu_plugin_read_memory_vaddr(addr, buf, len)) {
		g_byte_array_free(buf, TRUE);
		return NULL;
	}
	g_byte_array_append(buf, &end, 1);
	return (char *)g_byte_array_free(buf, FALSE);
}

static void start(qemu_plugin_id_t id)
{
	counting = true;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
}

static void on_mark(unsigned int vcpu, void *data)
{
	uint64_t what, number;
	char *text;

	(void)vcpu;
	(void)data;
	g_mutex_lock(&lock);
	if (!rdi)
		find_registers();
	what = register_value(rdi);
	number = register_value(rdx);
	if (what == MARK_END) {
		phase_end(number);
		g_mutex_unlock(&lock);
		return;
	}
	text = guest_text(register_value(rsi), number);
	if (!text) {
		complain("a mark without a text that can be read");
	} else if (what == MARK_SYMBOLS) {
		/* all code is translated anew, now with its symbols */
		if (symbols_read(text, number))
			qemu_plugin_reset(plugin, start);
		else
			complain("no symbols of code: is kptr_restrict set?");
		text = NULL;		/* the symbols keep it */
	} else if (what == MARK_BEGIN) {
		phase_begin(text);
	} else {
		complain("an unknown mark");
	}
	g_free(text);
	g_mutex_unlock(&lock);
}

/* --- what is too rare, or too complicated, to be counted inline --- */

static void on_event(unsigned int vcpu, void *data)
{
	enum event event = GPOINTER_TO_UINT(data);
	bool in_idle = idle(vcpu);
	uint64_t number = 0;

	if (!current)
		return;
	g_mutex_lock(&lock);
	if (!rdi)
		find_registers();
	if (in_idle)
		current->event[event].idle++;
	else
		current->event[event].busy++;
	if (event == EVENT_WRMSR || event == EVENT_HYPERCALL)
		number = register_value(rcx);
	if (event == EVENT_WRMSR)
		tally_add(current->msr, number & 0xffffffff, in_idle);
	else if (event == EVENT_HYPERCALL)
		tally_add(current->hypercall, number & 0xffff, in_idle);
	g_mutex_unlock(&lock);
}

static void store(unsigned int vcpu, uint32_t slot, uint64_t bytes, bool repeated)
{
	struct cell *c = cell_of(vcpu, slot);
	struct state *s = state_of(vcpu);

	if (s->where == IN_IDLE) {
		c->idle_store += bytes;
	} else {
		c->store += bytes;
		if (repeated)
			c->rep_store += bytes;
		if (s->direct)
			c->direct_store += bytes;
	}
}

static void on_store(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	(void)vaddr;
	store(vcpu, GPOINTER_TO_UINT(data), 1ULL << qemu_plugin_mem_size_shift(info), false);
}

static void on_rep_store(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	(void)vaddr;
	store(vcpu, GPOINTER_TO_UINT(data), 1ULL << qemu_plugin_mem_size_shift(info), true);
}

/* A stretch of instructions of one symbol within a block, packed into a pointer */
static void *pack(uint32_t slot, uint32_t insns, uint32_t locks)
{
	return (void *)((uintptr_t)slot << 32 | insns << 16 | locks);
}

static void on_idle(unsigned int vcpu, void *data)
{
	uintptr_t v = (uintptr_t)data;
	struct cell *c = cell_of(vcpu, v >> 32);

	c->idle += (v >> 16) & 0xffff;
	c->idle_lock += v & 0xffff;
}

static void on_direct(unsigned int vcpu, void *data)
{
	uintptr_t v = (uintptr_t)data;
	struct cell *c = cell_of(vcpu, v >> 32);

	c->direct += (v >> 16) & 0xffff;
	c->direct_lock += v & 0xffff;
}

static void on_repeat(unsigned int vcpu, void *data)
{
	struct cell *c = cell_of(vcpu, GPOINTER_TO_UINT(data));
	struct state *s = state_of(vcpu);

	s->repeating = 1;
	c->insn++;
	if (s->where == IN_IDLE)
		c->idle++;
	else if (s->direct)
		c->direct++;
}

/* --- translation --- */

static void add(struct qemu_plugin_insn *in, qemu_plugin_u64 entry, uint64_t n)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(in, QEMU_PLUGIN_INLINE_ADD_U64, entry, n);
}

static void set(struct qemu_plugin_insn *in, qemu_plugin_u64 entry, uint64_t v)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(in, QEMU_PLUGIN_INLINE_STORE_U64, entry, v);
}

/* A call out of the drivers to a function whose cost is theirs */
static bool is_direct_call(const struct slot *from, const struct insn *d)
{
	struct symbol *to;

	if (!d->call || from->role != ROLE_CALLER)
		return false;
	to = symbol_at(d->target);
	return to && slot_info(symbol_slot(to))->role == ROLE_CALLEE;
}

/* An instruction of a block */
struct one {
	struct qemu_plugin_insn *in;
	uint64_t addr;
	struct insn d;
	struct symbol *sym;		/* NULL: none, or not the kernel's */
	uint32_t slot;
};

static void look(struct qemu_plugin_tb *tb, size_t i, struct one *o)
{
	uint8_t code[16];
	size_t len;

	o->in = qemu_plugin_tb_get_insn(tb, i);
	o->addr = qemu_plugin_insn_vaddr(o->in);
	len = qemu_plugin_insn_data(o->in, code, sizeof(code));
	insn_decode(code, len, o->addr, &o->d);
	o->sym = NULL;
	o->slot = SLOT_USER;
	if (!counting || o->addr < kernel_base)
		return;
	o->sym = symbol_at(o->addr);
	if (o->sym)
		o->slot = symbol_slot(o->sym);
	else
		o->slot = o->d.event == EVENT_HYPERCALL ? SLOT_HYPERCALL : SLOT_NONE;
}

/* The first instruction of a stretch, or of a symbol. */
static void instrument_start(const struct one *o)
{
	if (o->sym && o->sym->addr == o->addr) {
		add(o->in, CELL(o->slot, call), 1);
		if (o->sym->place == PLACE_IDLE)
			set(o->in, STATE(where), IN_IDLE);
		else if (o->sym->place == PLACE_BUSY)
			set(o->in, STATE(where), 0);
		else if (o->sym->place == PLACE_INTERRUPT)
			add(o->in, STATE(where), INTERRUPT);
	}
	if (slot_info(o->slot)->role == ROLE_CALLER)
		set(o->in, STATE(direct), 0);
}

static void instrument_insn(const struct one *o)
{
	void *slot = GUINT_TO_POINTER(o->slot);

	if (o->d.repeated)
		qemu_plugin_register_vcpu_insn_exec_cond_cb(o->in, on_repeat, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_EQ,
							    STATE(repeating), 0, slot);
	else
		add(o->in, CELL(o->slot, insn), 1);
	if (o->d.lock)
		add(o->in, CELL(o->slot, lock), 1);
	if (o->d.event)
		qemu_plugin_register_vcpu_insn_exec_cb(o->in, on_event, QEMU_PLUGIN_CB_R_REGS,
						       GUINT_TO_POINTER(o->d.event));
	if (o->d.iret && symbols_in_entry(o->addr))
		add(o->in, STATE(where), -(uint64_t)INTERRUPT);
	if (is_direct_call(slot_info(o->slot), &o->d))
		set(o->in, STATE(direct), 1);
	qemu_plugin_register_vcpu_mem_cb(o->in, o->d.repeated ? on_rep_store : on_store, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_W, slot);
}

/*
 * A stretch: @n instructions of one symbol. Its idle and direct share are
 * counted as a whole, before it runs; a fault in its middle makes these two,
 * and only these, too large by what did not run.
 */
static void instrument_stretch(const struct one *o, size_t n)
{
	uint32_t insns = 0, locks = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		insns += !o[i].d.repeated;
		locks += o[i].d.lock;
	}
	instrument_start(o);
	qemu_plugin_register_vcpu_insn_exec_cond_cb(o->in, on_idle, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_EQ,
						    STATE(where), IN_IDLE, pack(o->slot, insns, locks));
	qemu_plugin_register_vcpu_insn_exec_cond_cb(o->in, on_direct, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_NE,
						    STATE(direct), 0, pack(o->slot, insns, locks));
	for (i = 0; i < n; i++)
		instrument_insn(&o[i]);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, from = 0, n = qemu_plugin_tb_n_insns(tb);
	struct one *o;

	(void)id;
	g_mutex_lock(&lock);
	o = g_new(struct one, n);
	for (i = 0; i < n; i++)
		look(tb, i, &o[i]);
	if (counting && !o[0].d.repeated)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_STORE_U64, STATE(repeating), 0);
	for (i = 0; i < n; i++) {
		if (o[i].slot == SLOT_USER) {
			if (counting)
				add(o[i].in, CELL(SLOT_USER, insn), 1);
			from = i + 1;
		} else if (i + 1 == n || o[i + 1].sym != o[i].sym || o[i + 1].slot != o[i].slot) {
			instrument_stretch(&o[from], i + 1 - from);
			from = i + 1;
		}
		if (o[i].d.mark)
			qemu_plugin_register_vcpu_insn_exec_cb(o[i].in, on_mark, QEMU_PLUGIN_CB_R_REGS, NULL);
	}
	g_free(o);
	g_mutex_unlock(&lock);
}

/* --- QEMU's side --- */

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	if (current)
		complain("the last phase has no end and is dropped");
	if (json_path && !report_json(json_path))
		exit(1);
	if (text_path && !report_text(text_path, top))
		exit(1);
	if (rows_path && !report_rows(rows_path))
		exit(1);
}

static bool option(const char *word)
{
	const char *value = strchr(word, '=');
	char *end = NULL, *why;

	if (!value++)
		return false;
	if (g_str_has_prefix(word, "json=")) {
		json_path = g_strdup(value);
	} else if (g_str_has_prefix(word, "rows=")) {
		rows_path = g_strdup(value);
	} else if (g_str_has_prefix(word, "text=")) {
		text_path = g_strdup(value);
	} else if (g_str_has_prefix(word, "top=")) {
		top = strtoul(value, &end, 10);
	} else if (g_str_has_prefix(word, "kernel=")) {
		kernel_base = strtoull(value, &end, 0);
	} else if (g_str_has_prefix(word, "classes=")) {
		why = classes_read(value);
		if (why)
			complain(why);
		return !why;
	} else {
		return false;
	}
	return *value && (!end || !*end);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	int i;

	if (strcmp(info->target_name, "x86_64") || !info->system_emulation) {
		complain("counts qemu-system-x86_64 only");
		return -1;
	}
	for (i = 0; i < argc; i++) {
		if (!option(argv[i])) {
			complain(argv[i]);
			complain("not one of json=FILE text=FILE rows=FILE classes=FILE top=N kernel=ADDRESS");
			return -1;
		}
	}
	plugin = id;
	cells = qemu_plugin_scoreboard_new(COUNT_SLOTS * sizeof(struct cell));
	states = qemu_plugin_scoreboard_new(sizeof(struct state));
	base = g_malloc0_n(COUNT_SLOTS, sizeof(*base));
	slots_init();
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
