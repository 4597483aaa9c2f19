// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/queue_lib.h"

char *scratch_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/azk-test.XXXXXX", tmp ? tmp : "/tmp");

	if (!mkdtemp(dir)) {
		perror(dir);
		exit(2);
	}
	return dir;
}

void scratch_free(char *dir)
{
	azk_remove_tree(dir);
	free(dir);
}

void put_file(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = path_join(dir, name);
	_cleanup_free_ char *parent = path_dirname(path);

	if (azk_mkdir_p(parent, 0755) ||
	    azk_write_file_at(AT_FDCWD, path, text, strlen(text), 0644, false)) {
		perror(path);
		exit(2);
	}
}

char *get_file(const char *dir, const char *name)
{
	_cleanup_free_ char *path = path_join(dir, name);
	struct strbuf sb = STRBUF_INIT;

	if (azk_read_file(path, &sb)) {
		sb_free(&sb);
		return NULL;
	}
	return sb_detach(&sb);
}

int sh(const char *dir, const char *cmd)
{
	const char *bin = getenv("AZK_BIN");
	_cleanup_free_ char *line = xasprintf("cd '%s' && { %s\n} >out 2>&1", dir, cmd);
	int st;

	setenv("D", dir, 1);
	setenv("AZK", bin ? bin : "azk", 1);
	/* a finding of the sanitizers is not the 1 that azk ends with for one of its own */
	setenv("ASAN_OPTIONS", "exitcode=99", 0);
	setenv("UBSAN_OPTIONS", "exitcode=99", 0);
	st = system(line);
	return WIFSIGNALED(st) ? 256 + WTERMSIG(st) : WEXITSTATUS(st);
}

void run(const char *dir, int want, const char *cmd)
{
	int rc = sh(dir, cmd);

	if (rc != want) {
		_cleanup_free_ char *out = get_file(dir, "out");

		print_error("%s: exit %d: %s\n", cmd, rc, out);
	}
	assert_int_equal(rc, want);
}

void out_says(const char *dir, const char *words)
{
	_cleanup_free_ char *out = get_file(dir, "out");

	if (!strstr(out, words))
		print_error("output: %s\n", out);
	assert_non_null(strstr(out, words));
}

static void snap(const char *dir, const char *rel, struct strbuf *sb)
{
	_cleanup_free_ char *path = *rel ? path_join(dir, rel) : xstrdup(dir);
	struct strlist names = { 0 };
	struct stat st;

	if (lstat(path, &st))
		return;
	sb_addf(sb, "%s %o\n", rel, (unsigned int)st.st_mode);
	if (S_ISREG(st.st_mode)) {
		azk_read_file(path, sb);
		sb_addstr(sb, "\n--\n");
	}
	if (!S_ISDIR(st.st_mode))
		return;
	azk_list_dir(path, &names);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *sub = path_join(rel, names.v[i]);

		if (strcmp(sub, ".azk"))
			snap(dir, sub, sb);
	}
	strlist_free(&names);
}

char *snapshot(const char *dir)
{
	struct strbuf sb = STRBUF_INIT;

	snap(dir, "", &sb);
	return sb_detach(&sb);
}

uint32_t rnd(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33) % below;
}
