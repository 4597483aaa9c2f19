// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One package as an SPDX 2.3 document. Section numbers are those of the
 * specification (ISO/IEC 5962:2021 and its 2.3 revision).
 *
 * A module or image is GENERATED_FROM its compilation units, generated files and
 * private headers, each by name. The interface headers (include/, arch/.../include/)
 * are shared by nearly everything: they are files of one package, SPDXRef-Headers,
 * which modules DEPEND_ON; which of them a single module used is in the compile
 * record. Licences of all of them are in each module's licenseConcluded.
 */
#include "release/sbom.h"

struct doc {
	const struct rpm_info *p;
	const struct record *rec;
	const struct build_facts *f;
	struct azk_report *r;
	json_t *packages, *files, *rels;
	bool *used;		/* of rec->files */
	size_t files_used;
};

static json_t *str(const char *s)
{
	return json_string(s);
}

static void put(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, str(value));
}

static void relate(struct doc *d, const char *a, const char *type, const char *b)
{
	json_array_append_new(d->rels, json_pack("{s:s, s:s, s:s}", "spdxElementId", a,
						 "relationshipType", type, "relatedSpdxElement",
						 b));
}

static json_t *checksums(const struct digests *d)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "algorithm", "SHA1", "checksumValue", d->sha1,
			 "algorithm", "SHA256", "checksumValue", d->sha256);
}

void verification_code(const struct strlist *sha1s, char out[41])
{
	struct strlist sorted = { 0 };
	struct digest_ctx *c = digest_begin();
	struct digests d;

	for (size_t i = 0; i < sha1s->n; i++)
		strlist_add(&sorted, sha1s->v[i]);
	strlist_sort(&sorted);
	for (size_t i = 0; i < sorted.n; i++)
		digest_add(c, sorted.v[i], strlen(sorted.v[i]));
	digest_end(c, &d);
	memcpy(out, d.sha1, 41);
	strlist_free(&sorted);
}

/* 7: a package of which files are listed, or (sha1s NULL) only known to exist. */
static json_t *add_package(struct doc *d, const char *id, const char *name, const char *version,
			   const struct strlist *sha1s, json_t *has)
{
	json_t *o = json_pack("{s:s, s:s}", "SPDXID", id, "name", name);

	if (version)
		put(o, "versionInfo", version);
	put(o, "downloadLocation", "NOASSERTION");
	json_object_set_new(o, "filesAnalyzed", json_boolean(sha1s));
	put(o, "licenseConcluded", "NOASSERTION");
	put(o, "licenseDeclared", "NOASSERTION");
	put(o, "copyrightText", "NOASSERTION");
	if (sha1s) {
		char code[41];

		verification_code(sha1s, code);
		json_object_set_new(o, "packageVerificationCode",
				    json_pack("{s:s}", "packageVerificationCodeValue", code));
		json_object_set_new(o, "hasFiles", has);
	}
	json_array_append_new(d->packages, o);
	return o;
}

static void add_ref(json_t *package, const char *category, const char *type, const char *locator)
{
	json_t *refs = json_object_get(package, "externalRefs");

	if (!refs) {
		refs = json_array();
		json_object_set_new(package, "externalRefs", refs);
	}
	json_array_append_new(refs, json_pack("{s:s, s:s, s:s}", "referenceCategory", category,
					      "referenceType", type, "referenceLocator", locator));
}

/* Where "kernel/drivers/x.ko.zst" of the module folder was "drivers/x.ko" of the build. */
static char *product_path(const struct record *rec, const char *path)
{
	_cleanup_free_ char *dir = xasprintf("/lib/modules/%s/", rec->release);
	const char *at = strstr(path, dir);
	char *ko;

	if (!at)
		return NULL;
	at += strlen(dir);
	if (!strcmp(at, "vmlinuz")) {
		for (size_t i = 0; i < rec->products.n; i++) {
			if (!str_ends(rec->products.v[i].path, ".ko"))
				return xstrdup(rec->products.v[i].path);
		}
		return xstrdup("the kernel image");
	}
	if (!str_starts(at, "kernel/") || !strstr(at, ".ko"))
		return NULL;
	at += strlen("kernel/");
	ko = strstr(at, ".ko");
	return xstrndup(at, (size_t)(ko + 3 - at));
}

static bool interface_header(const char *path)
{
	const char *s = path;

	if (str_starts(s, "include/"))
		return true;
	if (!str_starts(s, "arch/"))
		return false;
	s = strchr(s + 5, '/');
	return s && str_starts(s, "/include/");
}

