// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verdicts as SARIF 2.1.0 (OASIS): a result per link. What fails or is weak is of
 * kind "fail", what could not be read "open", the rest "pass" or "notApplicable";
 * only "fail" may have a level (3.27.10).
 */
#include <ctype.h>

#include "audit/audit.h"

static const char *str_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_t *message(const char *text)
{
	return json_pack("{s:s}", "text", text);
}

/* A path as a URI reference (RFC 3986, 3.3). */
static char *uri_of(const char *path)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("-._~/+@", *path))
			sb_addch(&sb, *path);
		else
			sb_addf(&sb, "%%%02X", (unsigned char)*path);
	}
	return sb_detach(&sb);
}

static json_t *location(json_t *link, const char *subject)
{
	const char *source = str_of(link, "source");
	json_int_t line = json_integer_value(json_object_get(link, "line"));
	_cleanup_free_ char *uri = uri_of(source ? source : subject);
	json_t *place = json_pack("{s:{s:s}}", "artifactLocation", "uri", uri);

	if (line)
		json_object_set_new(place, "region", json_pack("{s:I}", "startLine", line));
	return json_pack("{s:o}", "physicalLocation", place);
}

static size_t rule_index(json_t *rules, json_t *link)
{
	const char *why = str_of(link, "why"), *remedy = str_of(link, "remedy");
	json_t *r;
	size_t i;

	json_array_foreach(rules, i, r) {
		if (!strcmp(str_of(r, "id"), str_of(link, "id")))
			return i;
	}
	r = json_pack("{s:s}", "id", str_of(link, "id"));
	if (why)
		json_object_set_new(r, "fullDescription", message(why));
	if (remedy)
		json_object_set_new(r, "help", message(remedy));
	json_array_append_new(rules, r);
	return i;
}

static json_t *result(json_t *goal, json_t *link, json_t *rules, const char *subject)
{
	const char *state = str_of(link, "state");
	bool fails = !strcmp(state, "fails"), weak = !strcmp(state, "weak");
	const char *kind = fails || weak ? "fail" : !strcmp(state, "unknown") ? "open" :
			   !strcmp(state, "n/a") ? "notApplicable" : "pass";

	return json_pack("{s:s, s:I, s:s, s:s, s:o, s:[o], s:{s:s, s:s, s:s}}",
			 "ruleId", str_of(link, "id"),
			 "ruleIndex", (json_int_t)rule_index(rules, link),
			 "kind", kind, "level", fails ? "error" : weak ? "note" : "none",
			 "message", message(str_of(link, "said")),
			 "locations", location(link, subject),
			 "properties", "goal", str_of(goal, "title"), "layer", str_of(link, "layer"),
			 "state", state);
}

json_t *sarif_of(json_t *root)
{
	json_t *rules = json_array(), *results = json_array(), *g, *l;
	const char *subject = str_of(root, "subject");
	size_t i, k;

	json_array_foreach(json_object_get(root, "goals"), i, g) {
		json_array_foreach(json_object_get(g, "links"), k, l)
			json_array_append_new(results, result(g, l, rules, subject ? subject : "?"));
	}
	return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o}]}",
			 "$schema", "https://json.schemastore.org/sarif-2.1.0.json",
			 "version", "2.1.0", "runs",
			 "tool", "driver", "name", "azk audit", "version", AZK_VERSION, "rules", rules,
			 "columnKind", "utf16CodeUnits", "results", results);
}
