// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_netvsc, seen from userland: two adapters on one switch, the second in a
 * network namespace of its own, and traffic between them whose content is
 * checked, while everything an administrator can change is changed.
 *
 * Needs root, ip and ping. Runs on Hyper-V with two adapters that carry nothing
 * else; what the host has to do, such as pulling the cable, is asked of it by
 * QMP (see ../hyperv/host.h) and skips where there is no such host.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "../hyperv/host.h"
#include "net.h"

#define MIB (1024ULL * 1024)
/* a stream may pause while channels are made anew, but not for longer */
#define GAP_MS 5000

/* MiB of each stream: NETVSC_MIB, for longer runs */
static uint64_t stream_bytes(void)
{
	const char *mib = getenv("NETVSC_MIB");

	return (mib ? strtoull(mib, NULL, 0) : 2) * MIB;
}

FIXTURE(adapter)
{
	char name[IFNAMSIZ];
};

FIXTURE_SETUP(adapter)
{
	char names[2][IFNAMSIZ];

	wait_adapters(2, 15);
	if (!adapters(names, 2))
		SKIP(return, "no netvsc adapter");
	strcpy(self->name, names[0]);
	sh("ip link set %s up", self->name);
}

FIXTURE_TEARDOWN(adapter)
{
}

TEST_F(adapter, driver)
{
	char driver[32] = "";

	ASSERT_EQ(0, eth_driver(self->name, driver, sizeof(driver)));
	EXPECT_STREQ("hv_netvsc", driver);
}

