// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk queue import: patches from files, mailboxes, quilt folders and git ranges
 * to the end of a series. All are read and checked before the first is written,
 * and the series is written last.
 */
#include <ctype.h>
#include <errno.h>

#include "queue/git.h"
#include "queue/queue.h"
#include "queue/write.h"

struct item {
	char *name;		/* as the series will have it */
	char *buf;
	size_t len;
	unsigned int strip;
};

struct import {
	struct azk_report *r;
	const char *folder;	/* for what brings no folder of its own; may be NULL */
	VEC(struct item) items;
	size_t next;		/* number of the next NNNN-subject.patch */
};

/* git's file names: letters, digits, dots and underscores stay, at most 52 bytes. */
static char *slug(const char *subject)
{
	struct strbuf sb = STRBUF_INIT;
	bool dash = false;

	for (const char *s = subject; *s && *s != '\n'; s++) {
		if (isalnum((unsigned char)*s) || *s == '.' || *s == '_') {
			if (dash && sb.len)
				sb_addch(&sb, '-');
			dash = false;
			if (*s != '.' || !sb.len || sb.buf[sb.len - 1] != '.')
				sb_addch(&sb, *s);
		} else {
			dash = true;
		}
	}
	while (sb.len && (sb.buf[sb.len - 1] == '.' || sb.buf[sb.len - 1] == '-'))
		sb.buf[--sb.len] = '\0';
	if (sb.len > 52)
		sb.buf[sb.len = 52] = '\0';
	return sb_detach(&sb);
}

/* Takes over buf. name is NULL where it is to be made from the subject. */
static int add_item(struct import *im, const char *name, const char *from, char *buf, size_t len,
		    unsigned int strip)
{
	struct item *it = vec_add(&im->items);
	const char *why;
	struct patch p;
	int rc;

	it->buf = buf;
	it->len = len;
	it->strip = strip;
	rc = patch_parse_strip(&p, from, from, xmemdup0(buf, len), len, strip);
	for (size_t k = 0; k < p.errs.n; k++)
		report_bad(im->r, "parse", from, p.errs.v[k].line, "%s", p.errs.v[k].msg);
	if (!rc && !name) {
		_cleanup_free_ char *s = NULL;
		struct message m;

		message_read(&p, &m);
		s = slug(m.text);
		it->name = xasprintf("%s%s%04zu-%s.patch", im->folder ? im->folder : "",
				     im->folder ? "/" : "", im->next++, *s ? s : "patch");
		message_free(&m);
	} else if (!rc) {
		it->name = im->folder && !strchr(name, '/') ? xasprintf("%s/%s", im->folder, name) :
			xstrdup(name);
	}
	why = it->name ? path_unsafe_why(it->name) : NULL;
	if (why) {
		report_bad(im->r, "name", from, 0, "'%s' %s", it->name, why);
		rc = -EINVAL;
	}
	patch_free(&p);
	return rc;
}

/* "From <id or address> <date with hh:mm:ss and a year>", as git mailsplit has it. */
static bool is_from_line(const char *s, size_t n)
{
	const char *colon;

	if (n < 20 || memcmp(s, "From ", 5))
		return false;
	colon = memrchr(s, ':', n);
	return colon && colon - s > 8 && colon + 3 < s + n && isdigit((unsigned char)colon[-1]) &&
		isdigit((unsigned char)colon[1]) && isdigit((unsigned char)s[n - 1]);
}

/* Each message of a mailbox without the blank line that parts it from the next. */
static int add_mbox(struct import *im, const char *from, const struct strbuf *sb)
{
	size_t pos = 0, start = 0, at = 0, n;
	bool blank = true;
	const char *line;
	int rc = 0;

	while (!rc && at < sb->len) {
		bool more = azk_next_line(sb->buf, sb->len, &pos, &line, &n);

		if (!more || pos >= sb->len || (at > start && blank && is_from_line(line, n))) {
			size_t end = !more || pos >= sb->len ? sb->len : at;

			if (end - start > 1 && sb->buf[end - 1] == '\n' && sb->buf[end - 2] == '\n')
				end--;
			rc = add_item(im, NULL, from, xmemdup0(sb->buf + start, end - start), end - start, 1);
			start = at;
		}
		blank = !n;
		at = pos;
	}
	return rc;
}