static void use(struct doc *d, const struct idxset *set)
{
	for (size_t i = 0; i < set->n; i++) {
		if (d->used[set->v[i]])
			continue;
		d->used[set->v[i]] = true;
		d->files_used++;
		/* as deep as generators generate for generators: a few levels */
		use(d, &d->rec->files.v[set->v[i]].from);
	}
}

/* id GENERATED_FROM everything in the set but itself. */
static void relate_set(struct doc *d, const char *id, const struct idxset *set)
{
	bool headers = false;

	for (size_t i = 0; i < set->n; i++) {
		char source[32];

		if (interface_header(d->rec->files.v[set->v[i]].path)) {
			headers = true;
			continue;
		}
		snprintf(source, sizeof(source), "SPDXRef-S%u", set->v[i]);
		relate(d, id, "GENERATED_FROM", source);
	}
	if (headers)
		relate(d, id, "DEPENDS_ON", "SPDXRef-Headers");
}

static void conclude(struct doc *d, json_t *file, const struct idxset *set)
{
	struct strlist tags = { 0 };
	_cleanup_free_ char *all = NULL, *why = NULL;
	size_t untagged = 0, sources = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct rec_file *f = &d->rec->files.v[set->v[i]];

		if (f->kind == FILE_GENERATED)
			continue;
		sources++;
		if (!f->licence)
			untagged++;
		else if (!strlist_has(&tags, f->licence))
			strlist_add(&tags, f->licence);
	}
	all = licence_join(&tags);
	put(file, "licenseConcluded", all ? all : "NOASSERTION");
	why = xasprintf("The tags of the %zu source files it was compiled from; %zu more carry none, "
			"for them the COPYING file of the kernel speaks.", sources - untagged,
			untagged);
	put(file, "licenseComments", why);
	strlist_free(&tags);
}

static void add_packaged(struct doc *d, struct strlist *sha1s, json_t *has)
{
	for (size_t i = 0; i < d->p->files.n; i++) {
		const struct rpm_entry *e = &d->p->files.v[i];
		_cleanup_free_ char *product = NULL, *name = NULL;
		const struct rec_product *made;
		char id[48];
		json_t *o;

		if (!e->regular)
			continue;
		snprintf(id, sizeof(id), "SPDXRef-F%zu", i);
		name = xasprintf(".%s%s", *e->path == '/' ? "" : "/", e->path);
		o = json_pack("{s:s, s:s, s:o}", "SPDXID", id, "fileName", name, "checksums",
			      checksums(&e->d));
		json_array_append_new(d->files, o);
		json_array_append_new(has, str(id));
		strlist_add(sha1s, e->d.sha1);
		product = d->rec ? product_path(d->rec, e->path) : NULL;
		if (!product)
			continue;
		json_object_set_new(o, "fileTypes", json_pack("[s]", "BINARY"));
		made = record_product(d->rec, product);
		if (!made) {
			report_add(d->r, AZK_ERROR, "not-recorded", d->p->file, 0,
				   "%s was not compiled by the recorded build: no %s in it", e->path,
				   product);
			continue;
		}
		use(d, &made->from);
		conclude(d, o, &made->from);
		relate_set(d, id, &made->from);
	}
}

static void add_source_file(struct doc *d, size_t i, struct strlist *sha1s, json_t *has)
{
	const struct rec_file *f = &d->rec->files.v[i];
	_cleanup_free_ char *name = xasprintf(*f->path == '/' ? "%s" : "./%s", f->path);
	char id[48];
	json_t *o;

	snprintf(id, sizeof(id), "SPDXRef-S%zu", i);
	o = json_pack("{s:s, s:s, s:o}", "SPDXID", id, "fileName", name, "checksums",
		      checksums(&f->d));
	if (f->kind != FILE_GENERATED) {
		json_object_set_new(o, "fileTypes", json_pack("[s]", "SOURCE"));
		json_object_set_new(o, "licenseInfoInFiles",
				    json_pack("[s]", f->licence ? f->licence : "NONE"));
	}
	json_array_append_new(d->files, o);
	json_array_append_new(has, str(id));
	strlist_add(sha1s, f->d.sha1);
	relate_set(d, id, &f->from);
}

/* 7.14: every different value found in the files. */
static void licences_of(struct doc *d, json_t *package, bool headers)
{
	struct strlist tags = { 0 };
	json_t *a = json_array();

	for (size_t i = 0; i < d->rec->files.n; i++) {
		const struct rec_file *f = &d->rec->files.v[i];
		const char *tag = f->licence ? f->licence : "NONE";

		if (d->used[i] && f->kind != FILE_GENERATED &&
		    interface_header(f->path) == headers && !strlist_has(&tags, tag))
			strlist_add(&tags, tag);
	}
	strlist_sort(&tags);
	for (size_t i = 0; i < tags.n; i++)
		json_array_append_new(a, str(tags.v[i]));
	if (tags.n)
		json_object_set_new(package, "licenseInfoFromFiles", a);
	else
		json_decref(a);
	strlist_free(&tags);
}

