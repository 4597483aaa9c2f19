// SPDX-License-Identifier: GPL-2.0-or-later
/* azk release packages: the package set as one table. */
#include <errno.h>
#include <zstd.h>

#include "release/packages.h"
#include "release/verbs.h"

struct contents {
	struct strlist libs;
	size_t modules, unsigned_modules;
	json_t *by;			/* signer -> count of modules */
	char *image;			/* who signed vmlinuz, "" for nobody; NULL without one */
};

/* A module is at most 64 MiB unpacked here; the largest of 6.18 are below a tenth of it. */
#define MODULE_MAX (64u << 20)

static char *packed_signer(const char *data, size_t len)
{
	unsigned long long n = ZSTD_getFrameContentSize(data, len);
	char *plain, *who = NULL;
	size_t got;

	if (n == ZSTD_CONTENTSIZE_ERROR || (n != ZSTD_CONTENTSIZE_UNKNOWN && n > MODULE_MAX))
		return NULL;
	if (n == ZSTD_CONTENTSIZE_UNKNOWN)
		n = MODULE_MAX;
	plain = xmalloc((size_t)n + 1);
	got = ZSTD_decompress(plain, (size_t)n, data, len);
	if (!ZSTD_isError(got))
		who = module_signer(plain, got);
	free(plain);
	return who;
}

static void take_module(struct contents *c, const char *path, const char *data, size_t len)
{
	_cleanup_free_ char *who = str_ends(path, ".zst") ? packed_signer(data, len) :
		module_signer(data, len);
	json_int_t count;

	c->modules++;
	if (!who) {
		c->unsigned_modules++;
		return;
	}
	count = json_integer_value(json_object_get(c->by, who));
	json_object_set_new(c->by, who, json_integer(count + 1));
}

static bool keep(void *arg, const char *path, const char *data, size_t len)
{
	bool module = str_ends(path, ".ko") || str_ends(path, ".ko.zst");
	struct contents *c = arg;

	if (!data)
		return !str_ends(path, ".h") && !strstr(path, "/usr/lib/debug/");
	if (module) {
		take_module(c, path, data, len);
	} else if (str_ends(path, "/vmlinuz")) {
		free(c->image);
		c->image = pe_signer(data, len);
		if (!c->image)
			c->image = xstrdup("");
	} else {
		elf_needed(data, len, &c->libs);
	}
	return true;
}

static json_t *signed_by(const struct rpm_info *p, const struct contents *c)
{
	json_t *o = json_object(), *n;
	const char *who;

	json_object_set_new(o, "package", p->signer ? json_string(p->signer) : json_null());
	if (c->image)
		json_object_set_new(o, "image", *c->image ? json_string(c->image) : json_null());
	if (c->modules) {
		json_t *m = json_object();

		json_object_foreach(c->by, who, n)
			json_object_set(m, who, n);
		if (c->unsigned_modules)
			json_object_set_new(m, "nobody",
					    json_integer((json_int_t)c->unsigned_modules));
		json_object_set_new(o, "modules", m);
	}
	return o;
}

/* Lines "NAME.ARCH: W: ..." or "E:" of rpmlint. */
static void count_lint(const char *lint, const struct rpm_info *p, json_t *row)
{
	_cleanup_free_ char *prefix = xasprintf("%s.%s: ", p->name, p->arch);
	size_t pos = 0, n, errors = 0, warnings = 0;
	const char *line;

	while (azk_next_line(lint, strlen(lint), &pos, &line, &n)) {
		size_t k = strlen(prefix);

		if (n < k + 2 || strncmp(line, prefix, k) || line[k + 1] != ':')
			continue;
		errors += line[k] == 'E';
		warnings += line[k] == 'W';
	}
	json_object_set_new(row, "lint", json_pack("{s:I, s:I}", "errors", (json_int_t)errors,
						   "warnings", (json_int_t)warnings));
}

static void add_row(json_t *rows, const char *file, const char *lint, struct azk_report *r)
{
	struct contents c = { .by = json_object() };
	_cleanup_free_ char *why = NULL;
	json_t *row, *libs = json_array();
	struct rpm_info p;

	if (rpm_load(&p, file, keep, &c, &why)) {
		report_bad(r, "rpm", file, 0, "%s", why);
	} else {
		size_t files = 0;

		for (size_t i = 0; i < p.files.n; i++)
			files += !p.files.v[i].ghost;
		strlist_sort(&c.libs);
		for (size_t i = 0; i < c.libs.n; i++)
			json_array_append_new(libs, json_string(c.libs.v[i]));
		row = json_pack("{s:s, s:s, s:I, s:I, s:I, s:O, s:o}", "package", p.name, "arch",
				p.arch, "files", (json_int_t)files, "bytes", (json_int_t)p.bytes,
				"installed", (json_int_t)p.installed, "libraries", libs,
				"signed-by", signed_by(&p, &c));
		if (lint)
			count_lint(lint, &p, row);
		json_array_append_new(rows, row);
	}
	json_decref(libs);
	json_decref(c.by);
	free(c.image);
	strlist_free(&c.libs);
	rpm_free(&p);
}

