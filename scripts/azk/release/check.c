// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk release check: what the SPDX 2.3 JSON schema cannot say. Identifiers are
 * unique and lead somewhere, verification codes hold, license expressions parse;
 * with --rpm the document also speaks of exactly that package file.
 */
#include <ctype.h>

#include "release/sbom.h"
#include "release/verbs.h"

struct check {
	const char *file;
	struct azk_report *r;
	struct strmap ids;	/* SPDXID -> json_t of the element */
	json_t *doc;
};

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void bad(struct check *c, const char *rule, const char *what, const char *value)
{
	report_add(c->r, AZK_ERROR, rule, c->file, 0, "%s: '%s'", what, value);
}

/* 3.2: letters, digits, dot and dash behind SPDXRef-. */
static bool id_valid(const char *id)
{
	if (!str_starts(id, "SPDXRef-") || !id[8])
		return false;
	for (id += 8; *id; id++) {
		if (!isalnum((unsigned char)*id) && *id != '.' && *id != '-')
			return false;
	}
	return true;
}

static void take_id(struct check *c, json_t *o)
{
	const char *id = text(o, "SPDXID");

	if (!id_valid(id))
		bad(c, "id", "not an SPDX identifier", id);
	else if (strmap_get(&c->ids, id))
		bad(c, "id-twice", "two elements have the identifier", id);
	else
		strmap_put(&c->ids, id, o);
}

static void check_licence(struct check *c, json_t *value)
{
	const char *s = json_string_value(value);

	if (s && strcmp(s, "NONE") && strcmp(s, "NOASSERTION") && !licence_valid(s))
		bad(c, "licence", "not a license expression", s);
}

static void check_licences(struct check *c, json_t *o)
{
	static const char *const lists[] = { "licenseInfoInFiles", "licenseInfoFromFiles" };
	json_t *v;
	size_t i;

	check_licence(c, json_object_get(o, "licenseConcluded"));
	check_licence(c, json_object_get(o, "licenseDeclared"));
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		json_array_foreach(json_object_get(o, lists[k]), i, v)
			check_licence(c, v);
	}
}

static const char *checksum(json_t *o, const char *algorithm)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(o, "checksums"), i, v) {
		if (!strcmp(text(v, "algorithm"), algorithm))
			return text(v, "checksumValue");
	}
	return NULL;
}

static void check_checksums(struct check *c, json_t *o, bool need_sha1)
{
	const char *sha1 = checksum(o, "SHA1"), *sha256 = checksum(o, "SHA256");

	if (sha1 ? !is_hex(sha1, 40) : need_sha1)
		bad(c, "checksum", "no SHA1 of 40 hex digits (8.4 wants one)", text(o, "SPDXID"));
	if (sha256 && !is_hex(sha256, 64))
		bad(c, "checksum", "SHA256 is not 64 hex digits", text(o, "SPDXID"));
}

static void check_package(struct check *c, json_t *p)
{
	json_t *has = json_object_get(p, "hasFiles"), *v, *code;
	struct strlist sha1s = { 0 };
	char want[41];
	size_t i;

	check_licences(c, p);
	check_checksums(c, p, false);
	json_array_foreach(has, i, v) {
		const char *id = json_string_value(v);
		json_t *file = id ? strmap_get(&c->ids, id) : NULL;
		const char *sha1 = checksum(file, "SHA1");

		if (!file || !json_object_get(file, "fileName"))
			bad(c, "dangling", "a package has a file that is not there", id ? id : "");
		strlist_add(&sha1s, sha1 ? sha1 : "");
	}
	code = json_object_get(p, "packageVerificationCode");
	verification_code(&sha1s, want);
	if (json_is_false(json_object_get(p, "filesAnalyzed"))) {
		if (has || code)
			bad(c, "not-analyzed", "filesAnalyzed is false, and files are listed",
			    text(p, "SPDXID"));
	} else if (strcmp(text(code, "packageVerificationCodeValue"), want)) {
		bad(c, "verification-code", "is not that of its files", text(p, "SPDXID"));
	}
	strlist_free(&sha1s);
}

static void check_ends(struct check *c)
{
	json_t *rels = json_object_get(c->doc, "relationships"), *v;
	bool describes = false;
	size_t i;

	json_array_foreach(rels, i, v) {
		const char *a = text(v, "spdxElementId"), *b = text(v, "relatedSpdxElement");
		const char *type = text(v, "relationshipType");

		if (!strmap_get(&c->ids, a))
			bad(c, "dangling", "a relationship of what is not there", a);
		if (!strmap_get(&c->ids, b) && strcmp(b, "NONE") && strcmp(b, "NOASSERTION"))
			bad(c, "dangling", "a relationship to what is not there", b);
		describes = describes || (!strcmp(type, "DESCRIBES") &&
					  !strcmp(a, "SPDXRef-DOCUMENT"));
	}
	if (!describes)
		bad(c, "describes", "the document describes nothing", text(c->doc, "name"));
}

