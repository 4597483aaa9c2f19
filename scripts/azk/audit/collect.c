// SPDX-License-Identifier: GPL-2.0-or-later
/* From files to what is known: configurations, images, packages. */
#include <errno.h>

#include "audit/collect.h"

static struct span span_of(const struct strbuf *sb)
{
	return (struct span){ (const unsigned char *)sb_str(sb), sb->len };
}

static int read_whole(const char *path, struct strbuf *sb, struct azk_report *r)
{
	int rc = azk_read_file(path, sb);

	if (rc)
		report_bad(r, "read", path, 0, "cannot be read: %s", strerror(-rc));
	return rc;
}

static int bad_at(struct azk_report *r, const char *rule, const char *path, const struct where *w)
{
	report_bad(r, rule, path, 0, "byte %zu: %s", w->at, w->why);
	return -1;
}

static int set_release(struct audit *a, const char *release)
{
	str_setf(&a->release, "%s", release);
	return 0;
}

int take_image(struct audit *a, const char *name, struct strbuf *file, struct azk_report *r)
{
	struct where w = { 0 };

	a->image = xcalloc(1, sizeof(*a->image));
	if (image_read(a->image, name, file, &w))
		return bad_at(r, "image", name, &w);
	if (a->image->version)
		set_release(a, a->image->version);
	return 0;
}

/* The image's own configuration, when it carries one. */
static int config_of_image(struct audit *a, struct azk_report *r)
{
	_cleanup_free_ char *from = xasprintf("%s (configuration built in)", a->image->path);

	if (a->image->has_config)
		return audit_set_config(a, from, span_of(&a->image->config), r);
	str_setf(&a->config_why, "%s", a->image->why_not ? a->image->why_not :
		 "the image carries none (CONFIG_IKCONFIG)");
	return 0;
}

int collect_config(struct audit *a, const char *path, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf file = STRBUF_INIT, plain = STRBUF_INIT;
	struct where w = { 0 };
	struct span s;
	enum packing p;
	int rc;

	if (read_whole(path, &file, r))
		return -1;
	s = span_of(&file);
	p = packing_of(s);
	if (p != PACK_NONE) {
		rc = unpack(s, &plain, &w);
		if (rc)
			return bad_at(r, "config", path, &w);
		s = span_of(&plain);
	}
	/* text of a .config begins with a comment or an option */
	if (s.n && (s.p[0] == '#' || s.p[0] == '\n' || s.p[0] == 'C'))
		return audit_set_config(a, path, s, r);
	if (p != PACK_NONE) {
		sb_free(&file);
		file = plain;
		plain = (struct strbuf)STRBUF_INIT;
	}
	if (take_image(a, path, &file, r) || config_of_image(a, r))
		return -1;
	if (!a->config) {
		report_bad(r, "config", path, 0, "%s", a->config_why);
		return -1;
	}
	return 0;
}

int collect_image(struct audit *a, const char *path, struct azk_report *r)
{
	struct strbuf file = STRBUF_INIT;

	if (read_whole(path, &file, r)) {
		sb_free(&file);
		return -1;
	}
	return take_image(a, path, &file, r) || config_of_image(a, r) ? -1 : 0;
}

/* ---- packages ------------------------------------------------------------------ */

struct walk {
	struct audit *a;
	struct azk_report *r;
	const char *package;
	bool modules;		/* the second pass, when the image's keys are known */
	bool failed;
};

static bool is_module(const char *path)
{
	const char *ko = strstr(path_basename(path), ".ko");

	return ko && (!ko[3] || ko[3] == '.');
}

static void visit(void *arg, const char *path, struct span data)
{
	struct walk *w = arg;
	struct audit *a = w->a;
	const char *base = path_basename(path);
	_cleanup_free_ char *name = xasprintf("%s: %s", w->package, path);
	struct strbuf copy = STRBUF_INIT;

	if (w->modules) {
		if (is_module(path)) {
			a->mods_read = true;
			audit_add_module(a, name, data, NULL);
		}
		return;
	}
	if ((!strcmp(base, "vmlinuz") || str_starts(base, "vmlinuz-") || str_ends(base, ".efi")) &&
	    !a->image) {
		sb_add(&copy, data.p, data.n);
		w->failed |= take_image(a, name, &copy, w->r) != 0;
	} else if (!a->shipped_config_from && (!strcmp(base, "config") || str_starts(base, "config-")) &&
		   (str_starts(path, "/lib/modules/") || str_starts(path, "/usr/lib/modules/") ||
		    str_starts(path, "/boot/"))) {
		sb_add(&a->shipped_config, data.p, data.n);
		str_setf(&a->shipped_config_from, "%s", name);
	} else if (!strcmp(base, "signing_key.x509")) {
		certs_add_file(&a->shipped_certs, data);
	}
}

static int walk_all(struct audit *a, struct rpmfile *pkgs, char **paths, size_t n, bool modules,
		    struct azk_report *r)
{
	for (size_t i = 0; i < n; i++) {
		struct walk w = { a, r, path_basename(paths[i]), modules, false };
		struct where at = { 0 };

		if (rpmfile_walk(&pkgs[i], visit, &w, &at)) {
			report_bad(r, "rpm", paths[i], 0, "payload byte %zu: %s", at.at, at.why);
			return -1;
		}
		if (w.failed)
			return -1;
	}
	return 0;
}

static int configs_of_packages(struct audit *a, struct azk_report *r)
{
	if (a->image && a->image->has_config)
		return config_of_image(a, r);
	if (a->shipped_config_from)
		return audit_set_config(a, a->shipped_config_from, span_of(&a->shipped_config), r);
	str_setf(&a->config_why, "neither image nor package has one");
	return 0;
}

int collect_rpms(struct audit *a, char **paths, size_t n, struct azk_report *r)
{
	struct rpmfile *pkgs = xcalloc(n, sizeof(*pkgs));
	struct where w = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		_cleanup_sb_ struct strbuf file = STRBUF_INIT;

		rc = read_whole(paths[i], &file, r);
		if (!rc && rpmfile_read(&pkgs[i], span_of(&file), &w))
			rc = bad_at(r, "rpm", paths[i], &w);
	}
	if (!rc)
		rc = walk_all(a, pkgs, paths, n, false, r);
	if (!rc && !a->image)
		str_setf(&a->image_why, "no package given holds one: name kernel-core too");
	if (!rc)
		rc = configs_of_packages(a, r);
	if (!rc)
		rc = walk_all(a, pkgs, paths, n, true, r);
	if (!rc && !a->mods_read)
		str_setf(&a->mods_why, "no package given holds one");
	for (size_t i = 0; i < n; i++)
		rpmfile_free(&pkgs[i]);
	free(pkgs);
	return rc ? -1 : 0;
}
