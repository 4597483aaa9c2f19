// SPDX-License-Identifier: GPL-2.0-or-later
/* Reasons: is there one, does it say anything, is it still looked after? */
#include <ctype.h>

#include "config/finds.h"

#define MAX_SAME_WHY 5

/* Stands in the map for a symbol that does not exist. */
static char no_symbol[] = "";

static char *ask_prompt(struct kconf *k, const char *sym)
{
	const char *prompt = "";
	struct kconf_sym s;
	char *out;

	if (kconf_ask(k, sym, &s))
		return no_symbol;
	for (size_t i = 0; i < s.lines.n; i++) {
		if (!*prompt && str_starts(s.lines.v[i], "prompt "))
			prompt = s.lines.v[i] + 7;
	}
	out = s.exists ? xstrdup(prompt) : no_symbol;
	kconf_sym_free(&s);
	return out;
}

const char *cfg_known_prompt(struct cfg_known *kn, struct cfg_run *run, int arch, const char *sym)
{
	struct kconf *k = cfg_run_kconf(run, arch);
	char *prompt;

	if (!k)
		return NULL;
	prompt = strmap_get(&kn->map[arch], sym);
	if (!prompt) {
		prompt = ask_prompt(k, sym);
		strmap_put(&kn->map[arch], sym, prompt);
	}
	return prompt == no_symbol ? NULL : prompt;
}

void cfg_known_free(struct cfg_known *kn)
{
	for (int i = 0; i < CFG_NARCH; i++) {
		struct strmap *m = &kn->map[i];

		for (size_t j = 0; j < m->n; j++) {
			if (m->v[j].value != no_symbol)
				free(m->v[j].value);
		}
		strmap_free(m);
	}
}

/* Words that say nothing about why. */
static const char *const empty_words[] = {
	"a", "an", "and", "are", "as", "be", "built", "by", "can", "config", "configuration",
	"driver", "enable", "enabled", "feature", "for", "function", "have", "in", "include", "is",
	"it", "kernel", "linux", "need", "needed", "of", "on", "option", "or", "our", "required",
	"set", "should", "support", "supported", "that", "the", "this", "to", "turn", "use",
	"used", "useful", "want", "we", "with", "you",
};

/* The next word in lower case, plural s off; false at the end. */
static bool next_word(const char **s, char *out, size_t size)
{
	size_t n = 0;

	while (**s && !isalnum((unsigned char)**s))
		(*s)++;
	for (; isalnum((unsigned char)**s); (*s)++) {
		if (n + 1 < size)
			out[n++] = (char)tolower((unsigned char)**s);
	}
	if (n > 3 && out[n - 1] == 's' && out[n - 2] != 's')
		n--;
	out[n] = '\0';
	return n > 0;
}

static bool is_empty_word(const char *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(empty_words); i++) {
		if (!strcmp(empty_words[i], w))
			return true;
	}
	return false;
}

static bool has_word(const char *text, const char *word)
{
	char w[64];

	while (next_word(&text, w, sizeof(w))) {
		if (!strcmp(w, word))
			return true;
	}
	return false;
}

bool cfg_why_restates(const char *why, const char *prompt, const char *sym)
{
	_cleanup_sb_ struct strbuf joined = STRBUF_INIT;
	_cleanup_free_ char *name = xstrdup(sym);
	char w[64];

	for (char *s = name; *s; s++)
		*s = *s == '_' ? ' ' : *s;
	/* "Hyper-V" is hyperv to the one and two words to the other */
	for (const char *s = prompt; *s; s++) {
		if (isalnum((unsigned char)*s))
			sb_addch(&joined, (char)tolower((unsigned char)*s));
	}
	while (next_word(&why, w, sizeof(w))) {
		if (is_empty_word(w) || has_word(prompt, w) || has_word(name, w))
			continue;
		if (strlen(w) >= 4 && strstr(sb_str(&joined), w))
			continue;
		return false;
	}
	return true;
}

