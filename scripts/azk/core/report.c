// SPDX-License-Identifier: GPL-2.0-or-later
/* One record per run, printed as text or JSON. */
#include "azk.h"

#define MAX_PER_RULE 50

struct azk_report {
	json_t *root;
	json_t *findings;	/* borrowed from root */
	size_t count[3];
	bool bad;
};

static const char *const severity_name[] = { "error", "warning", "note" };

/* JSON strings are UTF-8; file names and patch lines need not be. */
static json_t *to_json_string(const char *s)
{
	json_t *j = json_string(s);
	struct strbuf sb = STRBUF_INIT;

	if (j)
		return j;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x80)
			sb_addch(&sb, *s);
		else
			sb_addf(&sb, "\\x%02x", (unsigned char)*s);
	}
	j = json_string(sb_str(&sb));
	sb_free(&sb);
	return j;
}

struct azk_report *report_new(const char *command)
{
	struct azk_report *r = xcalloc(1, sizeof(*r));

	r->root = json_object();
	r->findings = json_array();
	json_object_set_new(r->root, "command", to_json_string(command));
	json_object_set_new(r->root, "status", json_integer(0));
	json_object_set_new(r->root, "findings", r->findings);
	return r;
}

void report_free(struct azk_report *r)
{
	if (!r)
		return;
	json_decref(r->root);
	free(r);
}

json_t *report_root(struct azk_report *r)
{
	return r->root;
}

static void vadd(struct azk_report *r, enum azk_severity sev, const char *rule, const char *file,
		 size_t line, const char *fmt, va_list ap)
{
	struct strbuf sb = STRBUF_INIT;
	json_t *f = json_object();

	sb_vaddf(&sb, fmt, ap);
	json_object_set_new(f, "severity", json_string(severity_name[sev]));
	json_object_set_new(f, "rule", to_json_string(rule));
	if (file)
		json_object_set_new(f, "file", to_json_string(file));
	if (line)
		json_object_set_new(f, "line", json_integer((json_int_t)line));
	json_object_set_new(f, "message", to_json_string(sb_str(&sb)));
	json_array_append_new(r->findings, f);
	r->count[sev]++;
	sb_free(&sb);
}

void report_add(struct azk_report *r, enum azk_severity sev, const char *rule, const char *file,
		size_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(r, sev, rule, file, line, fmt, ap);
	va_end(ap);
}

void report_bad(struct azk_report *r, const char *rule, const char *file, size_t line,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(r, AZK_ERROR, rule, file, line, fmt, ap);
	va_end(ap);
	r->bad = true;
}

void report_note(struct azk_report *r, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	size_t n = json_array_size(r->findings);
	json_t *f, *notes;
	va_list ap;

	if (!n)
		return;
	f = json_array_get(r->findings, n - 1);
	notes = json_object_get(f, "notes");
	if (!notes) {
		notes = json_array();
		json_object_set_new(f, "notes", notes);
	}
	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	json_array_append_new(notes, to_json_string(sb_str(&sb)));
	sb_free(&sb);
}

size_t report_count(const struct azk_report *r, enum azk_severity sev)
{
	return r->count[sev];
}

int report_status(const struct azk_report *r)
{
	if (r->bad)
		return AZK_BAD;
	return r->count[AZK_ERROR] || r->count[AZK_WARNING] ? AZK_FINDINGS : AZK_OK;
}

static const char *str_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void print_finding(json_t *f, FILE *out)
{
	const char *file = str_of(f, "file");
	json_int_t line = json_integer_value(json_object_get(f, "line"));
	json_t *note;
	size_t i;

	if (file && line)
		fprintf(out, "%s:%lld: ", file, (long long)line);
	else if (file)
		fprintf(out, "%s: ", file);
	fprintf(out, "%s: %s [%s]\n", str_of(f, "severity"), str_of(f, "message"),
		str_of(f, "rule"));
	json_array_foreach(json_object_get(f, "notes"), i, note)
		fprintf(out, "    %s\n", json_string_value(note));
}

static void print_findings(json_t *findings, FILE *out)
{
	json_t *seen = json_object();
	const char *rule;
	json_t *f, *n;
	size_t i;

	json_array_foreach(findings, i, f) {
		json_int_t count;

		rule = str_of(f, "rule");
		count = json_integer_value(json_object_get(seen, rule)) + 1;
		json_object_set_new(seen, rule, json_integer(count));
		if (count <= MAX_PER_RULE)
			print_finding(f, out);
	}
	json_object_foreach(seen, rule, n) {
		if (json_integer_value(n) > MAX_PER_RULE)
			fprintf(out, "%lld more [%s] not shown (all are in --json)\n",
				(long long)json_integer_value(n) - MAX_PER_RULE, rule);
	}
	json_decref(seen);
}

int report_print(struct azk_report *r, bool json, FILE *out, void (*text)(json_t *root, FILE *out))
{
	json_object_set_new(r->root, "status", json_integer(report_status(r)));
	if (json) {
		json_dumpf(r->root, out, JSON_INDENT(2));
		fputc('\n', out);
	} else {
		print_findings(r->findings, out);
		if (text)
			text(r->root, out);
	}
	if (fflush(out) || ferror(out))
		return azk_error("writing the report: output is not writable");
	return report_status(r);
}

int azk_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("azk: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return AZK_BAD;
}
