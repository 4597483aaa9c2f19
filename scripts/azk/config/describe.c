// SPDX-License-Identifier: GPL-2.0-or-later
/* Definitions of a tree as records, and how alike two of them are. */
#include <ctype.h>

#include "config/describe.h"

static void take(struct cfg_def *def, const char *line)
{
	if (str_starts(line, "type ") && !def->type)
		def->type = xstrdup(line + 5);
	else if (str_starts(line, "at ") && !def->file)
		def->file = xstrndup(line + 3, strcspn(line + 3, ":"));
	else if (!strcmp(line, "trans"))
		def->trans = true;
	else if (str_starts(line, "prompt "))
		strlist_add(&def->prompts, line + 7);
	else if (str_starts(line, "help "))
		strlist_add(&def->help, line + 5);
	else if (str_starts(line, "dep "))
		strlist_add(&def->dep, line + 4);
	else if (str_starts(line, "default "))
		strlist_add(&def->defaults, line + 8);
}

void cfg_defs_parse(struct cfg_defs *d, const struct strlist *lines)
{
	struct cfg_def *def = NULL;

	for (size_t i = 0; i < lines->n; i++) {
		if (!str_starts(lines->v[i], "sym ")) {
			if (def)
				take(def, lines->v[i]);
			continue;
		}
		if (strmap_get(&d->map, lines->v[i] + 4)) {
			def = NULL;
			continue;
		}
		def = xcalloc(1, sizeof(*def));
		def->name = xstrdup(lines->v[i] + 4);
		strmap_put(&d->map, def->name, def);
	}
}

const struct cfg_def *cfg_defs_get(const struct cfg_defs *d, const char *name)
{
	return strmap_get(&d->map, name);
}

void cfg_defs_free(struct cfg_defs *d)
{
	for (size_t i = 0; i < d->map.n; i++) {
		struct cfg_def *def = d->map.v[i].value;

		free(def->name);
		free(def->type);
		free(def->file);
		strlist_free(&def->prompts);
		strlist_free(&def->help);
		strlist_free(&def->dep);
		strlist_free(&def->defaults);
		free(def);
	}
	strmap_free(&d->map);
}

/* Words in lower case; "\n" in a help text is a break and no word. */
static void split(const char *s, struct strlist *out)
{
	while (*s) {
		char w[64];
		size_t n = 0;

		if (s[0] == '\\' && s[1]) {
			s += 2;
			continue;
		}
		if (!isalnum((unsigned char)*s)) {
			s++;
			continue;
		}
		for (; isalnum((unsigned char)*s); s++) {
			if (n + 1 < sizeof(w))
				w[n++] = (char)tolower((unsigned char)*s);
		}
		w[n] = '\0';
		strlist_add(out, w);
	}
	strlist_sort(out);
}

double cfg_text_alike(const char *a, const char *b)
{
	struct strlist x = { 0 }, y = { 0 };
	size_t i = 0, k = 0, both = 0;
	double alike;

	split(a, &x);
	split(b, &y);
	while (i < x.n && k < y.n) {
		int order = strcmp(x.v[i], y.v[k]);

		both += !order;
		i += order <= 0;
		k += order >= 0;
	}
	alike = x.n + y.n ? 2.0 * (double)both / (double)(x.n + y.n) : 0;
	strlist_free(&x);
	strlist_free(&y);
	return alike;
}

static const char *first(const struct strlist *l)
{
	return l->n ? l->v[0] : "";
}

double cfg_renamed(const struct cfg_def *a, const struct cfg_def *b, char **why)
{
	double help = cfg_text_alike(first(&a->help), first(&b->help));
	double prompt = cfg_text_alike(first(&a->prompts), first(&b->prompts));
	double name;
	bool place = a->file && b->file && !strcmp(a->file, b->file);
	double score = 0.45 * help + 0.25 * prompt + (place ? 0.15 : 0);
	_cleanup_free_ char *p = xstrdup(a->name), *q = xstrdup(b->name);

	/* CONFIG_A_B as words */
	for (char *s = p; *s; s++)
		*s = *s == '_' ? ' ' : *s;
	for (char *s = q; *s; s++)
		*s = *s == '_' ? ' ' : *s;
	name = cfg_text_alike(p, q);
	/* many have no help text: then the prompt and the place are what there is */
	if (!a->help.n && !b->help.n)
		score = 0.55 * prompt + (place ? 0.25 : 0);
	score += 0.15 * name;
	/* a generic prompt alone proves nothing, nor does the type of half the options */
	if (strcmp(a->type ? a->type : "", b->type ? b->type : "") && help < 0.5)
		score *= 0.7;
	/* templates such as CONFIG_NET_VENDOR_X share their help text */
	if (!place && prompt < 0.7)
		score *= 0.5;
	*why = xasprintf("help text %.0f %% alike, prompt %.0f %%%s", 100 * help, 100 * prompt,
			 place ? ", same file" : "");
	return score;
}
