// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk release provenance and verify: an in-toto Statement v1 with a SLSA
 * Provenance v1 predicate about the packages of one build, in a DSSE envelope.
 * README.md documents the buildType.
 */
#include <errno.h>
#include <openssl/crypto.h>

#include "release/dsse.h"
#include "release/sbom.h"
#include "release/verbs.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define BUILD_TYPE "https://azure-kernel.invalid/buildtypes/make-rpm/v1"

struct provenance {
	struct facts_from from;
	const char *flavour, *arch, *builder, *key, *public_key, *out;
	struct strlist byproducts;
	bool json;
};

/* A ResourceDescriptor of a file: name and digest. */
static json_t *resource(const char *name, const char *sha256)
{
	return json_pack("{s:s, s:{s:s}}", "name", name, "digest", "sha256", sha256);
}

static json_t *digested(const char *file, struct azk_report *r)
{
	struct digests d;
	int rc = digest_file(file, &d);

	if (rc) {
		report_bad(r, "file", file, 0, "%s", strerror(-rc));
		return json_null();
	}
	return resource(path_basename(file), d.sha256);
}

static json_t *dependencies(const struct build_facts *f)
{
	json_t *a = json_array(), *o = resource(f->up.file, f->up.d.sha256);
	_cleanup_free_ char *uri = xasprintf("pkg:generic/linux@%s", f->up.version);

	json_object_set_new(o, "uri", json_string(uri));
	json_array_append_new(a, o);
	if (f->repo_file)
		json_array_append_new(a, resource(f->repo_file, f->repo.sha256));
	if (f->commit) {
		o = json_pack("{s:s, s:{s:s}}", "name", "azure-kernel", "digest", "gitCommit",
			      f->commit);
		json_array_append_new(a, o);
	}
	for (size_t i = 0; i < f->patches.n; i++) {
		_cleanup_free_ char *name = NULL;

		if (!f->patches.v[i].name)
			continue;
		name = xasprintf("patches/%s", f->patches.v[i].name);
		json_array_append_new(a, resource(name, f->patch_digests.v[i].sha256));
	}
	for (size_t i = 0; i < f->tools.n; i++) {
		const struct tool *t = &f->tools.v[i];
		_cleanup_free_ char *tool = xasprintf("pkg:generic/%s@%s", t->name, t->version);

		json_array_append_new(a, json_pack("{s:s, s:s}", "name", t->name, "uri", tool));
	}
	return a;
}

static json_t *statement(const struct provenance *o, const struct build_facts *f, int n,
			 char **rpms, struct azk_report *r)
{
	json_t *subjects = json_array(), *byproducts = json_array();
	_cleanup_free_ char *kernel = xasprintf("%s-%s", f->up.version, f->up.release);

	for (int i = 1; i <= n; i++)
		json_array_append_new(subjects, digested(rpms[i], r));
	for (size_t i = 0; i < o->byproducts.n; i++)
		json_array_append_new(byproducts, digested(o->byproducts.v[i], r));
	return json_pack("{s:s, s:o, s:s, s:{s:{s:s, s:{s:s, s:s, s:s}, s:{}, s:o},"
			 " s:{s:{s:s, s:{s:s}}, s:o}}}",
			 "_type", STATEMENT_TYPE, "subject", subjects,
			 "predicateType", PREDICATE_TYPE, "predicate", "buildDefinition",
			 "buildType", BUILD_TYPE,
			 "externalParameters", "flavour", o->flavour, "arch", o->arch,
			 "kernel", kernel, "internalParameters",
			 "resolvedDependencies", dependencies(f),
			 "runDetails", "builder", "id", o->builder, "version", "azk", AZK_VERSION,
			 "byproducts", byproducts);
}

/* The caller's key, or one that never leaves this process. */
static EVP_PKEY *signing_key(const struct provenance *o, struct azk_report *r)
{
	struct strbuf sb = STRBUF_INIT;
	const char *why = "libcrypto cannot make an Ed25519 key";
	EVP_PKEY *key = NULL;
	int rc;

	if (!o->key) {
		key = dsse_key_new();
	} else {
		rc = azk_read_file(o->key, &sb);
		why = strerror(-rc);
		if (!rc)
			key = dsse_key_read(sb_str(&sb), sb.len, true, &why);
	}
	if (!key)
		report_bad(r, "key", o->key, 0, "%s", why);
	if (sb.buf)
		OPENSSL_cleanse(sb.buf, sb.cap);
	sb_free(&sb);
	return key;
}