static void print_signed(json_t *o, struct strbuf *sb)
{
	json_t *image = json_object_get(o, "image"), *n;
	const char *who = json_string_value(json_object_get(o, "package"));

	sb_addf(sb, "rpm: %s", who ? who : "nobody");
	if (image)
		sb_addf(sb, "; vmlinuz: %s",
			json_is_string(image) ? json_string_value(image) : "nobody");
	json_object_foreach(json_object_get(o, "modules"), who, n)
		sb_addf(sb, "; %lld modules: %s", (long long)json_integer_value(n), who);
}

static void print_row(json_t *row, FILE *out)
{
	json_t *libs = json_object_get(row, "libraries"), *lint = json_object_get(row, "lint"), *v;
	_cleanup_sb_ struct strbuf by = STRBUF_INIT, needs = STRBUF_INIT;
	_cleanup_free_ char *found = NULL;
	size_t i;

	json_array_foreach(libs, i, v)
		sb_addf(&needs, i ? " %s" : "%s", json_string_value(v));
	print_signed(json_object_get(row, "signed-by"), &by);
	found = !lint ? xstrdup("not run") :
		xasprintf("%lldE %lldW",
			  (long long)json_integer_value(json_object_get(lint, "errors")),
			  (long long)json_integer_value(json_object_get(lint, "warnings")));
	fprintf(out, "%-26s %-8s %6lld %11lld %11lld %-8s %s\n",
		json_string_value(json_object_get(row, "package")),
		json_string_value(json_object_get(row, "arch")),
		(long long)json_integer_value(json_object_get(row, "files")),
		(long long)json_integer_value(json_object_get(row, "bytes")),
		(long long)json_integer_value(json_object_get(row, "installed")), found,
		needs.len ? sb_str(&needs) : "-");
	fprintf(out, "%-26s %s\n", "", sb_str(&by));
}

static void packages_text(json_t *root, FILE *out)
{
	json_t *v;
	size_t i;

	fprintf(out, "%-26s %-8s %6s %11s %11s %-8s %s\n", "package", "arch", "files", "bytes",
		"installed", "lint", "libraries needed, below: signed by");
	json_array_foreach(json_object_get(root, "packages"), i, v)
		print_row(v, out);
	if (json_array_size(json_object_get(root, "parity")))
		fprintf(out, "\n%-4s %-52s %s\n", "have", "feature", "shown by, or why not");
	json_array_foreach(json_object_get(root, "parity"), i, v)
		fprintf(out, "%-4s %-52s %s\n",
			json_is_true(json_object_get(v, "have")) ? "yes" : "no",
			json_string_value(json_object_get(v, "feature")),
			json_string_value(json_object_get(v, "where")));
}

int release_packages(int argc, char **argv)
{
	const char *lint = NULL, *parity = NULL, *top = ".";
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "lint", .arg = "FILE", .help = "what rpmlint said of the packages",
		  .str = &lint },
		{ .name = "parity", .arg = "FILE", .help = "packaging/parity.list, checked, too",
		  .str = &parity },
		{ .name = "top", .arg = "DIR", .help = "the repository that list speaks of",
		  .str = &top },
		{ .name = "json", .help = "print the report as JSON", .flag = &json },
		{ 0 },
	};
	int n = azk_parse_opts(opts, "release packages [--lint FILE] [--parity FILE] RPM...",
			       "release packages out/rpms/*.rpm", argc, argv);
	struct strbuf said = STRBUF_INIT;
	struct azk_report *r;
	json_t *rows;

	if (n <= 0)
		return n == AZK_OPT_HELP ? AZK_OK : n ? AZK_BAD :
			azk_error("release packages needs packages as arguments");
	r = report_new("release packages");
	rows = json_array();
	json_object_set_new(report_root(r), "packages", rows);
	if (lint) {
		int rc = azk_read_file(lint, &said);

		if (rc)
			report_bad(r, "lint", lint, 0, "%s", strerror(-rc));
	}
	for (int i = 1; i <= n; i++)
		add_row(rows, argv[i], lint ? sb_str(&said) : NULL, r);
	if (parity)
		json_object_set_new(report_root(r), "parity", parity_load(parity, top, r));
	sb_free(&said);
	n = report_print(r, json, stdout, packages_text);
	report_free(r);
	return n;
}