TEST_F(adapter, address)
{
	uint8_t mac[6];

	ASSERT_TRUE(mac_of(self->name, mac));
	EXPECT_EQ(0, mac[0] & 1);
	EXPECT_NE(0, mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

TEST_F(adapter, speed)
{
	unsigned int mbit = 0;

	ASSERT_TRUE(wait_net_attr(self->name, "carrier", 1, 10));
	ASSERT_EQ(0, eth_speed(self->name, &mbit));
	EXPECT_GT(mbit, 0);
	EXPECT_NE(mbit, (unsigned int)-1);
}

TEST_F(adapter, channels)
{
	unsigned int now = 0, max = 0;

	ASSERT_EQ(0, eth_get_channels(self->name, &now, &max));
	EXPECT_GE(now, 1);
	EXPECT_GE(max, now);
	EXPECT_LE(max, (unsigned int)sysconf(_SC_NPROCESSORS_ONLN));
	EXPECT_EQ(-EINVAL, eth_set_channels(self->name, 0));
	EXPECT_EQ(-EINVAL, eth_set_channels(self->name, max + 1));
}

TEST_F(adapter, rings)
{
	unsigned int rx = 0, tx = 0;

	ASSERT_EQ(0, eth_get_rings(self->name, &rx, &tx));
	EXPECT_GT(rx, 0);
	EXPECT_GT(tx, 0);
}

FIXTURE(netvsc)
{
	struct pair pair;
};

FIXTURE_SETUP(netvsc)
{
	const char *why = pair_make(&self->pair);

	ASSERT_FALSE(self->pair.broken) { TH_LOG("%s", why); }
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(netvsc)
{
}

#define EXPECT_TRAFFIC(t, ok) \
	EXPECT_TRUE(ok) { TH_LOG("%s", (t)->error); }

/* Runs traffic and tells how much it was. */
static bool run_traffic(struct __test_metadata *_metadata, const struct pair *p, int family, int streams,
			uint64_t bytes)
{
	struct traffic t = { .pair = p, .family = family, .streams = streams, .bytes = bytes };
	bool ok = traffic_run(&t);

	EXPECT_TRAFFIC(&t, ok);
	EXPECT_LE(t.longest_gap_ms, GAP_MS);
	if (ok)
		TH_LOG("%llu MiB right in %d streams, longest gap %d ms",
		       (unsigned long long)(t.moved / MIB), streams, t.longest_gap_ms);
	return ok;
}

TEST_F_TIMEOUT(netvsc, tcp4, 600)
{
	run_traffic(_metadata, &self->pair, AF_INET, 4, 4 * stream_bytes());
}

TEST_F_TIMEOUT(netvsc, tcp6, 600)
{
	run_traffic(_metadata, &self->pair, AF_INET6, 4, 2 * stream_bytes());
}

TEST_F_TIMEOUT(netvsc, udp, 120)
{
	static const size_t sizes[] = { 1, 18, 64, 555, 1472, 1473, 4000, 20000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EXPECT_EQ(NULL, udp_echo(&self->pair, AF_INET, sizes[i], 20)) {
			TH_LOG("%zu bytes over IPv4", sizes[i]);
		}
		EXPECT_EQ(NULL, udp_echo(&self->pair, AF_INET6, sizes[i], 20)) {
			TH_LOG("%zu bytes over IPv6", sizes[i]);
		}
	}
}

/* Many streams spread over all queues, in both directions. */
TEST_F_TIMEOUT(netvsc, spread, 300)
{
	long long before[2][MAX_QUEUES], after;
	unsigned int now, max;

	ASSERT_EQ(0, eth_get_channels(self->pair.a, &now, &max));
	if (now < 2)
		SKIP(return, "one channel");
	for (unsigned int q = 0; q < now; q++) {
		before[0][q] = eth_queue_packets(self->pair.a, "rx", q);
		before[1][q] = eth_queue_packets(self->pair.a, "tx", q);
		ASSERT_GE(before[0][q], 0);
	}
	if (!run_traffic(_metadata, &self->pair, AF_INET, 64, 128 * 1024))
		return;
	for (unsigned int q = 0; q < now; q++) {
		after = eth_queue_packets(self->pair.a, "rx", q);
		EXPECT_GT(after, before[0][q]) { TH_LOG("receive queue %u is idle", q); }
		after = eth_queue_packets(self->pair.a, "tx", q);
		EXPECT_GT(after, before[1][q]) { TH_LOG("transmit queue %u is idle", q); }
	}
}

/* The host sends where the guest's indirection table says. */
TEST_F_TIMEOUT(netvsc, steer, 300)
{
	unsigned int now, max;

	ASSERT_EQ(0, eth_get_channels(self->pair.a, &now, &max));
	if (now < 2)
		SKIP(return, "one channel");
	for (unsigned int q = 0; q < now && q < 4; q++) {
		long long before, others = 0, n;

		ASSERT_EQ(0, eth_steer(self->pair.a, q));
		before = eth_queue_packets(self->pair.a, "rx", q);
		for (unsigned int o = 0; o < now; o++)
			others -= o == q ? 0 : eth_queue_packets(self->pair.a, "rx", o);
		if (!run_traffic(_metadata, &self->pair, AF_INET, 16, 128 * 1024))
			return;
		n = eth_queue_packets(self->pair.a, "rx", q) - before;
		for (unsigned int o = 0; o < now; o++)
			others += o == q ? 0 : eth_queue_packets(self->pair.a, "rx", o);
		EXPECT_GT(n, 16);
		/* what has no IP addresses to hash, such as ARP, goes to queue 0 */
		EXPECT_LE(others, 20) { TH_LOG("%lld packets on queue %u, %lld elsewhere", n, q, others); }
	}
	EXPECT_EQ(0, eth_steer(self->pair.a, -1));
}

TEST_F_TIMEOUT(netvsc, hash_key, 120)
{
	uint8_t key[256], other[256], back[256];
	unsigned int size, back_size, now, max;

	ASSERT_EQ(0, eth_get_channels(self->pair.a, &now, &max));
	if (now < 2)
		SKIP(return, "one channel");
	ASSERT_EQ(0, eth_get_key(self->pair.a, key, &size));
	ASSERT_EQ(40, size);
	for (unsigned int i = 0; i < size; i++)
		other[i] = key[i] ^ (i * 37 + 1);
	ASSERT_EQ(0, eth_set_key(self->pair.a, other, size));
	ASSERT_EQ(0, eth_get_key(self->pair.a, back, &back_size));
	EXPECT_EQ(0, memcmp(other, back, size));
	run_traffic(_metadata, &self->pair, AF_INET, 8, 256 * 1024);
	EXPECT_EQ(0, eth_set_key(self->pair.a, key, size));
}

/*
 * With one channel the driver has no hash, and forgets the key: back to several
 * it hashes with zeros, and all that is received goes to the first queue.
 */
TEST_F_TIMEOUT(netvsc, key_after_one_channel, 60)
{
	uint8_t key[256], after[256];
	unsigned int now, max, size;

	ASSERT_EQ(0, eth_get_channels(self->pair.a, &now, &max));
	if (now < 2)
		SKIP(return, "one channel");
	ASSERT_EQ(0, eth_get_key(self->pair.a, key, &size));
	ASSERT_EQ(0, eth_set_channels(self->pair.a, 1));
	ASSERT_EQ(0, eth_set_channels(self->pair.a, now));
	ASSERT_EQ(0, eth_get_key(self->pair.a, after, &size));
	EXPECT_EQ(0, memcmp(key, after, size));
	eth_set_key(self->pair.a, key, size);
}

/* Changes under traffic that goes on until it is told to stop. */
#define UNDER_TRAFFIC(body) do { \
	struct traffic t_ = { .pair = &self->pair, .family = AF_INET, .streams = 4 }; \
	bool ok_ = traffic_start(&t_); \
	uint64_t moved_; \
	\
	ASSERT_TRUE(ok_) { TH_LOG("%s", t_.error); } \
	body \
	moved_ = traffic_moved(&t_); \
	sleep(1); \
	for (int i_ = 0; i_ < 20 && traffic_moved(&t_) == moved_; i_++) \
		sleep(1); \
	EXPECT_GT(traffic_moved(&t_), moved_) { TH_LOG("traffic does not go on"); } \
	ok_ = traffic_stop(&t_); \
	EXPECT_TRAFFIC(&t_, ok_); \
	TH_LOG("%llu MiB right, longest gap %d ms", (unsigned long long)(t_.moved / MIB), \
	       t_.longest_gap_ms); \
} while (0)

TEST_F_TIMEOUT(netvsc, channels_under_traffic, 300)
{
	unsigned int now, max, n, size;
	uint8_t key[256];

	ASSERT_EQ(0, eth_get_channels(self->pair.a, &now, &max));
	if (max < 2)
		SKIP(return, "one channel");
	ASSERT_EQ(0, eth_get_key(self->pair.a, key, &size));
	UNDER_TRAFFIC(
		for (int round = 0; round < 2; round++) {
			for (n = 1; n <= max; n = n == 1 || n == max ? n + 1 : max) {
				unsigned int is;
				unsigned int m;

				EXPECT_EQ(0, eth_set_channels(self->pair.a, n));
				EXPECT_EQ(0, eth_get_channels(self->pair.a, &is, &m));
				EXPECT_EQ(n, is);
				usleep(300000);
			}
		}
		EXPECT_EQ(0, eth_set_channels(self->pair.a, now));
	);
	/* see key_after_one_channel */
	EXPECT_EQ(0, eth_set_key(self->pair.a, key, size));
}

TEST_F_TIMEOUT(netvsc, rings_under_traffic, 300)
{
	unsigned int rx, tx, rx_is, tx_is;

	ASSERT_EQ(0, eth_get_rings(self->pair.a, &rx, &tx));
	UNDER_TRAFFIC(
		EXPECT_EQ(0, eth_set_rings(self->pair.a, rx / 2, tx / 2));
		usleep(300000);
		EXPECT_EQ(0, eth_get_rings(self->pair.a, &rx_is, &tx_is));
		EXPECT_EQ(rx / 2, rx_is);
		EXPECT_EQ(tx / 2, tx_is);
		EXPECT_EQ(0, eth_set_rings(self->pair.a, 64, 16));
		sleep(1);
		EXPECT_EQ(0, eth_set_rings(self->pair.a, rx, tx));
	);
}

TEST_F_TIMEOUT(netvsc, mtu, 300)
{
	static const int mtus[] = { 9000, 1280, 3000, 1500 };

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		ASSERT_EQ(0, sh("ip link set %s mtu %d", self->pair.a, mtus[i]));
		pair_enter(&self->pair, 'b');
		ASSERT_EQ(0, sh("ip link set %s mtu %d", self->pair.b, mtus[i]));
		pair_enter(&self->pair, 'a');
		EXPECT_EQ(0, sh("ping -c 1 -W 5 -s %d %s >/dev/null", mtus[i] - 28, B4)) {
			TH_LOG("the largest packet of MTU %d does not pass", mtus[i]);
		}
		EXPECT_EQ(NULL, udp_echo(&self->pair, AF_INET, mtus[i] - 28, 5));
		run_traffic(_metadata, &self->pair, AF_INET, 2, MIB);
	}
}

/* Each offload off and on again, with traffic in each state. */
TEST_F_TIMEOUT(netvsc, offloads, 300)
{
	static const struct {
		const char *name;
		unsigned int get, set;
	} what[] = {
		{ "transmit checksum", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM },
		{ "receive checksum", ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM },
		{ "scatter-gather", ETHTOOL_GSG, ETHTOOL_SSG },
		{ "segmentation", ETHTOOL_GTSO, ETHTOOL_STSO },
	};

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		unsigned int was = 0, is = 1;

		ASSERT_EQ(0, eth_get_value(self->pair.a, what[i].get, &was));
		EXPECT_NE(0, was) { TH_LOG("%s is off", what[i].name); }
		ASSERT_EQ(0, eth_set_value(self->pair.a, what[i].set, 0));
		ASSERT_EQ(0, eth_get_value(self->pair.a, what[i].get, &is));
		EXPECT_EQ(0, is);
		run_traffic(_metadata, &self->pair, i % 2 ? AF_INET6 : AF_INET, 2, MIB);
		ASSERT_EQ(0, eth_set_value(self->pair.a, what[i].set, 1));
	}
	/* turning off the first ones turns off segmentation, too */
	sh("test -x /sbin/ethtool && ethtool -K %s tso on >/dev/null 2>&1", self->pair.a);
	EXPECT_EQ(0, eth_set_value(self->pair.a, ETHTOOL_STSO, 1));
	run_traffic(_metadata, &self->pair, AF_INET, 2, MIB);
}

