// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings told once for all flavours and arches they hold for. */
#include "config/finds.h"

void cfg_find_init(struct cfg_find *f, enum azk_severity sev, const char *rule, const char *file,
		   size_t line, const char *sym, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	memset(f, 0, sizeof(*f));
	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	f->sev = sev;
	f->rule = rule;
	f->file = file ? xstrdup(file) : NULL;
	f->line = line;
	f->sym = sym ? xstrdup(sym) : NULL;
	f->msg = sb_detach(&sb);
}

void cfg_find_note(struct cfg_find *f, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (!strlist_has(&f->notes, sb_str(&sb)))
		strlist_add(&f->notes, sb_str(&sb));
}

json_t *cfg_find_detail(struct cfg_find *f)
{
	if (!f->detail)
		f->detail = json_object();
	return f->detail;
}

void cfg_find_free(struct cfg_find *f)
{
	json_decref(f->detail);
	free(f->file);
	free(f->sym);
	free(f->msg);
	strlist_free(&f->notes);
	strlist_free(&f->where);
}

static bool same(const struct cfg_find *a, const struct cfg_find *b)
{
	if (strcmp(a->rule, b->rule) || a->line != b->line || strcmp(a->msg, b->msg) ||
	    !a->file != !b->file || (a->file && strcmp(a->file, b->file)) ||
	    a->notes.n != b->notes.n)
		return false;
	for (size_t i = 0; i < a->notes.n; i++) {
		if (strcmp(a->notes.v[i], b->notes.v[i]))
			return false;
	}
	return true;
}

void cfg_finds_add(struct cfg_finds *s, struct cfg_find *f, const struct cfg_plan *p)
{
	struct cfg_find *to = NULL;

	for (size_t i = 0; i < s->v.n && !to; i++) {
		if (same(&s->v.v[i], f))
			to = &s->v.v[i];
	}
	if (to) {
		cfg_find_free(f);
	} else {
		vec_push(&s->v, *f);
		to = &s->v.v[s->v.n - 1];
	}
	memset(f, 0, sizeof(*f));
	if (p) {
		_cleanup_free_ char *at = xasprintf("%s/%s", p->flavour->name,
						    cfg_arches[p->arch].name);

		if (!strlist_has(&to->where, at))
			strlist_add(&to->where, at);
	}
}

void cfg_finds_report(const struct cfg_finds *s, struct azk_report *r)
{
	for (size_t i = 0; i < s->v.n; i++) {
		const struct cfg_find *f = &s->v.v[i];
		_cleanup_sb_ struct strbuf where = STRBUF_INIT;

		for (size_t k = 0; k < f->where.n; k++)
			sb_addf(&where, "%s%s", k ? ", " : "", f->where.v[k]);
		if (where.len)
			report_add(r, f->sev, f->rule, f->file, f->line, "%s (%s)", f->msg,
				   sb_str(&where));
		else
			report_add(r, f->sev, f->rule, f->file, f->line, "%s", f->msg);
		cfg_tag(r, where.len ? sb_str(&where) : NULL, f->sym);
		if (f->detail)
			cfg_tag_all(r, f->detail);
		for (size_t k = 0; k < f->notes.n; k++)
			report_note(r, "%s", f->notes.v[k]);
	}
}

void cfg_finds_free(struct cfg_finds *s)
{
	for (size_t i = 0; i < s->v.n; i++)
		cfg_find_free(&s->v.v[i]);
	vec_free(&s->v);
}
