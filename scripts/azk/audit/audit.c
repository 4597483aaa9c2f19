// SPDX-License-Identifier: GPL-2.0-or-later
/* What an audit knows: configuration, keys, modules. */
#include <errno.h>

#include "audit/audit.h"

const char *const level_names[3] = { "none", "integrity", "confidentiality" };

void audit_free(struct audit *a)
{
	for (size_t i = 0; i < a->mods.n; i++) {
		struct mod *m = &a->mods.v[i];

		free(m->name);
		free(m->path);
		free(m->why);
		free(m->taint);
		signature_free(&m->sig);
	}
	vec_free(&a->mods);
	for (size_t i = 0; i < a->policies.n; i++)
		cfg_policy_free(a->policies.v[i]);
	vec_free(&a->policies);
	strlist_free(&a->policy_names);
	cfg_dot_free(a->config);
	image_free(a->image);
	free(a->image);
	certs_free(&a->shipped_certs);
	sb_free(&a->shipped_config);
	free(a->shipped_config_from);
	free(a->config_from);
	free(a->config_why);
	free(a->image_why);
	free(a->mods_why);
	free(a->own_flavour);
	free(a->subject);
	free(a->release);
	if (a->root) {
		root_close(a->root);
		free(a->root);
	}
}

const struct certs *audit_keys(const struct audit *a)
{
	if (a->image && a->image->has_certs)
		return &a->image->certs;
	return a->shipped_certs.v.n ? &a->shipped_certs : NULL;
}

/* As the kernel spells it: without folder and suffix, '_' for '-'. */
static char *module_name(const char *path)
{
	char *name = xstrdup(path_basename(path));
	char *dot = strstr(name, ".ko");

	if (dot)
		*dot = '\0';
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return name;
}

struct mod *audit_add_module(struct audit *a, const char *path, struct span file, const char *why)
{
	_cleanup_sb_ struct strbuf plain = STRBUF_INIT;
	struct mod *m = vec_add(&a->mods);
	struct where w = { 0 };
	int rc = 0;

	m->name = module_name(path);
	m->path = xstrdup(path);
	m->taint = xstrdup("");
	m->is_signed = -1;
	if (!file.p) {
		m->why = xstrdup(why);
		return m;
	}
	if (packing_of(file) != PACK_NONE) {
		rc = unpack(file, &plain, &w);
		file = (struct span){ (unsigned char *)plain.buf, plain.len };
	}
	if (!rc)
		rc = module_signature(file, audit_keys(a), &m->sig, &w);
	if (rc < 0)
		m->why = xasprintf("byte %zu: %s", w.at, w.why);
	else
		m->is_signed = rc;
	return m;
}

int audit_set_config(struct audit *a, const char *from, struct span text, struct azk_report *r)
{
	struct cfg_dot *d = cfg_dot_parse(from, (const char *)text.p, text.n, r);

	if (!d)
		return -1;
	if (!d->e.n) {
		report_bad(r, "config", from, 0, "holds no option: no kernel configuration");
		cfg_dot_free(d);
		return -1;
	}
	cfg_dot_free(a->config);
	a->config = d;
	str_setf(&a->config_from, "%s", from);
	a->arch = cfg_value_equal(cfg_dot_get(d, "X86_64"), "y") ? cfg_arch_index("x86_64") :
		  cfg_value_equal(cfg_dot_get(d, "ARM64"), "y") ? cfg_arch_index("aarch64") : -1;
	return 0;
}

char *flavour_of_release(const char *release)
{
	const char *dash = release ? strrchr(release, '-') : NULL;
	const char *dot = dash ? strchr(dash, '.') : NULL;
	size_t n = dot ? strcspn(dot + 1, ".") : 0;
	char *f;

	if (!n || !dot[1 + n] || cfg_arch_index(dot + 1 + n + 1) < 0)
		return NULL;
	f = xstrndup(dot + 1, n);
	for (char *c = f; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return f;
}
