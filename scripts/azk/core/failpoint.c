// SPDX-License-Identifier: GPL-2.0-or-later
/* Places where a test kills the process; empty in the shipped binary. */
#include "azk.h"

#ifdef AZK_TEST
#include <signal.h>
#include <unistd.h>

void azk_failpoint(void)
{
	static long left = -1;
	static bool init;

	if (!init) {
		const char *s = getenv("AZK_FAILPOINT");

		left = s ? strtol(s, NULL, 10) : -1;
		init = true;
	}
	if (left > 0 && --left == 0)
		kill(getpid(), SIGKILL);
}
#endif
