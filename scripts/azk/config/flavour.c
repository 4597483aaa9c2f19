// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flavours: which fragments and policies make one kernel.
 *
 *	arch x86_64 aarch64
 *	ship yes
 *	include base
 *	without graphics
 *	fragment vmbus
 *	fragment x86-hardening x86_64
 *	policy azure-boot
 */
#include "config/cfg.h"

static void drop_comment(char *s)
{
	char *p = s;

	while ((p = strchr(p, '#'))) {
		if (p == s || p[-1] == ' ' || p[-1] == '\t') {
			*p = '\0';
			return;
		}
		p++;
	}
}

/* The rest of the line as arches; 0 after reporting. */
static unsigned int parse_arches(struct cfg_text *t, char *s)
{
	unsigned int mask = 0;
	char *w;
	int i;

	while ((w = cfg_word(&s))) {
		i = cfg_arch_index(w);
		if (i < 0) {
			cfg_bad(t, "unknown arch '%s' (x86_64, aarch64)", w);
			return 0;
		}
		mask |= 1u << i;
	}
	return mask;
}

static void parse_ship(struct cfg_text *t, struct cfg_flavour *f, const char *w)
{
	if (!strcmp(w, "yes"))
		f->ship = CFG_SHIP_YES;
	else if (!strcmp(w, "no"))
		f->ship = CFG_SHIP_NO;
	else
		cfg_bad(t, "ship is yes or no, not '%s'", w);
}

static void parse_use(struct cfg_text *t, struct cfg_flavour *f, const char *name, char *rest,
		      const char *key)
{
	unsigned int arches = 0;
	struct cfg_use *u;

	if (!strcmp(key, "fragment")) {
		arches = *rest ? parse_arches(t, rest) : CFG_ALL_ARCHES;
		if (!arches)
			return;
	} else if (*rest) {
		cfg_bad(t, "text after the name: '%s'", rest);
		return;
	}
	u = vec_add(&f->uses);
	u->name = xstrdup(name);
	u->path = f->path;
	u->arches = arches;
	u->without = !strcmp(key, "without");
	u->line = t->line;
}

static void parse_line(struct cfg_text *t, struct cfg_flavour *f, char *s)
{
	char *key, *w;

	drop_comment(s);
	key = cfg_word(&s);
	if (!key)
		return;
	if (!strcmp(key, "arch")) {
		if (!*s)
			cfg_bad(t, "'arch' needs a name");
		else
			f->arches |= parse_arches(t, s);
		return;
	}
	w = cfg_word(&s);
	if (!w) {
		cfg_bad(t, "'%s' needs a value", key);
	} else if (!strcmp(key, "ship")) {
		parse_ship(t, f, w);
	} else if (strcmp(key, "include") && strcmp(key, "without") && strcmp(key, "fragment") &&
		   strcmp(key, "policy")) {
		cfg_bad(t, "unknown directive '%s' (arch, ship, include, without, fragment, policy)",
			key);
	} else if (!cfg_is_name(w)) {
		cfg_bad(t, "'%s' is not a name", w);
	} else if (!strcmp(key, "policy")) {
		strlist_add(&f->policies, w);
	} else {
		parse_use(t, f, w, s, key);
	}
}

struct cfg_flavour *cfg_flavour_parse(const char *name, const char *path, const char *buf,
				      size_t len, struct azk_report *r)
{
	struct cfg_text t = { .path = path, .buf = buf, .len = len, .r = r };
	struct cfg_flavour *f = xcalloc(1, sizeof(*f));
	char *line;

	f->name = xstrdup(name);
	f->path = xstrdup(path);
	while (cfg_line(&t, &line))
		parse_line(&t, f, line);
	cfg_text_done(&t);
	return f;
}

void cfg_flavour_free(struct cfg_flavour *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->uses.n; i++)
		free(f->uses.v[i].name);
	vec_free(&f->uses);
	strlist_free(&f->policies);
	free(f->name);
	free(f->path);
	free(f);
}
