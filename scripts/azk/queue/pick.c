// SPDX-License-Identifier: GPL-2.0-or-later
/* Picks: changes a series names by commit and takes from a kernel clone. */
#include <errno.h>

#include "queue/git.h"
#include "queue/queue.h"

static int pick_one(git_repository *repo, const char *dir, const struct series *s,
		    const struct series_entry *e, struct patch *p, json_t *picked,
		    struct azk_report *r)
{
	_cleanup_free_ char *file = xasprintf("%s:%s", dir, e->name);
	struct strbuf sb = STRBUF_INIT;
	const char *why = NULL;
	git_commit *c = git_commit_by_id(repo, e->name, &why);
	char id[41];
	size_t len;
	int rc;

	rc = c ? git_commit_patch(repo, c, &sb, &why) : -ENOENT;
	if (rc) {
		report_bad(r, "pick", s->file, e->line, "pick %s from %s: %s", e->name, dir, why);
		sb_free(&sb);
	} else {
		git_oid_tostr(id, sizeof(id), git_commit_id(c));
		json_array_append_new(picked, json_pack("{s:s, s:s, s:s}", "commit", id, "subject",
							git_commit_summary(c), "why", e->why));
		len = sb.len;
		rc = patch_parse(p, e->name, file, sb_detach(&sb), len);
		for (size_t k = 0; k < p->errs.n; k++)
			report_bad(r, "parse", file, p->errs.v[k].line, "%s", p->errs.v[k].msg);
	}
	git_commit_free(c);
	return rc;
}

int patches_pick(struct patch_list *l, const struct series *s, const char *git, struct azk_report *r)
{
	json_t *picked = json_array(), *missing = json_array();
	git_repository *repo = NULL;
	int rc = 0;

	git_start();
	if (git && git_repository_open(&repo, git)) {
		report_bad(r, "git", git, 0, "opening the clone: %s", git_why());
		rc = -EINVAL;
	}
	for (size_t i = 0; !rc && i < s->entries.n; i++) {
		const struct series_entry *e = &s->entries.v[i];

		if (!e->pick)
			continue;
		if (repo)
			rc = pick_one(repo, git, s, e, &l->patches.v[i], picked, r);
		else
			json_array_append_new(missing, json_pack("{s:s, s:s}", "commit", e->name, "why",
								 e->why));
	}
	json_object_set_new(report_root(r), "picked", picked);
	json_object_set_new(report_root(r), "not_carried", missing);
	git_repository_free(repo);
	return rc;
}
