// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list on a machine that was there before and goes on afterwards:
 * remote.sh has made a root in memory and a PID namespace that end with this
 * process, its first. Results go to standard output, the kernel's messages of
 * the time between them, as they would on a console.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init.h"

static int kmsg = -1;
static bool lost;

/* Whoever started this is gone, or the time is up: nothing stays. */
static void __attribute__((noreturn)) give_up(int sig)
{
	(void)sig;
	kill(-1, SIGKILL);
	_exit(1);
}

/* A record is "priority,sequence,microseconds,flags;text\n", maybe with more lines. */
static void print_record(char *r)
{
	unsigned long long us = 0;
	char *text = strchr(r, ';');

	if (!text || sscanf(r, "%*u,%*u,%llu", &us) != 1)
		return;
	text++;
	text[strcspn(text, "\n")] = '\0';
	printf("[%5llu.%06llu] %s\n", us / 1000000, us % 1000000, text);
}

static void tick(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	char record[8192];
	ssize_t n;

	while (kmsg >= 0 && ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		if (n < 0) {
			lost = true;
			continue;
		}
		record[n] = '\0';
		print_record(record);
	}
	if (fflush(stdout) || (poll(&out, 1, 0) > 0 && out.revents & (POLLERR | POLLHUP)))
		give_up(0);
}

int run_remote(const char *limit)
{
	/* the first process of a namespace gets no signal it has no handler for */
	signal(SIGALRM, give_up);
	signal(SIGTERM, give_up);
	signal(SIGINT, give_up);
	signal(SIGPIPE, SIG_IGN);
	if (getpid() != 1) {
		fprintf(stderr, "init remote: not the first process of a PID namespace\n");
		return 2;
	}
	alarm(strtoul(limit, NULL, 10));
	setvbuf(stdout, NULL, _IOLBF, 0);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0) {
		fprintf(stderr, "init remote: cannot read the kernel's messages: %s\n", strerror(errno));
		return 2;
	}
	while_running = tick;
	set_environment();
	print_facts(uptime());
	run_list("/tests/list");
	tick();
	if (lost)
		say("not ok kernel log: messages were overwritten before they could be read");
	say("azk-guest: end");
	return 0;
}
