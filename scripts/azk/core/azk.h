/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core every noun of azk is built on: memory, strings, files, reports,
 * options and the command table.
 *
 * Conventions: functions return 0 or -errno unless they say otherwise;
 * messages are written once, at the edge (azk_error() or a report finding);
 * running out of memory ends the program, so nobody checks for it. Strings
 * handed out belong to the caller unless declared const.
 */
#ifndef AZK_H
#define AZK_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define AZK_VERSION "0.1"
#define AZK_DATE "2026-11-20"	/* of the version, for the man pages */

/* Exit status of every verb. */
enum azk_exit {
	AZK_OK = 0,		/* it holds */
	AZK_FINDINGS = 1,	/* it ran and found something */
	AZK_BAD = 2,		/* bad input, bad usage or the system failed */
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AZK_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* ---- memory (core/mem.c) ------------------------------------------------ */

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xmemdup0(const void *p, size_t n);	/* copy with a NUL added */
char *xasprintf(const char *fmt, ...) AZK_PRINTF(1, 2);
void str_setf(char **to, const char *fmt, ...) AZK_PRINTF(2, 3);	/* frees what was there */

static inline void azk_freep(void *p) { free(*(void **)p); }
#define _cleanup_free_ __attribute__((cleanup(azk_freep)))

/* Hand the pointer on and forget it, so that its cleanup does nothing. */
#define TAKE_PTR(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

/*
 * A growing array: VEC(int) v = {0}; vec_push(&v, 3); v.v[0]; v.n; vec_free(&v).
 * Elements are plain values; vec_free() frees the array, not what they own.
 * vec_add() appends a zeroed element and yields its address, which the next
 * append may invalidate.
 */
#define VEC(type) struct { type *v; size_t n, cap; }
void *vec_grow_(void *v, size_t need, size_t *cap, size_t size);
#define vec_reserve(a, more) \
	((a)->v = vec_grow_((a)->v, (a)->n + (more), &(a)->cap, sizeof(*(a)->v)))
/* vec_reserve() is written out in these two: cppcheck cannot nest it */
#define vec_push(a, item) \
	((a)->v = vec_grow_((a)->v, (a)->n + 1, &(a)->cap, sizeof(*(a)->v)), \
	 (void)((a)->v[(a)->n++] = (item)))
#define vec_add(a) \
	((a)->v = vec_grow_((a)->v, (a)->n + 1, &(a)->cap, sizeof(*(a)->v)), \
	 memset(&(a)->v[(a)->n], 0, sizeof(*(a)->v)), &(a)->v[(a)->n++])
#define vec_free(a) \
	(free((a)->v), (a)->v = NULL, (void)((a)->n = (a)->cap = 0))

/* A list of owned strings. */
struct strlist {
	char **v;
	size_t n, cap;
};

void strlist_add(struct strlist *l, const char *s);	/* copies s */
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l);			/* strcmp order */
void strlist_free(struct strlist *l);

/*
 * String to pointer map that keeps insertion order: entries m.v[0..n). Keys are
 * copied, values are the caller's. There is no removal: put NULL.
 */
struct strmap_entry {
	char *key;
	void *value;
};

struct strmap {
	struct strmap_entry *v;
	size_t n, cap;
	uint32_t *slots;	/* index + 1 into v; 0 is free */
	size_t nslots;
};

void *strmap_get(const struct strmap *m, const char *key);	/* NULL when absent */
void strmap_put(struct strmap *m, const char *key, void *value);
void strmap_free(struct strmap *m);

/* 64-bit hash against accidents, not against adversaries; seed chains calls. */
uint64_t azk_hash(uint64_t seed, const void *p, size_t n);

/* ---- string buffer (core/strbuf.c) -------------------------------------- */

/* buf is NUL-terminated once anything was added; it may hold NULs too. */
struct strbuf {
	char *buf;
	size_t len, cap;
};
#define STRBUF_INIT { NULL, 0, 0 }

