// SPDX-License-Identifier: GPL-2.0-or-later
/* The message of a patch: what `git am` reads and `git format-patch` writes. */
#include <ctype.h>
#include <time.h>

#include "queue/write.h"

#define SUBJECT_WIDTH 78	/* git wraps header lines there */
#define ENCODED_WIDTH 76	/* RFC 2047, section 2 */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 :
		c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_q(const char *s, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '_')
			sb_addch(out, ' ');
		else if (s[i] == '=' && i + 2 < n && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0)
			sb_addch(out, (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]))), i += 2;
		else
			sb_addch(out, s[i]);
	}
}

static void decode_b(const char *s, size_t n, struct strbuf *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int v = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *c = s[i] ? strchr(set, s[i]) : NULL;

		if (!c)
			continue;
		v = v << 6 | (unsigned int)(c - set);
		bits += 6;
		if (bits >= 8)
			sb_addch(out, (char)(v >> (bits -= 8)));
	}
}

/* RFC 2047 encoded words in UTF-8; others stay as they are. */
static char *decode(const char *s)
{
	struct strbuf out = STRBUF_INIT;

	while (*s) {
		const char *q = strncasecmp(s, "=?utf-8?", 8) ? NULL : s + 8;
		const char *end = q && *q && q[1] == '?' ? strstr(q + 2, "?=") : NULL;

		if (end && (tolower((unsigned char)*q) == 'q' || tolower((unsigned char)*q) == 'b')) {
			if (tolower((unsigned char)*q) == 'q')
				decode_q(q + 2, (size_t)(end - q - 2), &out);
			else
				decode_b(q + 2, (size_t)(end - q - 2), &out);
			s = end + 2;
			/* blanks between two encoded words are only for folding */
			if (isspace((unsigned char)*s)) {
				const char *t = s + strspn(s, " \t");

				if (!strncasecmp(t, "=?utf-8?", 8))
					s = t;
			}
			continue;
		}
		sb_addch(&out, *s++);
	}
	return sb_detach(&out);
}

/* Without [PATCH 1/3], "Re:" and blanks, as git am takes it. */
static const char *plain_subject(const char *s)
{
	for (;;) {
		const char *end;

		while (isspace((unsigned char)*s))
			s++;
		if (!strncasecmp(s, "re:", 3)) {
			s += 3;
			continue;
		}
		end = *s == '[' ? strchr(s, ']') : NULL;
		if (!end)
			return s;
		s = end + 1;
	}
}

static void read_from(const char *from, struct message *m)
{
	_cleanup_free_ char *d = decode(from);
	char *lt = strrchr(d, '<'), *gt = lt ? strchr(lt, '>') : NULL;
	char *name;
	size_t n;

	if (!lt || !gt) {
		m->name = xstrdup(d);
		m->mail = xstrdup(strchr(d, '@') ? d : "");
		return;
	}
	m->mail = xstrndup(lt + 1, (size_t)(gt - lt - 1));
	*lt = '\0';
	name = str_trim(d);
	n = strlen(name);
	if (n > 1 && *name == '"' && name[n - 1] == '"') {
		char *to = name;

		name[n - 1] = '\0';
		for (char *s = name + 1; *s; s++) {
			if (*s == '\\' && s[1])
				s++;
			*to++ = *s;
		}
		*to = '\0';
	}
	m->name = xstrdup(name);
}

static bool read_date(const char *s, struct message *m)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	char mon[4], sign;
	int zone;
	const char *at;

	if (strchr(s, ','))
		s = strchr(s, ',') + 1;
	if (sscanf(s, " %d %3s %d %d:%d:%d %c%4d", &tm.tm_mday, mon, &tm.tm_year, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &sign, &zone) != 8 || strlen(mon) != 3)
		return false;
	at = strstr(months, mon);
	if (!at || (at - months) % 3 || (sign != '+' && sign != '-'))
		return false;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	m->zone = (zone / 100 * 60 + zone % 100) * (sign == '-' ? -1 : 1);
	m->when = (int64_t)timegm(&tm) - m->zone * 60;
	return true;
}

static bool is_header(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '-'))
		i++;
	return i && i < n && s[i] == ':';
}

void message_read(const struct patch *p, struct message *m)
{
	struct strbuf text = STRBUF_INIT;
	size_t end = p->diffs.n ? p->diffs.v[0].off : p->len, pos = 0, n;
	bool header = p->from || p->subject, first = true;
	const char *line;

	memset(m, 0, sizeof(*m));
	if (p->from)
		read_from(p->from, m);
	else
		m->name = xstrdup(""), m->mail = xstrdup("");
	m->has_date = p->date && read_date(p->date, m);
	if (p->subject) {
		_cleanup_free_ char *s = decode(p->subject);

		sb_addstr(&text, plain_subject(s));
		sb_addstr(&text, "\n\n");
	}
	while (azk_next_line(p->buf, end, &pos, &line, &n)) {
		if (header) {
			header = n && (first || isspace((unsigned char)*line) || is_header(line, n));
			first = false;
			if (header || !n)
				continue;
		}
		if (n == 3 && !memcmp(line, "---", 3))
			break;
		if (n >= 6 && !memcmp(line, "Index: ", 6))
			break;
		sb_add(&text, line, n);
		sb_addch(&text, '\n');
	}
	while (text.len && isspace((unsigned char)text.buf[text.len - 1]))
		text.buf[--text.len] = '\0';
	sb_addch(&text, '\n');
	m->text = sb_detach(&text);
}

