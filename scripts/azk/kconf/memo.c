// SPDX-License-Identifier: GPL-2.0-only
/*
 * What $(shell,...) printed, remembered. A parse runs some 300 commands that
 * ask the tree's dummy tools for features; their answers cannot change while
 * the tools, the scripts and the environment do not, and azk names the file
 * after a hash of these. The tree's popen() and pclose() are these here.
 */
#undef popen
#undef pclose
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azk-kconf.h"

struct memo {
	char *cmd, *out;
	struct memo *next;
};

FILE *azk_popen(const char *cmd, const char *mode);
int azk_pclose(FILE *f);

static struct memo *memos[1024];
static bool grown;

static struct memo **slot(const char *cmd)
{
	unsigned int h = 5381;

	for (const char *s = cmd; *s; s++)
		h = h * 33 ^ (unsigned char)*s;
	return &memos[h % 1024];
}

static struct memo *remember(const char *cmd, const char *out)
{
	struct memo *m = malloc(sizeof(*m)), **at = slot(cmd);

	if (!m)
		exit(1);
	m->cmd = strdup(cmd);
	m->out = strdup(out);
	if (!m->cmd || !m->out)
		exit(1);
	m->next = *at;
	*at = m;
	return m;
}

/* The file is pairs of NUL-terminated strings; one that ends within a pair is no use. */
void memo_load(void)
{
	const char *path = getenv("AZK_KCONF_MEMO");
	FILE *f = path ? fopen(path, "re") : NULL;
	char *cmd = NULL, *out = NULL;
	size_t a = 0, b = 0;

	if (!f)
		return;
	while (getdelim(&cmd, &a, '\0', f) > 0 && getdelim(&out, &b, '\0', f) > 0)
		remember(cmd, out);
	free(cmd);
	free(out);
	fclose(f);
}

void memo_save(void)
{
	const char *path = getenv("AZK_KCONF_MEMO");
	char tmp[4096];
	bool ok;
	FILE *f;

	if (!path || !grown ||
	    snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid()) >= (int)sizeof(tmp))
		return;
	f = fopen(tmp, "we");
	if (!f)
		return;
	for (size_t i = 0; i < 1024; i++) {
		for (struct memo *m = memos[i]; m; m = m->next) {
			fwrite(m->cmd, 1, strlen(m->cmd) + 1, f);
			fwrite(m->out, 1, strlen(m->out) + 1, f);
		}
	}
	ok = !ferror(f);
	ok = !fclose(f) && ok;
	/* a memo that cannot be written costs time the next run, nothing else */
	if (!ok || rename(tmp, path) < 0)
		unlink(tmp);
}

static struct memo *run(const char *cmd)
{
	char buf[4096];
	FILE *p = popen(cmd, "r");
	size_t n;

	if (!p)
		return NULL;
	n = fread(buf, 1, sizeof(buf) - 1, p);
	buf[n] = '\0';
	if (pclose(p) == -1)
		return NULL;
	grown = true;
	return remember(cmd, buf);
}

/* do_shell() is the only caller: it reads up to 4 KiB and closes. */
FILE *azk_popen(const char *cmd, const char *mode)
{
	struct memo *m;

	for (m = *slot(cmd); m && strcmp(m->cmd, cmd); m = m->next)
		;
	if (!m)
		m = run(cmd);
	if (!m)
		return NULL;
	/* fmemopen() refuses a size of 0 in older C libraries */
	return *m->out ? fmemopen(m->out, strlen(m->out), mode) : fopen("/dev/null", mode);
}

int azk_pclose(FILE *f)
{
	return fclose(f);
}
