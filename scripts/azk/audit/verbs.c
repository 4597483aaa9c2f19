// SPDX-License-Identifier: GPL-2.0-or-later
/* The verbs of azk audit, which is also the program azk-audit. */
#include <errno.h>
#include <time.h>

#include "audit/collect.h"

#ifndef AZK_POLICY_DIR
#define AZK_POLICY_DIR "/usr/share/azk-audit/policy"
#endif

struct run {
	struct audit a;
	struct azk_report *r;
	const char *flavour, *policies, *level, *today, *sarif, *html;
	struct strlist policy;
	bool json;
};

#define AUDIT_OPTS(run) \
	{ "policy", "P", "judge this policy, too (default: kspp and lockdown); may be repeated", \
	  .list = &(run).policy }, \
	{ "policies", "DIR", "where policies are (default: configs/policy, else " AZK_POLICY_DIR ")", \
	  .str = &(run).policies }, \
	{ "flavour", "F", "whose exceptions count (default: the release's, else azure)", \
	  .str = &(run).flavour }, \
	{ "level", "L", "how far lockdown has to go: integrity (default) or confidentiality", \
	  .str = &(run).level }, \
	{ "today", "DATE", "YYYY-MM-DD to judge expiry by", .str = &(run).today }, \
	{ "sarif", "FILE", "write SARIF 2.1.0, too", .str = &(run).sarif }, \
	{ "html", "FILE", "write a page to print, too", .str = &(run).html }, \
	{ "json", NULL, "print the record as JSON", .flag = &(run).json }, \
	{ 0 }

static void init(struct run *u, const char *command)
{
	memset(&u->a, 0, sizeof(u->a));
	u->a.arch = -1;
	u->r = report_new(command);
}

static bool is_date(const char *s)
{
	static const char form[] = "0000-00-00";

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	}
	return true;
}

static int set_level(struct run *u)
{
	u->a.level = LEVEL_INTEGRITY;
	if (!u->level || !strcmp(u->level, "integrity"))
		return 0;
	if (strcmp(u->level, "confidentiality"))
		return azk_error("--level is integrity or confidentiality, not '%s'", u->level);
	u->a.level = LEVEL_CONFIDENTIALITY;
	return 0;
}

static int set_today(struct run *u, const char *snapshot)
{
	time_t now = time(NULL);
	struct tm tm;

	if (u->today && !is_date(u->today))
		return azk_error("--today takes YYYY-MM-DD, not '%s'", u->today);
	if (u->today || (snapshot && is_date(snapshot)))
		snprintf(u->a.today, sizeof(u->a.today), "%s", u->today ? u->today : snapshot);
	else
		strftime(u->a.today, sizeof(u->a.today), "%Y-%m-%d", gmtime_r(&now, &tm));
	return 0;
}

static void load_policy(struct run *u, const char *dir, const char *name)
{
	_cleanup_free_ char *file = xasprintf("%s.policy", name), *path = path_join(dir, file);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	int rc;

	if (!cfg_is_name(name)) {
		report_bad(u->r, "policy", NULL, 0, "'%s' is not the name of a policy", name);
		return;
	}
	rc = azk_read_file(path, &sb);
	if (rc)
		report_bad(u->r, "policy", path, 0, "cannot be read: %s", strerror(-rc));
	else
		vec_push(&u->a.policies, cfg_policy_parse(name, path, sb_str(&sb), sb.len, u->r));
}

/* lockdown always: its rules are the first links of the chains. */
static void load_policies(struct run *u)
{
	const char *dir = u->policies ? u->policies :
			  azk_is_dir("configs/policy") ? "configs/policy" : AZK_POLICY_DIR;

	if (!u->policy.n) {
		strlist_add(&u->a.policy_names, "lockdown");
		strlist_add(&u->a.policy_names, "kspp");
	}
	for (size_t i = 0; i < u->policy.n; i++) {
		if (!strlist_has(&u->a.policy_names, u->policy.v[i]))
			strlist_add(&u->a.policy_names, u->policy.v[i]);
	}
	for (size_t i = 0; i < u->a.policy_names.n; i++)
		load_policy(u, dir, u->a.policy_names.v[i]);
	if (!strlist_has(&u->a.policy_names, "lockdown"))
		load_policy(u, dir, "lockdown");
}

static void write_to(struct run *u, const char *path, const char *text, size_t n)
{
	int rc = azk_write_file(path, text, n, 0644);

	if (rc)
		report_bad(u->r, "write", path, 0, "cannot be written: %s", strerror(-rc));
}

static void write_files(struct run *u)
{
	json_t *root = report_root(u->r);

	if (u->sarif) {
		json_t *s = sarif_of(root);
		char *text = json_dumps(s, JSON_INDENT(1));

		write_to(u, u->sarif, text, strlen(text));
		free(text);
		json_decref(s);
	}
	if (u->html) {
		_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

		html_of(root, &sb);
		write_to(u, u->html, sb_str(&sb), sb.len);
	}
}

/* Verdicts, unless the input was bad (rc or the report says). */
static int conclude(struct run *u, int rc)
{
	struct verdicts v = { 0 };

	if (!rc && report_status(u->r) != AZK_BAD) {
		load_policies(u);
		u->a.own_flavour = flavour_of_release(u->a.release);
		u->a.flavour = u->flavour ? u->flavour : u->a.own_flavour ? u->a.own_flavour : "azure";
		verdicts_make(&u->a, &v, u->r);
		if (report_status(u->r) != AZK_BAD) {
			verdicts_report(&u->a, &v, u->r);
			write_files(u);
		}
	}
	/* the verdicts as text name the findings where they belong */
	if (!u->json && report_status(u->r) != AZK_BAD) {
		verdicts_text(report_root(u->r), stdout);
		rc = fflush(stdout) || ferror(stdout) ?
			azk_error("writing the report: output is not writable") : report_status(u->r);
	} else {
		rc = report_print(u->r, u->json, stdout, NULL);
	}
	verdicts_free(&v);
	audit_free(&u->a);
	report_free(u->r);
	strlist_free(&u->policy);
	return rc;
}

