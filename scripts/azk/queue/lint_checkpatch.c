// SPDX-License-Identifier: GPL-2.0-or-later
/* lint: the tree's own scripts/checkpatch.pl. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/lint.h"

/*
 * MAINTAINERS is upstream's to change, and a Kconfig that sources another one
 * names "Kconfig".
 */
#define IGNORE "FILE_PATH_CHANGES,EMBEDDED_FILENAME"

struct check {
	const struct patch_list *l;
	const char *tree;
	atomic_size_t next;
	struct strbuf *out;	/* what it said of each patch */
	int *status;		/* wait status; -1: could not be run */
};

/* From inside the tree, which tells checkpatch what names exist; the patch comes on standard input. */
static void run_one(struct check *c, size_t i)
{
	char *argv[] = { (char *)"perl", (char *)"scripts/checkpatch.pl", (char *)"--strict",
			 (char *)"--terse", (char *)"--show-types", (char *)"--ignore",
			 (char *)IGNORE, (char *)"-", NULL };
	extern char **environ;
	posix_spawn_file_actions_t fa;
	int fd[2];
	pid_t pid;

	c->status[i] = -1;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, c->l->patches.v[i].file, O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, fd[1], 1);
	posix_spawn_file_actions_adddup2(&fa, fd[1], 2);
	posix_spawn_file_actions_addchdir_np(&fa, c->tree);
	if (posix_spawnp(&pid, "perl", &fa, NULL, argv, environ) == 0) {
		char buf[4096];
		ssize_t n;

		close(fd[1]);
		fd[1] = -1;
		while ((n = read(fd[0], buf, sizeof(buf))) > 0)
			sb_add(&c->out[i], buf, (size_t)n);
		waitpid(pid, &c->status[i], 0);
	}
	posix_spawn_file_actions_destroy(&fa);
	close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

static void *worker(void *arg)
{
	struct check *c = arg;
	size_t i;

	while ((i = atomic_fetch_add(&c->next, 1)) < c->l->patches.n) {
		if (c->l->patches.v[i].name && !c->l->patches.v[i].errs.n)
			run_one(c, i);
	}
	return NULL;
}

/* "-:23: WARNING:TYPE: words" */
static void take(struct check *c, size_t i, struct azk_report *r)
{
	const struct patch *p = &c->l->patches.v[i];
	size_t pos = 0, n, found = 0;
	const char *line;

	while (azk_next_line(c->out[i].buf, c->out[i].len, &pos, &line, &n)) {
		_cleanup_free_ char *s = xstrndup(line, n);
		unsigned long nr;
		char *end, *type;

		if (strncmp(s, "-:", 2))
			continue;
		nr = strtoul(s + 2, &end, 10);
		if (end == s + 2 || strncmp(end, ": ", 2))
			continue;
		type = end + 2;
		report_add(r, AZK_ERROR, "checkpatch", p->file, nr, "%s", type);
		found++;
	}
	if (c->status[i] < 0 || !WIFEXITED(c->status[i]) || (WEXITSTATUS(c->status[i]) && !found))
		report_bad(r, "checkpatch", p->file, 0, "checkpatch.pl cannot be run: %.200s",
			   c->out[i].len ? sb_str(&c->out[i]) : "is perl installed?");
}

void lint_checkpatch(const struct patch_list *l, const char *tree, unsigned long jobs,
		     struct azk_report *r)
{
	struct check c = { .l = l, .tree = tree };
	pthread_t threads[16];
	size_t n = 0;

	c.out = xcalloc(l->patches.n + 1, sizeof(*c.out));
	c.status = xcalloc(l->patches.n + 1, sizeof(*c.status));
	while (n + 1 < jobs && n < ARRAY_SIZE(threads) &&
	       !pthread_create(&threads[n], NULL, worker, &c))
		n++;
	worker(&c);
	while (n)
		pthread_join(threads[--n], NULL);
	for (size_t i = 0; i < l->patches.n; i++) {
		if (l->patches.v[i].name && !l->patches.v[i].errs.n)
			take(&c, i, r);
		sb_free(&c.out[i]);
	}
	free(c.out);
	free(c.status);
}