static int add_file(struct import *im, const char *path, const char *name, unsigned int strip)
{
	struct strbuf sb = STRBUF_INIT;
	size_t pos = 0, n, mails = 0, len;
	bool blank = true;
	const char *line;
	int rc = azk_read_file(path, &sb);

	if (rc) {
		report_bad(im->r, "read", path, 0, "reading the patch: %s", strerror(-rc));
		sb_free(&sb);
		return rc;
	}
	while (azk_next_line(sb.buf, sb.len, &pos, &line, &n)) {
		mails += blank && is_from_line(line, n);
		blank = !n;
	}
	if (mails > 1 || str_ends(path, ".mbox")) {
		rc = add_mbox(im, path, &sb);
		sb_free(&sb);
		return rc;
	}
	len = sb.len;
	return add_item(im, name, path, sb_detach(&sb), len, strip);
}

/* A folder with a series, as quilt has it; else its patch files by name. */
static int add_dir(struct import *im, const char *dir)
{
	_cleanup_free_ char *file = path_join(dir, "series");
	struct strlist names = { 0 };
	struct series s;
	int rc = 0;

	if (azk_exists(file)) {
		rc = series_load(&s, file, im->r);
		for (size_t i = 0; !rc && i < s.entries.n; i++) {
			const struct series_entry *e = &s.entries.v[i];
			_cleanup_free_ char *path = path_join(dir, e->name);

			if (e->pick) {
				report_bad(im->r, "pick", file, e->line, "a pick cannot be imported: copy its line");
				rc = -EINVAL;
			} else {
				rc = add_file(im, path, e->name, e->strip);
			}
		}
		series_free(&s);
		return rc;
	}
	rc = azk_list_dir(dir, &names);
	for (size_t i = 0; !rc && i < names.n; i++) {
		_cleanup_free_ char *path = path_join(dir, names.v[i]);

		if (str_ends(names.v[i], ".patch") || str_ends(names.v[i], ".diff"))
			rc = add_file(im, path, names.v[i], 1);
	}
	strlist_free(&names);
	return rc;
}

/* ---- git ---------------------------------------------------------------- */

/*
 * The note of an exported commit: name, tree, parent's tree, bytes. The bytes
 * count only while the commit is what they made.
 */
static bool from_note(git_repository *repo, git_commit *c, char **name, struct strbuf *bytes)
{
	git_commit *parent = NULL;
	git_note *note = NULL;
	char tree[41] = "", was[41] = "";
	const char *s;
	size_t n;
	bool ok = false;

	if (git_note_read(&note, repo, GIT_NOTES, git_commit_id(c)))
		return false;
	s = git_note_message(note);
	n = strcspn(s, "\n");
	*name = xstrndup(s, n);
	git_oid_tostr(tree, sizeof(tree), git_commit_tree_id(c));
	if (git_commit_parent(&parent, c, 0) == 0)
		git_oid_tostr(was, sizeof(was), git_commit_tree_id(parent));
	if (s[n] && !strncmp(s + n + 1, tree, 40) && s[n + 41] == '\n' && !strncmp(s + n + 42, was, 40) &&
	    s[n + 82] == '\n') {
		const char *b = s + n + 83;
		struct message m;
		struct patch p;

		if (!patch_parse(&p, "note", "note", xstrdup(b), strlen(b))) {
			message_read(&p, &m);
			ok = !strcmp(m.text, git_commit_message(c));
			message_free(&m);
		}
		patch_free(&p);
		if (ok)
			sb_addstr(bytes, b);
	}
	git_commit_free(parent);
	git_note_free(note);
	return ok;
}