static void check_head(struct check *c)
{
	const char *ns = text(c->doc, "documentNamespace");
	json_t *info = json_object_get(c->doc, "creationInfo");
	const char *t = text(info, "created");
	int end = 0;

	if (strcmp(text(c->doc, "spdxVersion"), "SPDX-2.3"))
		bad(c, "version", "not SPDX-2.3", text(c->doc, "spdxVersion"));
	if (strcmp(text(c->doc, "dataLicense"), "CC0-1.0"))
		bad(c, "version", "dataLicense is not CC0-1.0 (6.2)",
		    text(c->doc, "dataLicense"));
	if (!strstr(ns, "://") || strchr(ns, '#'))
		bad(c, "namespace", "not an absolute URI without '#' (6.5)", ns);
	sscanf(t, "%*4[0-9]-%*2[0-9]-%*2[0-9]T%*2[0-9]:%*2[0-9]:%*2[0-9]Z%n", &end);
	if (end != 20 || t[20])
		bad(c, "created", "not YYYY-MM-DDThh:mm:ssZ (6.9)", t);
	if (!json_array_size(json_object_get(info, "creators")))
		bad(c, "created", "nobody created it", text(c->doc, "name"));
}

static void check_rpm(struct check *c, const char *rpm)
{
	json_t *o = strmap_get(&c->ids, "SPDXRef-RPM"), *v;
	struct strmap files = { 0 };
	struct rpm_info p;
	char *why = NULL;
	size_t i;

	if (rpm_load(&p, rpm, NULL, NULL, &why)) {
		report_bad(c->r, "rpm", rpm, 0, "%s", why);
		goto out;
	}
	if (!checksum(o, "SHA256") || strcmp(checksum(o, "SHA256"), p.d.sha256))
		bad(c, "other-rpm", "speaks of another package file than", rpm);
	json_array_foreach(json_object_get(o, "hasFiles"), i, v) {
		json_t *file = strmap_get(&c->ids, json_string_value(v));

		if (*text(file, "fileName") == '.')
			strmap_put(&files, text(file, "fileName"), file);
	}
	for (i = 0; i < p.files.n; i++) {
		const struct rpm_entry *e = &p.files.v[i];
		_cleanup_free_ char *name = xasprintf(".%s%s", *e->path == '/' ? "" : "/", e->path);
		const char *sum = checksum(strmap_get(&files, name), "SHA256");

		if (e->regular && (!sum || strcmp(sum, e->d.sha256)))
			bad(c, "other-file", sum ? "another content than in the package" :
			    "in the package only", name);
	}
	strmap_free(&files);
out:
	rpm_free(&p);
	free(why);
}

static void check_document(struct check *c)
{
	json_t *packages = json_object_get(c->doc, "packages");
	json_t *files = json_object_get(c->doc, "files"), *v;
	size_t i;

	take_id(c, c->doc);
	json_array_foreach(packages, i, v)
		take_id(c, v);
	json_array_foreach(files, i, v)
		take_id(c, v);
	check_head(c);
	json_array_foreach(packages, i, v)
		check_package(c, v);
	json_array_foreach(files, i, v) {
		check_licences(c, v);
		check_checksums(c, v, true);
	}
	check_ends(c);
}

int release_check(int argc, char **argv)
{
	const char *rpm = NULL;
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "rpm", .arg = "FILE", .help = "the package the document is about",
		  .str = &rpm },
		{ .name = "json", .help = "print the report as JSON", .flag = &json },
		{ 0 },
	};
	int n = azk_parse_opts(opts, "release check [--rpm FILE] DOCUMENT",
			       "release check --rpm kernel-core.rpm kernel-core.rpm.spdx.json",
			       argc, argv);
	struct check c = { 0 };
	json_error_t err;

	if (n < 0)
		return n == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
	if (n != 1)
		return azk_error("release check takes one SPDX document");
	c.r = report_new("release check");
	c.file = argv[1];
	c.doc = json_load_file(c.file, JSON_REJECT_DUPLICATES, &err);
	if (!json_is_object(c.doc)) {
		report_bad(c.r, "json", c.file, c.doc ? 0 : (size_t)(err.line > 0 ? err.line : 0),
			   "%s", c.doc ? "not an object" : err.text);
	} else {
		check_document(&c);
		if (rpm)
			check_rpm(&c, rpm);
	}
	strmap_free(&c.ids);
	json_decref(c.doc);
	n = report_print(c.r, json, stdout, NULL);
	report_free(c.r);
	return n;
}
