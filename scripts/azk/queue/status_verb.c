// SPDX-License-Identifier: GPL-2.0-or-later
/* azk queue status: what is applied, and what was edited since. */
#include "queue/queue.h"
#include "queue/state.h"

static void status_text(json_t *root, FILE *out)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(root, "applied"), i, p)
		fprintf(out, "%s\n", json_string_value(p));
	fprintf(out, "%zu patches applied\n", json_array_size(json_object_get(root, "applied")));
}

int queue_status(int argc, char **argv)
{
	const char *dir = NULL;
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "tree", .arg = "DIR", .str = &dir, .required = true, .help = "the tree" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	struct azk_report *r;
	struct state s;
	struct tree t;
	json_t *applied = json_array(), *e;
	const char *path;
	size_t i;
	int rc;

	rc = azk_parse_opts(opts, "queue status --tree DIR [--json]",
			    "queue status --tree linux-6.18.15", argc, argv);
	if (rc) {
		json_decref(applied);
		if (rc > 0)
			return azk_error("queue status takes no argument '%s'", argv[1]);
		return rc == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	}
	r = report_new("queue status");
	json_object_set_new(report_root(r), "tree", json_string(dir));
	json_object_set_new(report_root(r), "applied", applied);
	if (!state_open(&s, dir, false, r) && !tree_open(&t, dir)) {
		json_array_foreach(state_patches(&s), i, e)
			json_array_append(applied, json_object_get(e, "name"));
		json_object_foreach(state_files(&s), path, e) {
			const char *why = NULL;
			struct vfile *f = tree_get(&t, path, &why);

			if (f)
				state_file_ok(&s, f, r);
			else
				report_add(r, AZK_ERROR, "changed", path, 0, "%s", why);
		}
		tree_close(&t);
	}
	state_close(&s);
	rc = report_print(r, json, stdout, status_text);
	report_free(r);
	return rc;
}
