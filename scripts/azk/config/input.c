// SPDX-License-Identifier: GPL-2.0-or-later
/* Configurations to compare: flavours, .config files, config.gz, packages. */
#include <errno.h>
#include <zlib.h>

#include "config/input.h"
#include "release/release.h"

#define MAX_CONFIG (64u << 20)

int cfg_gunzip(const char *path, const char *buf, size_t len, struct strbuf *out,
	       struct azk_report *r)
{
	z_stream z = { .next_in = (Bytef *)buf, .avail_in = (uInt)len };
	char chunk[65536];
	int rc;

	/* 16: a gzip header and nothing else */
	if (len > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK) {
		report_bad(r, "gzip", path, 0, "cannot be decompressed");
		return -1;
	}
	do {
		z.next_out = (Bytef *)chunk;
		z.avail_out = sizeof(chunk);
		rc = inflate(&z, Z_NO_FLUSH);
		sb_add(out, chunk, sizeof(chunk) - z.avail_out);
	} while (rc == Z_OK && out->len <= MAX_CONFIG);
	if (rc == Z_STREAM_END && z.avail_in)
		report_bad(r, "gzip", path, 0, "byte %lu: %u bytes behind the end of the gzip data",
			   z.total_in, z.avail_in);
	else if (rc == Z_BUF_ERROR)
		report_bad(r, "gzip", path, 0, "byte %lu: the gzip data ends early", z.total_in);
	else if (rc == Z_OK)
		report_bad(r, "gzip", path, 0, "more than %u MiB: no configuration", MAX_CONFIG >> 20);
	else if (rc != Z_STREAM_END)
		report_bad(r, "gzip", path, 0, "byte %lu: %s", z.total_in,
			   z.msg ? z.msg : "not gzip data");
	rc = rc == Z_STREAM_END && !z.avail_in ? 0 : -1;
	inflateEnd(&z);
	return rc;
}

struct found {
	struct strbuf *out;
	char *path;
};

static bool keep_config(void *arg, const char *path, const char *data, size_t len)
{
	struct found *f = arg;
	const char *base = path_basename(path);

	if (strstr(path, "/lib/modules/") ? strcmp(base, "config") :
	    !str_starts(path, "/boot/config-"))
		return false;
	if (data && !f->path) {
		f->path = xstrdup(path);
		sb_add(f->out, data, len);
	}
	return true;
}

static int read_rpm(const char *path, struct strbuf *out, struct azk_report *r)
{
	_cleanup_free_ char *why = NULL;
	struct found f = { .out = out };
	struct rpm_info p = { 0 };
	int rc = rpm_load(&p, path, keep_config, &f, &why);

	if (rc)
		report_bad(r, "rpm", path, 0, "%s", why ? why : strerror(-rc));
	else if (!f.path)
		report_bad(r, "rpm", path, 0, "no /lib/modules/*/config and no /boot/config-* in it");
	rc = rc || !f.path ? -1 : 0;
	rpm_free(&p);
	free(f.path);
	return rc;
}

int cfg_config_file(const char *path, struct strbuf *out, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc = azk_read_file(path, &sb);

	if (rc) {
		report_bad(r, "read", path, 0, "%s", strerror(-rc));
		return -1;
	}
	if (sb.len >= 4 && !memcmp(sb.buf, "\xed\xab\xee\xdb", 4))
		return read_rpm(path, out, r);
	if (sb.len >= 2 && !memcmp(sb.buf, "\x1f\x8b", 2))
		return cfg_gunzip(path, sb.buf, sb.len, out, r);
	sb_add(out, sb_str(&sb), sb.len);
	return 0;
}

/* ---- a flavour ------------------------------------------------------------------ */

static const struct cfg_plan *find_plan(const struct cfg_run *run, const char *name, int arch)
{
	for (size_t i = 0; i < run->plans.n; i++) {
		const struct cfg_plan *p = run->plans.v[i];

		if (!strcmp(p->flavour->name, name) && (arch < 0 || p->arch == arch))
			return p;
	}
	return NULL;
}

/* "FLAVOUR/ARCH" cut in two; the arch is -1 when none is named, -2 when it is none of ours. */
static char *split_name(const char *name, int *arch)
{
	const char *slash = strrchr(name, '/');

	*arch = -1;
	if (!slash)
		return xstrdup(name);
	*arch = cfg_arch_index(slash + 1);
	if (*arch < 0)
		*arch = -2;
	return xstrndup(name, slash - name);
}

int cfg_input_arch(const struct cfg_run *run, const char *name)
{
	int arch;
	_cleanup_free_ char *flavour = split_name(name, &arch);

	return find_plan(run, flavour, -1) ? arch : -1;
}

static int arch_of(const struct cfg_dot *d)
{
	static const char *const marks[CFG_NARCH] = { "X86_64", "ARM64" };

	for (int i = 0; i < CFG_NARCH; i++) {
		if (cfg_value_equal("y", cfg_dot_get(d, marks[i])))
			return i;
	}
	return -1;
}

static int open_file(struct cfg_run *run, struct cfg_input *in)
{
	if (cfg_config_file(in->label, &in->text, run->r))
		return -1;
	in->dot = cfg_dot_parse(in->label, sb_str(&in->text), in->text.len, run->r);
	if (!in->dot)
		return -1;
	in->arch = arch_of(in->dot);
	if (in->arch >= 0)
		return 0;
	report_bad(run->r, "arch", in->label, 0,
		   "neither CONFIG_X86_64=y nor CONFIG_ARM64=y stands in it: of what arch is it?");
	return -1;
}

int cfg_input_open(struct cfg_run *run, const char *name, int want, struct cfg_input *in)
{
	struct cfg_result res;
	int arch;
	_cleanup_free_ char *flavour = split_name(name, &arch);

	memset(in, 0, sizeof(*in));
	in->plan = arch == -2 ? NULL : find_plan(run, flavour, arch >= 0 ? arch : want);
	if (!in->plan && arch == -1)
		in->plan = find_plan(run, flavour, -1);
	if (!in->plan) {
		in->label = xstrdup(name);
		if (azk_exists(name))
			return open_file(run, in);
		report_bad(run->r, "usage", NULL, 0,
			   "'%s' is neither a file nor a flavour (FLAVOUR or FLAVOUR/ARCH)", name);
		return -1;
	}
	in->label = xasprintf("%s/%s", in->plan->flavour->name, cfg_arches[in->plan->arch].name);
	in->arch = in->plan->arch;
	cfg_plan_text(in->plan, &in->text);
	if (!cfg_render_plan(run, in->plan, &res)) {
		in->dot = TAKE_PTR(res.dot);
		kconf_close(run->kconf[in->arch]);
	}
	cfg_result_free(&res);
	return in->dot ? 0 : -1;
}

void cfg_input_free(struct cfg_input *in)
{
	free(in->label);
	sb_free(&in->text);
	cfg_dot_free(in->dot);
	memset(in, 0, sizeof(*in));
}