static void add_sources(struct doc *d, bool headers)
{
	const char *id = headers ? "SPDXRef-Headers" : "SPDXRef-Sources";
	struct strlist sha1s = { 0 };
	json_t *has = json_array(), *o;

	for (size_t i = 0; i < d->rec->files.n; i++) {
		if (d->used[i] && interface_header(d->rec->files.v[i].path) == headers)
			add_source_file(d, i, &sha1s, has);
	}
	if (sha1s.n) {
		o = add_package(d, id, headers ? "linux-interface-headers" : "linux-compiled-sources",
				d->rec->release, &sha1s, has);
		put(o, "primaryPackagePurpose", "SOURCE");
		put(o, "summary", headers ?
		    "Headers below include/ and arch/*/include/ that the files of the package use" :
		    "Files of the patched kernel tree, and files the build generated, that the "
		    "files of the package were compiled from");
		licences_of(d, o, headers);
		relate(d, id, "EXPANDED_FROM_ARCHIVE", "SPDXRef-Linux");
	} else {
		json_decref(has);
	}
	strlist_free(&sha1s);
}

static void add_linux(struct doc *d)
{
	const struct upstream *u = &d->f->up;
	json_t *o = add_package(d, "SPDXRef-Linux", "linux", u->version, NULL, NULL);
	_cleanup_free_ char *cpe = xasprintf("cpe:2.3:o:linux:linux_kernel:%s:*:*:*:*:*:*:*",
					     u->version);
	_cleanup_free_ char *info = NULL, *purl = NULL;

	put(o, "packageFileName", u->file);
	json_object_set_new(o, "checksums", checksums(&u->d));
	put(o, "licenseDeclared", "GPL-2.0-only WITH Linux-syscall-note");
	put(o, "originator", "Person: Linus Torvalds and many contributors");
	put(o, "primaryPackagePurpose", "SOURCE");
	info = u->provider ? xasprintf("from provider '%s' of kernel.base, SHA-256 pinned there",
				       u->provider) :
		xstrdup("proven by a signature of a key in kernel.base, or derived as told there");
	put(o, "sourceInfo", info);
	add_ref(o, "SECURITY", "cpe23Type", cpe);
	if (u->provider && !strcmp(u->provider, "archive") && u->source_version) {
		purl = xasprintf("pkg:deb/debian/linux@%s?arch=source", u->source_version);
		add_ref(o, "PACKAGE-MANAGER", "purl", purl);
	}
	relate(d, "SPDXRef-RPM", "GENERATED_FROM", "SPDXRef-Linux");
	o = add_package(d, "SPDXRef-Repository", "azure-kernel", d->f->commit, NULL, NULL);
	if (d->f->repo_file) {
		put(o, "packageFileName", d->f->repo_file);
		json_object_set_new(o, "checksums", checksums(&d->f->repo));
	}
	put(o, "summary", "Patch queue, overlay, configuration and packaging");
	put(o, "licenseDeclared", "GPL-2.0-only");
	put(o, "primaryPackagePurpose", "SOURCE");
	relate(d, "SPDXRef-RPM", "GENERATED_FROM", "SPDXRef-Repository");
}

static void add_patches(struct doc *d)
{
	for (size_t i = 0; i < d->f->patches.n; i++) {
		const struct patch *p = &d->f->patches.v[i];
		_cleanup_sb_ struct strbuf text = STRBUF_INIT;
		_cleanup_free_ char *name = NULL;
		char id[48];
		json_t *o;

		if (!p->name)
			continue;
		snprintf(id, sizeof(id), "SPDXRef-Patch-%zu", i + 1);
		name = xasprintf("./patches/%s", p->name);
		sb_addf(&text, "%s\n", p->subject ? p->subject : "");
		for (size_t k = 0; k < p->trailers.n; k++)
			sb_addf(&text, "%s: %s\n", p->trailers.v[k].key, p->trailers.v[k].value);
		o = json_pack("{s:s, s:s, s:o, s:[s], s:s}", "SPDXID", id, "fileName", name,
			      "checksums", checksums(&d->f->patch_digests.v[i]), "fileTypes",
			      "TEXT", "comment", sb_str(&text));
		if (p->from)
			json_object_set_new(o, "fileContributors", json_pack("[s]", p->from));
		json_array_append_new(d->files, o);
		relate(d, id, "PATCH_APPLIED", "SPDXRef-Linux");
	}
}

