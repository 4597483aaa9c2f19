// SPDX-License-Identifier: GPL-2.0-or-later
/* What the image and the module files have to do with the goals. */
#include "audit/audit.h"

/* Strength of what signs: SHA-256, and keys of 112 bits as NIST SP 800-57 counts (RSA 2048). */
#define MIN_HASH 256
#define MIN_KEY 112

static struct link *no_image(const struct audit *a, struct goal *g)
{
	return link_add(g, LAYER_IMAGE, "image-read", UNKNOWN, a->image ? a->image->path : NULL,
			"no kernel image was read: %s",
			a->image && a->image->why_not ? a->image->why_not :
			a->image_why ? a->image_why : "there is none");
}

static bool readable(const struct audit *a)
{
	return a->image && a->image->unpacked;
}

static bool same_config(const struct cfg_dot *x, const struct cfg_dot *y, const char **first)
{
	size_t i = 0, k = 0;

	while (i < x->e.n || k < y->e.n) {
		int c = i == x->e.n ? 1 : k == y->e.n ? -1 :
			strcmp(x->e.v[i].sym, y->e.v[k].sym);
		const char *xv = c <= 0 ? x->e.v[i].value : NULL;
		const char *yv = c >= 0 ? y->e.v[k].value : NULL;

		*first = c <= 0 ? x->e.v[i].sym : y->e.v[k].sym;
		if (!cfg_value_equal(xv, yv))
			return false;
		i += c <= 0;
		k += c >= 0;
	}
	return true;
}

/* A configuration file beside the image proves nothing unless the image says the same. */
static void compare_configs(const struct audit *a, struct goal *g)
{
	const struct image *im = a->image;
	struct azk_report *r;
	struct cfg_dot *x, *y;
	const char *first = "";

	if (!a->shipped_config_from || !im->has_config)
		return;
	r = report_new("compare");
	x = cfg_dot_parse("image", sb_str(&im->config), im->config.len, r);
	y = cfg_dot_parse("file", sb_str(&a->shipped_config), a->shipped_config.len, r);
	if (!x || !y)
		link_add(g, LAYER_IMAGE, "config-of-image", UNKNOWN, a->shipped_config_from,
			 "one of the two configurations cannot be parsed");
	else if (same_config(x, y, &first))
		link_add(g, LAYER_IMAGE, "config-of-image", HOLDS, a->shipped_config_from,
			 "the same as the one built into the image");
	else
		link_add(g, LAYER_IMAGE, "config-of-image", FAILS, a->shipped_config_from,
			 "CONFIG_%s differs from the one built into the image", first);
	cfg_dot_free(x);
	cfg_dot_free(y);
	report_free(r);
}

void links_of_image_lockdown(const struct audit *a, struct goal *g)
{
	const struct image *im = a->image;
	bool asked = a->config &&
		cfg_value_equal(cfg_dot_get(a->config, "LOCK_DOWN_IN_EFI_SECURE_BOOT"), "y");
	struct link *l;

	if (!readable(a)) {
		no_image(a, g);
		return;
	}
	compare_configs(a, g);
	if (im->says_secure_boot) {
		l = link_add(g, LAYER_IMAGE, "lockdown-patch", HOLDS, im->path,
			     "the image locks down for \"EFI Secure Boot\"%s",
			     im->has_hook ? ", by lockdown_efi_secure_boot()" : "");
	} else {
		l = link_add(g, LAYER_IMAGE, "lockdown-patch", FAILS, im->path,
			     "nothing in the image locks it down for Secure Boot%s",
			     asked ? ", though CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT=y" : "");
		/* the option explains what it did not build */
		if (!asked && a->config)
			str_setf(&l->cause, "lockdown-secure-boot");
	}
	link_remedy(l, "upstream has no link between Secure Boot and lockdown: an option says it is "
		    "wanted, only code does it", "build with patches/lockdown applied");
}

static void judge_cert(const struct audit *a, const struct cert *c, const char *source,
		       struct goal *g)
{
	_cleanup_free_ char *who = xasprintf("%s (%s, %s, until %s)", c->subject, c->key, c->hash,
					     c->until);
	struct link *l;

	if (*c->until == '?' || *c->from == '?')
		link_add(g, LAYER_IMAGE, "key-validity", UNKNOWN, source, "%s: its dates cannot be read",
			 who);
	else if (strcmp(a->today, c->until) > 0 || strcmp(a->today, c->from) < 0)
		link_remedy(link_add(g, LAYER_IMAGE, "key-validity", FAILS, source, "%s: %s on %s", who,
				     strcmp(a->today, c->until) > 0 ? "expired" : "not yet valid",
				     a->today),
			    "the kernel goes on accepting an expired key for modules, so nobody else notices",
			    "build with a current key, or take the certificate out of the image");
	else
		link_add(g, LAYER_IMAGE, "key-validity", HOLDS, source, "%s: valid on %s", who,
			 a->today);
	if (c->key_bits < MIN_KEY || c->hash_bits < MIN_HASH) {
		l = link_add(g, LAYER_IMAGE, "key-strength", FAILS, source, "%s is too weak", who);
		link_remedy(l, "who can forge this key or its certificate signs modules", NULL);
	} else {
		link_add(g, LAYER_IMAGE, "key-strength", HOLDS, source, "%s: %d bits of security",
			 who, c->key_bits);
	}
}

