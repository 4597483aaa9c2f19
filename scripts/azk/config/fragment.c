// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments: a Kconfig fragment whose "#:" lines give the reason.
 *
 *	#: why    without it the root disk is invisible
 *	#:        (two blanks or more: the text of the line above goes on)
 *	#: review 2027-05
 *	CONFIG_HYPERV_VMBUS=y
 *	# CONFIG_HYPERV_VTL_MODE is not set
 *
 * An annotation block covers the options after it up to a blank line or the
 * next block.
 */
#include "config/cfg.h"

struct parser {
	struct cfg_text t;
	struct cfg_fragment *f;
	size_t block;		/* the one in force, or CFG_NO_BLOCK */
	bool in_notes;		/* the line before was one of it */
	char **last;		/* the text a continuation adds to */
};

static void add_note(struct parser *p, char *s)
{
	struct cfg_block *b;
	char *key, **to = NULL;

	if (!p->in_notes) {
		b = vec_add(&p->f->blocks);
		b->line = p->t.line;
		p->block = p->f->blocks.n - 1;
		p->last = NULL;
	}
	p->in_notes = true;
	b = &p->f->blocks.v[p->block];

	if (s[0] == '\t' || (s[0] == ' ' && (s[1] == ' ' || s[1] == '\t'))) {
		if (!p->last) {
			cfg_bad(&p->t, "nothing for this line to continue");
			return;
		}
		s = str_trim(s);
		key = xasprintf("%s %s", *p->last, s);
		free(*p->last);
		*p->last = key;
		return;
	}
	p->last = NULL;
	key = cfg_word(&s);
	if (!key || !*s) {
		cfg_bad(&p->t, "'#:' needs a key and a text");
		return;
	}
	if (!strcmp(key, "overrides")) {
		char *name;

		while ((name = cfg_word(&s)))
			strlist_add(&b->overrides, name);
		return;
	}
	if (!strcmp(key, "why"))
		to = &b->why;
	else if (!strcmp(key, "ref"))
		to = &b->ref;
	else if (!strcmp(key, "test"))
		to = &b->test;
	else if (!strcmp(key, "owner"))
		to = &b->owner;
	else if (!strcmp(key, "review"))
		to = &b->review;
	if (!to) {
		cfg_bad(&p->t, "unknown key '%s' (why, ref, test, owner, review, overrides)", key);
		return;
	}
	if (!strcmp(key, "review") && !cfg_is_month(s)) {
		cfg_bad(&p->t, "review '%s' is not YYYY-MM", s);
		return;
	}
	/* several references or tests may stand in a block, one a line */
	if (*to && (to == &b->ref || to == &b->test)) {
		key = xasprintf("%s %s", *to, s);
		free(*to);
		*to = key;
	} else if (*to) {
		cfg_bad(&p->t, "second '%s' in one block", key);
		return;
	} else {
		*to = xstrdup(s);
	}
	p->last = to;
}

static void add_option(struct parser *p, const char *sym, const char *value)
{
	struct cfg_opt *o;

	p->in_notes = false;
	if (!cfg_is_symbol(sym)) {
		cfg_bad(&p->t, "'CONFIG_%s' is not a symbol name", sym);
		return;
	}
	o = vec_add(&p->f->opts);
	o->sym = xstrdup(sym);
	o->value = xstrdup(value);
	o->line = p->t.line;
	o->block = p->block;
}

static void parse_setting(struct parser *p, char *s)
{
	char *eq = strchr(s, '=');
	const char *why;

	if (!eq) {
		p->in_notes = false;
		cfg_bad(&p->t, "expected CONFIG_X=value");
		return;
	}
	*eq = '\0';
	why = cfg_value_why(eq + 1);
	if (why) {
		p->in_notes = false;
		cfg_bad(&p->t, "CONFIG_%s: %s", s, why);
		return;
	}
	add_option(p, s, eq + 1);
}

/* "CONFIG_" is taken off; Kconfig reads just this spelling as "n". */
static void parse_unset(struct parser *p, char *s, bool one_blank)
{
	size_t n = strcspn(s, " =");
	const char *rest = s + n;

	if (one_blank && !strcmp(rest, " is not set")) {
		s[n] = '\0';
		add_option(p, s, "n");
	} else if (*rest == '=' || str_starts(rest, " is not")) {
		p->in_notes = false;
		cfg_bad(&p->t, "an option in a comment: write '# CONFIG_X is not set' or drop it");
	}
}

static void parse_line(struct parser *p, char *s)
{
	if (!*s) {
		p->block = CFG_NO_BLOCK;
		p->in_notes = false;
	} else if (str_starts(s, "#:")) {
		add_note(p, s + 2);
	} else if (str_starts(s, "CONFIG_")) {
		parse_setting(p, s + strlen("CONFIG_"));
	} else if (*s == '#') {
		size_t blanks = strspn(s + 1, " \t");

		if (str_starts(s + 1 + blanks, "CONFIG_"))
			parse_unset(p, s + 1 + blanks + strlen("CONFIG_"),
				    blanks == 1 && s[1] == ' ');
	} else {
		p->in_notes = false;
		cfg_bad(&p->t, "neither an option, a comment nor a '#:' line");
	}
}

struct cfg_fragment *cfg_fragment_parse(const char *name, const char *path, const char *buf,
					size_t len, struct azk_report *r)
{
	struct parser p = {
		.t = { .path = path, .buf = buf, .len = len, .r = r },
		.f = xcalloc(1, sizeof(*p.f)),
		.block = CFG_NO_BLOCK,
	};
	char *line;

	p.f->name = xstrdup(name);
	p.f->path = xstrdup(path);
	while (cfg_line(&p.t, &line))
		parse_line(&p, line);
	cfg_text_done(&p.t);
	return p.f;
}

void cfg_fragment_free(struct cfg_fragment *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->blocks.n; i++) {
		struct cfg_block *b = &f->blocks.v[i];

		free(b->why);
		free(b->ref);
		free(b->test);
		free(b->owner);
		free(b->review);
		strlist_free(&b->overrides);
	}
	for (size_t i = 0; i < f->opts.n; i++) {
		free(f->opts.v[i].sym);
		free(f->opts.v[i].value);
	}
	vec_free(&f->blocks);
	vec_free(&f->opts);
	free(f->name);
	free(f->path);
	free(f);
}