static void add_tools(struct doc *d)
{
	for (size_t i = 0; i < d->f->tools.n; i++) {
		const struct tool *t = &d->f->tools.v[i];
		_cleanup_free_ char *id = xasprintf("SPDXRef-Tool-%zu", i + 1);

		add_package(d, id, t->name, t->version, NULL, NULL);
		relate(d, id, "BUILD_TOOL_OF", "SPDXRef-RPM");
	}
}

static void add_rpm(struct doc *d)
{
	const struct rpm_info *p = d->p;
	_cleanup_free_ char *vr = xasprintf("%s-%s", p->version, p->release);
	_cleanup_free_ char *supplier = xasprintf("Organization: %s", p->vendor);
	_cleanup_free_ char *purl = xasprintf("pkg:rpm/azure-kernel/%s@%s?arch=%s", p->name, vr,
					      str_ends(p->file, ".src.rpm") ? "src" : p->arch);
	struct strlist sha1s = { 0 };
	json_t *has = json_array(), *o;

	add_packaged(d, &sha1s, has);
	o = add_package(d, "SPDXRef-RPM", p->name, vr, sha1s.n ? &sha1s : NULL, has);
	if (!sha1s.n)
		json_decref(has);
	put(o, "packageFileName", p->file);
	json_object_set_new(o, "checksums", checksums(&p->d));
	put(o, "supplier", supplier);
	put(o, "summary", p->summary);
	if (*p->url)
		put(o, "homepage", p->url);
	if (licence_valid(p->licence))
		put(o, "licenseDeclared", p->licence);
	put(o, "primaryPackagePurpose", str_ends(p->file, ".src.rpm") ? "SOURCE" : "INSTALL");
	add_ref(o, "PACKAGE-MANAGER", "purl", purl);
	strlist_free(&sha1s);
}

json_t *spdx_document(const struct rpm_info *p, const struct record *rec,
		      const struct build_facts *f, struct azk_report *r)
{
	struct doc d = { .p = p, .rec = rec, .f = f, .r = r };
	_cleanup_free_ char *created = utc_time(p->buildtime), *ns = NULL;
	json_t *doc = json_object();
	struct strbuf sb = STRBUF_INIT;
	struct digests content;

	d.packages = json_array();
	d.files = json_array();
	d.rels = json_array();
	d.used = xcalloc(rec ? rec->files.n + 1 : 1, sizeof(*d.used));
	relate(&d, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-RPM");
	add_rpm(&d);
	add_linux(&d);
	if (d.files_used) {
		add_sources(&d, false);
		add_sources(&d, true);
	}
	add_patches(&d);
	add_tools(&d);
	put(doc, "spdxVersion", "SPDX-2.3");
	put(doc, "dataLicense", "CC0-1.0");
	put(doc, "SPDXID", "SPDXRef-DOCUMENT");
	put(doc, "name", p->file);
	put(doc, "documentNamespace", "");
	json_object_set_new(doc, "creationInfo",
			    json_pack("{s:s, s:[s]}", "created", created, "creators",
				      "Tool: azk-" AZK_VERSION));
	json_object_set_new(doc, "documentDescribes", json_pack("[s]", "SPDXRef-RPM"));
	json_object_set_new(doc, "packages", d.packages);
	json_object_set_new(doc, "files", d.files);
	json_object_set_new(doc, "relationships", d.rels);
	/* 6.5: unique per document, hence a digest of all the rest of it */
	spdx_print(doc, &sb);
	digest_mem(sb_str(&sb), sb.len, &content);
	ns = xasprintf("https://azure-kernel.invalid/spdx/%s-%s", p->file, content.sha256);
	put(doc, "documentNamespace", ns);
	sb_free(&sb);
	free(d.used);
	return doc;
}

static void dump(json_t *v, struct strbuf *out)
{
	char *s = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	sb_addstr(out, s ? s : "null");
	free(s);
}

void spdx_print(json_t *doc, struct strbuf *out)
{
	const char *key, *sep = "{\n";
	json_t *v, *e;
	size_t i;

	json_object_foreach(doc, key, v) {
		sb_addf(out, "%s\"%s\": ", sep, key);
		sep = ",\n";
		if (!json_is_array(v)) {
			dump(v, out);
			continue;
		}
		sb_addch(out, '[');
		json_array_foreach(v, i, e) {
			sb_addstr(out, i ? ",\n" : "\n");
			dump(e, out);
		}
		sb_addch(out, ']');
	}
	sb_addstr(out, "\n}\n");
}