static int usage_ended(struct run *u, int n)
{
	audit_free(&u->a);
	report_free(u->r);
	strlist_free(&u->policy);
	return n == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
}

int audit_cmd_config(int argc, char **argv)
{
	struct run u = { 0 };
	const struct azk_opt opts[] = { AUDIT_OPTS(u) };
	int n;

	init(&u, "audit config");
	n = azk_parse_opts(opts, "audit config FILE [options]",
			   "audit config configs/rendered/azure-x86_64.config", argc, argv);
	if (n == 1 && !set_level(&u) && !set_today(&u, NULL)) {
		u.a.layers = 1u << LAYER_CONFIG;
		u.a.subject = xasprintf("%s", argv[1]);
		return conclude(&u, collect_config(&u.a, argv[1], u.r));
	}
	if (n >= 0 && n != 1)
		azk_error("audit config takes one file: a .config, config.gz or kernel image");
	return usage_ended(&u, n);
}

int audit_cmd_image(int argc, char **argv)
{
	struct run u = { 0 };
	const struct azk_opt opts[] = { AUDIT_OPTS(u) };
	int n;

	init(&u, "audit image");
	n = azk_parse_opts(opts, "audit image FILE [options]", "audit image /boot/vmlinuz", argc, argv);
	if (n == 1 && !set_level(&u) && !set_today(&u, NULL)) {
		u.a.layers = 1u << LAYER_CONFIG | 1u << LAYER_IMAGE;
		u.a.subject = xasprintf("%s", argv[1]);
		return conclude(&u, collect_image(&u.a, argv[1], u.r));
	}
	if (n >= 0 && n != 1)
		azk_error("audit image takes one file: a kernel or a unified kernel image");
	return usage_ended(&u, n);
}

int audit_cmd_rpm(int argc, char **argv)
{
	struct run u = { 0 };
	const struct azk_opt opts[] = { AUDIT_OPTS(u) };
	int n;

	init(&u, "audit rpm");
	n = azk_parse_opts(opts, "audit rpm FILE... [options]",
			   "audit rpm out/rpms/kernel-core-*.rpm out/rpms/kernel-modules-*.rpm", argc, argv);
	if (n > 0 && !set_level(&u) && !set_today(&u, NULL)) {
		_cleanup_sb_ struct strbuf names = STRBUF_INIT;

		u.a.layers = 1u << LAYER_CONFIG | 1u << LAYER_IMAGE | 1u << LAYER_MODULES;
		for (int i = 1; i <= n; i++)
			sb_addf(&names, "%s%s", i > 1 ? " " : "", path_basename(argv[i]));
		u.a.subject = sb_detach(&names);
		return conclude(&u, collect_rpms(&u.a, argv + 1, (size_t)n, u.r));
	}
	if (!n)
		azk_error("audit rpm takes the packages of a kernel: kernel-core and its modules");
	return usage_ended(&u, n);
}

static int run_live(struct run *u, const char *root, const char *save)
{
	int rc;

	u->a.layers = (1u << LAYERS) - 1;
	u->a.subject = xasprintf("%s%s", root ? "snapshot " : "the running system", root ? root : "");
	u->a.root = xcalloc(1, sizeof(*u->a.root));
	rc = root_open(u->a.root, root, save, u->r);
	if (!rc && set_today(u, u->a.root->taken))
		return usage_ended(u, AZK_OPT_BAD);
	if (!rc)
		rc = collect_live(&u->a, u->r);
	if (!rc && save) {
		struct verdicts v;

		/* what the verdicts ask for has to be in it as well */
		u->a.flavour = "azure";
		verdicts_make(&u->a, &v, u->r);
		verdicts_free(&v);
		rc = root_finish(u->a.root, u->r);
	}
	return conclude(u, rc);
}

int audit_cmd_live(int argc, char **argv)
{
	struct run u = { 0 };
	const char *root = NULL, *save = NULL;
	const struct azk_opt opts[] = {
		{ "root", "DIR", "a snapshot instead of the running system", .str = &root },
		{ "save", "DIR", "keep what was read as a snapshot", .str = &save },
		AUDIT_OPTS(u)
	};
	int n;

	init(&u, "audit live");
	n = azk_parse_opts(opts, "audit live [--root DIR | --save DIR] [options]",
			   "audit live --root snapshot --html audit.html", argc, argv);
	if (!n && root && save) {
		azk_error("--save takes a snapshot of the running system, not of --root");
		return usage_ended(&u, AZK_OPT_BAD);
	}
	if (!n && !set_level(&u))
		return run_live(&u, root, save);
	if (n > 0)
		azk_error("audit live takes no file; --root names a snapshot");
	return usage_ended(&u, n);
}

static const struct azk_verb verbs[] = {
	{ "config", audit_cmd_config, "verdicts on a .config, config.gz or the configuration in an image" },
	{ "image", audit_cmd_image, "verdicts on a kernel image: configuration, lockdown, keys, signature" },
	{ "rpm", audit_cmd_rpm, "verdicts on a kernel's packages: image and modules" },
	{ "live", audit_cmd_live, "verdicts on the running system, or a snapshot of one" },
	{ 0 },
};

const struct azk_noun audit_noun = {
	"audit", "one verdict per security goal, with its weakest link", verbs,
};
