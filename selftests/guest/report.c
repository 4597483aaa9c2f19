// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a guest's console log and says what happened: TAP on standard
 * output (and --tap FILE), JUnit XML with --junit FILE. Exit status 0 if
 * everything holds, 1 if something failed, 2 on bad usage or input.
 *
 * A log line of interest looks like
 *
 *	[    3.141592] azk:     ok 3 TRACE.read # SKIP no such call
 *
 * What follows "azk: " is KTAP: four blanks of indentation are a program's
 * own lines, none are the verdict on the program. Everything without that
 * prefix is the kernel speaking, where panics, oopses and warnings are
 * looked for, and KUnit's own KTAP is read. A program that reports cases of its own stands for them; the
 * verdict on it is a line by itself only if it adds something.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "faults.h"
#include "report.h"

#define PREFIX		"azk: "
#define MAX_FINDINGS	10

struct rule {
	char *kind, *glob, *reason;
	unsigned int used;
};

struct program {
	char *name;
	bool seen;
};

struct item *items;
size_t nitems;
static struct rule *rules;
static size_t nrules;
static struct program *programs;
static size_t nprograms;

/* the program whose lines are being read */
static struct {
	char *name;
	long planned;
	size_t cases, failed;
	size_t first;		/* where its cases begin among the items */
	char *why;
} cur;

static bool saw_end;
static unsigned int findings, allowed, second_tries;
static long top_planned = -1;
static size_t top_seen;

static void *grow(void *p, size_t n, size_t size)
{
	/* double at powers of two */
	if (n & (n - 1))
		return p;
	p = realloc(p, (n ? n * 2 : 1) * size);
	if (!p) {
		perror("report");
		exit(2);
	}
	return p;
}

static char *dup(const char *s)
{
	char *p = strdup(s ? s : "");

	if (!p) {
		perror("report");
		exit(2);
	}
	return p;
}

static struct rule *rule_for(const char *kind, const char *name)
{
	size_t i;

	for (i = 0; i < nrules; i++)
		if (!strcmp(rules[i].kind, kind) &&
		    !fnmatch(rules[i].glob, name, 0)) {
			rules[i].used++;
			return &rules[i];
		}
	return NULL;
}

static void add(const char *name, enum status status, const char *note)
{
	struct rule *r = NULL;
	struct item *it;

	items = grow(items, nitems, sizeof(*items));
	it = &items[nitems++];
	it->name = dup(name);
	it->status = status;
	it->known = false;
	if (status == SKIPPED) {
		r = rule_for("skip", name);
		if (!r)
			it->status = NOT_OK;
	} else if (status == NOT_OK) {
		r = rule_for("fail", name);
		if (r) {
			it->status = SKIPPED;
			it->known = true;
		}
	}
	if (r || status != SKIPPED) {
		it->note = dup(r ? r->reason : note);
	} else {
		size_t len = strlen(note) + 64;

		it->note = malloc(len);
		if (!it->note)
			exit(2);
		snprintf(it->note, len, "skipped, but not in the skip list: %s",
			 note);
	}
}

static FILE *open_text(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		fprintf(stderr, "report: cannot read %s: %s\n", path,
			strerror(errno));
	return f;
}

/* "off|skip|fail|log GLOB # reason": a glob may hold blanks. */
static int read_rules(const char *path)
{
	char *line = NULL, *hash, *end;
	size_t size = 0;
	FILE *f = open_text(path);
	int nr = 0, ret = 0;

	if (!f)
		return -1;
	while (getline(&line, &size, f) >= 0) {
		char kind[8], *glob;
		int n = 0;

		nr++;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		hash = strstr(line, " # ");
		if (sscanf(line, "%7s %n", kind, &n) != 1 || !n || !hash ||
		    hash <= line + n ||
		    (strcmp(kind, "off") && strcmp(kind, "skip") &&
		     strcmp(kind, "fail") && strcmp(kind, "log"))) {
			fprintf(stderr, "report: %s:%d: want KIND GLOB # REASON\n",
				path, nr);
			ret = -1;
			continue;
		}
		glob = line + n;
		for (end = hash; end > glob && isblank((unsigned char)end[-1]);)
			end--;
		*end = '\0';
		rules = grow(rules, nrules, sizeof(*rules));
		rules[nrules].kind = dup(kind);
		rules[nrules].glob = dup(glob);
		rules[nrules].reason = dup(hash + 3);
		rules[nrules++].used = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

static int read_list(const char *path)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_text(path);

	if (!f)
		return -1;
	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "# \t\n")] = '\0';
		if (!line[0])
			continue;
		programs = grow(programs, nprograms, sizeof(*programs));
		programs[nprograms].name = dup(line);
		programs[nprograms++].seen = false;
	}
	free(line);
	fclose(f);
	return 0;
}

