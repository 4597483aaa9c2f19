// SPDX-License-Identifier: GPL-2.0-only
/*
 * azk-kconf: answers questions about one kernel tree's Kconfig.
 *
 * Linked against the tree's own scripts/kconfig objects, so that every rule of
 * the language is the kernel's and not a copy of it. A separate program: these
 * objects are GPL-2.0-only, azk is not.
 *
 * usage: azk-kconf KCONFIG        (environment as the kernel's Makefile sets it)
 *
 * Protocol, one request a line, every answer ends with a line holding ".":
 *
 *   open FILE    values of FILE are what the user asks for, the rest default
 *   write FILE   write the resulting .config
 *   sym NAME...  one record per symbol (see put_sym())
 *   tree NAME    its dependencies as a tree (put_tree())
 *   rdeps NAME   what depends on it (put_reverse())
 *   fix BUDGET NAME VALUE   what would make it so (put_fixes())
 *   reach BUDGET NAME VALUE the first of these only, without what it costs
 *   values       every symbol's value (put_all_values())
 *   describe     every symbol's definition (put_all_descriptions())
 *   files        the Kconfig files read, one a line
 *   close        forget the values of open
 *
 * A request that cannot be done answers "error TEXT". The parsed tree is the
 * expensive part, and Kconfig keeps state between loads (the priority of
 * choice members), so open forks: each set of values starts from the pristine
 * parse and cannot leave anything behind for the next one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "azk-kconf.h"

#define PROTOCOL 2

static void end_answer(void)
{
	puts(".");
	fflush(stdout);
}

static void answer_error(const char *fmt, ...)
{
	va_list ap;

	fputs("error ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	end_answer();
}

static void do_sym(char *names)
{
	char *save = NULL, *name;

	for (name = strtok_r(names, " ", &save); name;
	     name = strtok_r(NULL, " ", &save))
		put_sym(name);
	end_answer();
}

/* For requests about one symbol that must exist. */
static void do_one(const char *name, void (*put)(struct symbol *sym))
{
	struct symbol *sym = find_symbol(name);

	if (sym)
		put(sym);
	end_answer();
}

static void do_fix(char *arg, bool losses)
{
	char *save = NULL, *budget = strtok_r(arg, " ", &save), *name = strtok_r(NULL, " ", &save);
	char *value = strtok_r(NULL, "", &save);
	struct symbol *sym = name ? find_symbol(name) : NULL;

	if (!value) {
		answer_error("fix needs a budget, a symbol and a value");
		return;
	}
	if (sym)
		put_fixes(sym, value, (unsigned int)strtoul(budget, NULL, 10), losses);
	end_answer();
}

/* The list make would depend on: "\tPATH \\", among lines of make's own. */
static void put_files(void)
{
	const char *s = str_get(&autoconf_cmd);

	while (*s) {
		size_t n = strcspn(s, "\n");

		if (n > 3 && s[0] == '\t' && s[n - 1] == '\\')
			printf("%.*s\n", (int)(n - 3), s + 1);
		s += n + (s[n] == '\n');
	}
}

static char *read_request(char **line, size_t *size)
{
	ssize_t len = getline(line, size, stdin);

	if (len <= 0)
		return NULL;
	if ((*line)[len - 1] == '\n')
		(*line)[len - 1] = '\0';
	return *line;
}

static bool starts(const char *s, const char *word, char **rest)
{
	size_t len = strlen(word);

	if (strncmp(s, word, len) || (s[len] && s[len] != ' '))
		return false;
	*rest = (char *)s + len + (s[len] == ' ');
	return true;
}

/* Requests that need no values, and with @opened those that do. */
static void request(char *line, bool opened)
{
	char *arg;

	settle();
	if (starts(line, "sym", &arg)) {
		do_sym(arg);
	} else if (starts(line, "tree", &arg)) {
		do_one(arg, put_tree);
	} else if (starts(line, "rdeps", &arg)) {
		do_one(arg, put_reverse);
	} else if (starts(line, "describe", &arg)) {
		put_all_descriptions();
		end_answer();
	} else if (starts(line, "files", &arg)) {
		put_files();
		end_answer();
	} else if (opened && starts(line, "fix", &arg)) {
		do_fix(arg, true);
	} else if (opened && starts(line, "reach", &arg)) {
		do_fix(arg, false);
	} else if (opened && starts(line, "values", &arg)) {
		put_all_values();
		end_answer();
	} else if (opened && starts(line, "write", &arg)) {
		if (conf_write(arg))
			answer_error("cannot write %s", arg);
		else
			end_answer();
	} else {
		answer_error("unknown request: %s", line);
	}
}

/* In the child: serve until close. */
static void serve_values(const char *file)
{
	char *line = NULL, *arg;
	size_t size = 0;

	if (conf_read_simple(file, S_DEF_USER)) {
		answer_error("cannot read %s: %s", file, strerror(errno));
	} else {
		/* reading has forgotten all values, as conf --alldefconfig does */
		sym_calc_value(modules_sym);
		end_answer();
	}
	while (read_request(&line, &size)) {
		if (starts(line, "close", &arg)) {
			end_answer();
			break;
		}
		request(line, true);
	}
	free(line);
}

static int serve(void)
{
	char *line = NULL, *arg;
	size_t size = 0;
	int status, ret = 0;
	pid_t pid;

	while (read_request(&line, &size)) {
		if (!starts(line, "open", &arg)) {
			request(line, false);
			continue;
		}
		pid = fork();
		if (pid < 0) {
			answer_error("fork: %s", strerror(errno));
			continue;
		}
		if (!pid) {
			serve_values(arg);
			fflush(stdout);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) < 0 || status) {
			ret = 1;
			break;
		}
	}
	free(line);
	return ret;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: azk-kconf KCONFIG\n");
		return 2;
	}
	/* parent and child read the same pipe: nobody may read ahead */
	setvbuf(stdin, NULL, _IONBF, 0);
	conf_set_message_callback(NULL);
	memo_load();
	conf_parse(argv[1]);
	memo_save();
	list_expressions();
	sym_clear_all_valid();
	printf("azk-kconf %d\n", PROTOCOL);
	end_answer();
	return serve();
}
