// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the Hyper-V host misbehave towards a guest and writes down what comes of
 * it, a line a scenario, or in random mode a line a finding. The host and the
 * guest are started by a command, see guest_start(); a guest that shows no
 * effect is kept for the next scenario of the same load.
 *
 * A plan has a line a scenario, fields between tabs:
 *
 *	SCENARIO	DEFECT	LOAD	RULES
 *
 * What follows an @ in SCENARIO only tells rows apart. RULES go beside the scenario's own and make its messages flow; "-" is none.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive.h"

#define WANT		100	/* messages consumed that prove something */
#define MIN_SECONDS	6
#define NOTHING_SECONDS	20
#define QUIET_SECONDS	25	/* of no progress: what waits in the guest is told after 12 to 24 */
#define LOOP_LINES	2000
#define LOOP_SECONDS	8
#define GATHER_SECONDS	6	/* for the rest of a splat */
#define RULES_MAX	16

static struct {
	const char *command, *dir, *out, *key;
	double row_seconds, part_end;
	/* random */
	const char *device;
	unsigned long want, rate;
	unsigned long long seed;
} opt = { .row_seconds = 90, .want = 20000, .rate = 20, .seed = 1 };

struct finding {
	char what[LINE_MAX_LEN], where[128];
	unsigned long long seed;
	unsigned int count;
};

/* ended with us */
static struct guest *running;

static struct finding findings[200];
static int nfindings;
static unsigned long long seed_now;

static void one_line_out(FILE *f, const char *s)
{
	for (; *s; s++)
		fputc(*s == '\t' || *s == '\n' ? ' ' : *s, f);
}

/* Counters that had been growing and have not since @t. */
static const char *standing(struct guest *g, double t)
{
	static char names[200];

	names[0] = '\0';
	for (int i = 0; i < g->console.loads; i++)
		if (g->console.load[i].grown < t && strlen(names) + 20 < sizeof(names))
			strcat(strcat(names, names[0] ? " " : ""), g->console.load[i].name);
	return names;
}

/* Whether any has grown since @t. */
static bool progress(struct guest *g, double t)
{
	for (int i = 0; i < g->console.loads; i++)
		if (g->console.load[i].grown > t)
			return true;
	return false;
}

/* The rules of the scenario come first; the last of them that did something counts. */
static unsigned long count_of(const unsigned long *consumed, int n, int extra)
{
	unsigned long v = 0;

	for (int i = 0; i < n - extra; i++)
		if (consumed[i])
			v = consumed[i];
	return v;
}

static int rules_in(const char *text)
{
	int n = 0;

	if (!strcmp(text, "-"))
		return 0;
	for (n = 1; *text; text++)
		n += *text == ';';
	return n;
}

struct row {
	char scenario[64], defect[64], load[64], rules[600];
};

static void write_row(const struct row *r, unsigned long consumed, const char *verdict,
		      const char *where, const char *line)
{
	FILE *f = fopen(opt.out, "a");

	if (!f) {
		perror(opt.out);
		exit(2);
	}
	fprintf(f, "%s\t%s\t%s\t%lu\t%s\t%s\t", opt.key, r->scenario, r->defect, consumed, verdict,
		where[0] ? where : "-");
	one_line_out(f, line[0] ? line : "-");
	fputc('\n', f);
	fclose(f);
	fprintf(stderr, "drive: %-26s %6lu %s %s\n", r->scenario, consumed, verdict, where);
}

static bool done_before(const char *scenario)
{
	FILE *f = fopen(opt.out, "r");
	char line[2048], want[200];
	bool done = false;

	snprintf(want, sizeof(want), "%s\t%s\t", opt.key, scenario);
	while (f && !done && fgets(line, sizeof(line), f))
		done = !strncmp(line, want, strlen(want));
	if (f)
		fclose(f);
	return done;
}

/*
 * Runs one scenario. Returns whether the guest can be used for the next one;
 * what was found is written to the table.
 */
