// SPDX-License-Identifier: GPL-2.0-only
/* Traffic whose content is checked, between two network namespaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

/*
 * A stream is a sequence of blocks. Each KiB of it begins with its number and
 * the stream's, and goes on with what the stream's template has there, so that
 * data in the wrong place, of the wrong stream or changed is seen.
 */
#define UNIT	1024
#define BLOCK	(64 * UNIT)
#define PATIENCE 90		/* seconds without progress are an error */

struct stream {
	struct traffic *t;
	int index;
	int fd[2];		/* sender, receiver */
	pthread_t thread[2];
	bool started[2];
	_Atomic uint64_t moved;
	uint64_t sent;
	int gap_ms;
	char error[128];
};

struct state {
	_Atomic bool stop;
	int n;
	struct stream streams[];
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void fill_template(uint8_t *block, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + 1;

	for (size_t i = 0; i < BLOCK; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(block + i, &x, sizeof(x));
	}
}

static uint64_t unit_header(int stream, uint64_t unit)
{
	return (uint64_t)stream << 48 ^ unit;
}

static void number_block(uint8_t *block, int stream, uint64_t first)
{
	for (int i = 0; i < BLOCK / UNIT; i++) {
		uint64_t h = unit_header(stream, first + i);

		memcpy(block + i * UNIT, &h, sizeof(h));
	}
}

static void *sender(void *arg)
{
	struct stream *s = arg;
	struct state *state = s->t->state;
	uint8_t *block = malloc(BLOCK);
	uint64_t sent = 0;

	fill_template(block, s->index);
	while (s->t->bytes ? sent < s->t->bytes : !atomic_load(&state->stop)) {
		size_t off = 0;

		number_block(block, s->index, sent / UNIT);
		while (off < BLOCK) {
			ssize_t n = send(s->fd[0], block + off, BLOCK - off, MSG_NOSIGNAL);

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0) {
				snprintf(s->error, sizeof(s->error), "stream %d: send: %s", s->index,
					 strerror(errno));
				goto out;
			}
			off += n;
		}
		sent += BLOCK;
	}
out:
	s->sent = sent;
	shutdown(s->fd[0], SHUT_WR);
	free(block);
	return NULL;
}

static void *receiver(void *arg)
{
	struct stream *s = arg;
	uint8_t *block = malloc(BLOCK), *want = malloc(BLOCK);
	long long last = now_ms();
	uint64_t got = 0;

	fill_template(want, s->index);
	for (;;) {
		size_t off = 0;

		while (off < BLOCK) {
			ssize_t n = recv(s->fd[1], block + off, BLOCK - off, 0);
			long long now = now_ms();

			if (n < 0 && errno == EINTR)
				continue;
			if (n == 0 && !off)
				goto out;
			if (n <= 0) {
				snprintf(s->error, sizeof(s->error), "stream %d at %llu: %s", s->index,
					 (unsigned long long)(got + off),
					 !n ? "ends within a block" : errno == EAGAIN ?
					 "no progress" : strerror(errno));
				goto out;
			}
			if (now - last > s->gap_ms)
				s->gap_ms = now - last;
			last = now;
			off += n;
			atomic_fetch_add(&s->moved, n);
		}
		number_block(want, s->index, got / UNIT);
		if (memcmp(block, want, BLOCK)) {
			for (off = 0; block[off] == want[off]; off++)
				;
			snprintf(s->error, sizeof(s->error), "stream %d: wrong data at byte %llu", s->index,
				 (unsigned long long)(got + off));
			goto out;
		}
		got += BLOCK;
	}
out:
	if (!*s->error && s->t->bytes && got != s->t->bytes)
		snprintf(s->error, sizeof(s->error), "stream %d: %llu bytes arrived of %llu", s->index,
			 (unsigned long long)got, (unsigned long long)s->t->bytes);
	/* so that a sender does not wait for ever */
	if (*s->error)
		shutdown(s->fd[1], SHUT_RDWR);
	free(block);
	free(want);
	return NULL;
}

static socklen_t address(int family, const char *host, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET) {
		v4->sin_port = htons(port);
		inet_pton(family, host, &v4->sin_addr);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	inet_pton(family, host, &v6->sin6_addr);
	return sizeof(*v6);
}

