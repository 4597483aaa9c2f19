// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines, words and values: what the parsers of configs/ share. */
#include <ctype.h>
#include <errno.h>

#include "config/cfg.h"

#define MAX_LINE 8192

const struct cfg_arch cfg_arches[CFG_NARCH] = {
	{ "x86_64", "x86_64", "x86" },
	{ "aarch64", "arm64", "arm64" },
};

int cfg_arch_index(const char *name)
{
	for (int i = 0; i < CFG_NARCH; i++) {
		if (!strcmp(cfg_arches[i].name, name))
			return i;
	}
	return -1;
}

void cfg_bad(struct cfg_text *t, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	report_bad(t->r, "syntax", t->path, t->line, "%s", sb_str(&sb));
}

static bool line_is_text(struct cfg_text *t, const char *p, size_t n)
{
	if (n > MAX_LINE) {
		cfg_bad(t, "line is longer than %d bytes", MAX_LINE);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		if (c < 0x20 && c != '\t') {
			cfg_bad(t, "control character 0x%02x in column %zu", c, i + 1);
			return false;
		}
	}
	return true;
}

bool cfg_line(struct cfg_text *t, char **line)
{
	const char *p;
	size_t n;

	while (azk_next_line(t->buf, t->len, &t->pos, &p, &n)) {
		t->line++;
		if (!line_is_text(t, p, n))
			continue;
		while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
			n--;
		free(t->cur);
		t->cur = xmemdup0(p, n);
		*line = t->cur;
		return true;
	}
	return false;
}

void cfg_text_done(struct cfg_text *t)
{
	free(t->cur);
	t->cur = NULL;
}

char *cfg_word(char **s)
{
	char *p = *s + strspn(*s, " \t");
	size_t n = strcspn(p, " \t");

	if (!n) {
		*s = p;
		return NULL;
	}
	*s = p + n;
	if (**s)
		*(*s)++ = '\0';
	*s += strspn(*s, " \t");
	return p;
}

bool cfg_is_name(const char *s)
{
	if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s))
		return false;
	return !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")];
}

bool cfg_is_symbol(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	}
	return true;
}

bool cfg_is_month(const char *s)
{
	unsigned long month;

	if (strlen(s) != 7 || s[4] != '-' || strspn(s, "0123456789") != 4)
		return false;
	return str_to_uint(s + 5, &month) && month >= 1 && month <= 12;
}

static const char *string_why(const char *s)
{
	for (s++; *s; s++) {
		if (*s == '\\') {
			if (!*++s)
				return "string ends in a backslash";
		} else if (*s == '"') {
			return s[1] ? "text after the closing quote" : NULL;
		}
	}
	return "string has no closing quote";
}

const char *cfg_value_why(const char *s)
{
	const char *p = s;

	if (!strcmp(s, "y") || !strcmp(s, "m"))
		return NULL;
	if (!strcmp(s, "n"))
		return "write '# CONFIG_X is not set' instead of =n";
	if (*s == '"')
		return string_why(s);
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		p += 2;
		if (*p && !p[strspn(p, "0123456789abcdefABCDEF")])
			return NULL;
		return "not a hexadecimal number";
	}
	if (*p == '-')
		p++;
	if (*p && !p[strspn(p, "0123456789")])
		return *p == '0' && p[1] ? "number has a leading zero" : NULL;
	return *s ? "value is not y, m, a number or a quoted string" : "value is empty";
}

static bool to_number(const char *s, unsigned long long *out)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &end, hex ? 16 : 10);
	return !errno && !*end;
}

bool cfg_list_split(const char *value, struct strlist *out)
{
	size_t n = strlen(value);
	const char *s = value + 1;

	if (n < 2 || *value != '"' || value[n - 1] != '"')
		return false;
	for (const char *end = value + n - 1; s < end;) {
		size_t len = strcspn(s, ",\"");
		_cleanup_free_ char *word = xstrndup(s, len);

		if (*str_trim(word))
			strlist_add(out, str_trim(word));
		s += len + 1;
	}
	return true;
}

bool cfg_list_same(const char *a, const char *b)
{
	struct strlist x = { 0 }, y = { 0 };
	bool same = cfg_list_split(a, &x) && cfg_list_split(b, &y) && x.n == y.n;

	for (size_t i = 0; same && i < x.n; i++)
		same = !strcmp(x.v[i], y.v[i]);
	strlist_free(&x);
	strlist_free(&y);
	return same;
}

bool cfg_value_equal(const char *a, const char *b)
{
	unsigned long long x, y;

	a = a ? a : "n";
	b = b ? b : "n";
	if (!strcmp(a, b))
		return true;
	return to_number(a, &x) && to_number(b, &y) && x == y;
}