static bool run_row(struct guest *g, const struct row *r)
{
	unsigned long altered[RULES_MAX] = { 0 }, consumed[RULES_MAX] = { 0 }, seen = 0;
	struct console *c = &g->console;
	int extra = rules_in(r->rules), n = 0;
	double begin, lifted = 0, fault_at = 0;
	char rules[800], quiet[200] = "";
	unsigned int boots = c->boots;
	const char *verdict;
	bool alive = true, nothing, loop = false;

	/* the load by itself has to be without effect, or no row says anything */
	nothing = !strncmp(r->scenario, "nothing-", 8);
	snprintf(rules, sizeof(rules), "%s%.*s%s%s", nothing ? "" : "scenario=",
		 nothing ? 0 : (int)strcspn(r->scenario, "@"), r->scenario,
		 extra && !nothing ? "; " : "", extra ? r->rules : "");
	console_read(c);
	console_reset(c);
	if (guest_rules(g, rules))
		return false;
	begin = now();
	for (;;) {
		double t = now();

		pause_ms(200);
		console_read(c);
		alive = guest_alive(g) && c->boots == boots;
		if (!alive)
			break;
		guest_act(g);
		if (!lifted) {
			n = guest_consumed(g, altered, consumed, RULES_MAX);
			seen = nothing ? 0 : n > 0 ? count_of(consumed, n, extra) : seen;
		}
		/* the same words without end, and nothing else goes on: a lockup would not get a word in */
		loop = c->repeats > LOOP_LINES && !progress(g, t - LOOP_SECONDS);
		if (loop)
			break;
		/* a splat: wait for the rest of it */
		if ((c->fault[0] || c->pending[0]) && !fault_at)
			fault_at = t;
		if (fault_at && t > fault_at + GATHER_SECONDS)
			break;
		if (fault_at)
			continue;
		if (!lifted && ((seen >= WANT && t > begin + MIN_SECONDS) ||
				t > begin + (nothing ? NOTHING_SECONDS : opt.row_seconds))) {
			/* what the messages did may come to light only in peace */
			if (guest_rules(g, ""))
				break;
			lifted = t;
		}
		if (lifted && t > lifted + 4 && !standing(g, lifted)[0])
			break;
		if (lifted && t > lifted + QUIET_SECONDS)
			break;
	}
	console_settle(c);
	/* the messages of a crash were consumed after they were counted last */
	n = guest_consumed(g, altered, consumed, RULES_MAX);
	if (!nothing && !lifted && n > 0)
		seen = count_of(consumed, n, extra);
	if (alive && !c->fault[0])
		snprintf(quiet, sizeof(quiet), "%s", lifted ? standing(g, lifted) : "");
	if (c->fault[0] && strstr(c->fault, "blocked for"))
		verdict = "waits for ever";
	else if (c->fault[0] && (strstr(c->fault, "soft lockup") || strstr(c->fault, "stall")))
		verdict = "endless loop";
	else if (c->fault[0])
		verdict = c->panicked || !alive ? "crash" : "fault";
	else if (loop)
		verdict = "endless loop";
	else if (!alive)
		verdict = "ended";
	else if (quiet[0])
		verdict = "stands still";
	else
		verdict = nothing || seen >= WANT ? "no effect" : "not shown";
	if (quiet[0] && !c->fault[0] && !loop) {
		char line[700];

		snprintf(line, sizeof(line), "no progress of %s; last: %s", quiet, c->last[0] ? c->last : "-");
		write_row(r, seen, verdict, "-", line);
	} else {
		write_row(r, seen, verdict, c->where, c->fault[0] ? c->fault : c->last);
	}
	return alive && !c->fault[0] && !quiet[0] && !loop;
}

static bool read_row(char *line, struct row *r)
{
	char *field[4], *save = NULL;
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	if (!line[0] || line[0] == '#')
		return false;
	for (char *f = strtok_r(line, "\t", &save); f && n < 4; f = strtok_r(NULL, "\t", &save))
		field[n++] = f;
	if (n < 3) {
		fprintf(stderr, "drive: a line of the plan has fewer than 3 fields: %s\n", line);
		exit(2);
	}
	snprintf(r->scenario, sizeof(r->scenario), "%s", field[0]);
	snprintf(r->defect, sizeof(r->defect), "%s", field[1]);
	snprintf(r->load, sizeof(r->load), "%s", field[2]);
	snprintf(r->rules, sizeof(r->rules), "%s", n > 3 ? field[3] : "-");
	return true;
}

