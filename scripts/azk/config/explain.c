// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a symbol did not become what was asked. */
#include <ctype.h>

#include "config/finds.h"

static int tri(char c)
{
	return c == 'y' ? 2 : c == 'm' ? 1 : 0;
}

static bool is_tristate_value(const char *s)
{
	return !s[1] && strchr("ymn", s[0]);
}

/* Whether expr names the symbol as a whole word. */
static bool names(const char *expr, const char *sym)
{
	size_t n = strlen(sym);

	for (const char *p = strstr(expr, sym); p; p = strstr(p + 1, sym)) {
		bool before = p != expr && (isalnum((unsigned char)p[-1]) || p[-1] == '_');
		bool after = isalnum((unsigned char)p[n]) || p[n] == '_';

		if (!before && !after)
			return true;
	}
	return false;
}

bool cfg_names_option(const char *text, const char *sym)
{
	_cleanup_free_ char *config = xasprintf("CONFIG_%s", sym), *def = xasprintf("config %s", sym);

	return names(text, config) || names(text, def);
}

static void set_str(json_t *o, const char *key, const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	if (j)
		json_object_set_new(o, key, j);
}

/* "NAME TYPE VALUE": where a value that matters comes from. */
static void note_leaf(const struct cfg_plan *p, const char *leaf, struct cfg_find *f, json_t *list)
{
	_cleanup_free_ char *copy = xstrdup(leaf);
	char *rest = copy, *name = cfg_word(&rest), *type = cfg_word(&rest);
	const struct cfg_intent *in;
	json_t *o;

	if (!type)
		return;
	in = cfg_plan_find(p, name);
	o = json_object();
	set_str(o, "symbol", name);
	set_str(o, "type", type);
	set_str(o, "value", rest);
	if (in) {
		set_str(o, "asked", in->opt->value);
		set_str(o, "file", in->frag->path);
		json_object_set_new(o, "line", json_integer((json_int_t)in->opt->line));
	}
	json_array_append_new(list, o);
	if (!strcmp(type, "undefined"))
		cfg_find_note(f, "  %s is not defined for %s", name, cfg_arches[p->arch].name);
	else if (!in)
		cfg_find_note(f, "  CONFIG_%s is %s: not asked for", name, rest);
	else
		cfg_find_note(f, "  CONFIG_%s is %s: asked %s at %s:%zu%s", name, rest,
			      in->opt->value, in->frag->path, in->opt->line,
			      cfg_value_equal(in->opt->value, rest) ? "" : ", lost too");
}

static void note_term(const struct kconf_sym *s, const struct cfg_plan *p, const char *expr,
		      char value, struct cfg_find *f)
{
	const char val[] = { value, 0 };
	json_t *terms = json_object_get(cfg_find_detail(f), "terms");
	json_t *leaves = json_array(), *o = json_object();

	if (!terms) {
		terms = json_array();
		json_object_set_new(f->detail, "terms", terms);
	}
	cfg_find_note(f, "needs %s, which is %c", expr, value);
	for (size_t k = 0; k < s->lines.n; k++) {
		_cleanup_free_ char *name = NULL;
		const char *leaf = s->lines.v[k];

		if (!str_starts(leaf, "leaf "))
			continue;
		leaf += 5;
		name = xstrndup(leaf, strcspn(leaf, " "));
		if (names(expr, name))
			note_leaf(p, leaf, f, leaves);
	}
	set_str(o, "term", expr);
	set_str(o, "value", val);
	json_object_set_new(o, "leaves", leaves);
	json_array_append_new(terms, o);
}

/*
 * The conjuncts that allow less than want. key is "term" (of a prompt) or
 * "dep". With several prompts only the first one's are told apart by Kconfig's
 * order, so all are; a term both have is told once.
 */
static bool note_terms(const struct kconf_sym *s, const struct cfg_plan *p, const char *key,
		       int want, struct cfg_find *f)
{
	size_t n = strlen(key);
	struct strlist told = { 0 };

	for (size_t i = 0; i < s->lines.n; i++) {
		const char *line = s->lines.v[i];

		if (strncmp(line, key, n) || line[n] != ' ' || tri(line[n + 1]) >= want ||
		    strlist_has(&told, line))
			continue;
		strlist_add(&told, line);
		note_term(s, p, line + n + 3, line[n + 1], f);
	}
	n = told.n;
	strlist_free(&told);
	return n > 0;
}

static const char *find_line(const struct kconf_sym *s, const char *key)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		if (str_starts(s->lines.v[i], key))
			return s->lines.v[i] + strlen(key);
	}
	return NULL;
}