static bool is_overlay(git_repository *repo, const git_oid *id)
{
	git_note *note = NULL;
	bool is;

	if (git_note_read(&note, repo, GIT_NOTES, id))
		return false;
	is = !strcmp(git_note_message(note), GIT_NOTE_OVERLAY);
	git_note_free(note);
	return is;
}

static int add_commit(struct import *im, git_repository *repo, const git_oid *id)
{
	_cleanup_free_ char *name = NULL, *from = NULL;
	struct strbuf sb = STRBUF_INIT;
	git_commit *c = NULL;
	const char *why = NULL;
	char hex[41];
	size_t len;
	int rc = 0;

	if (is_overlay(repo, id))
		return 0;
	git_oid_tostr(hex, sizeof(hex), id);
	from = xasprintf("commit %.12s", hex);
	if (git_commit_lookup(&c, repo, id)) {
		why = git_why();
		rc = -EINVAL;
	} else if (!from_note(repo, c, &name, &sb)) {
		rc = git_commit_patch(repo, c, &sb, &why);
	}
	if (rc)
		report_bad(im->r, "commit", from, 0, "%s", why);
	git_commit_free(c);
	len = sb.len;
	if (!rc)
		return add_item(im, name, from, sb_detach(&sb), len, 1);
	sb_free(&sb);
	return rc;
}

/* Oldest first, without the overlay of an export, which is no patch. */
static int add_range(struct import *im, const char *git, const char *range)
{
	git_repository *repo = NULL;
	git_revwalk *walk = NULL;
	git_oid id;
	int rc = 0;

	git_start();
	if (git_repository_open(&repo, git) || git_revwalk_new(&walk, repo) ||
	    git_revwalk_push_range(walk, range)) {
		report_bad(im->r, "git", git, 0, "range '%s': %s", range, git_why());
		rc = -EINVAL;
	} else {
		git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
		while (!rc && git_revwalk_next(&id, walk) == 0)
			rc = add_commit(im, repo, &id);
	}
	git_revwalk_free(walk);
	git_repository_free(repo);
	return rc;
}

/* ---- writing ------------------------------------------------------------ */

static bool same_file(const char *path, const struct item *it)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;

	return !azk_read_file(path, &sb) && sb.len == it->len && !memcmp(sb_str(&sb), it->buf, it->len);
}

/* Nothing of another content is overwritten; what an interrupted import wrote is the same. */
static int check_items(struct import *im, const char *dir, const struct series *s)
{
	struct strmap seen = { 0 };
	int rc = 0;

	for (size_t i = 0; i < s->entries.n; i++)
		strmap_put(&seen, s->entries.v[i].name, im);
	for (size_t i = 0; i < im->items.n; i++) {
		const struct item *it = &im->items.v[i];
		_cleanup_free_ char *path = path_join(dir, it->name);

		if (strmap_get(&seen, it->name)) {
			report_bad(im->r, "name", it->name, 0, "is in the series already");
			rc = -EEXIST;
		} else if (azk_exists(path) && !same_file(path, it)) {
			report_bad(im->r, "name", path, 0, "exists with another content");
			rc = -EEXIST;
		}
		strmap_put(&seen, it->name, im);
	}
	strmap_free(&seen);
	return rc;
}

static int write_items(struct import *im, const char *file, const struct series *s)
{
	_cleanup_sb_ struct strbuf text = STRBUF_INIT;
	int rc = azk_exists(file) ? azk_read_file(file, &text) : 0;

	if (text.len && text.buf[text.len - 1] != '\n')
		sb_addch(&text, '\n');
	for (size_t i = 0; !rc && i < im->items.n; i++) {
		const struct item *it = &im->items.v[i];
		_cleanup_free_ char *path = path_join(s->dir, it->name);
		_cleanup_free_ char *parent = path_dirname(path);

		rc = azk_mkdir_p(parent, 0777);
		if (!rc && !same_file(path, it))
			rc = azk_write_file(path, it->buf, it->len, 0644);
		sb_addf(&text, it->strip == 1 ? "%s\n" : "%s -p%u\n", it->name, it->strip);
	}
	if (!rc)
		rc = azk_write_file(file, sb_str(&text), text.len, 0644);
	if (rc)
		report_bad(im->r, "write", file, 0, "writing the patches: %s; the series is as it was",
			   strerror(-rc));
	return rc;
}

