// SPDX-License-Identifier: GPL-2.0-or-later
/* azk <noun> <verb>: a noun exists where its objects are linked. */
#include "core/azk.h"

extern const struct azk_noun queue_noun __attribute__((weak));
extern const struct azk_noun config_noun __attribute__((weak));
extern const struct azk_noun audit_noun __attribute__((weak));
extern const struct azk_noun release_noun __attribute__((weak));

int main(int argc, char **argv)
{
	const struct azk_noun *const nouns[] = { &queue_noun, &config_noun, &audit_noun, &release_noun };

	return azk_main(nouns, ARRAY_SIZE(nouns), argc, argv);
}
