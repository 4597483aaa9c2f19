// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of what other kernel packages offer, and where ours show it. */
#include "release/packages.h"

/* Up to 4 columns between bars, blanks off. */
static size_t columns(char *s, char **col)
{
	size_t n = 0;

	while (s && n < 5) {
		char *c = strsep(&s, "|");

		if (n < 4)
			col[n] = str_trim(c);
		n++;
	}
	return n;
}

static void check_shown(const char *file, size_t line, const char *top, const char *shown,
			const char *text, struct azk_report *r)
{
	_cleanup_free_ char *path = path_join(top, shown);
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	if (path_unsafe_why(shown) || azk_read_file(path, &sb))
		report_add(r, AZK_ERROR, "parity", file, line, "%s cannot be read", shown);
	else if (!strstr(sb_str(&sb), text))
		report_add(r, AZK_ERROR, "parity", file, line, "%s does not hold '%s'", shown,
			   text);
}

json_t *parity_load(const char *file, const char *top, struct azk_report *r)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n, lineno = 0;
	json_t *rows = json_array();
	const char *line;
	int rc = azk_read_file(file, &sb);

	if (rc)
		report_bad(r, "parity", file, 0, "%s", strerror(-rc));
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		_cleanup_free_ char *copy = xstrndup(line, n), *where = NULL;
		char *col[4] = { NULL };
		size_t have;
		bool yes;

		lineno++;
		if (*copy == '#' || !*str_trim(copy))
			continue;
		have = columns(copy, col);
		yes = !strcmp(col[0], "yes");
		if ((yes ? have != 4 : have != 3 || strcmp(col[0], "no")) || !*col[1] || !*col[2] ||
		    (yes && !*col[3])) {
			report_bad(r, "parity", file, lineno,
				   "expected 'yes | feature | file | text' or 'no | feature | why'");
			continue;
		}
		if (yes)
			check_shown(file, lineno, top, col[2], col[3], r);
		where = yes ? xasprintf("%s: %s", col[2], col[3]) : xstrdup(col[2]);
		json_array_append_new(rows, json_pack("{s:s, s:b, s:s}", "feature", col[1], "have",
						      yes, "where", where));
	}
	return rows;
}
