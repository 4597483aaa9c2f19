/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's process 1: what its files share.
 */
#ifndef AZK_GUEST_INIT_H
#define AZK_GUEST_INIT_H

#include <stdbool.h>
#include <stddef.h>

enum verdict { PASS, FAIL, SKIP };

struct test {
	char *name;		/* target:program, as in the list */
	char *target;		/* the part before the colon: its folder */
	char *command;		/* arguments separated by blanks */
	unsigned int timeout;	/* seconds */
	bool once;		/* its first result stands */
};

/* console.c */

/* Opens /dev/kmsg (needs /dev), or falls back to standard output. */
void console_open(void);

/*
 * Prints one line with our prefix. A line is one kernel log record: kernel
 * messages cannot cut it in two, as they do with text written to a tty.
 */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints what a test wrote, indented as a subtest; text need not end in \0. */
void say_nested(const char *text, size_t len);

/* run.c */

/*
 * Runs one test as its own session, prints its output and returns its
 * verdict; why (of size len) says what went wrong, or is empty.
 */
enum verdict run_test(const struct test *t, char *why, size_t len);

/* Called while a test runs, some twenty times a second, unless NULL. */
extern void (*while_running)(void);

/* init.c */

/* What tests expect of their environment. */
void set_environment(void);

/* Runs the programs of the file list, prints one KTAP stream. */
void run_list(const char *list);

/* remote.c */

/* The list on a machine not ours, for at most limit seconds; exit status. */
int run_remote(const char *limit);

/* facts.c */

/* Seconds since boot, including suspend. */
double uptime(void);

/* Prints the facts a benchmark reads: uptime is that of init's first line. */
void print_facts(double started);

/* Reads a whole small file into buf and cuts the last newline; -errno. */
int read_text(const char *path, char *buf, size_t len);

/* True if the kernel command line has the word key; *val as in key=val. */
bool cmdline_has(const char *key, char *val, size_t len);

/* Runs file with two arguments; its exit status, or -1. */
int run_command(const char *file, const char *arg, const char *arg2);

/* Checks an installed system from inside: prints KTAP, returns failures. */
int check_installed(void);

#endif