void sb_add(struct strbuf *sb, const void *p, size_t n);
void sb_addstr(struct strbuf *sb, const char *s);
/* @s, nothing if NULL, as text or the value of an attribute in HTML. */
void sb_addhtml(struct strbuf *sb, const char *s);
void sb_addch(struct strbuf *sb, char c);
void sb_addf(struct strbuf *sb, const char *fmt, ...) AZK_PRINTF(2, 3);
void sb_vaddf(struct strbuf *sb, const char *fmt, va_list ap);
void sb_reset(struct strbuf *sb);		/* empty, memory kept */
void sb_free(struct strbuf *sb);
char *sb_detach(struct strbuf *sb);		/* never NULL; caller frees */
const char *sb_str(const struct strbuf *sb);	/* "" when empty */
#define _cleanup_sb_ __attribute__((cleanup(sb_free)))

/* Text helpers; s is changed in place where it is not const. */
char *str_trim(char *s);			/* blanks off both ends */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_to_uint(const char *s, unsigned long *out);	/* whole string, base 10 */

/*
 * Walk the lines of a buffer. *pos starts at 0; yields the line without its
 * newline (not NUL-terminated) and its length. False at the end.
 */
bool azk_next_line(const char *buf, size_t len, size_t *pos, const char **line, size_t *n);

/* ---- files and paths (core/file.c) -------------------------------------- */

/* Appends the whole file to sb. -errno; -EISDIR for a folder. */
int azk_read_file(const char *path, struct strbuf *sb);
int azk_read_file_at(int dirfd, const char *path, struct strbuf *sb);

/*
 * Writes path as a whole or not at all: temporary file beside it, fsync,
 * rename, fsync of the folder. mode is exact (umask does not apply).
 */
int azk_write_file(const char *path, const void *data, size_t len, mode_t mode);

/*
 * The same below dirfd. With sync false nothing is fsynced (for a caller whose
 * journal covers it).
 */
int azk_write_file_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      bool sync);

/*
 * A new file with exact mode, no temporary name: for folders only azk looks
 * into. With replace an existing one is overwritten, else -EEXIST.
 */
int azk_write_new_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		     bool replace, bool sync);

int azk_write_fd(int fd, const void *data, size_t len);	/* all of it */
int azk_fsync_dir_at(int dirfd, const char *path);	/* path may be "." */
int azk_mkdir_p(const char *path, mode_t mode);		/* existing folder is fine */
int azk_mkdir_p_at(int dirfd, const char *path, mode_t mode);
int azk_remove_tree(const char *path);			/* absent is fine; links are not followed */
bool azk_exists(const char *path);
bool azk_is_dir(const char *path);

char *path_join(const char *a, const char *b);	/* b as is when absolute */
char *path_dirname(const char *path);		/* "." when there is no slash */
const char *path_basename(const char *path);	/* points into path */

/*
 * NULL when name may be used below a tree: relative, not empty, no empty,
 * "." or ".." component, no control character. Otherwise what is wrong, as
 * words for a message.
 */
const char *path_unsafe_why(const char *name);

/*
 * Opens an existing parent folder of rel below dirfd without following any
 * symlink. Returns a descriptor and sets *base into rel; -ELOOP for a symlink,
 * -ENOTDIR for another non-folder, -ENOENT when it does not exist.
 */
int azk_open_parent_at(int dirfd, const char *rel, const char **base);

/*
 * Names of the entries of a folder in strcmp order, without . and ..;
 * out is appended to.
 */
int azk_list_dir(const char *path, struct strlist *out);

/* ---- reports (core/report.c) -------------------------------------------- */

enum azk_severity { AZK_ERROR, AZK_WARNING, AZK_NOTE };

/*
 * One record per run of a verb, printed as text or as JSON:
 *   { "command": "queue lint", "status": 1, "findings": [ { "severity",
 *     "rule", "file", "line", "message", "notes": [] } ], ...the verb's own }
 */
struct azk_report;