/* Packets coalesced by the host (RSC), which is LRO to Linux */
TEST_F_TIMEOUT(netvsc, coalescing, 300)
{
	unsigned int flags;

	ASSERT_EQ(0, eth_get_value(self->pair.b, ETHTOOL_GFLAGS, &flags) &&
		     (pair_enter(&self->pair, 'b'), eth_get_value(self->pair.b, ETHTOOL_GFLAGS, &flags)));
	pair_enter(&self->pair, 'a');
	ASSERT_EQ(0, eth_get_value(self->pair.a, ETHTOOL_GFLAGS, &flags));
	for (int on = 1; on >= 0; on--) {
		unsigned int is;

		if (eth_set_value(self->pair.a, ETHTOOL_SFLAGS,
				  on ? flags | ETH_FLAG_LRO : flags & ~ETH_FLAG_LRO))
			SKIP(return, "the host does not offer it");
		ASSERT_EQ(0, eth_get_value(self->pair.a, ETHTOOL_GFLAGS, &is));
		EXPECT_EQ(on, !!(is & ETH_FLAG_LRO));
		run_traffic(_metadata, &self->pair, AF_INET, 2, 2 * MIB);
		run_traffic(_metadata, &self->pair, AF_INET6, 2, MIB);
	}
	EXPECT_EQ(0, eth_set_value(self->pair.a, ETHTOOL_SFLAGS, flags));
}

