// SPDX-License-Identifier: GPL-2.0-only
/* The guest as a process, and its host's part of the loads. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"

#define BOOT_SECONDS	400	/* on a machine that does much else */
#define SILENCE_MS	100	/* between two requests to a service */

bool guest_alive(struct guest *g)
{
	int status;

	if (g->pid > 0 && waitpid(g->pid, &status, WNOHANG) == g->pid)
		g->pid = 0;
	return g->pid > 0;
}

void guest_end(struct guest *g)
{
	if (g->pid > 0 && g->monitor >= 0) {
		char answer[256];

		monitor_run(g->monitor, answer, sizeof(answer), "{\"execute\": \"quit\"}");
	}
	for (int i = 0; i < 100 && guest_alive(g); i++)
		pause_ms(100);
	if (g->pid > 0) {
		kill(-g->pid, SIGTERM);
		for (int i = 0; i < 100 && guest_alive(g); i++)
			pause_ms(100);
	}
	if (g->pid > 0) {
		kill(-g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	g->pid = 0;
	if (g->monitor >= 0)
		close(g->monitor);
	g->monitor = -1;
	console_close(&g->console);
}

static bool find_bridge(struct guest *g)
{
	static char answer[65536];
	char *p, *name;

	if (monitor_run(g->monitor, answer, sizeof(answer),
			"{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/machine/peripheral-anon\"}}"))
		return false;
	/* {"name": "device[1]", "type": "child<vmbus-bridge>"} */
	p = strstr(answer, "child<vmbus-bridge>");
	if (!p)
		return false;
	for (name = p; name > answer && strncmp(name, "device[", 7); name--)
		;
	snprintf(g->bridge, sizeof(g->bridge), "/machine/peripheral-anon/%.*s",
		 (int)strcspn(name, "\""), name);
	return true;
}

static bool wait_loads(struct guest *g)
{
	double end = now() + BOOT_SECONDS;

	while (now() < end && guest_alive(g)) {
		console_read(&g->console);
		/* each load that has begun has counted */
		if (g->console.loads > 0)
			return true;
		pause_ms(200);
	}
	fprintf(stderr, "drive: the guest's loads do not run\n");
	guest_end(g);
	return false;
}

bool guest_start(struct guest *g, const char *command, const char *load, const char *dir)
{
	char socket[200], console[200];
	char answer[256];

	memset(g, 0, sizeof(*g));
	g->monitor = g->console.fd = -1;
	snprintf(g->load, sizeof(g->load), "%s", load);
	snprintf(socket, sizeof(socket), "%s/monitor", dir);
	snprintf(console, sizeof(console), "%s/console", dir);
	unlink(socket);
	fclose(fopen(console, "w"));
	setenv("LOAD", load, 1);
	setenv("SOCKET", socket, 1);
	setenv("CONSOLE", console, 1);
	fflush(NULL);
	g->pid = fork();
	if (g->pid < 0)
		return false;
	if (!g->pid) {
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	setpgid(g->pid, g->pid);
	console_open(&g->console, console);
	g->monitor = monitor_open(socket, BOOT_SECONDS);
	if (g->monitor < 0 || !find_bridge(g)) {
		fprintf(stderr, "drive: no monitor at %s\n", socket);
		guest_end(g);
		return false;
	}
	/* a guest that crashes boots again in the same machine */
	monitor_run(g->monitor, answer, sizeof(answer),
		    "{\"execute\": \"set-action\", \"arguments\": {\"reboot\": \"reset\"}}");
	return wait_loads(g);
}

bool guest_restart(struct guest *g)
{
	unsigned int boots = g->console.boots;
	char answer[256];

	guest_rules(g, "");
	console_read(&g->console);
	/* one that crashed is on its way already */
	if (g->console.boots == boots && !g->console.loads)
		return wait_loads(g);
	if (g->console.boots == boots &&
	    monitor_run(g->monitor, answer, sizeof(answer), "{\"execute\": \"system_reset\"}")) {
		guest_end(g);
		return false;
	}
	for (int i = 0; i < 600 && g->console.boots == boots; i++) {
		pause_ms(200);
		console_read(&g->console);
	}
	return wait_loads(g);
}

int guest_rules(struct guest *g, const char *rules)
{
	char answer[4096];

	if (!monitor_run(g->monitor, answer, sizeof(answer),
			 "{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"%s\", \"property\": \"fault\", \"value\": \"%s\"}}",
			 g->bridge, rules))
		return 0;
	fprintf(stderr, "drive: the host refuses '%s': %.400s\n", rules, answer);
	return -1;
}

int guest_consumed(struct guest *g, unsigned long *altered, unsigned long *consumed, int n)
{
	static char answer[65536];
	char *line, *save = NULL;
	int i = 0;

	if (monitor_run(g->monitor, answer, sizeof(answer),
			"{\"execute\": \"qom-get\", \"arguments\": {\"path\": \"%s\", \"property\": \"fault-status\"}}",
			g->bridge))
		return -1;
	for (line = strtok_r(answer, "\n", &save); line && i < n; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "seen %*u altered %lu consumed %lu", &altered[i], &consumed[i]) == 2)
			i++;
	return i;
}

static void request(struct guest *g, const char *id, const char *what)
{
	char answer[512];

	/* refused while the one before is under way, or while the guest has let go of the device */
	monitor_run(g->monitor, answer, sizeof(answer),
		    "{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"/machine/peripheral/%s\", \"property\": \"request\", \"value\": \"%s\"}}",
		    id, what);
}

void guest_act(struct guest *g)
{
	static const char *const kvp[] = {
		"get 2 key", "set 0 key value", "enumerate 2 0", "delete 0 key",
	};
	static const char *const vss[] = { "check", "freeze", "thaw" };
	char answer[512];

	if (now() < g->next_action)
		return;
	g->next_action = now() + SILENCE_MS / 1000.0;
	g->actions++;
	if (strstr(g->load, "utils")) {
		request(g, "kvp", kvp[g->actions % 4]);
		request(g, "vss", vss[g->actions % 3]);
	}
	if (strstr(g->load, "balloon") && g->actions % 20 == 0)
		monitor_run(g->monitor, answer, sizeof(answer),
			    "{\"execute\": \"balloon\", \"arguments\": {\"value\": %lu}}",
			    (g->actions % 40 ? 900UL : 960UL) << 20);
}
