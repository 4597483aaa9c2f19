// SPDX-License-Identifier: GPL-2.0-or-later
/* azk release scan: the compile record of a finished kernel build. */
#include <errno.h>

#include "release/verbs.h"

/* modules.order names what was linked from: a/b.o for a/b.ko. */
static void add_modules(const char *build, struct strlist *products, struct azk_report *r)
{
	_cleanup_free_ char *order = path_join(build, "modules.order");
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n, lineno = 0;
	const char *line;
	int rc = azk_read_file(order, &sb);

	if (rc && rc != -ENOENT)
		report_bad(r, "modules", order, 0, "%s", strerror(-rc));
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *path = xstrndup(line, n), *ko = NULL;

		lineno++;
		if (n < 3 || strcmp(path + n - 2, ".o") || path_unsafe_why(path)) {
			report_bad(r, "modules", order, lineno, "not an object file: '%s'", path);
			continue;
		}
		path[n - 1] = '\0';
		ko = xasprintf("%sko", path);
		strlist_add(products, ko);
	}
}

static void load_tree(const char *file, struct strmap *tree, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n;
	const char *line;
	int rc = azk_read_file(file, &sb);

	if (rc)
		report_bad(r, "tree", file, 0, "%s", strerror(-rc));
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *path = xstrndup(line, n);

		strmap_put(tree, path, tree);
	}
}

static void scan_text(json_t *root, FILE *out)
{
	if (!json_object_get(root, "products"))
		return;
	fprintf(out, "%lld products of %lld files: %lld sources (%lld without licence tag), "
		"%lld generated, %lld of the compiler\n",
		(long long)json_integer_value(json_object_get(root, "products")),
		(long long)json_integer_value(json_object_get(root, "files")),
		(long long)json_integer_value(json_object_get(root, "sources")),
		(long long)json_integer_value(json_object_get(root, "untagged")),
		(long long)json_integer_value(json_object_get(root, "generated")),
		(long long)json_integer_value(json_object_get(root, "system")));
}

static void count(const struct record *rec, json_t *root)
{
	size_t kind[3] = { 0 }, untagged = 0;

	for (size_t i = 0; i < rec->files.n; i++) {
		const struct rec_file *f = &rec->files.v[i];

		kind[f->kind]++;
		untagged += f->kind == FILE_SOURCE && !f->licence;
	}
	json_object_set_new(root, "products", json_integer((json_int_t)rec->products.n));
	json_object_set_new(root, "files", json_integer((json_int_t)rec->files.n));
	json_object_set_new(root, "sources", json_integer((json_int_t)kind[FILE_SOURCE]));
	json_object_set_new(root, "untagged", json_integer((json_int_t)untagged));
	json_object_set_new(root, "generated", json_integer((json_int_t)kind[FILE_GENERATED]));
	json_object_set_new(root, "system", json_integer((json_int_t)kind[FILE_SYSTEM]));
}

int release_scan(int argc, char **argv)
{
	const char *build = NULL, *src = NULL, *rel = NULL, *out = NULL;
	const char *tree_file = NULL;
	struct strmap tree = { 0 };
	struct strlist products = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "build", .arg = "DIR", .help = "the folder the kernel was built in",
		  .str = &build, .required = true },
		{ .name = "src", .arg = "DIR", .help = "the kernel tree (default: --build)",
		  .str = &src },
		{ .name = "tree", .arg = "FILE",
		  .help = "paths of the tree before the build, one a line", .str = &tree_file },
		{ .name = "release", .arg = "R", .help = "uname -r of the kernel",
		  .str = &rel, .required = true },
		{ .name = "image", .arg = "PATH", .help = "the image, below --build (repeatable)",
		  .list = &products, .required = true },
		{ .name = "out", .arg = "FILE", .help = "where the compile record goes",
		  .str = &out, .required = true },
		{ .name = "json", .help = "print the report as JSON", .flag = &json },
		{ 0 },
	};
	struct record rec = { 0 };
	struct azk_report *r;
	int rc = azk_parse_opts(opts, "release scan --build DIR --release R --image PATH "
				"--out FILE",
				"release scan --build linux --release \"$(make -s kernelrelease)\" "
				"--image arch/x86/boot/bzImage --out kernel.compile", argc, argv);

	if (rc) {
		strlist_free(&products);
		return rc == AZK_OPT_HELP ? AZK_OK :
			rc > 0 ? azk_error("release scan takes no argument") : AZK_BAD;
	}
	r = report_new("release scan");
	rec.release = xstrdup(rel);
	add_modules(build, &products, r);
	if (tree_file)
		load_tree(tree_file, &tree, r);
	if (report_status(r) == AZK_OK)
		scan_build(&rec, build, src ? src : build, tree_file ? &tree : NULL, &products,
			   r);
	if (report_status(r) == AZK_OK) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

		record_write(&rec, &sb);
		rc = azk_write_file(out, sb_str(&sb), sb.len, 0644);
		if (rc)
			report_bad(r, "write", out, 0, "%s", strerror(-rc));
		count(&rec, report_root(r));
	}
	record_free(&rec);
	strmap_free(&tree);
	strlist_free(&products);
	rc = report_print(r, json, stdout, scan_text);
	report_free(r);
	return rc;
}
