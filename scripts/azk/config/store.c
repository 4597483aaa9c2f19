// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads configs/: flavours, fragments, policies and the toolchain list. */
#include <errno.h>

#include "config/cfg.h"

typedef void *(*parse_fn)(const char *name, const char *path, const char *buf, size_t len,
			  struct azk_report *r);

struct ptrs {
	void **v;
	size_t n, cap;
};

static void read_one(struct ptrs *out, const char *path, char *name, const char *suffix,
		     parse_fn parse, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc;

	name[strlen(name) - strlen(suffix)] = '\0';
	if (!cfg_is_name(name)) {
		report_bad(r, "syntax", path, 0, "'%s' is not a name", name);
		return;
	}
	rc = azk_read_file(path, &sb);
	if (rc) {
		report_bad(r, "read", path, 0, "%s", strerror(-rc));
		return;
	}
	vec_push(out, parse(name, path, sb_str(&sb), sb.len, r));
}

static void read_dir(struct ptrs *out, const char *dir, const char *sub, const char *suffix,
		     bool required, parse_fn parse, struct azk_report *r)
{
	_cleanup_free_ char *path = path_join(dir, sub);
	struct strlist names = { 0 };
	int rc = azk_list_dir(path, &names);

	if (rc && (required || rc != -ENOENT))
		report_bad(r, "read", path, 0, "%s", strerror(-rc));
	for (size_t i = 0; i < names.n; i++) {
		if (str_ends(names.v[i], suffix) && names.v[i][0] != '.') {
			_cleanup_free_ char *file = path_join(path, names.v[i]);

			read_one(out, file, names.v[i], suffix, parse, r);
		}
	}
	strlist_free(&names);
}

/* The parsers as parse_fn, so that one loop reads all three kinds. */
static void *parse_flavour(const char *name, const char *path, const char *buf, size_t len,
			   struct azk_report *r)
{
	return cfg_flavour_parse(name, path, buf, len, r);
}

static void *parse_fragment(const char *name, const char *path, const char *buf, size_t len,
			    struct azk_report *r)
{
	return cfg_fragment_parse(name, path, buf, len, r);
}

static void *parse_policy(const char *name, const char *path, const char *buf, size_t len,
			  struct azk_report *r)
{
	return cfg_policy_parse(name, path, buf, len, r);
}

struct cfg_store *cfg_store_load(const char *dir, struct azk_report *r)
{
	struct cfg_store *s = xcalloc(1, sizeof(*s));
	_cleanup_free_ char *list = path_join(dir, "toolchain.list");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct ptrs p = { 0 };
	int rc;

	s->dir = xstrdup(dir);
	read_dir(&p, dir, "flavours", ".flavour", true, parse_flavour, r);
	for (size_t i = 0; i < p.n; i++)
		vec_push(&s->flavours, p.v[i]);
	p.n = 0;
	read_dir(&p, dir, "fragments", ".config", true, parse_fragment, r);
	for (size_t i = 0; i < p.n; i++)
		vec_push(&s->fragments, p.v[i]);
	p.n = 0;
	read_dir(&p, dir, "policy", ".policy", false, parse_policy, r);
	for (size_t i = 0; i < p.n; i++)
		vec_push(&s->policies, p.v[i]);
	vec_free(&p);

	rc = azk_read_file(list, &sb);
	if (!rc)
		cfg_globs_parse(&s->toolchain, list, sb_str(&sb), sb.len, r);
	else if (rc != -ENOENT)
		report_bad(r, "read", list, 0, "%s", strerror(-rc));
	return s;
}

void cfg_store_free(struct cfg_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->flavours.n; i++)
		cfg_flavour_free(s->flavours.v[i]);
	for (size_t i = 0; i < s->fragments.n; i++)
		cfg_fragment_free(s->fragments.v[i]);
	for (size_t i = 0; i < s->policies.n; i++)
		cfg_policy_free(s->policies.v[i]);
	vec_free(&s->flavours);
	vec_free(&s->fragments);
	vec_free(&s->policies);
	cfg_globs_free(&s->toolchain);
	free(s->dir);
	free(s);
}

struct cfg_flavour *cfg_store_flavour(const struct cfg_store *s, const char *name)
{
	for (size_t i = 0; i < s->flavours.n; i++) {
		if (!strcmp(s->flavours.v[i]->name, name))
			return s->flavours.v[i];
	}
	return NULL;
}

struct cfg_fragment *cfg_store_fragment(const struct cfg_store *s, const char *name)
{
	for (size_t i = 0; i < s->fragments.n; i++) {
		if (!strcmp(s->fragments.v[i]->name, name))
			return s->fragments.v[i];
	}
	return NULL;
}

struct cfg_policy *cfg_store_policy(const struct cfg_store *s, const char *name)
{
	for (size_t i = 0; i < s->policies.n; i++) {
		if (!strcmp(s->policies.v[i]->name, name))
			return s->policies.v[i];
	}
	return NULL;
}
