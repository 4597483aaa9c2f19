// SPDX-License-Identifier: GPL-2.0-or-later
/* A damaged undo record must be refused, never read beyond. */
#include <stdlib.h>

#include "queue/apply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/azk-fuzz.XXXXXX";
	static bool made;
	struct undo_dirs dirs = { 0 };
	struct strlist paths = { 0 };
	struct tree t;
	char *rec;

	if (!made && !mkdtemp(dir))
		abort();
	made = true;
	if (tree_open(&t, dir))
		abort();
	rec = xmalloc(size);
	memcpy(rec, data, size);
	undo_patch(&t, rec, size, &dirs, &paths);
	tree_close(&t);
	free(rec);
	strlist_free(&paths);
	strmap_free(&dirs.made);
	strmap_free(&dirs.modes);
	return 0;
}