static void lint_why(struct cfg_run *run, struct cfg_known *kn, const struct cfg_fragment *f,
		     const struct cfg_opt *o, struct cfg_finds *out)
{
	const struct cfg_block *b = &f->blocks.v[o->block];
	const char *prompt = NULL;
	struct cfg_find find;

	for (int arch = 0; arch < CFG_NARCH && !prompt; arch++) {
		if (run->kconf[arch])
			prompt = cfg_known_prompt(kn, run, arch, o->sym);
	}
	if (!prompt || !cfg_why_restates(b->why, prompt, o->sym))
		return;
	cfg_find_init(&find, AZK_ERROR, "why-restates", f->path, b->line, o->sym,
		      "the why of CONFIG_%s only restates its prompt", o->sym);
	cfg_find_note(&find, "why:    %s", b->why);
	cfg_find_note(&find, "prompt: %s", prompt);
	cfg_finds_add(out, &find, NULL);
}

static void lint_options(struct cfg_run *run, struct cfg_known *kn, const struct cfg_fragment *f,
			 struct cfg_finds *out)
{
	size_t told = CFG_NO_BLOCK, orphan_line = 0;
	struct cfg_find find;

	for (size_t i = 0; i < f->opts.n; i++) {
		const struct cfg_opt *o = &f->opts.v[i];
		bool orphan = o->block == CFG_NO_BLOCK;

		if (!orphan && f->blocks.v[o->block].why) {
			lint_why(run, kn, f, o, out);
			continue;
		}
		/* one finding for a run of options, not one for each */
		if (orphan ? orphan_line && o->line == orphan_line + 1 : told == o->block) {
			orphan_line = o->line;
			continue;
		}
		told = o->block;
		orphan_line = orphan ? o->line : 0;
		cfg_find_init(&find, AZK_ERROR, "no-why", f->path, o->line, o->sym,
			      orphan ? "CONFIG_%s stands in no '#:' block, so it has no why" :
			      "the block of CONFIG_%s has no why", o->sym);
		cfg_finds_add(out, &find, NULL);
	}
}

static void lint_blocks(const struct cfg_fragment *f, const char *today, json_t *seen,
			struct cfg_finds *out)
{
	struct cfg_find find;

	for (size_t i = 0; i < f->blocks.n; i++) {
		const struct cfg_block *b = &f->blocks.v[i];
		json_int_t n;

		if (b->review && today && strncmp(today, b->review, 7) > 0) {
			cfg_find_init(&find, AZK_NOTE, "review-overdue", f->path, b->line, NULL,
				      "review was due %s%s%s", b->review,
				      b->owner ? ", owner " : "", b->owner ? b->owner : "");
			cfg_finds_add(out, &find, NULL);
		}
		if (!b->why)
			continue;
		n = json_integer_value(json_object_get(seen, b->why)) + 1;
		json_object_set_new(seen, b->why, json_integer(n));
		if (n != MAX_SAME_WHY + 1)
			continue;
		cfg_find_init(&find, AZK_ERROR, "why-repeated", f->path, b->line, NULL,
			      "the same why heads more than %d blocks", MAX_SAME_WHY);
		cfg_find_note(&find, "why: %s", b->why);
		cfg_finds_add(out, &find, NULL);
	}
}

static void lint_unused(const struct cfg_store *s, struct cfg_finds *out)
{
	struct strlist fragments = { 0 }, policies = { 0 };
	struct cfg_find f;

	for (size_t i = 0; i < s->flavours.n; i++)
		cfg_flavour_uses(s, s->flavours.v[i], &fragments, &policies);
	for (size_t i = 0; i < s->fragments.n; i++) {
		if (strlist_has(&fragments, s->fragments.v[i]->name))
			continue;
		cfg_find_init(&f, AZK_ERROR, "unused", s->fragments.v[i]->path, 0, NULL,
			      "no flavour uses this fragment");
		cfg_finds_add(out, &f, NULL);
	}
	for (size_t i = 0; i < s->policies.n; i++) {
		if (strlist_has(&policies, s->policies.v[i]->name))
			continue;
		cfg_find_init(&f, AZK_ERROR, "unused", s->policies.v[i]->path, 0, NULL,
			      "no flavour asserts this policy");
		cfg_finds_add(out, &f, NULL);
	}
	strlist_free(&fragments);
	strlist_free(&policies);
}

void cfg_lint(struct cfg_run *run, struct cfg_known *kn, const char *today, bool all,
	      struct cfg_finds *out)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < run->store->fragments.n; i++) {
		const struct cfg_fragment *f = run->store->fragments.v[i];

		lint_options(run, kn, f, out);
		lint_blocks(f, today, seen, out);
	}
	if (all)
		lint_unused(run->store, out);
	json_decref(seen);
}
