// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>

#include "queue/git.h"

static void start(void)
{
	git_libgit2_init();
}

void git_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

const char *git_why(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "unknown error";
}

void blob_id(const void *data, size_t len, char hex[41])
{
	git_oid oid;

	git_start();
	git_odb_hash(&oid, data, len, GIT_OBJECT_BLOB);
	git_oid_tostr(hex, 41, &oid);
}