void message_free(struct message *m)
{
	free(m->name);
	free(m->mail);
	free(m->text);
}

static bool needs_encoding(const char *s)
{
	for (const char *c = s; *c; c++) {
		if ((unsigned char)*c >= 0x80 || *c == 0x1b || *c == '\n' || (*c == '=' && c[1] == '?'))
			return true;
	}
	return false;
}

static size_t char_len(const char *s)
{
	size_t n = 1;

	if ((unsigned char)*s >= 0xc0) {
		while (((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
	}
	return n;
}

/* As RFC 2047 asks, in git's way of breaking lines. at: the column it starts in. */
static void encode(const char *s, size_t at, bool address, struct strbuf *out)
{
	size_t col = at + 10;	/* =?UTF-8?q? */

	sb_addstr(out, "=?UTF-8?q?");
	while (*s) {
		size_t n = char_len(s), width;
		bool special = n > 1 || (unsigned char)*s >= 0x80 || isspace((unsigned char)*s) ||
			strchr("=?_", *s) ||
			(address && !isalnum((unsigned char)*s) && !strchr("!*+-/", *s));

		width = special ? 3 * n : 1;
		if (col + width + 2 > ENCODED_WIDTH) {
			sb_addstr(out, "?=\n =?UTF-8?q?");
			col = 11;
		}
		for (size_t i = 0; i < n; i++)
			sb_addf(out, special ? "=%02X" : "%c", (unsigned char)s[i]);
		col += width;
		s += n;
	}
	sb_addstr(out, "?=");
}

/* Words of s, a new line begun with a blank where the next one does not fit. */
static void wrap(const char *s, size_t at, struct strbuf *out)
{
	size_t col = at;
	bool first = true;

	while (*s) {
		size_t blanks = strspn(s, " "), n = strcspn(s + blanks, " ");

		if (!first && col + blanks + n > SUBJECT_WIDTH) {
			sb_addstr(out, "\n ");
			sb_add(out, s + blanks, n);
			col = 1 + n;
		} else {
			sb_add(out, s, blanks + n);
			col += blanks + n;
		}
		first = false;
		s += blanks + n;
	}
}

static void add_from(const struct message *m, struct strbuf *out)
{
	sb_addstr(out, "From: ");
	if (needs_encoding(m->name)) {
		encode(m->name, 6, true, out);
	} else if (strpbrk(m->name, "()<>[]:;@,.\"\\")) {
		sb_addch(out, '"');
		for (const char *s = m->name; *s; s++) {
			if (*s == '"' || *s == '\\')
				sb_addch(out, '\\');
			sb_addch(out, *s);
		}
		sb_addch(out, '"');
	} else {
		sb_addstr(out, m->name);
	}
	sb_addf(out, " <%s>\n", m->mail);
}

void message_write(const struct message *m, struct strbuf *out)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
					      "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t local = (time_t)(m->when + m->zone * 60);
	const char *eol = strchr(m->text, '\n'), *body;
	_cleanup_sb_ struct strbuf subject = STRBUF_INIT;
	size_t n = eol ? (size_t)(eol - m->text) : strlen(m->text);
	int zone = m->zone < 0 ? -m->zone : m->zone;
	bool ascii = true;
	struct tm tm;

	sb_addstr(out, "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n");
	add_from(m, out);
	gmtime_r(&local, &tm);
	sb_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d %c%02d%02d\n", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		m->zone < 0 ? '-' : '+', zone / 60, zone % 60);
	/* git takes the whole first paragraph for the subject */
	body = m->text + n;
	sb_add(&subject, m->text, n);
	while (*body == '\n' && body[1] && body[1] != '\n') {
		n = strcspn(body + 1, "\n");
		sb_addch(&subject, ' ');
		sb_add(&subject, body + 1, n);
		body += 1 + n;
	}
	sb_addstr(out, "Subject: [PATCH] ");
	if (needs_encoding(sb_str(&subject)))
		encode(sb_str(&subject), 17, false, out);
	else
		wrap(sb_str(&subject), 17, out);
	sb_addch(out, '\n');
	while (*body == '\n')
		body++;
	for (const char *s = m->text; *s; s++)
		ascii &= (unsigned char)*s < 0x80;
	if (!ascii)
		sb_addstr(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
			       "Content-Transfer-Encoding: 8bit\n");
	sb_addch(out, '\n');
	sb_addstr(out, body);
	if (*body && !str_ends(body, "\n"))
		sb_addch(out, '\n');
	sb_addstr(out, "---\n");
}
