// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts as a record, and the record as text. */
#include "audit/audit.h"

static const char *const layer_names[LAYERS] = {
	[LAYER_CONFIG] = "config", [LAYER_IMAGE] = "image", [LAYER_MODULES] = "modules",
	[LAYER_LIVE] = "live",
};

static const char *const reach_words[] = {
	[REACH_REFUSED] = "refused", [REACH_ALLOWED] = "allowed", [REACH_NONE] = "n/a",
	[REACH_UNKNOWN] = "unknown",
};

/* File names need not be UTF-8. */
static json_t *text_of(const char *s)
{
	json_t *j = json_string(s);
	char *clean;

	if (j)
		return j;
	clean = span_text((struct span){ (const unsigned char *)s, strlen(s) });
	j = json_string(clean);
	free(clean);
	return j;
}

static void set_text(json_t *o, const char *key, const char *s)
{
	if (s)
		json_object_set_new(o, key, text_of(s));
}

static json_t *link_record(const struct link *l)
{
	json_t *o = json_object();

	set_text(o, "id", l->id);
	set_text(o, "layer", layer_names[l->layer]);
	set_text(o, "state", state_names[l->state]);
	set_text(o, "said", l->said);
	set_text(o, "source", l->source);
	if (l->line)
		json_object_set_new(o, "line", json_integer((json_int_t)l->line));
	set_text(o, "why", l->why);
	set_text(o, "remedy", l->remedy);
	set_text(o, "cause", l->cause);
	return o;
}

static json_t *goal_record(const struct goal *g)
{
	json_t *o = json_object(), *links = json_array();

	set_text(o, "goal", g->id);
	set_text(o, "title", g->title);
	set_text(o, "verdict", state_names[g->verdict]);
	if (g->weakest)
		set_text(o, "weakest", g->weakest->id);
	for (size_t i = 0; i < g->links.n; i++)
		json_array_append_new(links, link_record(&g->links.v[i]));
	json_object_set_new(o, "links", links);
	return o;
}

/* Whether a link that some goal has explains this one. */
static bool has_cause(const struct verdicts *v, const struct link *l)
{
	for (size_t i = 0; l->cause && i < v->goals.n; i++) {
		const struct link *c = goal_link(v->goals.v[i], l->cause);

		if (c && c->state < HOLDS && strcmp(c->id, l->id) != 0)
			return true;
	}
	return false;
}

static void add_finding(const struct link *l, const struct goal *g, struct azk_report *r)
{
	report_add(r, l->state == FAILS ? AZK_ERROR : l->state == UNKNOWN ? AZK_WARNING : AZK_NOTE,
		   l->id, l->source, l->line, "%s: %s", state_names[l->state], l->said);
	report_note(r, "goal: %s", g->title);
	if (l->why)
		report_note(r, "why: %s", l->why);
	if (l->remedy)
		report_note(r, "remedy: %s", l->remedy);
}

/* What one goal found, the next need not tell again. */
static void add_findings(const struct verdicts *v, struct azk_report *r)
{
	struct strmap told = { 0 };

	for (size_t i = 0; i < v->goals.n; i++) {
		const struct goal *g = v->goals.v[i];

		for (size_t k = 0; k < g->links.n; k++) {
			const struct link *l = &g->links.v[k];
			_cleanup_free_ char *key = xasprintf("%s %s", l->id, l->said);

			if (l->state >= HOLDS || has_cause(v, l) || strmap_get(&told, key))
				continue;
			strmap_put(&told, key, (void *)l);
			add_finding(l, g, r);
		}
	}
	strmap_free(&told);
}

static json_t *reach_record(const struct reach *r)
{
	json_t *o = json_object();

	set_text(o, "reason", r->reason);
	set_text(o, "level", level_names[r->level]);
	set_text(o, "what", r->what);
	set_text(o, "is", reach_words[r->is]);
	set_text(o, "because", r->because);
	return o;
}

