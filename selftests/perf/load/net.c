// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load for a network adapter. The other end is QEMU's net-peer
 * (selftests/hv-host/qemu/hw/hyperv/net-peer.c), which is asked for frames by
 * a frame. It answers when they are sent, so that nothing here depends on how
 * long the host takes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "load.h"

#define PEER_REQUEST	0x88b5
#define PEER_DATA	0x88b6
#define PEER_ANSWER	0x88b7
#define PORT		9999
#define PATIENCE_MS	20000	/* of the guest's time */
#define BATCH		64
#define MAX_FRAME	9014

enum { PEER_SEND = 1, PEER_COUNT = 2 };
enum { PEER_PLAIN, PEER_UDP, PEER_OTHER };

struct __attribute__((packed)) request {	/* big endian */
	uint8_t dst[6], src[6];
	uint16_t type, op;
	uint32_t count, size, burst, gap_ns;
	uint16_t kind, flows, port;
	uint8_t fill[20];
};

struct __attribute__((packed)) answer {		/* big endian */
	uint8_t dst[6], src[6];
	uint16_t type, pad;
	uint32_t sent, received;
};

struct adapter {
	char name[IFNAMSIZ];
	int index, control;	/* socket for requests and answers */
	uint8_t mac[6];
};

/* The first interface of hv_netvsc */
static bool find(const struct load *l, struct adapter *a)
{
	glob_t g;

	if (l->device) {
		snprintf(a->name, sizeof(a->name), "%s", l->device);
		return true;
	}
	if (glob("/sys/bus/vmbus/drivers/hv_netvsc/*/net/*", 0, NULL, &g))
		return false;
	snprintf(a->name, sizeof(a->name), "%s", strrchr(g.gl_pathv[0], '/') + 1);
	globfree(&g);
	return true;
}

static int packet_socket(const struct adapter *a, int protocol)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = a->index,
	};
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (s >= 0 && bind(s, (struct sockaddr *)&to, sizeof(to))) {
		close(s);
		return -1;
	}
	return s;
}

/* Up, with an address, and without what a system sends by itself */
static int open_adapter(const struct load *l, struct adapter *a)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&ifr.ifr_addr;
	char path[128];
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!find(l, a)) {
		say("no adapter of hv_netvsc");
		close(s);
		return 4;
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", a->name);
	file_write(path, "1");
	a->index = if_nametoindex(a->name);
	memcpy(ifr.ifr_name, a->name, sizeof(ifr.ifr_name));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a630002);
	if (ioctl(s, SIOCSIFADDR, &ifr))
		return failed("%s: no address", a->name);
	in->sin_addr.s_addr = htonl(0xffffff00);
	ioctl(s, SIOCSIFNETMASK, &ifr);
	ioctl(s, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(s, SIOCSIFFLAGS, &ifr))
		return failed("%s does not come up", a->name);
	if (ioctl(s, SIOCGIFHWADDR, &ifr))
		return failed("%s has no MAC", a->name);
	memcpy(a->mac, ifr.ifr_hwaddr.sa_data, 6);
	close(s);
	a->control = packet_socket(a, PEER_ANSWER);
	if (a->control < 0)
		return failed("%s: no packet socket", a->name);
	run_place(l, "hv_netvsc");
	return 0;
}

static int ask(const struct adapter *a, const struct load *l, int op, unsigned int count, int kind)
{
	struct request r = {
		.type = htons(PEER_REQUEST), .op = htons(op), .count = htonl(count), .size = htonl(l->size),
		.burst = htonl(l->burst), .gap_ns = htonl(l->gap), .kind = htons(kind), .flows = htons(1),
		.port = htons(PORT),
	};

	memset(r.dst, 0xff, sizeof(r.dst));
	memcpy(r.src, a->mac, sizeof(r.src));
	return send(a->control, &r, sizeof(r), 0) == sizeof(r) ? 0 : failed("%s: cannot ask the peer", a->name);
}

static int hear(const struct adapter *a, struct answer *r)
{
	struct pollfd p = { .fd = a->control, .events = POLLIN };
	char buf[128];

	if (poll(&p, 1, PATIENCE_MS) != 1 || recv(a->control, buf, sizeof(buf), 0) < (ssize_t)sizeof(*r))
		return failed("%s: no answer: is QEMU's net-peer at the other end?", a->name);
	memcpy(r, buf, sizeof(*r));
	return 0;
}

/* What the interface has received so far, without the answers and errors */
static unsigned long received(const struct adapter *a)
{
	char line[64];

	return strtoul(file_line(line, sizeof(line), "/sys/class/net/%s/statistics/rx_packets", a->name), NULL, 10);
}

static int udp_socket(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = 64 << 20;

	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (s < 0 || bind(s, (struct sockaddr *)&in, sizeof(in)))
		return -1;
	return s;
}

/*
 * Read count datagrams, looking once a burst. A reader that waits in the
 * socket is woken once or several times for a burst, as the two CPUs happen
 * to run: that is 2 % of the whole, and nothing of the driver's.
 */
