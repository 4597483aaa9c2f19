// SPDX-License-Identifier: GPL-2.0-only
/*
 * What looks into the running kernel: BPF, perf, probes, tracefs, the image
 * in /proc/kcore, keys of IPsec associations.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probes.h"

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), \
			    .off = (o), .imm = (i) })
#define MOV_REG(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define STORE_ZERO(d, o) INSN(BPF_ST | BPF_MEM | BPF_DW, d, 0, o, 0)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Loads a kprobe program that calls helper(address or buffer, ...). */
static int bpf_with(int helper)
{
	/*
	 * probe_write_user(void *dst, const void *src, u32 len) and
	 * probe_read_*(void *dst, u32 len, const void *unsafe)
	 */
	const bool write_user = helper == BPF_FUNC_probe_write_user;
	struct bpf_insn prog[] = {
		STORE_ZERO(BPF_REG_10, -8),
		MOV_REG(BPF_REG_1, BPF_REG_10),
		ADD_IMM(BPF_REG_1, -8),
		MOV_IMM(BPF_REG_2, 8),
		MOV_IMM(BPF_REG_3, 0),
		CALL(helper),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};
	static char log[4096];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insns = (uintptr_t)prog,
		.insn_cnt = sizeof(prog) / sizeof(prog[0]),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd;

	if (write_user) {
		prog[1] = MOV_IMM(BPF_REG_1, 0);
		prog[2] = MOV_REG(BPF_REG_2, BPF_REG_10);
		prog[3] = ADD_IMM(BPF_REG_2, -8);
		prog[4] = MOV_IMM(BPF_REG_3, 8);
	}
	note("load a kprobe program that calls helper %d", helper);
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int try_bpf_write_user(void)
{
	return bpf_with(BPF_FUNC_probe_write_user);
}

int try_bpf_read_kernel(void)
{
	int ret = bpf_with(BPF_FUNC_probe_read_kernel);

	/* the string variant has a check of its own, which has to agree */
	if (bpf_with(BPF_FUNC_probe_read_kernel_str) != ret)
		return -EPROTO;
	return ret;
}

int works_bpf(void)
{
	return bpf_with(BPF_FUNC_probe_read_user);
}

int try_kcore(void)
{
	return try_open("/proc/kcore", O_RDONLY);
}

int works_kallsyms(void)
{
	return try_open("/proc/kallsyms", O_RDONLY);
}

static int perf_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A probe by perf_event_open(): without tracefs, whose files have a reason of their own. */
static int probe_on(const char *pmu, const char *target, uint64_t offset)
{
	struct perf_event_attr attr = { .disabled = 1 };
	char path[128], *type;
	size_t size;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	type = slurp(path, &size);
	if (!type) {
		note("no %s", path);
		return PROBE_SKIP;
	}
	attr.type = strtoul(type, NULL, 10);
	free(type);
	attr.config1 = (uintptr_t)target;
	attr.config2 = offset;
	note("perf_event_open of a %s on %s", pmu, target);
	return perf_open(&attr, -1, 0);
}

int try_kprobe(void)
{
	return probe_on("kprobe", "vfs_read", 0);
}

/* A probe in a program of the user's own, here this one. */
int works_uprobe(void)
{
	char line[512], exe[256];
	unsigned long from, to, off;
	FILE *f = fopen("/proc/self/maps", "re");
	char perm[8];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int ret = PROBE_SKIP;

	if (!f || n < 0) {
		if (f)
			fclose(f);
		return PROBE_SKIP;
	}
	exe[n] = '\0';
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s %lx", &from, &to, perm, &off) != 4 ||
		    perm[2] != 'x' || !strstr(line, exe))
			continue;
		/* the mapping with this function in it */
		if ((uintptr_t)works_uprobe < from || (uintptr_t)works_uprobe >= to)
			continue;
		ret = probe_on("uprobe", exe, (uintptr_t)works_uprobe - from + off);
		break;
	}
	fclose(f);
	return ret;
}

static int sample(uint64_t what)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = what,
		.sample_regs_intr = what & PERF_SAMPLE_REGS_INTR ? 1 : 0,
		.disabled = 1,
	};

	note("perf_event_open, cpu-clock%s", what & PERF_SAMPLE_REGS_INTR ?
	     " with the registers at the interrupt" : "");
	return perf_open(&attr, 0, -1);
}

int try_perf_regs(void)
{
	return sample(PERF_SAMPLE_IP | PERF_SAMPLE_REGS_INTR);
}

int works_perf(void)
{
	return sample(PERF_SAMPLE_IP | PERF_SAMPLE_TIME);
}

#define TRACEFS "/sys/kernel/tracing"

static void mount_tracefs(void)
{
	if (access(TRACEFS "/README", F_OK) < 0)
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
}

