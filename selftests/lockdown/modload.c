// SPDX-License-Identifier: GPL-2.0-only
/*
 * modload trusted|untrusted FILE.ko: loads one module and says whether the
 * kernel did what it has to. A module signed with a key it trusts gets in at
 * every level of lockdown; another one only where signatures are not demanded,
 * and what gets in is taken out again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../kselftest.h"
#include "probes.h"

/* EPERM is lockdown's refusal, EKEYREJECTED that of module.sig_enforce. */
static bool enforced(void)
{
	size_t size;
	char *text = slurp("/sys/module/module/parameters/sig_enforce", &size);
	bool yes = text && text[0] == 'Y';

	free(text);
	return yes || lockdown_level() >= LEVEL_INTEGRITY;
}

int main(int argc, char **argv)
{
	bool trusted, good;
	const char *base;
	char name[64];
	int fd, ret;

	if (argc != 3 || (strcmp(argv[1], "trusted") &&
			  strcmp(argv[1], "untrusted"))) {
		fprintf(stderr, "usage: modload trusted|untrusted FILE.ko\n");
		return KSFT_FAIL;
	}
	trusted = !strcmp(argv[1], "trusted");
	base = strrchr(argv[2], '/');
	base = base ? base + 1 : argv[2];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);

	ksft_print_header();
	ksft_set_plan(1);
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		ksft_exit_fail_msg("cannot open %s: %s\n", argv[2],
				   strerror(errno));
	ret = syscall(SYS_finit_module, fd, "", 0) < 0 ? -errno : 0;
	close(fd);
	ksft_print_msg("lockdown level %d, signatures %s, finit_module: %s\n",
		       lockdown_level(), enforced() ? "demanded" : "optional",
		       ret ? strerror(-ret) : "loaded");
	if (trusted || !enforced())
		good = !ret;
	else
		good = ret == -EKEYREJECTED || ret == -EPERM;
	if (!ret && syscall(SYS_delete_module, name, O_NONBLOCK) < 0) {
		ksft_print_msg("cannot unload %s: %s\n", name, strerror(errno));
		good = false;
	}
	ksft_test_result(good, "%s %s is %s\n", argv[1], argv[2],
			 ret ? "refused" : "loaded");
	ksft_finished();
}