static int drain(const struct load *l, int s, unsigned int count)
{
	static char room[BATCH][MAX_FRAME];
	static struct iovec iov[BATCH];
	static struct mmsghdr m[BATCH];
	const struct timespec nap = { .tv_nsec = l->gap };
	double limit = now() + PATIENCE_MS / 1000;
	unsigned int i, got = 0;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ room[i], MAX_FRAME };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while (got < count) {
		int n = recvmmsg(s, m, BATCH, MSG_DONTWAIT, NULL);

		if (n > 0)
			got += n;
		else if ((n < 0 && errno != EAGAIN) || now() > limit)
			return failed("%u of %u datagrams", got, count);
		else
			nanosleep(&nap, NULL);
	}
	return 0;
}

static int rx_pass(const struct load *l, const struct adapter *a, int kind, int udp, unsigned int count)
{
	struct answer r;

	if (ask(a, l, PEER_SEND, count, kind))
		return 1;
	if (udp >= 0 && drain(l, udp, count))
		return 1;
	if (hear(a, &r))
		return 1;
	if (ntohl(r.sent) != count)
		return failed("the peer sent %u frames of %u", ntohl(r.sent), count);
	return 0;
}

int load_rx(const struct load *l)
{
	int kind = !strcmp(l->sink, "udp") ? PEER_UDP : !strcmp(l->sink, "plain") ? PEER_PLAIN : PEER_OTHER;
	struct adapter a = { .control = -1 };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	int err = open_adapter(l, &a), udp = -1;
	unsigned long before;

	if (err)
		return err;
	all.mr_ifindex = a.index;
	if (kind == PEER_OTHER &&
	    setsockopt(a.control, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		return failed("%s: not promiscuous", a.name);
	if (kind == PEER_UDP && (udp = udp_socket()) < 0)
		return failed("no UDP socket");
	err = rx_pass(l, &a, kind, udp, l->count / 4 + l->burst);
	if (!err) {
		before = received(&a);
		run_begin(l);
		err = rx_pass(l, &a, kind, udp, l->count);
		run_end(l, l->count);
		before = received(&a) - before;
		/* and the answer */
		if (!err && before != l->count + 1) {
			say("%s received %lu frames of %u", a.name, before, l->count + 1);
			err = 1;
		}
	}
	if (udp >= 0)
		close(udp);
	close(a.control);
	return err;
}

/* A packet socket past the queueing discipline, or a connected UDP socket */
static int tx_socket(const struct load *l, const struct adapter *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct arpreq arp = { .arp_flags = ATF_COM | ATF_PERM };
	int s, one = 1;

	if (strcmp(l->sink, "udp")) {
		s = packet_socket(a, 0);
		if (s >= 0)
			setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
		return s;
	}
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	in.sin_addr.s_addr = htonl(0x0a630001);
	memcpy(&arp.arp_pa, &in, sizeof(in));
	arp.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(arp.arp_ha.sa_data, "\x52\x54\x00\x99\x00\x01", 6);
	memcpy(arp.arp_dev, a->name, sizeof(arp.arp_dev));
	if (s < 0 || ioctl(s, SIOCSARP, &arp) || connect(s, (struct sockaddr *)&in, sizeof(in)))
		return -1;
	return s;
}

static int tx_pass(const struct load *l, const struct adapter *a, int s, unsigned int count)
{
	static uint8_t frame[MAX_FRAME];
	static struct iovec iov[BATCH];
	static struct mmsghdr m[BATCH];
	bool udp = !strcmp(l->sink, "udp");
	unsigned int i, sent = 0, batch = l->burst < BATCH ? l->burst : BATCH;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, a->mac, 6);
	frame[12] = PEER_DATA >> 8;
	frame[13] = PEER_DATA & 0xff;
	for (i = 0; i < batch; i++) {
		iov[i] = (struct iovec){ frame, udp ? l->size - 42 : l->size };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while (sent < count) {
		int n = sendmmsg(s, m, count - sent < batch ? count - sent : batch, 0);

		if (n < 0 && (errno == ENOBUFS || errno == EAGAIN))
			usleep(100);
		else if (n < 0)
			return failed("%u of %u frames", sent, count);
		else
			sent += n;
	}
	return 0;
}

/* Until the peer has all that went before: the ring is in order. */
static int tx_settle(const struct load *l, const struct adapter *a, struct answer *r)
{
	return ask(a, l, PEER_COUNT, 0, PEER_PLAIN) || hear(a, r);
}

int load_tx(const struct load *l)
{
	struct adapter a = { .control = -1 };
	int err = open_adapter(l, &a), s;
	struct answer r = { 0 };

	if (err)
		return err;
	if (l->size < 60 || l->size > MAX_FRAME)
		return failed("size: 60 to %d", MAX_FRAME);
	s = tx_socket(l, &a);
	if (s < 0)
		return failed("%s: no socket to send on", a.name);
	err = tx_pass(l, &a, s, l->count / 4) || tx_settle(l, &a, &r);
	if (!err) {
		run_begin(l);
		err = tx_pass(l, &a, s, l->count) || tx_settle(l, &a, &r);
		run_end(l, l->count);
		if (!err && strcmp(l->sink, "udp") && ntohl(r.received) != l->count) {
			say("the peer received %u frames of %u", ntohl(r.received), l->count);
			err = 1;
		}
	}
	close(s);
	close(a.control);
	return err;
}