static void write_or_report(const char *path, const struct strbuf *sb, struct azk_report *r)
{
	int rc = azk_write_file(path, sb_str(sb), sb->len, 0644);

	if (rc)
		report_bad(r, "write", path, 0, "%s", strerror(-rc));
}

static void sign(const struct provenance *o, json_t *st, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf line = STRBUF_INIT, pem = STRBUF_INIT;
	_cleanup_free_ char *body = json_dumps(st, JSON_COMPACT), *id = NULL;
	EVP_PKEY *key = signing_key(o, r);

	if (!key)
		return;
	id = dsse_key_id(key);
	json_object_set_new(report_root(r), "keyid", json_string(id));
	json_object_set_new(report_root(r), "throw-away", json_boolean(!o->key));
	if (!body || dsse_sign(key, DSSE_INTOTO, body, strlen(body), &line) ||
	    dsse_key_public(key, &pem)) {
		report_bad(r, "sign", o->key, 0, "the statement cannot be signed with this key");
	} else {
		write_or_report(o->out, &line, r);
		write_or_report(o->public_key, &pem, r);
	}
	EVP_PKEY_free(key);
}

static void provenance_text(json_t *root, FILE *out)
{
	if (json_object_get(root, "keyid"))
		fprintf(out, "%lld packages, %lld dependencies, signed by %s key %.16s...\n",
			(long long)json_integer_value(json_object_get(root, "subjects")),
			(long long)json_integer_value(json_object_get(root, "dependencies")),
			json_is_true(json_object_get(root, "throw-away")) ? "throw-away" : "own",
			json_string_value(json_object_get(root, "keyid")));
}

int release_provenance(int argc, char **argv)
{
	struct provenance o = { .builder = "https://azure-kernel.invalid/builders/scripts-build" };
	const struct azk_opt opts[] = {
		FACTS_OPTS(o.from),
		{ .name = "flavour", .arg = "F", .help = "what was built", .str = &o.flavour,
		  .required = true },
		{ .name = "arch", .arg = "A", .help = "what it was built for", .str = &o.arch,
		  .required = true },
		{ .name = "builder", .arg = "URI", .help = "who built it (default: scripts/build)",
		  .str = &o.builder },
		{ .name = "byproduct", .arg = "FILE", .help = "SBOM or record (repeatable)",
		  .list = &o.byproducts },
		{ .name = "key", .arg = "FILE",
		  .help = "PEM private key, Ed25519 or P-256 (default: one made for this, forgotten)",
		  .str = &o.key },
		{ .name = "public", .arg = "FILE", .help = "where the public key goes",
		  .str = &o.public_key, .required = true },
		{ .name = "out", .arg = "FILE", .help = "where the envelope goes", .str = &o.out,
		  .required = true },
		{ .name = "json", .help = "print the report as JSON", .flag = &o.json },
		{ 0 },
	};
	struct build_facts f = { 0 };
	struct azk_report *r;
	json_t *st, *deps;
	int n = azk_parse_opts(opts, "release provenance OPTIONS RPM...",
			       "release provenance --base kernel.base --tarball \"$(scripts/fetch 6.18.15)\" "
			       "--series patches/series --flavour azure --arch x86_64 --key ed25519.pem "
			       "--out azure.intoto.jsonl --public azure.pub out/rpms/*.rpm", argc, argv);

	if (n <= 0) {
		strlist_free(&o.byproducts);
		return n == AZK_OPT_HELP ? AZK_OK : n ? AZK_BAD :
			azk_error("release provenance needs the packages as arguments");
	}
	r = report_new("release provenance");
	facts_load(&f, &o.from, r);
	if (report_status(r) == AZK_OK) {
		st = statement(&o, &f, n, argv, r);
		if (!st)
			report_bad(r, "text", NULL, 0, "an argument is not UTF-8");
		else if (report_status(r) == AZK_OK)
			sign(&o, st, r);
		json_object_set_new(report_root(r), "subjects", json_integer(n));
		if (st && !json_unpack(st, "{s:{s:{s:o}}}", "predicate", "buildDefinition",
				       "resolvedDependencies", &deps))
			json_object_set_new(report_root(r), "dependencies",
					    json_integer((json_int_t)json_array_size(deps)));
		json_decref(st);
	}
	facts_free(&f);
	strlist_free(&o.byproducts);
	n = report_print(r, o.json, stdout, provenance_text);
	report_free(r);
	return n;
}