void links_of_keys(const struct audit *a, struct goal *g)
{
	const struct certs *c = audit_keys(a);
	const char *source = a->image ? a->image->path : NULL;

	if (!readable(a) && !c) {
		no_image(a, g);
		return;
	}
	if (!a->image || !a->image->has_certs)
		link_add(g, LAYER_IMAGE, "keys-found", UNKNOWN, source, c ?
			 "no list of certificates found in the image: those beside it are taken" :
			 "no list of certificates found in the image");
	else
		link_add(g, LAYER_IMAGE, "keys-found", HOLDS, source,
			 "%zu certificate%s built into the image", c->v.n, c->v.n == 1 ? "" : "s");
	for (size_t i = 0; c && i < c->v.n; i++)
		judge_cert(a, &c->v.v[i], source, g);
}

struct tally {
	size_t all, good, unchecked;
	const struct mod *not_signed, *bad, *no_key, *weak, *unread;
	size_t n_not_signed, n_bad, n_no_key, n_weak, n_unread;
};

static void count(struct tally *t, const struct mod *m)
{
	t->all++;
	/* told by itself: module-loaded */
	if (m->is_signed < 0 && strchr(m->taint, 'E'))
		return;
	if (m->is_signed < 0) {
		t->unread = t->n_unread++ ? t->unread : m;
	} else if (!m->is_signed) {
		t->not_signed = t->n_not_signed++ ? t->not_signed : m;
	} else {
		t->good += m->sig.check == SIG_GOOD;
		t->unchecked += m->sig.check == SIG_UNCHECKED;
		if (m->sig.check == SIG_BAD)
			t->bad = t->n_bad++ ? t->bad : m;
		if (m->sig.check == SIG_NO_KEY)
			t->no_key = t->n_no_key++ ? t->no_key : m;
		if (m->sig.hash_bits < MIN_HASH)
			t->weak = t->n_weak++ ? t->weak : m;
	}
}

static const char *more(size_t n, char buf[32])
{
	buf[0] = '\0';
	if (n > 1)
		snprintf(buf, 32, " and %zu more", n - 1);
	return buf;
}

/* The first fault of the kind, or that none has it. */
static void add_fault(struct goal *g, const char *id, enum state bad, const struct mod *m, size_t n,
		      const char *what, const struct tally *t, const char *good)
{
	char buf[32];

	if (m)
		link_add(g, LAYER_MODULES, id, bad, m->path, "%s%s: %s%s%s", m->name, more(n, buf),
			 what, m->is_signed < 0 ? ": " : "", m->is_signed < 0 ? m->why : "");
	else if (good)
		link_add(g, LAYER_MODULES, id, HOLDS, NULL, "%zu modules: %s", t->all, good);
}

static char *signers(const struct audit *a)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	struct strlist l = { 0 };
	char *all;

	for (size_t i = 0; i < a->mods.n; i++) {
		const struct signature *s = &a->mods.v[i].sig;
		_cleanup_free_ char *who = NULL;

		if (a->mods.v[i].is_signed != 1)
			continue;
		who = xasprintf("%s (%s)", s->signer && *s->signer ? s->signer : s->serial ?: "?",
				s->hash);
		if (!strlist_has(&l, who))
			strlist_add(&l, who);
	}
	for (size_t i = 0; i < l.n; i++)
		sb_addf(&sb, "%s%s", i ? ", " : "", l.v[i]);
	all = sb_detach(&sb);
	strlist_free(&l);
	return all;
}

void links_of_modules(const struct audit *a, struct goal *g)
{
	struct tally t = { 0 };
	_cleanup_free_ char *who = signers(a), *good = NULL;

	if (!a->mods_read) {
		link_add(g, LAYER_MODULES, "modules-read", UNKNOWN, NULL, "no module was read: %s",
			 a->mods_why ? a->mods_why : "there is none");
		return;
	}
	for (size_t i = 0; i < a->mods.n; i++)
		count(&t, &a->mods.v[i]);
	if (!t.all) {
		link_add(g, LAYER_MODULES, "modules-signed", NOT_APPLICABLE, NULL, "there is no module");
		return;
	}
	add_fault(g, "modules-read", UNKNOWN, t.unread, t.n_unread, "cannot be judged", &t, NULL);
	add_fault(g, "modules-signed", FAILS, t.not_signed, t.n_not_signed, "not signed", &t,
		  t.n_unread ? "none seen without a signature" : "all signed");
	if (t.n_bad)
		add_fault(g, "modules-trusted", FAILS, t.bad, t.n_bad,
			  "its signature does not fit its content", &t, NULL);
	else if (t.n_no_key)
		add_fault(g, "modules-trusted", FAILS, t.no_key, t.n_no_key,
			  "signed by a key the image does not hold", &t, NULL);
	else if (t.unchecked)
		link_add(g, LAYER_MODULES, "modules-trusted", UNKNOWN, NULL,
			 "%zu signatures could not be checked: no key is known", t.unchecked);
	else if (t.good) {
		good = xasprintf("%zu signatures verify; signed by %s", t.good, who);
		add_fault(g, "modules-trusted", HOLDS, NULL, 0, "", &t, good);
	}
	add_fault(g, "modules-hash", FAILS, t.weak, t.n_weak, "its digest is weaker than SHA-256", &t,
		  t.all > t.n_not_signed + t.n_unread ? "digests of SHA-256 or more" : NULL);
}