int try_tracefs(void)
{
	static const char * const files[] = {
		"trace", "kprobe_events", "uprobe_events",
		"available_filter_functions"
	};
	char path[128];
	int first = 0, ret;
	size_t i;

	mount_tracefs();
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), TRACEFS "/%s", files[i]);
		ret = try_open(path, O_RDONLY);
		if (i && ret != first)
			return -EPROTO;
		first = ret;
	}
	return first;
}

/* What needs no tracefs: an event perf counts by itself. */
int works_context_switches(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CONTEXT_SWITCHES,
		.disabled = 1,
	};

	note("perf_event_open, context-switches");
	return perf_open(&attr, 0, -1);
}

/* ---- IPsec ---------------------------------------------------------------- */

static const unsigned char secret[32] = "thirty-two bytes nobody may read";

struct request {
	struct nlmsghdr h;
	union {
		struct xfrm_usersa_info sa;
		struct xfrm_usersa_id id;
	};
	/* one attribute: XFRMA_ALG_AUTH with its key */
	struct nlattr a;
	struct xfrm_algo algo;
	unsigned char key[32];
};

/* Sends a request and reads one answer; 0, or -errno as the kernel said. */
static int netlink(int s, const void *msg, size_t len, char *answer, size_t max,
		   ssize_t *got)
{
	const struct nlmsghdr *h = (const void *)answer;

	if (send(s, msg, len, 0) < 0)
		return -errno;
	*got = recv(s, answer, max, 0);
	if (*got < (ssize_t)sizeof(*h))
		return *got < 0 ? -errno : -EPROTO;
	if (h->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
	return 0;
}

/*
 * Adds an association with a known key and asks for it. The kernel always
 * answers; *redacted says whether with zeros in place of the key.
 */
static int xfrm(bool *redacted)
{
	struct timeval limit = { .tv_sec = 5 };
	struct request r = { 0 };
	char answer[4096];
	ssize_t got = 0;
	int s, ret;

	modprobe("xfrm_user");
	modprobe("ah4");
	note("read an IPsec association's key by XFRM_MSG_GETSA");
	s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (s < 0)
		return errno == EPROTONOSUPPORT ? PROBE_SKIP : -errno;
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));

	r.h.nlmsg_len = sizeof(r);
	r.h.nlmsg_type = XFRM_MSG_NEWSA;
	r.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	r.sa.family = AF_INET;
	r.sa.id.proto = IPPROTO_AH;
	r.sa.id.spi = htonl(0x4c44);
	r.sa.id.daddr.a4 = htonl(0x7f000002);
	r.sa.saddr.a4 = htonl(0x7f000001);
	r.sa.mode = XFRM_MODE_TRANSPORT;
	r.sa.lft.soft_byte_limit = r.sa.lft.hard_byte_limit = XFRM_INF;
	r.sa.lft.soft_packet_limit = r.sa.lft.hard_packet_limit = XFRM_INF;
	r.a.nla_type = XFRMA_ALG_AUTH;
	r.a.nla_len = sizeof(r.a) + sizeof(r.algo) + sizeof(r.key);
	strcpy(r.algo.alg_name, "hmac(sha256)");
	r.algo.alg_key_len = sizeof(r.key) * 8;
	memcpy(r.key, secret, sizeof(r.key));
	ret = netlink(s, &r, sizeof(r), answer, sizeof(answer), &got);
	if (ret < 0 && ret != -EEXIST)
		goto out;

	memset(&r, 0, sizeof(r));
	r.h.nlmsg_len = NLMSG_LENGTH(sizeof(r.id));
	r.h.nlmsg_type = XFRM_MSG_GETSA;
	r.h.nlmsg_flags = NLM_F_REQUEST;
	r.id.family = AF_INET;
	r.id.proto = IPPROTO_AH;
	r.id.spi = htonl(0x4c44);
	r.id.daddr.a4 = htonl(0x7f000002);
	ret = netlink(s, &r, r.h.nlmsg_len, answer, sizeof(answer), &got);
	if (!ret)
		*redacted = !memmem(answer, got, secret, sizeof(secret));
	/* the algorithm's name has to be there in any case */
	if (!ret && !memmem(answer, got, "hmac(sha256)", 12))
		ret = -EPROTO;

	r.h.nlmsg_type = XFRM_MSG_DELSA;
	r.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (!ret)
		ret = netlink(s, &r, r.h.nlmsg_len, answer, sizeof(answer), &got);
out:
	close(s);
	return ret;
}

/* The one reason that hides instead of refusing: zeros count as EPERM. */
int try_xfrm_secret(void)
{
	bool redacted = false;
	int ret = xfrm(&redacted);

	return ret ? ret : redacted ? -EPERM : 0;
}

int works_xfrm(void)
{
	bool redacted;

	return xfrm(&redacted);
}
