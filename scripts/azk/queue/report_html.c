// SPDX-License-Identifier: GPL-2.0-or-later
/* The rebase report as one page without anything to load. */
#include "queue/rebase.h"

static long long int_of(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void tag(struct strbuf *out, const char *name, const char *cls, const char *text)
{
	sb_addf(out, "<%s class=\"", name);
	sb_addhtml(out, cls);
	sb_addstr(out, "\">");
	sb_addhtml(out, text);
	sb_addf(out, "</%s>", name);
}

static const char STYLE[] =
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;"
	"color:#1b1b1b;background:#fff}"
	"h1{font-size:1.4em}table{border-collapse:collapse;width:100%}"
	"td,th{text-align:left;padding:.3em .6em;border-bottom:1px solid #ddd;vertical-align:top}"
	"pre{background:#f6f6f6;padding:.5em;overflow-x:auto;margin:.3em 0}"
	".c{display:inline-block;min-width:6em;padding:0 .5em;border-radius:.3em;text-align:center}"
	".clean,.moved{background:#d9f2dc}.merged,.partly{background:#fdf1c7}"
	".landed{background:#d6e8fb}.skipped{background:#e6e6e6}"
	".conflict,.ambiguous{background:#f9d3d0}"
	".add{color:#116622}.del{color:#a11}summary{cursor:pointer}.why{margin:.2em 0}"
	"@media(prefers-color-scheme:dark){body{background:#161616;color:#e4e4e4}"
	"pre{background:#222}td,th{border-color:#333}.c{color:#111}.add{color:#7c7}.del{color:#f88}}";

static void add_cause(struct strbuf *out, json_t *c)
{
	json_t *old = json_object_get(c, "old"), *new = json_object_get(c, "new"), *l;
	size_t i;

	sb_addstr(out, "<div class=\"why\">upstream ");
	sb_addhtml(out, str_of(c, "where"));
	sb_addstr(out, " <code>");
	sb_addhtml(out, str_of(c, "file"));
	if (old)
		sb_addf(out, ":%lld-%lld</code> &rarr; <code>%lld-%lld",
			(long long)json_integer_value(json_array_get(old, 0)),
			(long long)json_integer_value(json_array_get(old, 1)),
			(long long)json_integer_value(json_array_get(new, 0)),
			(long long)json_integer_value(json_array_get(new, 1)));
	sb_addstr(out, "</code> ");
	sb_addhtml(out, str_of(c, "function"));
	sb_addstr(out, "</div>");
	if (!json_array_size(json_object_get(c, "text")))
		return;
	sb_addstr(out, "<pre>");
	json_array_foreach(json_object_get(c, "text"), i, l) {
		const char *s = json_string_value(l);

		tag(out, "span", *s == '+' ? "add" : "del", s);
		sb_addch(out, '\n');
	}
	if (int_of(c, "more"))
		sb_addf(out, "... %lld more lines\n", int_of(c, "more"));
	sb_addstr(out, "</pre>");
}

static void add_proof(struct strbuf *out, json_t *landed)
{
	json_t *f, *run;
	size_t i, k;

	json_array_foreach(json_object_get(landed, "files"), i, f) {
		json_array_foreach(json_object_get(f, "runs"), k, run) {
			long long at = int_of(run, "at"), to = int_of(run, "to");

			sb_addf(out, "<div class=\"why\">hunk %lld, -%lld +%lld: ", int_of(run, "hunk"),
				int_of(run, "removed"), int_of(run, "added"));
			sb_addhtml(out, str_of(run, "verdict"));
			if (at) {
				sb_addstr(out, ", <code>");
				sb_addhtml(out, str_of(f, "file"));
				sb_addf(out, ":%lld", at);
				if (to > at)
					sb_addf(out, "-%lld", to);
				sb_addstr(out, "</code> ");
				sb_addhtml(out, str_of(run, "function"));
			}
			if (*str_of(run, "missing")) {
				sb_addstr(out, ": ");
				sb_addhtml(out, str_of(run, "missing"));
			}
			sb_addstr(out, "</div>");
		}
	}
}

static void add_patch(struct strbuf *out, json_t *p)
{
	json_t *causes = json_object_get(p, "causes"), *c;
	char cls[32];
	size_t i;

	snprintf(cls, sizeof(cls), "c %s", str_of(p, "class"));
	sb_addstr(out, "<tr><td>");
	tag(out, "span", cls, str_of(p, "class"));
	sb_addstr(out, "</td><td><code>");
	sb_addhtml(out, str_of(p, "patch"));
	sb_addstr(out, "</code><br>");
	sb_addhtml(out, str_of(p, "subject"));
	if (*str_of(p, "why"))
		tag(out, "div", "why", str_of(p, "why"));
	if (*str_of(p, "blocked_by")) {
		sb_addstr(out, "<div class=\"why\">decided again when <code>");
		sb_addhtml(out, str_of(p, "blocked_by"));
		sb_addstr(out, "</code> is resolved</div>");
	}
	if (*str_of(p, "landed_with")) {
		sb_addstr(out, "<div class=\"why\">landed together with <code>");
		sb_addhtml(out, str_of(p, "landed_with"));
		sb_addstr(out, "</code></div>");
	}
	if (json_object_get(p, "landed")) {
		sb_addstr(out, "<details><summary>where its lines stand</summary>");
		add_proof(out, json_object_get(p, "landed"));
		sb_addstr(out, "</details>");
	}
	if (json_array_size(causes)) {
		sb_addf(out, "<details><summary>%zu upstream hunk%s</summary>",
			json_array_size(causes), json_array_size(causes) == 1 ? "" : "s");
		json_array_foreach(causes, i, c)
			add_cause(out, c);
		sb_addstr(out, "</details>");
	}
	sb_addstr(out, "</td></tr>\n");
}

int rebase_html(json_t *root, const char *file)
{
	_cleanup_sb_ struct strbuf out = STRBUF_INIT;
	json_t *p, *n;
	const char *cls;
	size_t i;

	sb_addstr(&out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		  "<meta name=\"viewport\" content=\"width=device-width\"><title>Rebase</title><style>");
	sb_addstr(&out, STYLE);
	sb_addstr(&out, "</style></head><body>\n<h1>");
	sb_addhtml(&out, path_basename(str_of(root, "old")));
	sb_addstr(&out, " &rarr; ");
	sb_addhtml(&out, path_basename(str_of(root, "new")));
	sb_addstr(&out, "</h1>\n<p>");
	json_object_foreach(json_object_get(root, "counts"), cls, n) {
		char name[32];

		snprintf(name, sizeof(name), "c %s", cls);
		sb_addf(&out, "%lld ", (long long)json_integer_value(n));
		tag(&out, "span", name, cls);
		sb_addstr(&out, " ");
	}
	sb_addhtml(&out, str_of(root, "outcome"));
	sb_addstr(&out, "</p>\n<table>\n");
	json_array_foreach(json_object_get(root, "patches"), i, p)
		add_patch(&out, p);
	sb_addstr(&out, "</table>\n</body></html>\n");
	return azk_write_file(file, out.buf, out.len, 0644);
}
