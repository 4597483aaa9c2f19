/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AZURE_NETVSC_NET_H
#define AZURE_NETVSC_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_QUEUES 64

/* --- adapter.c --- */

/*
 * Two adapters on one switch, the second in a network namespace of its own, so
 * that traffic between them goes through the host. The namespace ends with the
 * process, and the kernel moves the adapter back.
 */
struct pair {
	char a[IFNAMSIZ], b[IFNAMSIZ];
	int ns_a, ns_b;		/* namespaces, as file descriptors */
	bool broken;		/* there is a pair, but it cannot be made use of */
};

/* Addresses of the two, without length: v4 and v6 */
#define A4 "192.0.2.1"
#define B4 "192.0.2.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8::2"

/* Names of up to @max netvsc adapters in this namespace; returns how many there are. */
int adapters(char (*names)[IFNAMSIZ], int max);

/* Waits until there are @n, for at most @seconds. */
bool wait_adapters(int n, int seconds);

/* Returns NULL, or why there is no such pair; with @p->broken set it is a failure. */
const char *pair_make(struct pair *p);

/* Makes this thread's namespace the one of side 'a' or 'b'. */
void pair_enter(const struct pair *p, char side);

/* Runs a shell command by printf's rules; returns its exit status. */
int sh(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A number from /sys/class/net/NAME/FILE, -1 if there is none. */
long net_attr(const char *name, const char *file);

/* Waits until that number is @value, for at most @seconds. */
bool wait_net_attr(const char *name, const char *file, long value, int seconds);

/* --- ethtool.c; all return 0 or -errno and act in this thread's namespace --- */

int eth_driver(const char *name, char *driver, size_t size);
int eth_get_channels(const char *name, unsigned int *now, unsigned int *max);
int eth_set_channels(const char *name, unsigned int n);
int eth_get_rings(const char *name, unsigned int *rx, unsigned int *tx);
int eth_set_rings(const char *name, unsigned int rx, unsigned int tx);
int eth_speed(const char *name, unsigned int *mbit);
/* @what: an ETHTOOL_S... command of the old kind with one value */
int eth_set_value(const char *name, unsigned int what, unsigned int value);
/* and the ETHTOOL_G... to it */
int eth_get_value(const char *name, unsigned int what, unsigned int *value);
/* Packets of queue @q, "rx" or "tx"; -1 if there is no such counter. */
long long eth_queue_packets(const char *name, const char *dir, int q);
/* Any counter by its name. */
long long eth_counter(const char *name, const char *counter);
/* All entries of the receive indirection table lead to @queue; -1: as the driver has it. */
int eth_steer(const char *name, int queue);
/* Key of the hash; @key has room for 256. */
int eth_get_key(const char *name, uint8_t *key, unsigned int *size);
int eth_set_key(const char *name, const uint8_t *key, unsigned int size);

/* --- traffic.c --- */

struct traffic {
	const struct pair *pair;
	int family;		/* AF_INET or AF_INET6 */
	int streams;		/* TCP, half of them from a to b, half back */
	uint64_t bytes;		/* of each stream; 0: until traffic_stop() */
	/* results */
	uint64_t moved;		/* bytes received and found right, all streams */
	int longest_gap_ms;	/* without any progress of a stream */
	char error[256];	/* empty: none */
	/* internal */
	void *state;
};

/* Starts threads. Returns false with @error set. */
bool traffic_start(struct traffic *t);
/* Ends streams without a number of bytes, waits for all; true if all was right. */
bool traffic_stop(struct traffic *t);
/* Bytes so far. */
uint64_t traffic_moved(struct traffic *t);
/* Those that arrived at side 'a' or 'b'. */
uint64_t traffic_moved_to(struct traffic *t, char side);
/* Start, wait, stop. */
bool traffic_run(struct traffic *t);

/*
 * Datagrams of @size bytes from a to b and back, @count of them, each until its
 * echo has come. Returns NULL or what went wrong.
 */
const char *udp_echo(const struct pair *p, int family, size_t size, int count);

/*
 * Sends @count raw frames from a to @dst, and counts the whole ones that arrive
 * at a packet socket of b or, with @back, at one of a, addresses swapped.
 */
int raw_received(const struct pair *p, const uint8_t *dst, int count, bool back);

/* Address of an adapter in this thread's namespace. */
bool mac_of(const char *name, uint8_t *mac);

/* --- xdp.c --- */

enum xdp_kind { XDP_KIND_PASS, XDP_KIND_DROP, XDP_KIND_TX };

/* Attaches a program in this thread's namespace; returns a descriptor or -errno. Closing it detaches. */
int xdp_attach(const char *name, enum xdp_kind kind);

#endif
