// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts as one page: no script, no font, nothing fetched, fit to be printed and signed. */
#include "audit/audit.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>Kernel audit</title>\n<style>\n"
	"body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em;"
	" color: #1a1a1a; background: #fff; }\n"
	"h1 { font-size: 1.5em; } h2 { font-size: 1.1em; margin: 1.8em 0 .3em; break-after: avoid; }\n"
	"table { border-collapse: collapse; width: 100%; font-size: .9em; }\n"
	"th, td { text-align: left; vertical-align: top; padding: .25em .6em .25em 0;"
	" border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }\n"
	"tr { break-inside: avoid; } thead { display: table-header-group; }\n"
	"td:nth-child(-n+3) { white-space: nowrap; }\n"
	".s { font-weight: 600; } .fails { color: #a40000; } .unknown { color: #7a5200; }\n"
	".weak { color: #7a5200; } .holds { color: #1d6b1d; } .na { color: #666; }\n"
	".weakest td { background: #fff3d6; }\n"
	".src, .why { color: #555; font-size: .92em; }\n"
	"dl { display: grid; grid-template-columns: max-content 1fr; gap: .2em 1em; } dt { color: #555; }"
	" dd { margin: 0; }\n"
	"@media print { body { margin: 0; max-width: none; font-size: 10pt; } a { color: inherit; }"
	" .weakest td { background: none; border: 1px solid #000; } @page { margin: 18mm; } }\n"
	"</style>\n</head>\n<body>\n";

static const char *str_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void fact(struct strbuf *out, const char *name, const char *value)
{
	if (!*value)
		return;
	sb_addf(out, "<dt>%s</dt><dd>", name);
	sb_addhtml(out, value);
	sb_addstr(out, "</dd>\n");
}

static void state_cell(struct strbuf *out, const char *state)
{
	sb_addf(out, "<td class=\"s %s\">%s</td>", strcmp(state, "n/a") ? state : "na", state);
}

static void link_row(struct strbuf *out, json_t *l, const char *weakest)
{
	const char *state = str_of(l, "state"), *source = str_of(l, "source");
	bool bad = strcmp(state, "holds") && strcmp(state, "n/a");
	json_int_t line = json_integer_value(json_object_get(l, "line"));

	sb_addf(out, "<tr%s><td>%s</td>", bad && !strcmp(str_of(l, "id"), weakest) ?
		" class=\"weakest\"" : "", str_of(l, "layer"));
	state_cell(out, state);
	sb_addstr(out, "<td>");
	sb_addhtml(out, str_of(l, "id"));
	sb_addstr(out, "</td><td>");
	sb_addhtml(out, str_of(l, "said"));
	if (*source) {
		sb_addstr(out, " <span class=\"src\">[");
		sb_addhtml(out, source);
		if (line)
			sb_addf(out, ":%lld", (long long)line);
		sb_addstr(out, "]</span>");
	}
	if (bad && *str_of(l, "why")) {
		sb_addstr(out, "<div class=\"why\">Why: ");
		sb_addhtml(out, str_of(l, "why"));
		sb_addstr(out, "</div>");
	}
	if (bad && *str_of(l, "remedy")) {
		sb_addstr(out, "<div class=\"why\">Remedy: ");
		sb_addhtml(out, str_of(l, "remedy"));
		sb_addstr(out, "</div>");
	}
	sb_addstr(out, "</td></tr>\n");
}

static void summary(struct strbuf *out, json_t *goals)
{
	json_t *g;
	size_t i;

	sb_addstr(out, "<table><thead><tr><th>Verdict</th><th>Goal</th><th>Weakest link</th></tr></thead>"
		  "<tbody>\n");
	json_array_foreach(goals, i, g) {
		sb_addstr(out, "<tr>");
		state_cell(out, str_of(g, "verdict"));
		sb_addf(out, "<td><a href=\"#g%zu\">", i);
		sb_addhtml(out, str_of(g, "title"));
		sb_addstr(out, "</a></td><td>");
		sb_addhtml(out, *str_of(g, "weakest") ? str_of(g, "weakest") : "-");
		sb_addstr(out, "</td></tr>\n");
	}
	sb_addstr(out, "</tbody></table>\n");
}

static void goal_part(struct strbuf *out, json_t *g, size_t n)
{
	const char *verdict = str_of(g, "verdict");
	json_t *l;
	size_t i;

	sb_addf(out, "<h2 id=\"g%zu\"><span class=\"s %s\">%s</span>: ", n,
		strcmp(verdict, "n/a") ? verdict : "na", verdict);
	sb_addhtml(out, str_of(g, "title"));
	sb_addstr(out, "</h2>\n<table><thead><tr><th>Layer</th><th>State</th><th>Link</th>"
		  "<th>Evidence</th></tr></thead><tbody>\n");
	json_array_foreach(json_object_get(g, "links"), i, l)
		link_row(out, l, str_of(g, "weakest"));
	sb_addstr(out, "</tbody></table>\n");
}

static void reach_part(struct strbuf *out, json_t *reach)
{
	json_t *r;
	size_t i;

	if (!json_array_size(reach))
		return;
	sb_addstr(out, "<h2>What root can do, by lockdown reason</h2>\n<table><thead><tr><th>Reason</th>"
		  "<th>Here</th><th>From level</th><th>What</th></tr></thead><tbody>\n");
	json_array_foreach(reach, i, r) {
		sb_addf(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>", str_of(r, "reason"),
			str_of(r, "is"), str_of(r, "level"));
		sb_addhtml(out, str_of(r, "what"));
		sb_addstr(out, " <span class=\"src\">(");
		sb_addhtml(out, str_of(r, "because"));
		sb_addstr(out, ")</span></td></tr>\n");
	}
	sb_addstr(out, "</tbody></table>\n");
}

void html_of(json_t *root, struct strbuf *out)
{
	json_t *goals = json_object_get(root, "goals"), *w = json_object_get(root, "weakest"), *g;
	size_t i;

	sb_addstr(out, head);
	sb_addstr(out, "<h1>Kernel audit</h1>\n<dl>\n");
	fact(out, "Audited", str_of(root, "subject"));
	fact(out, "Kernel", str_of(root, "release"));
	fact(out, "Architecture", str_of(root, "arch"));
	fact(out, "Flavour", str_of(root, "flavour"));
	fact(out, "Date", str_of(root, "date"));
	fact(out, "Weakest link", *str_of(w, "link") ? str_of(w, "link") : "none");
	if (*str_of(w, "said"))
		fact(out, "Evidence", str_of(w, "said"));
	sb_addstr(out, "</dl>\n<h2>Verdicts</h2>\n");
	summary(out, goals);
	json_array_foreach(goals, i, g)
		goal_part(out, g, i);
	reach_part(out, json_object_get(root, "reach"));
	sb_addstr(out, "<p class=\"src\">Made by azk audit " AZK_VERSION ". A goal is as good as its worst link; "
		  "what could not be read is unknown and never a pass.</p>\n</body>\n</html>\n");
}
