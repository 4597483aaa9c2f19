// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest set of changes that brings an option back. Kconfig's helper
 * searches; here each answer is proved: the plan with these changes is put
 * through a fresh parse, as a render does, and the result is looked at.
 */
#include "config/finds.h"

bool cfg_lost_add(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_intent *in,
		  const struct cfg_dot *d, struct cfg_losts *losts)
{
	const char *sym = in->opt->sym, *asked = in->opt->value, *got = cfg_dot_get(d, sym);
	struct kconf *k = run->kconf[p->arch];
	struct cfg_lost *l;

	if (cfg_value_equal(asked, got))
		return false;
	l = vec_add(&losts->v);
	l->sym = sym;
	l->asked = asked;
	cfg_find_init(&l->f, AZK_ERROR, got && strcmp(got, "n") ? "changed" : "lost",
		      in->frag->path, in->opt->line, sym, "CONFIG_%s asked %s, got %s", sym, asked,
		      got ? got : "nothing");
	json_object_set_new(cfg_find_detail(&l->f), "asked", json_string(asked));
	json_object_set_new(l->f.detail, "got", json_string(got ? got : "n"));
	cfg_note_elements(asked, got, &l->f);
	cfg_explain(k, p, sym, asked, &l->f);
	kconf_fix(k, sym, asked, CFG_FIX_BUDGET, true, &l->fixes);
	return true;
}

/* The plan's text with some values changed; what is not asked yet stands last. */
static void changed_text(const struct cfg_plan *p, const struct strlist *changes, struct strbuf *sb)
{
	struct strmap to = { 0 };

	for (size_t i = 0; i < changes->n; i++) {
		_cleanup_free_ char *name = xstrdup(changes->v[i]);
		char *value = strchr(name, ' ');

		*value = '\0';
		strmap_put(&to, name, changes->v[i] + (value - name) + 1);
	}
	for (size_t i = 0; i < p->intents.n; i++) {
		const struct cfg_opt *o = p->intents.v[i].opt;
		const char *value = strmap_get(&to, o->sym);

		cfg_setting_text(o->sym, value ? value : o->value, sb);
	}
	for (size_t i = 0; i < to.n; i++) {
		if (!cfg_plan_find(p, to.v[i].key))
			cfg_setting_text(to.v[i].key, to.v[i].value, sb);
	}
	strmap_free(&to);
}

static bool same_changes(const struct strlist *a, const struct strlist *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i], b->v[i]))
			return false;
	}
	return true;
}

static bool is_changed(const struct strlist *changes, const char *sym)
{
	size_t n = strlen(sym);

	for (size_t i = 0; i < changes->n; i++) {
		if (!strncmp(changes->v[i], sym, n) && changes->v[i][n] == ' ')
			return true;
	}
	return false;
}

static void note_losses(struct cfg_find *f, const struct cfg_plan *p, const struct strlist *changes,
			const struct cfg_dot *before, const struct cfg_dot *after, json_t *fix)
{
	json_t *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i < p->intents.n; i++) {
		const struct cfg_intent *in = &p->intents.v[i];
		const char *sym = in->opt->sym;

		if (is_changed(changes, sym) ||
		    !cfg_value_equal(in->opt->value, cfg_dot_get(before, sym)) ||
		    cfg_value_equal(in->opt->value, cfg_dot_get(after, sym)))
			continue;
		if (++n <= 3)
			cfg_find_note(f, "  which costs CONFIG_%s, asked %s at %s:%zu", sym,
				      in->opt->value, in->frag->path, in->opt->line);
		json_array_append_new(list, json_string(sym));
	}
	if (n > 3)
		cfg_find_note(f, "  and %zu more that are asked for", n - 3);
	json_object_set_new(fix, "costs", list);
}

static void note_change(struct cfg_find *f, const struct cfg_plan *p, const char *change,
			json_t *list)
{
	_cleanup_free_ char *name = xstrdup(change);
	char *value = strchr(name, ' ');
	const struct cfg_intent *in;
	bool off;
	json_t *o;

	*value++ = '\0';
	in = cfg_plan_find(p, name);
	off = !strcmp(value, "n");
	o = json_pack("{s:s, s:s}", "symbol", name, "value", value);
	if (in) {
		json_object_set_new(o, "was", json_string(in->opt->value));
		json_object_set_new(o, "file", json_string(in->frag->path));
		json_object_set_new(o, "line", json_integer((json_int_t)in->opt->line));
		cfg_find_note(f, "  CONFIG_%s%s%s, where %s:%zu asks %s", name,
			      off ? " is not set" : "=", off ? "" : value, in->frag->path,
			      in->opt->line, in->opt->value);
	} else {
		cfg_find_note(f, "  CONFIG_%s%s%s, which nothing asks for yet", name,
			      off ? " is not set" : "=", off ? "" : value);
	}
	json_array_append_new(list, o);
}

static void tell(struct cfg_lost *l, const struct cfg_plan *p, const struct kconf_fix *fix,
		 const struct cfg_dot *before, const struct cfg_dot *after)
{
	json_t *o = json_object(), *list = json_array();

	cfg_find_note(&l->f, "smallest change that makes it %s:", l->asked);
	for (size_t i = 0; i < fix->changes.n; i++)
		note_change(&l->f, p, fix->changes.v[i], list);
	json_object_set_new(o, "changes", list);
	note_losses(&l->f, p, &fix->changes, before, after, o);
	json_object_set_new(cfg_find_detail(&l->f), "fix", o);
	l->proved = true;
}

/* One render for all options whose next candidate is this one; false when Kconfig is gone. */
static bool prove(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_dot *before,
		  struct cfg_losts *losts, const struct kconf_fix *fix)
{
	struct kconf *k = run->kconf[p->arch];
	_cleanup_sb_ struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
	struct cfg_dot *after;
	bool ok;

	changed_text(p, &fix->changes, &text);
	if (kconf_open(k, sb_str(&text), text.len))
		return false;
	ok = !kconf_write(k, &out) && !kconf_close(k);
	/* what Kconfig says of a trial is no finding */
	free(kconf_warnings(k));
	if (!ok)
		return false;
	after = cfg_dot_parse("a trial config", sb_str(&out), out.len, run->r);
	for (size_t i = 0; after && i < losts->v.n; i++) {
		struct cfg_lost *l = &losts->v.v[i];

		if (l->proved || l->next == l->fixes.v.n ||
		    !same_changes(&l->fixes.v.v[l->next].changes, &fix->changes))
			continue;
		/* the one asked about moves on last: its changes are being read */
		if (cfg_value_equal(l->asked, cfg_dot_get(after, l->sym)))
			tell(l, p, fix, before, after);
		else
			l->next++;
	}
	cfg_dot_free(after);
	return after;
}

void cfg_prove_fixes(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_dot *d,
		     struct cfg_losts *losts)
{
	for (size_t i = 0; i < losts->v.n; i++) {
		struct cfg_lost *l = &losts->v.v[i];

		while (!l->proved && l->next < l->fixes.v.n) {
			if (!prove(run, p, d, losts, &l->fixes.v.v[l->next]))
				return;
		}
		if (!l->proved)
			cfg_find_note(&l->f, "no change of options found that makes it %s",
				      l->asked);
	}
}
