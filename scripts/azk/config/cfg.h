/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * azk config: configuration as declared intent.
 *
 * Flavours name fragments; fragments hold what is asked for, each with its
 * reason; the tree's own Kconfig makes a .config of it; policies say what must
 * hold of the result. Symbols are named without CONFIG_ inside this program.
 *
 * A value is text as it stands in a .config: y, m, n ("is not set"), a number,
 * 0x.., or a string with its quotes.
 */
#ifndef AZK_CONFIG_CFG_H
#define AZK_CONFIG_CFG_H

#include "core/azk.h"

/* ---- architectures (config/lines.c) ------------------------------------- */

struct cfg_arch {
	const char *name;	/* rpm's name, used everywhere in this project */
	const char *kbuild;	/* ARCH= for kbuild */
	const char *src;	/* the folder below arch/ */
};

#define CFG_NARCH 2
#define CFG_ALL_ARCHES ((1u << CFG_NARCH) - 1)
extern const struct cfg_arch cfg_arches[CFG_NARCH];

int cfg_arch_index(const char *name);	/* -1 when unknown */

/* ---- lines shared by the parsers (config/lines.c) ------------------------ */

/*
 * One text file being parsed. cfg_line() yields the next line, blanks trimmed
 * at its end only, in a buffer valid until the next call; lines with control
 * characters or above 8 KiB are reported and skipped.
 */
struct cfg_text {
	const char *path;
	const char *buf;
	size_t len, pos;
	size_t line;		/* of what cfg_line() returned, from 1 */
	char *cur;
	struct azk_report *r;
};

bool cfg_line(struct cfg_text *t, char **line);
void cfg_text_done(struct cfg_text *t);
void cfg_bad(struct cfg_text *t, const char *fmt, ...) AZK_PRINTF(2, 3);

/* Cuts the first word off *s; NULL at the end. */
char *cfg_word(char **s);
/* [a-z0-9][a-z0-9._-]*: a flavour, fragment, policy or rule */
bool cfg_is_name(const char *s);
bool cfg_is_symbol(const char *s);	/* [A-Za-z0-9_]+ */
bool cfg_is_month(const char *s);	/* YYYY-MM */

/* NULL when s may stand behind CONFIG_X=, else what is wrong with it. */
const char *cfg_value_why(const char *s);
/*
 * A quoted string as the elements of its comma list; false when it is none.
 * cfg_list_same(): both are lists, of the same elements in the same order.
 */
bool cfg_list_split(const char *value, struct strlist *out);
bool cfg_list_same(const char *a, const char *b);
/* Equal as values: 0x10 and 0x0010 are; NULL (absent) equals n. */
bool cfg_value_equal(const char *a, const char *b);

/* ---- fragments (config/fragment.c) -------------------------------------- */

struct cfg_block {
	size_t line;
	char *why, *ref, *test, *owner, *review;	/* NULL when not given */
	struct strlist overrides;			/* names of fragments */
};

#define CFG_NO_BLOCK ((size_t)-1)

struct cfg_opt {
	char *sym, *value;
	size_t line;
	size_t block;		/* index, or CFG_NO_BLOCK */
};

struct cfg_fragment {
	char *name, *path;
	VEC(struct cfg_block) blocks;
	VEC(struct cfg_opt) opts;
};

/* Never NULL; what is wrong is in r. The caller frees. */
struct cfg_fragment *cfg_fragment_parse(const char *name, const char *path, const char *buf,
					size_t len, struct azk_report *r);
void cfg_fragment_free(struct cfg_fragment *f);

/* ---- flavours (config/flavour.c) ----------------------------------------- */

struct cfg_use {
	char *name;
	const char *path;	/* the flavour file it stands in */
	unsigned int arches;	/* mask; 0: an include, or a fragment left out */
	bool without;		/* a fragment of an include that this flavour does not take */
	size_t line;
};

enum cfg_ship { CFG_SHIP_UNSET, CFG_SHIP_NO, CFG_SHIP_YES };

/* As written: includes are resolved by cfg_resolve(). */
struct cfg_flavour {
	char *name, *path;
	unsigned int arches;	/* 0: not given */
	enum cfg_ship ship;
	/* includes, fragments and what is left out of them, in the order of the file */
	VEC(struct cfg_use) uses;
	struct strlist policies;
};

struct cfg_flavour *cfg_flavour_parse(const char *name, const char *path, const char *buf,
				      size_t len, struct azk_report *r);
void cfg_flavour_free(struct cfg_flavour *f);

/* ---- policies (config/policy.c) ------------------------------------------ */

enum cfg_op { CFG_EQ, CFG_NE, CFG_IN, CFG_UNSET, CFG_GE, CFG_LE, CFG_CONTAINS };

struct cfg_assert {
	char *sym;
	enum cfg_op op;
	struct strlist args;
	size_t line;
	bool alternative;	/* an "or" to the assert before it */
};

struct cfg_except {
	char *flavour, *until, *why;
	size_t line;
};

