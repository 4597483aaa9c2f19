/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MISBEHAVE_DRIVE_H
#define MISBEHAVE_DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINE_MAX_LEN	400
#define LOADS_MAX	16

double now(void);			/* seconds, monotonic */
void pause_ms(int ms);

/* --- monitor.c: QEMU's monitor --- */

/* Connects, waiting up to @seconds for the socket; returns a descriptor or -1. */
int monitor_open(const char *path, int seconds);

/*
 * Runs one command given as JSON; the answer's value is in @answer, with
 * escaped line ends turned into real ones. Returns 0; 1 if the host refused,
 * with its words in @answer; -1 if there is no host any more.
 */
int monitor_run(int fd, char *answer, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* --- console.c: what the guest says --- */

struct console {
	int fd;
	char line[4096];
	size_t len;
	unsigned int boots;
	/* the fault told first since console_reset(), and where */
	char fault[LINE_MAX_LEN], where[128];
	bool panicked;
	/* the last line that is no load's */
	char last[LINE_MAX_LEN];
	/* a line that comes again and again, and how often it came more than others */
	char again[LINE_MAX_LEN];
	unsigned int repeats;
	/* counters of the loads as told last, and when they last grew */
	struct {
		char name[16];
		unsigned long value;
		double grown;
	} load[LOADS_MAX];
	int loads;
	/* called for each fault with its function, for a list of all of them */
	void (*on_fault)(void *arg, const char *line, const char *where);
	void *arg;
	/* a fault whose function is not known yet */
	char pending[LINE_MAX_LEN];
	int pending_lines;
};

bool console_open(struct console *c, const char *path);
void console_close(struct console *c);
/* Forgets the fault, not the counters. */
void console_reset(struct console *c);
/* Reads what is new. */
void console_read(struct console *c);
/* Takes the fault that still waits for its function as it is. */
void console_settle(struct console *c);

/* --- guest.c: the guest as a process --- */

struct guest {
	pid_t pid;
	int monitor;
	char bridge[128];	/* QOM path of vmbus-bridge */
	char load[64];
	struct console console;
	double next_action;
	unsigned int actions;
};

/*
 * Starts @command by the shell with LOAD, SOCKET and CONSOLE in its
 * environment and waits until the guest's loads run. Returns false with the
 * reason on standard error and the guest ended.
 */
bool guest_start(struct guest *g, const char *command, const char *load, const char *dir);
/*
 * Boots the same machine anew, which is much quicker; it may be doing so
 * already. Returns false if that did not work, with the guest ended.
 */
bool guest_restart(struct guest *g);
bool guest_alive(struct guest *g);
void guest_end(struct guest *g);
/* Sets the bridge's rules: 0, or -1 with the host's words on standard error. */
int guest_rules(struct guest *g, const char *rules);
/* What the host does on its own for the load: requests to services, balloon. */
void guest_act(struct guest *g);
/* Messages altered and consumed by the rules in force, each rule of up to @n. */
int guest_consumed(struct guest *g, unsigned long *altered, unsigned long *consumed, int n);

#endif