static bool note_choice(const struct kconf_sym *s, const struct cfg_plan *p, const char *sym,
			struct cfg_find *f)
{
	const char *choice = find_line(s, "choice "), *chosen = find_line(s, "chosen ");
	const struct cfg_intent *in;

	if (!choice || !chosen)
		return false;
	if (!strcmp(chosen, sym)) {
		cfg_find_note(f, "the choice '%s' must hold one, and nothing else of it is asked",
			      choice);
		return true;
	}
	in = cfg_plan_find(p, chosen);
	if (in)
		cfg_find_note(f, "the choice '%s' holds CONFIG_%s, asked %s at %s:%zu", choice,
			      chosen, in->opt->value, in->frag->path, in->opt->line);
	else
		cfg_find_note(f, "the choice '%s' holds CONFIG_%s, which is not asked for", choice,
			      chosen);
	return true;
}

static bool note_type(const struct kconf_sym *s, const char *asked, struct cfg_find *f)
{
	bool wants_tri = is_tristate_value(asked);
	bool is_bool = !strcmp(s->type, "bool"), is_tri = !strcmp(s->type, "tristate");

	if (is_bool && !strcmp(asked, "m")) {
		cfg_find_note(f, "it is bool: y or n, never m");
		return true;
	}
	if (wants_tri != (is_bool || is_tri)) {
		cfg_find_note(f, "it is %s", s->type);
		return true;
	}
	return false;
}

static void note_reverse(const struct kconf_sym *s, const char *key, const char *verb,
			 struct cfg_find *f)
{
	size_t n = strlen(key), shown = 0;

	for (size_t i = 0; i < s->lines.n; i++) {
		if (!str_starts(s->lines.v[i], key) || ++shown > 8)
			continue;
		cfg_find_note(f, "%s by %s", verb, s->lines.v[i] + n + 2);
	}
}

void cfg_note_elements(const char *asked, const char *got, struct cfg_find *f)
{
	struct strlist a = { 0 }, g = { 0 };
	size_t other = 0;

	if (!got || !cfg_list_split(asked, &a) || !cfg_list_split(got, &g) || a.n + g.n < 3)
		goto out;
	for (size_t i = 0; i < a.n; i++) {
		if (strlist_has(&g, a.v[i]))
			continue;
		cfg_find_note(f, "element %s is missing", a.v[i]);
		other++;
	}
	for (size_t i = 0; i < g.n; i++) {
		if (strlist_has(&a, g.v[i]))
			continue;
		cfg_find_note(f, "element %s is not asked for", g.v[i]);
		other++;
	}
	for (size_t i = 0; !other && i < a.n && i < g.n; i++) {
		if (!strcmp(a.v[i], g.v[i]))
			continue;
		cfg_find_note(f, "the order differs from element %zu on: %s where %s is asked",
			      i + 1, g.v[i], a.v[i]);
		break;
	}
out:
	strlist_free(&a);
	strlist_free(&g);
}

bool cfg_explain(struct kconf *k, const struct cfg_plan *p, const char *sym, const char *asked,
		 struct cfg_find *f)
{
	int want = is_tristate_value(asked) ? tri(*asked) : 1;
	size_t before = f->notes.n;
	struct kconf_sym s;
	const char *range;

	if (kconf_ask(k, sym, &s))
		return true;
	if (!s.exists) {
		kconf_sym_free(&s);
		return false;
	}
	/* a bool needs no more than m of what it depends on */
	if (want > 1 && !strcmp(s.type, "bool"))
		want = 1;
	if (note_type(&s, asked, f) || (s.visible != 'n' && note_choice(&s, p, sym, f)))
		goto out;
	if (is_tristate_value(asked) && tri(s.select) > tri(*asked))
		note_reverse(&s, "selby ", "selected", f);
	if (!s.has_prompt) {
		cfg_find_note(f, "it has no prompt: it is selected or defaulted, never asked for");
		note_terms(&s, p, "dep", want, f);
		goto out;
	}
	if (!want && s.visible == 'n') {
		cfg_find_note(f, "its prompt is hidden, so its default counts");
		want = 1;
	}
	/* an m that is taken for y has its prompt, and a term of its own */
	if (tri(s.visible) < want || !strcmp(asked, "m"))
		note_terms(&s, p, "term", want, f);
	range = find_line(&s, "range ");
	if (range && tri(s.visible))
		cfg_find_note(f, "its range is %s", range);
out:
	if (f->notes.n == before && s.value)
		cfg_find_note(f, "Kconfig makes it %s", s.value);
	kconf_sym_free(&s);
	return true;
}