static void judge_signature(const struct audit *a, const struct pe_sig *s, struct goal *g)
{
	const char *path = a->image->path;
	const struct cert *c = s->sig.carried.v.n ? &s->sig.carried.v.v[0] : NULL;
	struct link *l;

	if (!s->digest_ok || s->sig.check == SIG_BAD)
		l = link_add(g, LAYER_IMAGE, "image-signature", FAILS, path,
			     "signed by %s, but %s", s->sig.signer, s->digest_ok ?
			     "the signature does not verify" : "the file is not the one that was signed");
	else if (s->sig.check == SIG_NO_KEY)
		l = link_add(g, LAYER_IMAGE, "image-signature", UNKNOWN, path,
			     "signed by %s, whose certificate is not in the signature", s->sig.signer);
	else
		l = link_add(g, LAYER_IMAGE, "image-signature", HOLDS, path,
			     "signed by %s; the digest fits", s->sig.signer);
	link_remedy(l, "firmware with Secure Boot on does not start another", NULL);
	if (s->digest_bits < MIN_HASH || s->sig.hash_bits < MIN_HASH)
		link_add(g, LAYER_IMAGE, "image-hash", FAILS, path, "signed over %s", s->digest);
	else
		link_add(g, LAYER_IMAGE, "image-hash", HOLDS, path, "signed over %s", s->digest);
	if (!c)
		return;
	if (*c->until == '?')
		link_add(g, LAYER_IMAGE, "image-key", UNKNOWN, path, "%s: its dates cannot be read",
			 c->subject);
	else if (strcmp(a->today, c->until) > 0)
		link_add(g, LAYER_IMAGE, "image-key", FAILS, path, "%s expired on %s", c->subject,
			 c->until);
	else
		link_add(g, LAYER_IMAGE, "image-key", c->key_bits < MIN_KEY ? FAILS : HOLDS, path,
			 "%s, %s, until %s", c->subject, c->key, c->until);
}

static void judge_sbat(const struct audit *a, struct goal *g)
{
	const struct image *im = a->image;

	/* the specification's first line names its own version */
	if (im->sbat && !str_starts(im->sbat, "sbat,"))
		link_add(g, LAYER_IMAGE, "image-sbat", FAILS, im->path,
			 "its SBAT does not begin with \"sbat,\"");
	else if (im->sbat)
		link_add(g, LAYER_IMAGE, "image-sbat", HOLDS, im->path, "SBAT: %.*s",
			 (int)strcspn(im->sbat, "\n"), im->sbat);
	else
		link_add(g, LAYER_IMAGE, "image-sbat", im->uki ? WEAK : NOT_APPLICABLE, im->path,
			 im->uki ? "no SBAT: shim cannot revoke it by generation" :
			 "no SBAT; shim asks a kernel it starts by way of a boot loader for none");
}

void links_of_boot(const struct audit *a, struct goal *g)
{
	const struct image *im = a->image;
	struct pe_sig s;
	struct where w;
	int rc;

	if (!im) {
		no_image(a, g);
		return;
	}
	if (!im->is_pe) {
		link_add(g, LAYER_IMAGE, "image-signature", FAILS, im->path,
			 "%s: not a PE image, so firmware cannot verify it", im->form);
		return;
	}
	rc = pe_signature(&im->pe, 0, &s, &w);
	if (rc == 1)
		judge_signature(a, &s, g);
	else if (!rc)
		link_remedy(link_add(g, LAYER_IMAGE, "image-signature", FAILS, im->path, "not signed"),
			    "firmware with Secure Boot on starts nothing that is not signed",
			    "sign it with the key whose certificate is in db or MOK");
	else
		link_add(g, LAYER_IMAGE, "image-signature", FAILS, im->path, "byte %zu: %s", w.at, w.why);
	pe_sig_free(&s);
	judge_sbat(a, g);
	if (im->cmdline)
		link_add(g, LAYER_IMAGE, "image-cmdline", HOLDS, im->path, "signed command line: %s",
			 im->cmdline);
}
