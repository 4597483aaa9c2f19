// SPDX-License-Identifier: GPL-2.0-or-later
/* The verbs of azk config. */
#include "config/run.h"

static const struct azk_verb verbs[] = {
	{ "render", cfg_cmd_render, "make the .config of each flavour from its fragments" },
	{ "check", cfg_cmd_check,
	  "fail on lost or changed intent, missing reasons, broken policy" },
	{ "explain", cfg_cmd_explain, "where a symbol's value comes from, and what would change it" },
	{ "diff", cfg_cmd_diff, "two configurations: asked otherwise, consequence, toolchain" },
	{ "bump", cfg_cmd_bump, "what another base makes of what is asked" },
	{ 0 },
};

const struct azk_noun config_noun = {
	"config", "configuration as declared intent", verbs,
};