TEST_F_TIMEOUT(netvsc, vlan, 120)
{
	if (sh("modprobe 8021q 2>/dev/null; ip link add link %s name v0 type vlan id 42 2>/dev/null", self->pair.a))
		SKIP(return, "no 8021q");
	ASSERT_EQ(0, sh("ip addr add 198.51.100.1/24 dev v0 && ip link set v0 up"));
	pair_enter(&self->pair, 'b');
	ASSERT_EQ(0, sh("ip link add link %s name v0 type vlan id 42 && ip addr add 198.51.100.2/24 dev v0 && "
			"ip link set v0 up", self->pair.b));
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(0, sh("ping -c 3 -W 5 198.51.100.2 >/dev/null"));
	EXPECT_EQ(0, sh("ping -c 3 -W 5 -s 1472 198.51.100.2 >/dev/null"));
	sh("ip link del v0");
}

TEST_F_TIMEOUT(netvsc, packet_filter, 120)
{
	static const uint8_t stranger[] = { 0x02, 0, 0, 0xab, 0xcd, 0xef };
	static const uint8_t everybody[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t group[] = { 0x01, 0, 0x5e, 1, 2, 3 };
	uint8_t mac[6];

	pair_enter(&self->pair, 'b');
	ASSERT_TRUE(mac_of(self->pair.b, mac));
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(10, raw_received(&self->pair, mac, 10, false));
	EXPECT_EQ(10, raw_received(&self->pair, everybody, 10, false));
	EXPECT_EQ(10, raw_received(&self->pair, group, 10, false));
	EXPECT_EQ(0, raw_received(&self->pair, stranger, 10, false));
	pair_enter(&self->pair, 'b');
	ASSERT_EQ(0, sh("ip link set %s promisc on", self->pair.b));
	pair_enter(&self->pair, 'a');
	sleep(1);
	EXPECT_EQ(10, raw_received(&self->pair, stranger, 10, false));
	pair_enter(&self->pair, 'b');
	sh("ip link set %s promisc off", self->pair.b);
	pair_enter(&self->pair, 'a');
	sleep(1);
	EXPECT_EQ(0, raw_received(&self->pair, stranger, 10, false));
}

TEST_F_TIMEOUT(netvsc, change_address, 60)
{
	static const uint8_t other[] = { 0x02, 0x15, 0x5d, 1, 2, 3 };
	uint8_t mac[6], is[6];
	int ret;

	pair_enter(&self->pair, 'b');
	ASSERT_TRUE(mac_of(self->pair.b, mac));
	ret = sh("ip link set %s down && ip link set %s address 02:15:5d:01:02:03 2>/dev/null; r=$?; "
		 "ip link set %s up && exit $r", self->pair.b, self->pair.b, self->pair.b);
	pair_enter(&self->pair, 'a');
	if (ret)
		SKIP(return, "the host does not allow it");
	pair_enter(&self->pair, 'b');
	ASSERT_TRUE(mac_of(self->pair.b, is));
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(0, memcmp(is, other, 6));
	sleep(1);
	EXPECT_EQ(10, raw_received(&self->pair, other, 10, false));
	EXPECT_EQ(0, raw_received(&self->pair, mac, 10, false));
	pair_enter(&self->pair, 'b');
	EXPECT_EQ(0, sh("ip link set %s down && ip link set %s address %02x:%02x:%02x:%02x:%02x:%02x && "
			"ip link set %s up", self->pair.b, self->pair.b, mac[0], mac[1], mac[2], mac[3],
			mac[4], mac[5], self->pair.b));
	sleep(1);
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(10, raw_received(&self->pair, mac, 10, false));
}

TEST_F_TIMEOUT(netvsc, xdp, 120)
{
	unsigned int flags;
	uint8_t mac[6];
	int fd;

	pair_enter(&self->pair, 'b');
	ASSERT_TRUE(mac_of(self->pair.b, mac));
	ASSERT_EQ(0, eth_get_value(self->pair.b, ETHTOOL_GFLAGS, &flags));
	ASSERT_EQ(0, eth_set_value(self->pair.b, ETHTOOL_SFLAGS, flags & ~ETH_FLAG_LRO));

	fd = xdp_attach(self->pair.b, XDP_KIND_PASS);
	if (fd == -ENOSYS || fd == -EPERM)
		SKIP(return, "no bpf(2)");
	ASSERT_GE(fd, 0) { TH_LOG("cannot attach: %s", strerror(-fd)); }
	pair_enter(&self->pair, 'a');
	sleep(1);			/* the link was down for a moment */
	EXPECT_EQ(50, raw_received(&self->pair, mac, 50, false));
	run_traffic(_metadata, &self->pair, AF_INET, 2, MIB);
	close(fd);

	pair_enter(&self->pair, 'b');
	fd = xdp_attach(self->pair.b, XDP_KIND_DROP);
	ASSERT_GE(fd, 0);
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(0, raw_received(&self->pair, mac, 50, false));
	close(fd);

	pair_enter(&self->pair, 'b');
	fd = xdp_attach(self->pair.b, XDP_KIND_TX);
	ASSERT_GE(fd, 0);
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(50, raw_received(&self->pair, mac, 50, true));
	close(fd);

	pair_enter(&self->pair, 'b');
	eth_set_value(self->pair.b, ETHTOOL_SFLAGS, flags);
	pair_enter(&self->pair, 'a');
	EXPECT_EQ(50, raw_received(&self->pair, mac, 50, false));
}

/* --- with the host's help --- */

TEST_F_TIMEOUT(netvsc, link_flap, 120)
{
	if (host_open())
		SKIP(return, "needs the host to unplug the cable");
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, host_do("set_link", "{\"name\": \"net0\", \"up\": false}")) { TH_LOG("%s", host_error()); }
		EXPECT_TRUE(wait_net_attr(self->pair.a, "carrier", 0, 10));
		EXPECT_NE(0, sh("ping -c 1 -W 1 %s >/dev/null 2>&1", B4));
		ASSERT_EQ(0, host_do("set_link", "{\"name\": \"net0\", \"up\": true}"));
		EXPECT_TRUE(wait_net_attr(self->pair.a, "carrier", 1, 10));
		EXPECT_EQ(0, sh("for i in 1 2 3 4 5 6 7 8; do ping -c 1 -W 1 %s && exit; done >/dev/null 2>&1; exit 1",
				B4));
	}
	run_traffic(_metadata, &self->pair, AF_INET, 2, MIB);
}