/* Skips the kernel's "[    1.234567] " and "[    T1] ". */
static char *skip_stamp(char *s)
{
	char *p;

	while (*s == '[') {
		for (p = s + 1; isalnum((unsigned char)*p) || *p == '.' ||
		     *p == ' '; p++)
			;
		if (p[0] != ']' || p[1] != ' ')
			break;
		s = p + 2;
	}
	return s;
}

/* Takes a result line apart; false if it is none. The line is cut. */
static bool result_line(char *s, enum status *status, char **desc, char **note)
{
	char *p, *hash;

	if (!strncmp(s, "not ok", 6)) {
		*status = NOT_OK;
		p = s + 6;
	} else if (!strncmp(s, "ok", 2)) {
		*status = OK;
		p = s + 2;
	} else {
		return false;
	}
	if (*p != ' ')
		return false;
	p += strspn(p, " ");
	p += strspn(p, "0123456789");
	p += strspn(p, " ");
	if (p[0] == '-' && p[1] == ' ')
		p += 2;
	*note = p + strlen(p);
	for (hash = strchr(p, '#'); hash; hash = strchr(hash + 1, '#')) {
		char *word = hash + 1 + strspn(hash + 1, " ");

		if (strncasecmp(word, "skip", 4))
			continue;
		*status = SKIPPED;
		word += strcspn(word, " ");
		*note = word + strspn(word, " ");
		while (hash > p && hash[-1] == ' ')
			hash--;
		*hash = '\0';
		break;
	}
	*desc = p;
	return true;
}

static void program_begins(const char *name)
{
	free(cur.name);
	free(cur.why);
	memset(&cur, 0, sizeof(cur));
	cur.name = dup(name);
	cur.planned = -1;
	cur.first = nitems;
}

static void case_line(char *s)
{
	char name[1024], *desc, *note;
	enum status status;

	if (!strncmp(s, "# Subtest: ", 11)) {
		program_begins(s + 11);
		return;
	}
	if (!cur.name)
		return;
	if (!strncmp(s, "1..", 3)) {
		cur.planned = strtol(s + 3, NULL, 10);
		return;
	}
	if (!result_line(s, &status, &desc, &note))
		return;
	/* some programs name a skipped case after the directive only */
	snprintf(name, sizeof(name), "%s: %s", cur.name,
		 *desc ? desc : *note ? note : "(no name)");
	cur.cases++;
	cur.failed += status == NOT_OK;
	add(name, status, note);
}

/* The program is run again: only its last results count, the first are told. */
static void forget_attempt(const char *why)
{
	size_t i, kept = 0, len = strlen(cur.name);

	second_tries++;
	printf("# second attempt: %s: %s\n", cur.name, why);
	for (i = 0; i < nitems; i++) {
		if (i < cur.first || strncmp(items[i].name, cur.name, len) ||
		    items[i].name[len] != ':') {
			items[kept++] = items[i];
			continue;
		}
		if (items[i].status == NOT_OK)
			printf("# second attempt: failed before: %s\n",
			       items[i].name);
		free(items[i].name);
		free(items[i].note);
	}
	nitems = kept;
}