struct azk_report *report_new(const char *command);
void report_free(struct azk_report *r);

/* The record's root object (borrowed): a verb adds its own keys to it. */
json_t *report_root(struct azk_report *r);

/*
 * Adds a finding. file may be NULL, line 0 means no line. rule is a short
 * stable word ("no-trailer"). An AZK_ERROR or AZK_WARNING makes
 * report_status() 1.
 */
void report_add(struct azk_report *r, enum azk_severity sev, const char *rule, const char *file,
		size_t line, const char *fmt, ...) AZK_PRINTF(6, 7);

/* Adds an indented explanation to the finding added last. */
void report_note(struct azk_report *r, const char *fmt, ...) AZK_PRINTF(2, 3);

/* Bad input or a failing system: report_status() becomes 2 and stays so. */
void report_bad(struct azk_report *r, const char *rule, const char *file, size_t line,
		const char *fmt, ...) AZK_PRINTF(5, 6);

size_t report_count(const struct azk_report *r, enum azk_severity sev);
int report_status(const struct azk_report *r);		/* enum azk_exit */

/*
 * Prints to out: with json the record; otherwise findings as
 * "file:line: severity: message [rule]" (at most 50 of one rule, the rest
 * counted), then what text() prints from the same record. text may be NULL.
 * Returns report_status(), or AZK_BAD when out cannot be written.
 */
int report_print(struct azk_report *r, bool json, FILE *out,
		 void (*text)(json_t *root, FILE *out));

/* "azk: message" on stderr; for usage errors and the like. Returns AZK_BAD. */
int azk_error(const char *fmt, ...) AZK_PRINTF(1, 2);

/* ---- options and commands (core/cmd.c) ---------------------------------- */

/* One of flag, str, num or list is set; arg is the argument's name in the help. */
struct azk_opt {
	const char *name;		/* without the dashes */
	const char *arg;		/* NULL for a flag */
	const char *help;		/* one line */
	bool *flag;
	const char **str;
	unsigned long *num;
	struct strlist *list;		/* may be given more than once */
	bool required;
};

struct azk_verb {
	const char *name;
	int (*run)(int argc, char **argv);	/* argv[0] is the verb; returns enum azk_exit */
	const char *help;			/* one line */
};

struct azk_noun {
	const char *name;
	const char *help;
	const struct azk_verb *verbs;		/* ends with a zeroed entry */
};

enum { AZK_OPT_HELP = -1, AZK_OPT_BAD = -2 };

/*
 * Parses "--name value", "--name=value" and flags; opts ends with a zeroed
 * entry. Positional arguments may stand anywhere and are moved to the front of
 * argv (argv[1]..); "--" ends options. usage is the line after "usage: azk ",
 * example (or NULL) is shown in the help. Returns the number of positional
 * arguments; AZK_OPT_HELP when --help was printed (return AZK_OK);
 * AZK_OPT_BAD after a message (return AZK_BAD).
 */
int azk_parse_opts(const struct azk_opt *opts, const char *usage, const char *example, int argc,
		   char **argv);

/* Whether a man page or completion is being made of the options; then they are taken. (core/doc.c) */
bool azk_described(const struct azk_opt *opts, const char *usage, const char *example);

/* argv[0] is "man" or "completion". (core/doc.c) */
int azk_doc(const struct azk_noun *const *nouns, size_t n, int argc, char **argv);

/* Runs argv[1] argv[2] of the table (NULL entries are skipped). */
int azk_main(const struct azk_noun *const *nouns, size_t n, int argc, char **argv);

/* ---- failpoints (core/failpoint.c) -------------------------------------- */

/*
 * In the test build only: AZK_FAILPOINT=n kills the process with SIGKILL at
 * the n-th AZK_FAILPOINT() reached. Nothing in the shipped binary.
 */
#ifdef AZK_TEST
void azk_failpoint(void);
#define AZK_FAILPOINT() azk_failpoint()
#else
#define AZK_FAILPOINT() ((void)0)
#endif

#endif
