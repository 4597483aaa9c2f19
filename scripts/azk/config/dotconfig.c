// SPDX-License-Identifier: GPL-2.0-or-later
/* A .config as symbols and values, and lists of symbol globs. */
#include <fnmatch.h>

#include "config/cfg.h"

static int cmp_entry(const void *a, const void *b)
{
	const struct cfg_entry *x = a, *y = b;

	return strcmp(x->sym, y->sym);
}

static void add_entry(struct cfg_dot *d, const char *sym, size_t n, const char *value)
{
	struct cfg_entry *e = vec_add(&d->e);

	e->sym = xstrndup(sym, n);
	e->value = xstrdup(value);
}

static bool parse_line(struct cfg_dot *d, char *s)
{
	char *p;

	if (str_starts(s, "# CONFIG_")) {
		p = strchr(s + 2, ' ');
		if (p && !strcmp(p, " is not set"))
			add_entry(d, s + 9, p - s - 9, "n");
		return true;
	}
	if (str_starts(s, "# Linux/")) {
		/* "# Linux/x86 6.18.15 Kernel Configuration", once */
		p = strchr(s + 2, ' ');
		if (p && !d->version)
			d->version = cfg_version(p + 1);
		return true;
	}
	if (!*s || *s == '#')
		return true;
	p = strchr(s, '=');
	if (!str_starts(s, "CONFIG_") || !p)
		return false;
	add_entry(d, s + 7, p - s - 7, p + 1);
	return true;
}

struct cfg_dot *cfg_dot_parse(const char *path, const char *buf, size_t len, struct azk_report *r)
{
	struct cfg_text t = { .path = path, .buf = buf, .len = len, .r = r };
	struct cfg_dot *d = xcalloc(1, sizeof(*d));
	bool ok = true;
	char *line;

	while (ok && cfg_line(&t, &line)) {
		ok = parse_line(d, line);
		if (!ok)
			cfg_bad(&t, "not a line of a .config");
	}
	cfg_text_done(&t);
	if (!ok) {
		cfg_dot_free(d);
		return NULL;
	}
	if (d->e.n)
		qsort(d->e.v, d->e.n, sizeof(*d->e.v), cmp_entry);
	return d;
}

const char *cfg_dot_get(const struct cfg_dot *d, const char *sym)
{
	struct cfg_entry key = { .sym = (char *)sym }, *e;

	if (!d->e.n)
		return NULL;
	e = bsearch(&key, d->e.v, d->e.n, sizeof(*d->e.v), cmp_entry);
	return e ? e->value : NULL;
}

void cfg_dot_free(struct cfg_dot *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->e.n; i++) {
		free(d->e.v[i].sym);
		free(d->e.v[i].value);
	}
	vec_free(&d->e);
	free(d);
}

int cfg_globs_parse(struct cfg_globs *g, const char *path, const char *buf, size_t len,
		    struct azk_report *r)
{
	struct cfg_text t = { .path = path, .buf = buf, .len = len, .r = r };
	char *line, *w;
	int bad = 0;

	while (cfg_line(&t, &line)) {
		char *rest = line;

		w = cfg_word(&rest);
		if (!w || *w == '#')
			continue;
		if (*rest != '#' || !rest[1 + strspn(rest + 1, "# \t")]) {
			cfg_bad(&t, "'%s' needs '# reason' behind it", w);
			bad++;
		} else {
			strlist_add(&g->glob, str_starts(w, "CONFIG_") ? w + 7 : w);
		}
	}
	cfg_text_done(&t);
	return bad ? -1 : 0;
}

bool cfg_globs_match(const struct cfg_globs *g, const char *sym)
{
	for (size_t i = 0; i < g->glob.n; i++) {
		if (!fnmatch(g->glob.v[i], sym, 0))
			return true;
	}
	return false;
}

void cfg_globs_free(struct cfg_globs *g)
{
	strlist_free(&g->glob);
}