void verdicts_report(const struct audit *a, const struct verdicts *v, struct azk_report *r)
{
	json_t *root = report_root(r), *goals = json_array(), *reach, *layers = json_array(), *o;

	set_text(root, "subject", a->subject);
	set_text(root, "flavour", a->flavour);
	if (a->arch >= 0)
		set_text(root, "arch", cfg_arches[a->arch].name);
	set_text(root, "release", a->release);
	set_text(root, "level", level_names[a->level]);
	set_text(root, "date", a->today);
	for (int i = 0; i < LAYERS; i++) {
		if (a->layers & 1u << i)
			json_array_append_new(layers, json_string(layer_names[i]));
	}
	json_object_set_new(root, "layers", layers);
	if (v->goal) {
		o = json_object();
		set_text(o, "goal", v->goal->id);
		set_text(o, "link", v->goal->weakest->id);
		set_text(o, "state", state_names[v->goal->weakest->state]);
		set_text(o, "said", v->goal->weakest->said);
		json_object_set_new(root, "weakest", o);
	}
	for (size_t i = 0; i < v->goals.n; i++)
		json_array_append_new(goals, goal_record(v->goals.v[i]));
	json_object_set_new(root, "goals", goals);
	if (v->reach.n) {
		reach = json_array();
		for (size_t i = 0; i < v->reach.n; i++)
			json_array_append_new(reach, reach_record(&v->reach.v[i]));
		json_object_set_new(root, "reach", reach);
	}
	add_findings(v, r);
}

/* ---- text ----------------------------------------------------------------- */

static const char *str_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_t *find_link(json_t *goal, const char *id)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(goal, "links"), i, l) {
		/* of several with one id, the one that counts is not well */
		if (!strcmp(str_of(l, "id"), id) && strcmp(str_of(l, "state"), "holds") &&
		    strcmp(str_of(l, "state"), "n/a"))
			return l;
	}
	return NULL;
}

static void print_link(json_t *l, FILE *out)
{
	const char *source = str_of(l, "source");
	json_int_t line = json_integer_value(json_object_get(l, "line"));

	fprintf(out, "    %-8s %-8s %-24s %s", str_of(l, "layer"), str_of(l, "state"), str_of(l, "id"),
		str_of(l, "said"));
	if (*source && line)
		fprintf(out, " [%s:%lld]", source, (long long)line);
	else if (*source)
		fprintf(out, " [%s]", source);
	fputc('\n', out);
}

/* Chains are short and printed whole; of a policy only what does not hold, and exceptions counted. */
static void print_goal(json_t *g, FILE *out)
{
	json_t *links = json_object_get(g, "links"), *l, *weakest;
	bool policy = str_starts(str_of(g, "goal"), "policy-");
	size_t i, held = 0, excepted = 0, na = 0;

	fprintf(out, "\n%-8s %s\n", str_of(g, "verdict"), str_of(g, "title"));
	weakest = find_link(g, str_of(g, "weakest"));
	if (weakest) {
		fprintf(out, "    weakest link: %s: %s\n", str_of(weakest, "id"), str_of(weakest, "said"));
		if (*str_of(weakest, "remedy"))
			fprintf(out, "    remedy: %s\n", str_of(weakest, "remedy"));
	}
	json_array_foreach(links, i, l) {
		bool holds = !strcmp(str_of(l, "state"), "holds");

		held += holds;
		excepted += holds && str_starts(str_of(l, "said"), "excepted ");
		if (!strcmp(str_of(l, "state"), "n/a"))
			na++;
		else if (!policy || !holds)
			print_link(l, out);
	}
	if (policy)
		fprintf(out, "    %zu rules hold, %zu of them by exception\n", held, excepted);
	else if (na)
		fprintf(out, "    %zu links do not apply (--json names them)\n", na);
}

void verdicts_text(json_t *root, FILE *out)
{
	json_t *g, *layers = json_object_get(root, "layers"), *w = json_object_get(root, "weakest");
	const char *missing = "";
	size_t i;

	fprintf(out, "%s\n  ", str_of(root, "subject"));
	if (*str_of(root, "release"))
		fprintf(out, "kernel %s, ", str_of(root, "release"));
	fprintf(out, "%s, exceptions of flavour %s, as of %s\n",
		*str_of(root, "arch") ? str_of(root, "arch") : "arch not known", str_of(root, "flavour"),
		str_of(root, "date"));
	if (json_array_size(layers) == 1)
		missing = "; nothing is said of image, modules and running kernel";
	fprintf(out, "  looked at:");
	json_array_foreach(layers, i, g)
		fprintf(out, " %s", json_string_value(g));
	fprintf(out, "%s\n", missing);
	json_array_foreach(json_object_get(root, "goals"), i, g)
		print_goal(g, out);
	if (w)
		fprintf(out, "\nweakest link of all: %s (%s): %s\n", str_of(w, "link"),
			str_of(w, "state"), str_of(w, "said"));
	else
		fputs("\nno weak link\n", out);
}