TEST_F_TIMEOUT(netvsc, link_speed, 120)
{
	static const unsigned int speeds[] = { 40000, 1000, 10000 };
	unsigned int mbit;

	if (host_open())
		SKIP(return, "needs the host to change it");
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, host_do("qom-set", "{\"path\": \"/machine/peripheral/net0\", "
				 "\"property\": \"link-speed\", \"value\": %u}", speeds[i])) {
			TH_LOG("%s", host_error());
		}
		for (int k = 0; k < 50; k++) {
			ASSERT_EQ(0, eth_speed(self->pair.a, &mbit));
			if (mbit == speeds[i])
				break;
			usleep(100000);
		}
		EXPECT_EQ(speeds[i], mbit);
	}
}

/* The adapter goes away while data is under way, and comes back as a new one. */
TEST_F_TIMEOUT(netvsc, remove_and_add, 180)
{
	struct traffic t = { .pair = &self->pair, .family = AF_INET, .streams = 2 };
	int err = 0;
	bool ok;

	if (host_open())
		SKIP(return, "needs the host to take the adapter away");
	ok = traffic_start(&t);
	ASSERT_TRUE(ok) { TH_LOG("%s", t.error); }
	sleep(1);
	ASSERT_EQ(0, host_do("device_del", "{\"id\": \"net0\"}")) { TH_LOG("%s", host_error()); }
	for (int i = 0; i < 300 && if_nametoindex(self->pair.a); i++)
		usleep(100000);
	ASSERT_EQ(0, if_nametoindex(self->pair.a)) { TH_LOG("%s is still there", self->pair.a); }
	/* the device object goes when the guest has let go of it */
	for (int i = 0; i < 100 && (i == 0 || err); i++) {
		err = host_do("device_add", "{\"driver\": \"hv-net\", \"id\": \"net0\", \"netdev\": \"n0\", "
			      "\"mac\": \"52:54:00:00:00:01\"}");
		if (err)
			usleep(100000);
	}
	EXPECT_EQ(0, err) { TH_LOG("%s", host_error()); }
	EXPECT_TRUE(wait_adapters(1, 20));
	EXPECT_EQ(0, sh("ip addr add %s/24 dev %s && ip link set %s up", A4, self->pair.a, self->pair.a));
	EXPECT_EQ(NULL, udp_echo(&self->pair, AF_INET, 1000, 20));
	/* the streams' threads wait for what never comes, until this process ends */
}

TEST_HARNESS_MAIN
