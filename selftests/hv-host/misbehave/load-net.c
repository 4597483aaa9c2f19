// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network loads. The first adapter (address ending in 01) is on a user network
 * of QEMU's, 10.0.2.0/24, whose gateway answers echo requests and where
 * 10.0.2.100 gives back what is sent to TCP port 7; the second one (02) is on
 * another, 10.0.3.0/24.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"

#define DRIVER	"/sys/bus/vmbus/drivers/hv_netvsc"
#define WINDOW	16		/* echo requests under way */

struct adapter {
	const char *mac_end, *address, *gateway;
};

static struct adapter first = { ":01", "10.0.2.15", "10.0.2.2" };
static struct adapter second = { ":02", "10.0.3.15", "10.0.3.2" };

static bool name_of(const struct adapter *a, char *name)
{
	char path[300], mac[32];
	struct dirent *e;
	bool found = false;
	DIR *d = opendir("/sys/class/net");
	FILE *f;

	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/net/%s/address", e->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%31s", mac) == 1 && strlen(mac) > 3 &&
		    !strcmp(mac + strlen(mac) - 3, a->mac_end)) {
			snprintf(name, IFNAMSIZ, "%.15s", e->d_name);
			found = true;
		}
		fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static void set_address(int s, struct ifreq *ifr, unsigned long what, const char *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr->ifr_addr;

	memset(in, 0, sizeof(*in));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(address);
	ioctl(s, what, ifr);
}

/* The adapter may be new: it went and came back. */
static bool bring_up(const struct adapter *a, char *name)
{
	struct ifreq ifr = { 0 };
	bool ok = false;
	int s;

	if (!name_of(a, name))
		return false;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return false;
	strcpy(ifr.ifr_name, name);
	if (!ioctl(s, SIOCGIFFLAGS, &ifr)) {
		ok = ifr.ifr_flags & IFF_UP;
		if (!ok) {
			ifr.ifr_flags |= IFF_UP;
			ok = !ioctl(s, SIOCSIFFLAGS, &ifr);
			set_address(s, &ifr, SIOCSIFADDR, a->address);
			set_address(s, &ifr, SIOCSIFNETMASK, "255.255.255.0");
		}
	}
	close(s);
	return ok;
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16));
}

static int pinger_socket(void)
{
	struct timeval tv = { .tv_usec = 200000 };
	int s = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return s;
}

/* Echo requests of all sizes, as many at a time as are answered. */
static void *pinger(void *arg)
{
	static const int sizes[] = { 8, 9, 56, 200, 1400, 64, 1024, 20 };
	const struct adapter *a = arg;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(a->gateway) };
	unsigned char packet[2048] = { 0 }, answer[2048];
	struct icmphdr *h = (struct icmphdr *)packet;
	int s = pinger_socket(), window = WINDOW;
	unsigned int n = 0;

	for (;;) {
		for (; window > 0; window--) {
			int size = sizes[n++ % 8] & ~1;

			h->type = ICMP_ECHO;
			h->un.echo.id = htons(1);
			h->un.echo.sequence = htons(n);
			h->checksum = 0;
			h->checksum = checksum(packet, size);
			if (sendto(s, packet, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
				/* what is never completed counts against a socket */
				close(s);
				s = pinger_socket();
				pause_ms(50);
				break;
			}
		}
		if (recv(s, answer, sizeof(answer), 0) < 0) {
			window = WINDOW;
		} else if (window < WINDOW) {
			window++;
			counts[PING]++;
		}
	}
	return NULL;
}

/* A connection to the one who sends back; what comes has to be what went. */
static void *streamer(void *arg)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = inet_addr("10.0.2.100"),
	};
	struct timeval tv = { .tv_sec = 3 };
	static const size_t sizes[] = { 16384, 100, 60000, 1 };
	unsigned char *out = malloc(65536), *in = malloc(65536);
	unsigned int round = (unsigned long)arg;
	int s = -1;

	for (;;) {
		size_t len = sizes[round % 4], got = 0;
		ssize_t n;

		if (s < 0) {
			s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
			setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
			if (connect(s, (struct sockaddr *)&to, sizeof(to)) < 0) {
				close(s);
				s = -1;
				pause_ms(200);
				continue;
			}
		}
		memset(out, round++, len);
		n = send(s, out, len, MSG_NOSIGNAL);
		while (n > 0 && got < (size_t)n) {
			ssize_t r = recv(s, in + got, n - got, 0);

			if (r <= 0)
				break;
			got += r;
		}
		if (n <= 0 || got < (size_t)n) {
			close(s);
			s = -1;
			continue;
		}
		if (memcmp(in, out, n))
			say("stream: other bytes came back than went");
		counts[STREAM]++;
	}
	return NULL;
}

/* Each change of promiscuous mode is a request that the host answers. */
static void *controller(void *arg)
{
	const struct adapter *a = arg;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[IFNAMSIZ];

	for (;;) {
		struct ifreq ifr = { 0 };

		if (!bring_up(a, name)) {
			pause_ms(200);
			continue;
		}
		strcpy(ifr.ifr_name, name);
		if (!ioctl(s, SIOCGIFFLAGS, &ifr)) {
			ifr.ifr_flags ^= IFF_PROMISC;
			if (!ioctl(s, SIOCSIFFLAGS, &ifr))
				counts[CONTROL]++;
		}
		pause_ms(40);
	}
	return NULL;
}

static int set_channels(int s, const char *name, unsigned int n)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_SCHANNELS, .combined_count = n };
	struct ifreq ifr = { .ifr_data = (void *)&c };

	strcpy(ifr.ifr_name, name);
	return ioctl(s, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
}

/* Small buffers: 16 MiB more are a GPADL of 4096 pages each time. */
static void small_buffers(int s, const char *name)
{
	struct ethtool_ringparam r = { .cmd = ETHTOOL_SRINGPARAM, .rx_pending = 64, .tx_pending = 32 };
	struct ifreq ifr = { .ifr_data = (void *)&r };

	strcpy(ifr.ifr_name, name);
	ioctl(s, SIOCETHTOOL, &ifr);
}

/* The adapter's name on the bus; what it was when there is no adapter now. */
static const char *bus_name(const char *name)
{
	static char id[64];
	char path[300], target[300];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		snprintf(id, sizeof(id), "%.63s", strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	}
	return id;
}

static void *reopener(void *arg)
{
	const struct adapter *a = arg;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool small = false;
	unsigned int n = 0;
	char name[IFNAMSIZ] = "";

	for (;;) {
		bool up = bring_up(a, name);
		const char *id = bus_name(name);

		if (up && !small)
			small_buffers(s, name);
		small = up;
		if (!up || set_channels(s, name, 1 + n++ % 2)) {
			/* the host refused, and the driver has let go of the adapter: probe it again */
			put(id, DRIVER "/unbind");
			put(id, DRIVER "/bind");
			small = false;
		}
		counts[REOPEN]++;
		pause_ms(20);
	}
	return NULL;
}

void load_net(void)
{
	start(controller, &first, -1);
	start(pinger, &first, -1);
	for (unsigned long i = 0; i < 4; i++)
		start(streamer, (void *)i, i);
}

void load_reopen(void)
{
	start(reopener, &second, -1);
	start(pinger, &second, -1);
}