struct cfg_rule {
	char *name, *why, *ref;
	char *goal;			/* the verdict of azk audit it is a link of, or NULL */
	char *cost;			/* measured or published, with its source; NULL when not known */
	size_t line;
	unsigned int arches;
	unsigned int from, before;	/* cfg_version(): from <= kernel < before; 0 is no bound */
	bool warning;
	VEC(struct cfg_assert) asserts;
	VEC(struct cfg_except) excepts;
};

struct cfg_policy {
	char *name, *path;
	VEC(struct cfg_rule) rules;
};

struct cfg_policy *cfg_policy_parse(const char *name, const char *path, const char *buf,
				    size_t len, struct azk_report *r);
void cfg_policy_free(struct cfg_policy *p);

/* X.Y or X.Y.Z as a number that compares; what follows is ignored. 0 when it is none. */
unsigned int cfg_version(const char *s);
/* Whether a rule speaks of this arch and version; one that is not known (0) is any. */
bool cfg_rule_applies(const struct cfg_rule *r, int arch, unsigned int version);
/* The exception for a flavour, or NULL; good through its month. Without a date nothing ends. */
const struct cfg_except *cfg_rule_except(const struct cfg_rule *r, const char *flavour);
bool cfg_except_ended(const struct cfg_except *e, const char *today);

/* ---- a .config (config/dotconfig.c) -------------------------------------- */

struct cfg_entry {
	char *sym, *value;
};

struct cfg_dot {
	VEC(struct cfg_entry) e;	/* sorted by symbol */
	unsigned int version;		/* cfg_version() of its head line; 0 without one */
};

/* Returns NULL after reporting a line that is none of a .config. */
struct cfg_dot *cfg_dot_parse(const char *path, const char *buf, size_t len, struct azk_report *r);
const char *cfg_dot_get(const struct cfg_dot *d, const char *sym);	/* NULL when absent */
void cfg_dot_free(struct cfg_dot *d);

/* Globs over symbols, one a line with "# reason" (configs/toolchain.list). */
struct cfg_globs {
	struct strlist glob;
};

int cfg_globs_parse(struct cfg_globs *g, const char *path, const char *buf, size_t len,
		    struct azk_report *r);
bool cfg_globs_match(const struct cfg_globs *g, const char *sym);
void cfg_globs_free(struct cfg_globs *g);

/* Whether an assertion holds of a .config. */
bool cfg_assert_holds(const struct cfg_assert *a, const struct cfg_dot *d);
/* The assertion as written, for a message. Caller frees. */
char *cfg_assert_text(const struct cfg_assert *a);

/* ---- the whole folder (config/store.c) ----------------------------------- */

struct cfg_store {
	char *dir;
	VEC(struct cfg_flavour *) flavours;	/* sorted by name, like the rest */
	VEC(struct cfg_fragment *) fragments;
	VEC(struct cfg_policy *) policies;
	struct cfg_globs toolchain;
};

/* Reads everything below dir; what cannot be read or parsed is in r. */
struct cfg_store *cfg_store_load(const char *dir, struct azk_report *r);
void cfg_store_free(struct cfg_store *s);
struct cfg_flavour *cfg_store_flavour(const struct cfg_store *s, const char *name);
struct cfg_fragment *cfg_store_fragment(const struct cfg_store *s, const char *name);
struct cfg_policy *cfg_store_policy(const struct cfg_store *s, const char *name);

/* ---- what is asked for one flavour and arch (config/intent.c) ------------- */

struct cfg_intent {
	const struct cfg_fragment *frag;
	const struct cfg_opt *opt;
};

struct cfg_plan {
	const struct cfg_flavour *flavour;
	int arch;
	bool ship;
	VEC(struct cfg_intent) intents;		/* in the order of the fragments, a symbol once */
	struct strmap index;			/* symbol -> place in intents, from 1 */
	VEC(const struct cfg_policy *) policies;
	struct strlist fragments;		/* names, those of this arch, in order */
};

/*
 * Resolves includes and merges the fragments. Two values for one symbol are a
 * finding unless one block overrides the other's fragment. NULL when the
 * flavour does not exist for the arch or names what is not there (reported).
 */
struct cfg_plan *cfg_resolve(const struct cfg_store *s, const struct cfg_flavour *f, int arch,
			     struct azk_report *r);
void cfg_plan_free(struct cfg_plan *p);
const struct cfg_intent *cfg_plan_find(const struct cfg_plan *p, const char *sym);
/* Of a flavour with its includes. */
unsigned int cfg_flavour_arches(const struct cfg_store *s, const struct cfg_flavour *f);
bool cfg_flavour_ships(const struct cfg_store *s, const struct cfg_flavour *f);
void cfg_flavour_uses(const struct cfg_store *s, const struct cfg_flavour *f,
		      struct strlist *fragments, struct strlist *policies);
/* One line of a .config. */
void cfg_setting_text(const char *sym, const char *value, struct strbuf *sb);
/* The text for KCONFIG_ALLCONFIG. */
void cfg_plan_text(const struct cfg_plan *p, struct strbuf *sb);

#endif
