// SPDX-License-Identifier: GPL-2.0-only
/* The three verdicts of XDP, written by hand: no compiler for BPF is needed. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define MOV(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define LOAD(z, d, s, o) INSN(BPF_LDX | BPF_MEM | (z), d, s, o, 0)
#define STORE(z, d, s, o) INSN(BPF_STX | BPF_MEM | (z), d, s, o, 0)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn pass[] = { MOV(0, XDP_PASS), EXIT };
static const struct bpf_insn drop[] = { MOV(0, XDP_DROP), EXIT };

/* Swaps the addresses and sends the frame back, if it is one of ours. */
static const struct bpf_insn tx[] = {
	LOAD(BPF_W, 2, 1, 0),			/* data */
	LOAD(BPF_W, 3, 1, 4),			/* data_end */
	MOV_REG(4, 2),
	ADD(4, 14),
	INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 12, 0),
	LOAD(BPF_H, 5, 2, 12),
	INSN(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 10, 0xb588),
	LOAD(BPF_W, 5, 2, 0),
	LOAD(BPF_H, 6, 2, 4),
	LOAD(BPF_W, 7, 2, 6),
	LOAD(BPF_H, 8, 2, 10),
	STORE(BPF_W, 2, 7, 0),
	STORE(BPF_H, 2, 8, 4),
	STORE(BPF_W, 2, 5, 6),
	STORE(BPF_H, 2, 6, 10),
	MOV(0, XDP_TX),
	EXIT,
	MOV(0, XDP_PASS),
	EXIT,
};

static const struct {
	const struct bpf_insn *insns;
	unsigned int n;
} programs[] = {
	[XDP_KIND_PASS] = { pass, sizeof(pass) / sizeof(pass[0]) },
	[XDP_KIND_DROP] = { drop, sizeof(drop) / sizeof(drop[0]) },
	[XDP_KIND_TX] = { tx, sizeof(tx) / sizeof(tx[0]) },
};

int xdp_attach(const char *name, enum xdp_kind kind)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)programs[kind].insns,
		.insn_cnt = programs[kind].n,
		.license = (unsigned long)"GPL",
	}, link;
	int prog, fd;

	prog = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		return -errno;
	memset(&link, 0, sizeof(link));
	link.link_create.prog_fd = prog;
	link.link_create.target_ifindex = if_nametoindex(name);
	link.link_create.attach_type = BPF_XDP;
	link.link_create.flags = XDP_FLAGS_DRV_MODE;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	if (fd < 0)
		fd = -errno;
	close(prog);
	return fd;
}
