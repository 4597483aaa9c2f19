// SPDX-License-Identifier: GPL-2.0-or-later
/* The series file: the order of patches and picks. */
#include <ctype.h>
#include <errno.h>

#include "queue/rebase.h"

static bool is_sha(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return !s[n] && n >= 12 && n <= 40;
}

/* "pick <sha> # why" */
static const char *parse_pick(struct series_entry *e, char *s)
{
	char *hash = strchr(s, '#');

	if (hash) {
		*hash = '\0';
		e->why = xstrdup(str_trim(hash + 1));
	}
	if (!e->why || !*e->why)
		return "a pick needs its reason: pick <sha> # why";
	e->name = xstrdup(str_trim(s));
	e->pick = true;
	return is_sha(e->name) ? NULL : "a pick names a commit by 12 to 40 hex digits";
}

static const char *parse_file(struct series_entry *e, char *s)
{
	unsigned long n;
	char *opt;

	for (char *c = s; *c; c++) {
		if (*c == '#' && c > s && isspace((unsigned char)c[-1])) {
			*c = '\0';
			break;
		}
	}
	s = str_trim(s);
	opt = strpbrk(s, " \t");
	if (opt) {
		*opt = '\0';
		opt = str_trim(opt + 1);
	}
	e->name = xstrdup(s);
	e->strip = 1;
	if (opt && !str_starts(opt, "-p"))
		return "one patch file a line, and no option but -p<number>";
	if (opt && (!str_to_uint(opt + 2, &n) || n > 9))
		return "-p takes a number from 0 to 9";
	if (opt)
		e->strip = (unsigned int)n;
	return path_unsafe_why(e->name);
}

int series_load(struct series *s, const char *file, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, lineno = 0, n;
	struct strmap seen = { 0 };
	const char *line;
	int rc;

	memset(s, 0, sizeof(*s));
	s->file = xstrdup(file);
	s->dir = path_dirname(file);
	rc = rebase_recover(file, r);
	if (rc)
		return rc;
	rc = azk_read_file(file, &sb);
	if (rc) {
		report_bad(r, "series", file, 0, "reading the series: %s", strerror(-rc));
		return -EINVAL;
	}
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *copy = xstrndup(line, n);
		char *t = str_trim(copy);
		struct series_entry *e;
		const char *why;
		void *first;

		lineno++;
		if (memchr(line, '\0', n)) {
			report_bad(r, "series", file, lineno, "NUL in the line");
			rc = -EINVAL;
			continue;
		}
		if (!*t || *t == '#')
			continue;
		e = vec_add(&s->entries);
		e->line = lineno;
		why = !strncmp(t, "pick", 4) && isspace((unsigned char)t[4]) ?
			parse_pick(e, t + 5) : parse_file(e, t);
		if (why) {
			report_bad(r, "series", file, lineno, "'%s': %s",
				   e->name ? e->name : t, why);
			rc = -EINVAL;
		} else if ((first = strmap_get(&seen, e->name))) {
			report_bad(r, "series-twice", file, lineno,
				   "'%s' is listed twice, first at line %zu", e->name,
				   (size_t)(uintptr_t)first);
			rc = -EINVAL;
		} else {
			strmap_put(&seen, e->name, (void *)(uintptr_t)lineno);
		}
	}
	strmap_free(&seen);
	return rc;
}

void series_free(struct series *s)
{
	for (size_t i = 0; i < s->entries.n; i++) {
		free(s->entries.v[i].name);
		free(s->entries.v[i].why);
	}
	vec_free(&s->entries);
	free(s->file);
	free(s->dir);
}
