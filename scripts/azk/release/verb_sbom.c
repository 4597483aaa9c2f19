// SPDX-License-Identifier: GPL-2.0-or-later
/* azk release sbom: one SPDX document a package. */
#include <errno.h>

#include "release/sbom.h"
#include "release/verbs.h"

static bool load_record(struct record *rec, const char *file, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t line = 0;
	int rc = azk_read_file(file, &sb);

	if (rc)
		report_bad(r, "record", file, 0, "%s", strerror(-rc));
	else if (record_parse(rec, sb_str(&sb), sb.len, &line))
		report_bad(r, "record", file, line, "not a compile record of azk release scan");
	else
		return true;
	return false;
}

static void sbom_one(const char *rpm, const struct record *rec, const struct build_facts *f,
		     const char *out, struct azk_report *r, json_t *docs)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *why = NULL, *name = NULL, *path = NULL;
	struct rpm_info p;
	json_t *doc;
	int rc = rpm_load(&p, rpm, NULL, NULL, &why);

	if (rc) {
		report_bad(r, "rpm", rpm, 0, "%s", why);
		rpm_free(&p);
		return;
	}
	doc = spdx_document(&p, rec, f, r);
	spdx_print(doc, &sb);
	name = xasprintf("%s.spdx.json", p.file);
	path = path_join(out, name);
	rc = report_status(r) == AZK_OK ? azk_write_file(path, sb_str(&sb), sb.len, 0644) : 0;
	if (rc)
		report_bad(r, "write", path, 0, "%s", strerror(-rc));
	json_array_append_new(docs,
			      json_pack("{s:s, s:I, s:I, s:I, s:I}", "file", name, "bytes",
					(json_int_t)sb.len, "packages",
					(json_int_t)json_array_size(json_object_get(doc, "packages")),
					"files",
					(json_int_t)json_array_size(json_object_get(doc, "files")),
					"relationships",
					(json_int_t)json_array_size(json_object_get(doc,
							"relationships"))));
	json_decref(doc);
	rpm_free(&p);
}

static void sbom_text(json_t *root, FILE *out)
{
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(root, "documents"), i, d)
		fprintf(out, "%-56s %10lld bytes %7lld files %8lld relationships\n",
			json_string_value(json_object_get(d, "file")),
			(long long)json_integer_value(json_object_get(d, "bytes")),
			(long long)json_integer_value(json_object_get(d, "files")),
			(long long)json_integer_value(json_object_get(d, "relationships")));
}

int release_sbom(int argc, char **argv)
{
	const char *record = NULL, *out = NULL;
	struct facts_from from = { 0 };
	struct build_facts f = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "record", .arg = "FILE", .help = "compile record of azk release scan",
		  .str = &record },
		FACTS_OPTS(from),
		{ .name = "out", .arg = "DIR", .help = "where RPM.spdx.json are written",
		  .str = &out, .required = true },
		{ .name = "json", .help = "print the report as JSON", .flag = &json },
		{ 0 },
	};
	struct record rec = { 0 };
	struct azk_report *r;
	json_t *docs = json_array();
	bool have = false;
	int n = azk_parse_opts(opts, "release sbom --base FILE --tarball FILE --series FILE "
			       "--out DIR RPM...",
			       "release sbom --record out/sbom/azure-x86_64.compile --base kernel.base "
			       "--tarball \"$(scripts/fetch 6.18.15)\" --series patches/series "
			       "--out out/sbom out/rpms/*.rpm", argc, argv);
	int rc;

	if (n <= 0) {
		json_decref(docs);
		return n == AZK_OPT_HELP ? AZK_OK :
			n ? AZK_BAD : azk_error("release sbom needs the packages as arguments");
	}
	r = report_new("release sbom");
	facts_load(&f, &from, r);
	if (record)
		have = load_record(&rec, record, r);
	rc = azk_mkdir_p(out, 0755);
	if (rc)
		report_bad(r, "write", out, 0, "%s", strerror(-rc));
	for (int i = 1; i <= n && report_status(r) != AZK_BAD; i++)
		sbom_one(argv[i], have ? &rec : NULL, &f, out, r, docs);
	json_object_set_new(report_root(r), "documents", docs);
	record_free(&rec);
	facts_free(&f);
	rc = report_print(r, json, stdout, sbom_text);
	report_free(r);
	return rc;
}