/* Connects stream @s; even ones go from a to b. */
static bool connect_stream(struct stream *s)
{
	const struct traffic *t = s->t;
	char to = s->index % 2 ? 'a' : 'b', from = s->index % 2 ? 'b' : 'a';
	const char *host = t->family == AF_INET ? (to == 'a' ? A4 : B4) : (to == 'a' ? A6 : B6);
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_storage ss;
	socklen_t len = address(t->family, host, 0, &ss);
	/* Nothing of a stream outlives its process, or it would hold the namespace. */
	struct linger reset = { .l_onoff = 1 };
	int listener, one = 1;

	pair_enter(t->pair, to);
	listener = socket(t->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (listener < 0 || bind(listener, (struct sockaddr *)&ss, len) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&ss, &len) < 0)
		goto err;
	pair_enter(t->pair, from);
	s->fd[0] = socket(t->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(s->fd[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (s->fd[0] < 0 || connect(s->fd[0], (struct sockaddr *)&ss, len) < 0)
		goto err;
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	s->fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (s->fd[1] < 0)
		goto err;
	setsockopt(s->fd[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(s->fd[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(listener);
	pair_enter(t->pair, 'a');
	return true;
err:
	snprintf(s->t->error, sizeof(s->t->error), "stream %d: cannot connect: %s", s->index, strerror(errno));
	close(listener);
	pair_enter(t->pair, 'a');
	return false;
}

bool traffic_start(struct traffic *t)
{
	struct state *state = calloc(1, sizeof(*state) + t->streams * sizeof(state->streams[0]));

	t->error[0] = '\0';
	t->moved = 0;
	t->longest_gap_ms = 0;
	t->bytes = (t->bytes + BLOCK - 1) / BLOCK * BLOCK;
	t->state = state;
	for (int i = 0; i < t->streams; i++) {
		struct stream *s = &state->streams[i];

		s->t = t;
		s->index = i;
		s->fd[0] = s->fd[1] = -1;
		state->n++;
		if (!connect_stream(s)) {
			char error[sizeof(t->error)];

			memcpy(error, t->error, sizeof(error));
			traffic_stop(t);
			memcpy(t->error, error, sizeof(error));
			return false;
		}
		s->started[1] = !pthread_create(&s->thread[1], NULL, receiver, s);
		s->started[0] = !pthread_create(&s->thread[0], NULL, sender, s);
	}
	return true;
}

static uint64_t moved_from(struct traffic *t, int first, int step)
{
	struct state *state = t->state;
	uint64_t sum = 0;

	for (int i = first; state && i < state->n; i += step)
		sum += atomic_load(&state->streams[i].moved);
	return sum;
}

uint64_t traffic_moved(struct traffic *t)
{
	return moved_from(t, 0, 1);
}

uint64_t traffic_moved_to(struct traffic *t, char side)
{
	return moved_from(t, side == 'a', 2);
}

bool traffic_stop(struct traffic *t)
{
	struct state *state = t->state;

	atomic_store(&state->stop, true);
	for (int i = 0; i < state->n; i++) {
		struct stream *s = &state->streams[i];

		for (int k = 0; k < 2; k++)
			if (s->started[k])
				pthread_join(s->thread[k], NULL);
		for (int k = 0; k < 2; k++)
			if (s->fd[k] >= 0)
				close(s->fd[k]);
		if (!*s->error && s->sent != atomic_load(&s->moved))
			snprintf(s->error, sizeof(s->error), "stream %d: %llu bytes arrived of %llu", s->index,
				 (unsigned long long)atomic_load(&s->moved), (unsigned long long)s->sent);
		if (*s->error && !*t->error)
			snprintf(t->error, sizeof(t->error), "%s", s->error);
		if (s->gap_ms > t->longest_gap_ms)
			t->longest_gap_ms = s->gap_ms;
	}
	t->moved = traffic_moved(t);
	free(state);
	t->state = NULL;
	return !*t->error;
}

bool traffic_run(struct traffic *t)
{
	return traffic_start(t) && traffic_stop(t);
}

/* --- datagrams --- */

struct echo {
	int fd;
	_Atomic bool stop;
};

static void *echo_thread(void *arg)
{
	struct echo *e = arg;
	static uint8_t buf[65536];
	struct sockaddr_storage from;

	while (!atomic_load(&e->stop)) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(e->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(e->fd, buf, n, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

const char *udp_echo(const struct pair *p, int family, size_t size, int count)
{
	static char error[128];
	static uint8_t out[65536], in[65536];
	struct timeval wait = { .tv_usec = 500000 };
	struct echo e = { 0 };
	struct sockaddr_storage ss;
	socklen_t len = address(family, family == AF_INET ? B4 : B6, 0, &ss);
	int fd, i, tries;
	pthread_t thread;

	error[0] = '\0';
	pair_enter(p, 'b');
	e.fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e.fd < 0 || bind(e.fd, (struct sockaddr *)&ss, len) < 0 ||
	    getsockname(e.fd, (struct sockaddr *)&ss, &len) < 0)
		snprintf(error, sizeof(error), "cannot bind: %s", strerror(errno));
	setsockopt(e.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	pair_enter(p, 'a');
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	connect(fd, (struct sockaddr *)&ss, len);
	pthread_create(&thread, NULL, echo_thread, &e);
	for (i = 0; i < count && !*error; i++) {
		for (size_t k = 0; k < size; k++)
			out[k] = k * 31 + i * 17 + size;
		for (tries = 0; tries < 20; tries++) {
			ssize_t n;

			if (send(fd, out, size, 0) != (ssize_t)size) {
				snprintf(error, sizeof(error), "send of %zu bytes: %s", size, strerror(errno));
				break;
			}
			n = recv(fd, in, sizeof(in), 0);
			if (n < 0 && errno == EAGAIN)
				continue;
			if (n != (ssize_t)size || memcmp(in, out, size)) {
				/* the answer to a try before, if that is all */
				if (n == (ssize_t)size && i && tries)
					continue;
				snprintf(error, sizeof(error), "datagram %d of %zu bytes came back wrong (%zd)",
					 i, size, n);
			}
			break;
		}
		if (tries == 20)
			snprintf(error, sizeof(error), "datagram %d of %zu bytes: no answer", i, size);
	}
	atomic_store(&e.stop, true);
	pthread_join(thread, NULL);
	close(e.fd);
	close(fd);
	return *error ? error : NULL;
}

/* --- raw frames --- */

#define ETHERTYPE 0x88b5	/* for experiments, IEEE 802 */
#define FRAME 200

bool mac_of(const char *name, uint8_t *mac)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ok = ioctl(fd, SIOCGIFHWADDR, &ifr) == 0;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	close(fd);
	return ok;
}

static int packet_socket(const struct pair *p, char side)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE) };
	struct timeval wait = { .tv_sec = 1 };
	int fd;

	pair_enter(p, side);
	ll.sll_ifindex = if_nametoindex(side == 'a' ? p->a : p->b);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE));
	if (fd >= 0) {
		bind(fd, (struct sockaddr *)&ll, sizeof(ll));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	}
	pair_enter(p, 'a');
	return fd;
}

int raw_received(const struct pair *p, const uint8_t *dst, int count, bool back)
{
	uint8_t frame[FRAME], in[2048];
	int from = packet_socket(p, 'a'), to = packet_socket(p, back ? 'a' : 'b');
	int received = 0;

	memcpy(frame, dst, 6);
	mac_of(p->a, frame + 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	for (int i = 14; i < FRAME; i++)
		frame[i] = i * 7;
	for (int i = 0; i < count; i++)
		send(from, frame, FRAME, 0);
	for (;;) {
		struct sockaddr_ll ll;
		socklen_t len = sizeof(ll);
		ssize_t n = recvfrom(to, in, sizeof(in), 0, (struct sockaddr *)&ll, &len);

		if (n < 0)
			break;
		if (ll.sll_pkttype == PACKET_OUTGOING || n != FRAME || memcmp(in + 12, frame + 12, FRAME - 12))
			continue;
		if (back ? !memcmp(in, frame + 6, 6) && !memcmp(in + 6, dst, 6) : !memcmp(in, dst, 6))
			received++;
	}
	close(from);
	close(to);
	return received;
}