static void program_ends(enum status status, const char *name,
			 const char *note)
{
	char text[1280];
	size_t i;

	top_seen++;
	for (i = 0; i < nprograms; i++)
		if (!strcmp(programs[i].name, name))
			programs[i].seen = true;
	if (!cur.name || strcmp(cur.name, name))
		program_begins(name);
	if (!cur.cases) {
		add(name, status, status == SKIPPED ? note :
		    cur.why ? cur.why : "");
	} else if (status == NOT_OK && !cur.failed) {
		snprintf(text, sizeof(text), "%s, though no case failed",
			 cur.why ? cur.why : "it failed");
		add(name, NOT_OK, text);
	} else if (cur.planned >= 0 && (size_t)cur.planned > cur.cases) {
		snprintf(text, sizeof(text), "planned %ld cases, reported %zu%s%s",
			 cur.planned, cur.cases, cur.why ? ": " : "",
			 cur.why ? cur.why : "");
		add(name, NOT_OK, text);
	}
	program_begins("");
	cur.name[0] = '\0';
}

static void guest_line(char *s)
{
	char *desc, *note;
	enum status status;

	if (!strncmp(s, "    ", 4)) {
		case_line(s + 4);
	} else if (!strcmp(s, "azk-guest: end")) {
		saw_end = true;
	} else if (!strncmp(s, "azk-guest: ", 11)) {
		printf("# %s\n", s);
	} else if (!strncmp(s, "1..", 3)) {
		/* one plan is KUnit's, one is init's */
		top_planned += strtol(s + 3, NULL, 10) + (top_planned < 0);
	} else if (s[0] == '#' && cur.name && *cur.name &&
		   !strncmp(s + 2, cur.name, strlen(cur.name)) &&
		   !strncmp(s + 2 + strlen(cur.name), ": ", 2)) {
		/* the last such line before a failure tells its cause */
		s += 4 + strlen(cur.name);
		if (strlen(s) > 11 && !strcmp(s + strlen(s) - 11, "; once more"))
			forget_attempt(s);
		else if (!cur.why && !isdigit((unsigned char)s[0]))
			cur.why = dup(s);
	} else if (result_line(s, &status, &desc, &note)) {
		program_ends(status, desc, note);
	}
}

static void kernel_line(char *s)
{
	static bool kunit;
	char name[512];
	size_t i;

	/* KUnit's executor prints its suites before init starts */
	if (!strcmp(s, "KTAP version 1"))
		kunit = true;
	if (kunit && (!strncmp(s, "    ", 4) || !strncmp(s, "1..", 3) ||
		      !strncmp(s, "ok ", 3) || !strncmp(s, "not ok ", 7))) {
		guest_line(s);
		return;
	}

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!strstr(s, bad[i]))
			continue;
		if (rule_for("log", s)) {
			allowed++;
			printf("# allowed in the log: %s\n", s);
			return;
		}
		if (findings++ < MAX_FINDINGS) {
			snprintf(name, sizeof(name), "kernel log: %s", s);
			add(name, NOT_OK, "the kernel reported a fault");
		}
		return;
	}
}

static int read_log(const char *path)
{
	char *line = NULL, *s;
	size_t size = 0;
	FILE *f = open_text(path);

	if (!f)
		return -1;
	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		s = skip_stamp(line);
		if (!strncmp(s, PREFIX, strlen(PREFIX)))
			guest_line(s + strlen(PREFIX));
		else
			kernel_line(s);
	}
	free(line);
	fclose(f);
	return 0;
}

/* True if a program of the list belongs to the target that glob begins with. */
static bool target_listed(const char *glob)
{
	size_t i, len = strcspn(glob, ":");

	for (i = 0; i < nprograms; i++)
		if (!strncmp(programs[i].name, glob, len) &&
		    programs[i].name[len] == ':')
			return true;
	return false;
}

