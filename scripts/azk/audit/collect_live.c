// SPDX-License-Identifier: GPL-2.0-or-later
/* The running system, or a snapshot of it: which files say what an audit asks. */
#include <errno.h>
#include <libkmod.h>

#include "audit/collect.h"

static struct span span_of(const struct strbuf *sb)
{
	return (struct span){ (const unsigned char *)sb_str(sb), sb->len };
}

/* The first of two paths (with %s for the release) that can be read. */
static const struct root_file *either(struct root *rt, const char *one, const char *two,
				      const char *release, char **path)
{
	const struct root_file *f;

	*path = xasprintf("%s%s%s", one, release, two);
	f = root_get(rt, *path);
	if (f->got == GOT_IT)
		return f;
	free(*path);
	*path = xasprintf("boot/%s-%s", two + 1, release);
	return root_get(rt, *path);
}

static void live_config(struct audit *a, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf plain = STRBUF_INIT;
	_cleanup_free_ char *path = NULL;
	const struct root_file *f = root_get(a->root, "proc/config.gz");
	struct where w = { 0 };

	if (f->got == GOT_IT) {
		if (unpack(span_of(&f->text), &plain, &w))
			str_setf(&a->config_why, "proc/config.gz, byte %zu: %s", w.at, w.why);
		else
			audit_set_config(a, "proc/config.gz", span_of(&plain), r);
		return;
	}
	f = a->release ? either(a->root, "lib/modules/", "/config", a->release, &path) : NULL;
	if (f && f->got == GOT_IT)
		audit_set_config(a, path, span_of(&f->text), r);
	else
		str_setf(&a->config_why, "neither proc/config.gz nor a file of this release can be read");
}

static void live_image(struct audit *a, struct azk_report *r)
{
	_cleanup_free_ char *path = NULL;
	const struct root_file *f;
	struct strbuf copy = STRBUF_INIT;

	f = a->release ? either(a->root, "lib/modules/", "/vmlinuz", a->release, &path) : NULL;
	if (!f || f->got != GOT_IT) {
		str_setf(&a->image_why, "the running kernel's vmlinuz is not in /lib/modules or /boot");
		return;
	}
	sb_add(&copy, sb_str(&f->text), f->text.len);
	take_image(a, path, &copy, r);
}

/*
 * What libkmod tells of the signature of a module packed in a way not read here
 * (xz); the signature itself stays unchecked.
 */
static void ask_kmod(struct audit *a, struct mod *m)
{
	_cleanup_free_ char *real = path_join(a->root->dir, m->path);
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_list *info = NULL, *i;
	struct kmod_module *mod = NULL;

	if (!ctx || kmod_module_new_from_path(ctx, real, &mod) < 0 ||
	    kmod_module_get_info(mod, &info) < 0)
		goto out;
	m->is_signed = 0;
	kmod_list_foreach(i, info) {
		const char *key = kmod_module_info_get_key(i), *v = kmod_module_info_get_value(i);

		if (!strcmp(key, "signer"))
			str_setf(&m->sig.signer, "%s", v);
		else if (!strcmp(key, "sig_hashalgo"))
			str_setf(&m->sig.hash, "%s", v);
		m->is_signed |= !strcmp(key, "sig_key");
	}
	/* "sha512": libkmod has names, not sizes */
	if (m->sig.hash)
		m->sig.hash_bits = atoi(m->sig.hash + strcspn(m->sig.hash, "0123456789"));
out:
	kmod_module_info_free_list(info);
	kmod_module_unref(mod);
	kmod_unref(ctx);
}

/* modules.dep: "kernel/a/b.ko.zst: kernel/c.ko.zst"; name -> path below the folder. */
static void read_dep(struct root *rt, const char *dir, struct strmap *paths)
{
	_cleanup_free_ char *dep = path_join(dir, "modules.dep");
	const struct root_file *f = root_get(rt, dep);
	size_t pos = 0, n;
	const char *p;

	while (f->got == GOT_IT && azk_next_line(sb_str(&f->text), f->text.len, &pos, &p, &n)) {
		const char *colon = memchr(p, ':', n);
		_cleanup_free_ char *path = xmemdup0(p, colon ? (size_t)(colon - p) : 0);
		_cleanup_free_ char *name = xstrdup(path_basename(path));
		char *ko = strstr(name, ".ko");

		if (!ko || path_unsafe_why(path))
			continue;
		*ko = '\0';
		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : *c;
		free(strmap_get(paths, name));
		strmap_put(paths, name, xstrdup(path));
	}
}

/* "name size refs users state address (OE)" */
static void loaded_module(struct audit *a, const char *dir, const struct strmap *paths, char *line)
{
	const char *flags = strrchr(line, '(');
	_cleanup_free_ char *taint = xstrdup(flags ? flags : ""), *path = NULL;
	char *name = cfg_word(&line);
	const char *below = name ? strmap_get(paths, name) : NULL;
	const struct root_file *f;
	struct mod *m;

	if (!name)
		return;
	if (!below) {
		m = audit_add_module(a, name, (struct span){ 0 },
				     "loaded, and no file of that name is in modules.dep");
	} else {
		path = path_join(dir, below);
		f = root_get(a->root, path);
		m = audit_add_module(a, path, f->got == GOT_IT ? span_of(&f->text) : (struct span){ 0 },
				     f->got == GOT_ABSENT ? "its file is gone" : "its file cannot be read");
		if (m->is_signed < 0 && f->got == GOT_IT && packing_of(span_of(&f->text)) == PACK_XZ)
			ask_kmod(a, m);
	}
	m->loaded = true;
	str_setf(&m->taint, "%s", taint);
}

static void live_modules(struct audit *a)
{
	_cleanup_free_ char *dir = NULL;
	const struct root_file *f = root_get(a->root, "proc/modules");
	struct strmap paths = { 0 };
	size_t pos = 0, n;
	const char *p;

	if (f->got != GOT_IT || !a->release) {
		str_setf(&a->mods_why, "proc/modules cannot be read");
		return;
	}
	dir = path_join("lib/modules", a->release);
	read_dep(a->root, dir, &paths);
	a->mods_read = true;
	while (azk_next_line(sb_str(&f->text), f->text.len, &pos, &p, &n)) {
		_cleanup_free_ char *line = xmemdup0(p, n);

		loaded_module(a, dir, &paths, line);
	}
	for (size_t i = 0; i < paths.n; i++)
		free(paths.v[i].value);
	strmap_free(&paths);
}

int collect_live(struct audit *a, struct azk_report *r)
{
	const char *release = root_text(a->root, "proc/sys/kernel/osrelease");

	if (release && !path_unsafe_why(release) && !strchr(release, '/'))
		a->release = xstrdup(release);
	live_config(a, r);
	live_image(a, r);
	live_modules(a);
	return report_status(r) == AZK_BAD ? -1 : 0;
}