static void import_text(json_t *root, FILE *out)
{
	json_t *p;
	size_t i;

	if (json_integer_value(json_object_get(root, "status"))) {
		fputs("nothing was imported\n", out);
		return;
	}
	json_array_foreach(json_object_get(root, "patches"), i, p) {
		if (i < 20)
			fprintf(out, "imported %s\n", json_string_value(p));
	}
	fprintf(out, "%zu patches imported\n", json_array_size(json_object_get(root, "patches")));
}

/* The number behind the last NNNN- of the folder. */
static size_t next_number(const struct series *s, const char *folder)
{
	size_t most = 0, skip = folder ? strlen(folder) + 1 : 0;

	for (size_t i = 0; i < s->entries.n; i++) {
		const char *n = s->entries.v[i].name;

		if (folder && (strncmp(n, folder, skip - 1) || n[skip - 1] != '/'))
			continue;
		n += skip;
		if (strspn(n, "0123456789") == 4 && (size_t)atoi(n) > most)
			most = (size_t)atoi(n);
	}
	return most + 1;
}

int queue_import(int argc, char **argv)
{
	const char *file = NULL, *git = NULL, *range = NULL;
	json_t *out = json_array();
	struct import im = { 0 };
	struct series s = { 0 };
	bool json = false;
	const struct azk_opt opts[] = {
		{ .name = "series", .arg = "FILE", .str = &file, .required = true,
		  .help = "the series to append to; made if it is not there" },
		{ .name = "folder", .arg = "NAME", .str = &im.folder, .help = "the folder beside the series they go to" },
		{ .name = "git", .arg = "DIR", .str = &git, .help = "a repository to take --range from" },
		{ .name = "range", .arg = "A..B", .str = &range, .help = "commits, oldest first" },
		{ .name = "json", .flag = &json, .help = "print the record as JSON" },
		{ 0 },
	};
	int n = azk_parse_opts(opts, "queue import --series FILE [--folder NAME] (--git DIR --range A..B | SOURCE...)",
			       "queue import --series patches/series --folder netvsc v2-0001-fix.patch review.mbox",
			       argc, argv);
	int rc = 0;

	if (n < 0 || !!git != !!range || (!n && !git)) {
		json_decref(out);
		if (n < 0)
			return n == AZK_OPT_HELP ? AZK_OK : AZK_BAD;
		return azk_error(!!git != !!range ? "--git and --range go together" :
				 "queue import: name files, mailboxes or folders, or --git and --range");
	}
	im.r = report_new("queue import");
	json_object_set_new(report_root(im.r), "series", json_string(file));
	json_object_set_new(report_root(im.r), "patches", out);
	if (azk_exists(file)) {
		rc = series_load(&s, file, im.r);
	} else {
		s.file = xstrdup(file);
		s.dir = path_dirname(file);
	}
	im.next = next_number(&s, im.folder);
	for (int i = 1; !rc && i <= n; i++)
		rc = azk_is_dir(argv[i]) ? add_dir(&im, argv[i]) :
			add_file(&im, argv[i], path_basename(argv[i]), 1);
	if (!rc && git)
		rc = add_range(&im, git, range);
	if (!rc)
		rc = check_items(&im, s.dir, &s);
	if (!rc)
		rc = write_items(&im, file, &s);
	for (size_t i = 0; i < im.items.n; i++) {
		if (!rc)
			json_array_append_new(out, json_string(im.items.v[i].name));
		free(im.items.v[i].name);
		free(im.items.v[i].buf);
	}
	vec_free(&im.items);
	rc = report_print(im.r, json, stdout, import_text);
	series_free(&s);
	report_free(im.r);
	return rc;
}