/* A guest with @load, freshly booted if @again. */
static bool ready(struct guest *g, const char *load, bool again)
{
	if (guest_alive(g) && strcmp(g->load, load))
		guest_end(g);
	if (guest_alive(g)) {
		if (!again || guest_restart(g))
			goto settle;
	} else {
		guest_end(g);
	}
	again = true;
	if (!guest_start(g, opt.command, load, opt.dir))
		return false;
settle:
	/* let the loads get going */
	for (int i = 0; again && i < 15; i++) {
		pause_ms(200);
		console_read(&g->console);
	}
	return true;
}

static int run_plan(FILE *plan)
{
	struct guest g = { .monitor = -1, .console.fd = -1 };
	char line[2048];
	struct row r;
	bool again = false;
	int left = 0;

	running = &g;
	while (fgets(line, sizeof(line), plan)) {
		if (!read_row(line, &r) || done_before(r.scenario))
			continue;
		if (now() > opt.part_end) {
			left++;
			continue;
		}
		if (!ready(&g, r.load, again))
			return 1;
		again = !run_row(&g, &r);
	}
	guest_end(&g);
	if (left)
		fprintf(stderr, "drive: the part's time is used up, %d scenarios are left\n", left);
	return left ? 3 : 0;
}

/* Numbers and addresses differ from time to time, the rest tells findings apart. */
static void note_finding(void *arg, const char *line, const char *where)
{
	char what[LINE_MAX_LEN];
	size_t n = 0;

	(void)arg;
	for (const char *p = line; *p && n + 1 < sizeof(what); p++)
		if (n == 0 || what[n - 1] != '#' || !strchr("0123456789abcdefx", *p))
			what[n++] = strchr("0123456789", *p) ? '#' : *p;
	what[n] = '\0';
	for (int i = 0; i < nfindings; i++)
		if (where[0] ? !strcmp(findings[i].where, where) : !strcmp(findings[i].what, what)) {
			findings[i].count++;
			return;
		}
	if (nfindings == sizeof(findings) / sizeof(findings[0]))
		return;
	snprintf(findings[nfindings].what, sizeof(findings[0].what), "%s", what);
	snprintf(findings[nfindings].where, sizeof(findings[0].where), "%s", where);
	findings[nfindings].seed = seed_now;
	findings[nfindings++].count = 1;
}

/*
 * Seed after seed until @want messages were consumed or the part's time is
 * used up. Each boot's result is appended as it is known:
 *	KEY  seed DEVICE  SEED  CONSUMED  how it ended
 *	KEY  finding DEVICE  SEED  COUNT  function  line
 */
