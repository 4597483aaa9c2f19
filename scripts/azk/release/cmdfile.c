// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsers of what kbuild leaves behind: .cmd files, commands, thin archives. */
#include <ctype.h>
#include <errno.h>

#include "release/release.h"

/* "KIND_TARGET := VALUE": the value; checks or sets the target. */
static const char *assignment(struct cmdfile *c, const char *line, const char *kind)
{
	size_t k = strlen(kind), n;
	const char *sep;

	if (strncmp(line, kind, k))
		return NULL;
	sep = strstr(line + k, " := ");
	n = sep ? (size_t)(sep - line) - k : 0;
	if (!n)
		return NULL;
	if (!c->target)
		c->target = xstrndup(line + k, n);
	else if (strlen(c->target) != n || strncmp(c->target, line + k, n))
		return NULL;
	return sep + 4;
}

static char *trimmed(const char *s)
{
	_cleanup_free_ char *copy = xstrdup(s);

	return xstrdup(str_trim(copy));
}

/* A line of the list behind deps_TARGET: "  file \" or "  $(wildcard ...) \". */
static bool dep_line(struct cmdfile *c, char *line)
{
	size_t n = strlen(line);

	if (!isspace((unsigned char)line[0]) || n < 2)
		return false;
	if (line[n - 1] == '\\')
		line[n - 1] = '\0';
	line = str_trim(line);
	if (!str_starts(line, "$(wildcard ") && *line)
		strlist_add(&c->deps, line);
	return true;
}

static bool parse_line(struct cmdfile *c, char *line, bool *in_deps)
{
	const char *value;

	if (*in_deps && dep_line(c, line))
		return true;
	*in_deps = false;
	if (!*str_trim(line))
		return true;
	if (!c->command) {
		value = assignment(c, line, "savedcmd_");
		if (!value)
			value = assignment(c, line, "cmd_");
		if (value)
			c->command = xstrdup(value);
		return value;
	}
	value = assignment(c, line, "source_");
	if (value && !c->source) {
		c->source = trimmed(value);
		return *c->source;
	}
	if (assignment(c, line, "deps_")) {
		*in_deps = true;
		return true;
	}
	/*
	 * What make reads: "TARGET: $(deps_TARGET)", "$(deps_TARGET):", and, where
	 * objtool ran, "TARGET: $(wildcard ./tools/objtool/objtool)".
	 */
	if (str_starts(line, "$(deps_"))
		return str_ends(line, "):");
	return line[0] == '#' || (str_starts(line, c->target) &&
				  str_starts(line + strlen(c->target), ": $(") &&
				  str_ends(line, ")"));
}

int cmdfile_parse(struct cmdfile *c, const char *buf, size_t len, size_t *line)
{
	bool in_deps = false;
	size_t pos = 0, n;
	const char *s;

	memset(c, 0, sizeof(*c));
	*line = 0;
	while (azk_next_line(buf, len, &pos, &s, &n)) {
		_cleanup_free_ char *copy = xstrndup(s, n);

		++*line;
		if (memchr(s, '\0', n) || !parse_line(c, copy, &in_deps))
			return -EINVAL;
	}
	return c->command ? 0 : -EINVAL;
}

void cmdfile_free(struct cmdfile *c)
{
	free(c->target);
	free(c->command);
	free(c->source);
	strlist_free(&c->deps);
}

/* Words behind which another program stands. */
static bool shell_keyword(const char *w)
{
	static const char *const words[] = {
		"if", "then", "else", "elif", "do", "while", "until", "{", "}", "fi", "done", "!",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(w, words[i]))
			return true;
	}
	return false;
}

static void end_word(struct strbuf *w, bool *program, bool *target, struct strlist *out)
{
	const char *s = sb_str(w);

	if (!w->len)
		return;
	if (*target) {
		*target = false;
	} else if (*program && shell_keyword(s)) {
		/* still in front of a program */
	} else if (*program) {
		_cleanup_free_ char *p = xasprintf("!%s", s);

		/* VAR=value in front of a program */
		*program = strchr(s, '=') && !strchr(s, '/');
		strlist_add(out, p);
	} else if (*s != '-') {
		strlist_add(out, s);
	}
	sb_reset(w);
}

void cmd_words(const char *command, struct strlist *out)
{
	_cleanup_sb_ struct strbuf w = STRBUF_INIT;
	bool program = true, target = false;
	char quote = 0;

	for (const char *s = command; *s; s++) {
		if (quote) {
			if (*s == quote)
				quote = 0;
			else
				sb_addch(&w, *s);
		} else if (*s == '\'' || *s == '"') {
			quote = *s;
		} else if (*s == '\\' && s[1]) {
			sb_addch(&w, *++s);
		} else if (isspace((unsigned char)*s)) {
			end_word(&w, &program, &target, out);
		} else if (strchr(";|&()`", *s)) {
			end_word(&w, &program, &target, out);
			program = true;
			target = false;
		} else if (*s == '>' || *s == '<') {
			/* the 2 of 2>file is no word; what is written is no input */
			if (w.len != 1 || !isdigit((unsigned char)*sb_str(&w)))
				end_word(&w, &program, &target, out);
			sb_reset(&w);
			target = *s == '>';
		} else {
			sb_addch(&w, *s);
		}
	}
	end_word(&w, &program, &target, out);
}

/*
 * The layout is that of <ar.h>: 60 byte headers at even offsets. "/" (symbol
 * table) and "//" (long names) carry data also in a thin archive; members are
 * "/OFFSET" into the long names, which end with "/\n".
 */
#define AR_HEADER 60
#define AR_SIZE_AT 48

int thin_members(const char *buf, size_t len, struct strlist *out)
{
	const char *names = NULL;
	size_t names_len = 0, pos = 8;

	if (len < 8 || memcmp(buf, "!<thin>\n", 8))
		return -EINVAL;
	while (pos < len) {
		const char *h = buf + pos;
		char field[17] = "", size_field[11] = "";
		unsigned long size, off;
		const char *end;

		if (len - pos < AR_HEADER || h[58] != '`' || h[59] != '\n')
			return -EINVAL;
		memcpy(field, h, 16);
		memcpy(size_field, h + AR_SIZE_AT, 10);
		if (!str_to_uint(str_trim(size_field), &size))
			return -EINVAL;
		pos += AR_HEADER;
		/* binutils 2.40 leaves a slash in the last column of some thin members */
		if (field[0] == '/' && isdigit((unsigned char)field[1]) && field[15] == '/')
			field[15] = '\0';
		str_trim(field);
		if (!strcmp(field, "/") || !strcmp(field, "/SYM64/") || !strcmp(field, "//")) {
			if (size > len - pos)
				return -EINVAL;
			if (field[1] == '/') {
				names = buf + pos;
				names_len = size;
			}
			pos += size + (size & 1);
			continue;
		}
		if (field[0] != '/' || !str_to_uint(field + 1, &off) || !names || off >= names_len)
			return -EINVAL;
		end = memmem(names + off, names_len - off, "/\n", 2);
		if (!end || end == names + off || memchr(names + off, '\0', end - names - off))
			return -EINVAL;
		{
			_cleanup_free_ char *name = xstrndup(names + off, end - names - off);

			strlist_add(out, name);
		}
	}
	return 0;
}