/* Whatever ought to be in the log and is not. */
static void check_whole(const char *ended)
{
	char text[256];
	size_t i;

	for (i = 0; i < nprograms; i++)
		if (!programs[i].seen)
			add(programs[i].name, NOT_OK, "no result in the log");
	if (top_planned < 0 || (size_t)top_planned != top_seen) {
		snprintf(text, sizeof(text), "planned %ld, saw %zu",
			 top_planned, top_seen);
		add("every planned program reported", NOT_OK, text);
	}
	add("the guest reached its end", saw_end ? OK : NOT_OK, ended);
	if (findings > MAX_FINDINGS)
		printf("# %u more faults in the log\n", findings - MAX_FINDINGS);
	if (second_tries)
		printf("# %u programs needed a second attempt\n", second_tries);
	if (!findings)
		add("the kernel log shows no fault", OK, "");
	/* what was left out of the run is said, too */
	for (i = 0; i < nrules; i++)
		if (!strcmp(rules[i].kind, "off") &&
		    target_listed(rules[i].glob)) {
			snprintf(text, sizeof(text), "not run: %s",
				 rules[i].reason);
			items = grow(items, nitems, sizeof(*items));
			items[nitems++] = (struct item){
				.name = dup(rules[i].glob), .note = dup(text),
				.status = SKIPPED,
			};
		}
}

/* Enough cases, from enough targets: a list cut short must not pass. */
static void check_enough(size_t min_ok, size_t min_targets)
{
	const char *seen[256];
	size_t i, j, n = 0, passed = 0, len;
	char text[64];

	for (i = 0; i < nitems; i++) {
		const char *colon = strchr(items[i].name, ':');

		if (items[i].status != OK || !colon)
			continue;
		passed++;
		len = colon - items[i].name + 1;
		for (j = 0; j < n; j++)
			if (!strncmp(seen[j], items[i].name, len))
				break;
		if (j == n && n < sizeof(seen) / sizeof(seen[0]))
			seen[n++] = items[i].name;
	}
	snprintf(text, sizeof(text), "%zu, want %zu", passed, min_ok);
	if (min_ok)
		add("enough cases passed", passed >= min_ok ? OK : NOT_OK, text);
	snprintf(text, sizeof(text), "%zu, want %zu", n, min_targets);
	if (min_targets)
		add("cases of enough targets passed",
		    n >= min_targets ? OK : NOT_OK, text);
}

static void forget(void)
{
	size_t i;

	for (i = 0; i < nitems; i++) {
		free(items[i].name);
		free(items[i].note);
	}
	for (i = 0; i < nrules; i++) {
		free(rules[i].kind);
		free(rules[i].glob);
		free(rules[i].reason);
	}
	for (i = 0; i < nprograms; i++)
		free(programs[i].name);
	free(items);
	free(rules);
	free(programs);
	free(cur.name);
	free(cur.why);
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "suite", required_argument, NULL, 's' },
		{ "skips", required_argument, NULL, 'k' },
		{ "list", required_argument, NULL, 'l' },
		{ "tap", required_argument, NULL, 't' },
		{ "junit", required_argument, NULL, 'j' },
		{ "ended", required_argument, NULL, 'e' },
		{ "min-ok", required_argument, NULL, 'o' },
		{ "min-targets", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 }
	};
	const char *suite = "guest", *tap = NULL, *junit = NULL, *ended = "";
	size_t min_ok = 0, min_targets = 0, i;
	int c, ret = 2;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1)
		switch (c) {
		case 's':
			suite = optarg;
			break;
		case 'k':
			if (read_rules(optarg))
				goto out;
			break;
		case 'l':
			if (read_list(optarg))
				goto out;
			break;
		case 't':
			tap = optarg;
			break;
		case 'j':
			junit = optarg;
			break;
		case 'e':
			ended = optarg;
			break;
		case 'o':
			min_ok = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			min_targets = strtoul(optarg, NULL, 10);
			break;
		default:
			goto out;
		}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: report [--suite NAME] [--list FILE] [--skips FILE] [--ended WHY] [--min-ok N] [--min-targets N] [--tap FILE] [--junit FILE] LOG\n");
		goto out;
	}
	if (read_log(argv[optind]))
		goto out;
	check_whole(ended);
	check_enough(min_ok, min_targets);
	for (i = 0; i < nrules; i++)
		if (!rules[i].used && strcmp(rules[i].kind, "off") &&
		    target_listed(rules[i].glob))
			printf("# not needed in this run: %s %s\n",
			       rules[i].kind, rules[i].glob);
	ret = print_tap(stdout, suite, true) ? 1 : 0;
	if ((tap && write_results(tap, suite, false)) ||
	    (junit && write_results(junit, suite, true)))
		ret = 2;
out:
	forget();
	return ret;
}