static int run_random(const char *load)
{
	struct guest g = { .monitor = -1, .console.fd = -1 };
	unsigned long total = 0;
	char line[2048], how[64], want[200];
	FILE *f = fopen(opt.out, "r");

	snprintf(want, sizeof(want), "%s\tseed\t%s\t", opt.key, opt.device);
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long s;
		unsigned long v;

		if (!strncmp(line, want, strlen(want)) &&
		    sscanf(line + strlen(want), "%llu\t%lu", &s, &v) == 2) {
			total += v;
			opt.seed = s + 1;
		}
	}
	if (f)
		fclose(f);
	running = &g;
	while (total < opt.want && now() < opt.part_end) {
		unsigned long altered[RULES_MAX] = { 0 }, consumed[RULES_MAX] = { 0 }, before = 0;
		double grown, fault_at = 0;
		unsigned int boots;
		char rules[300];

		if (!ready(&g, load, true))
			return 1;
		nfindings = 0;
		seed_now = opt.seed;
		boots = g.console.boots;
		g.console.on_fault = note_finding;
		snprintf(rules, sizeof(rules), "seed=%llu; dev=%s random=%lu", opt.seed, opt.device, opt.rate);
		if (guest_rules(&g, rules)) {
			guest_end(&g);
			return 2;
		}
		grown = now();
		for (;;) {
			pause_ms(200);
			console_read(&g.console);
			if (!guest_alive(&g) || g.console.boots != boots) {
				strcpy(how, "crash");
				break;
			}
			guest_act(&g);
			guest_consumed(&g, altered, consumed, RULES_MAX);
			if (consumed[0] != before)
				grown = now();
			before = consumed[0];
			if (nfindings && !fault_at)
				fault_at = now();
			strcpy(how, "done");
			if (total + consumed[0] >= opt.want)
				break;
			strcpy(how, "time");
			if (now() > opt.part_end)
				break;
			/* after the first fault what follows may be its consequence: a little more, then the next seed */
			strcpy(how, "fault");
			if (fault_at && now() > fault_at + 5)
				break;
			strcpy(how, "stands still");
			if (now() > grown + QUIET_SECONDS)
				break;
		}
		console_settle(&g.console);
		g.console.on_fault = NULL;
		f = fopen(opt.out, "a");
		if (!f) {
			perror(opt.out);
			return 2;
		}
		for (int i = 0; i < nfindings; i++) {
			fprintf(f, "%s\tfinding\t%s\t%llu\t%u\t%s\t", opt.key, opt.device, opt.seed,
				findings[i].count, findings[i].where[0] ? findings[i].where : "-");
			one_line_out(f, findings[i].what);
			fputc('\n', f);
		}
		fprintf(f, "%s\tseed\t%s\t%llu\t%lu\t%s\n", opt.key, opt.device, opt.seed, consumed[0], how);
		fclose(f);
		total += consumed[0];
		fprintf(stderr, "drive: %s seed %llu: %lu consumed, %d faults, %s; %lu of %lu\n", opt.device,
			opt.seed, consumed[0], nfindings, how, total, opt.want);
		opt.seed++;
	}
	guest_end(&g);
	return total < opt.want ? 3 : 0;
}

static void interrupted(int sig)
{
	if (running && running->pid > 0)
		kill(-running->pid, SIGTERM);
	_exit(128 + sig);
}

static void usage(FILE *f)
{
	fputs("usage: drive --command SHELL --dir DIR --out FILE --key KEY [--minutes N] [--row-seconds N] < PLAN\n"
	      "       drive ... --random DEVICE --load LOAD [--want N] [--rate N] [--seed N]\n"
	      "exit status: 0 all rows are in FILE, 1 no guest, 2 bad usage, 3 the time was not enough\n", f);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "command", required_argument, NULL, 'c' }, { "dir", required_argument, NULL, 'd' },
		{ "out", required_argument, NULL, 'o' }, { "key", required_argument, NULL, 'k' },
		{ "minutes", required_argument, NULL, 'm' }, { "row-seconds", required_argument, NULL, 's' },
		{ "random", required_argument, NULL, 'r' }, { "load", required_argument, NULL, 'l' },
		{ "want", required_argument, NULL, 'w' }, { "rate", required_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 'e' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *load = "net";
	double minutes = 38;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 'c': opt.command = optarg; break;
		case 'd': opt.dir = optarg; break;
		case 'o': opt.out = optarg; break;
		case 'k': opt.key = optarg; break;
		case 'm': minutes = strtod(optarg, NULL); break;
		case 's': opt.row_seconds = strtod(optarg, NULL); break;
		case 'r': opt.device = optarg; break;
		case 'l': load = optarg; break;
		case 'w': opt.want = strtoul(optarg, NULL, 0); break;
		case 'a': opt.rate = strtoul(optarg, NULL, 0); break;
		case 'e': opt.seed = strtoull(optarg, NULL, 0); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	if (!opt.command || !opt.dir || !opt.out || !opt.key) {
		usage(stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	opt.part_end = now() + minutes * 60;
	return opt.device ? run_random(load) : run_plan(stdin);
}
