// SPDX-License-Identifier: GPL-2.0-or-later
/* azk release verify: envelope, statement and packages belong together. */
#include <errno.h>

#include "release/dsse.h"
#include "release/release.h"
#include "release/verbs.h"

/* The statement inside, or NULL after a finding. */
static json_t *open_envelope(const char *file, const char *public_key, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT, pem = STRBUF_INIT;
	const char *why = NULL;
	struct dsse e = { 0 };
	EVP_PKEY *key = NULL;
	json_t *st = NULL;
	int rc = azk_read_file(public_key, &pem);

	if (rc) {
		report_bad(r, "key", public_key, 0, "%s", strerror(-rc));
		return NULL;
	}
	key = dsse_key_read(sb_str(&pem), pem.len, false, &why);
	if (!key) {
		report_bad(r, "key", public_key, 0, "%s", why);
		return NULL;
	}
	rc = azk_read_file(file, &sb);
	if (rc)
		report_bad(r, "envelope", file, 0, "%s", strerror(-rc));
	else if (dsse_parse(&e, sb_str(&sb), sb.len, &why))
		report_bad(r, "envelope", file, 0, "%s", why);
	else if (!dsse_verify(&e, key))
		report_add(r, AZK_ERROR, "signature", file, 0,
			   "not signed by the key in %s, or changed since", public_key);
	else if (strcmp(e.type, DSSE_INTOTO))
		report_add(r, AZK_ERROR, "type", file, 0, "payload is '%s', not in-toto", e.type);
	else
		st = json_loadb(sb_str(&e.body), e.body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!st && report_status(r) == AZK_OK)
		report_add(r, AZK_ERROR, "statement", file, 0, "the signed payload is not JSON");
	dsse_free(&e);
	EVP_PKEY_free(key);
	return st;
}

static bool is(json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && !strcmp(s, value);
}

static void check_file(const char *file, json_t *subjects, struct azk_report *r)
{
	const char *named = NULL;
	struct digests d;
	json_t *s;
	size_t i;
	int rc = digest_file(file, &d);

	if (rc) {
		report_bad(r, "file", file, 0, "%s", strerror(-rc));
		return;
	}
	json_array_foreach(subjects, i, s) {
		json_t *digest = json_object_get(s, "digest");

		if (is(digest, "sha256", d.sha256))
			return;
		if (is(s, "name", path_basename(file)))
			named = json_string_value(json_object_get(digest, "sha256"));
	}
	report_add(r, AZK_ERROR, "subject", file, 0, named ?
		   "is not the package that was built: the statement has another SHA-256" :
		   "the statement does not speak of it");
}

static void verify_text(json_t *root, FILE *out)
{
	if (json_object_get(root, "builder"))
		fprintf(out, "%lld of %lld packages of the statement checked; kernel %s, built by %s\n",
			(long long)json_integer_value(json_object_get(root, "checked")),
			(long long)json_integer_value(json_object_get(root, "subjects")),
			json_string_value(json_object_get(root, "kernel")),
			json_string_value(json_object_get(root, "builder")));
}

static void judge(json_t *st, int n, char **argv, struct azk_report *r)
{
	json_t *subjects = json_object_get(st, "subject");
	const char *kernel = NULL, *builder = NULL;

	json_unpack(st, "{s:{s:{s:{s:s}}, s:{s:{s:s}}}}", "predicate", "buildDefinition",
		    "externalParameters", "kernel", &kernel, "runDetails", "builder", "id", &builder);
	if (!is(st, "_type", "https://in-toto.io/Statement/v1") ||
	    !is(st, "predicateType", "https://slsa.dev/provenance/v1") || !kernel || !builder ||
	    !json_array_size(subjects)) {
		report_add(r, AZK_ERROR, "statement", argv[1], 0,
			   "not a provenance statement: its _type, predicateType, subject or builder");
		return;
	}
	for (int i = 2; i <= n; i++)
		check_file(argv[i], subjects, r);
	json_object_set_new(report_root(r), "subjects",
			    json_integer((json_int_t)json_array_size(subjects)));
	json_object_set_new(report_root(r), "checked", json_integer(n - 1));
	json_object_set_new(report_root(r), "kernel", json_string(kernel));
	json_object_set_new(report_root(r), "builder", json_string(builder));
	json_object_set(report_root(r), "statement", st);
}

int release_verify(int argc, char **argv)
{
	const char *public_key = NULL;
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "public", .arg = "FILE", .help = "PEM public key of who signed it",
		  .str = &public_key, .required = true },
		{ .name = "json", .help = "print report and statement as JSON", .flag = &json },
		{ 0 },
	};
	int n = azk_parse_opts(opts, "release verify --public FILE ENVELOPE RPM...",
			       "release verify --public provenance.pub "
			       "azure-x86_64.intoto.jsonl *.rpm", argc, argv);
	struct azk_report *r;
	json_t *st;

	if (n < 0)
		return n == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	if (n < 2)
		return azk_error("release verify needs an envelope and the packages it is about");
	r = report_new("release verify");
	st = open_envelope(argv[1], public_key, r);
	if (st)
		judge(st, n, argv, r);
	json_decref(st);
	n = report_print(r, json, stdout, verify_text);
	report_free(r);
	return n;
}
