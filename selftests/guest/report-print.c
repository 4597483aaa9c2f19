// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report tool's output: TAP for people and test harnesses, JUnit XML for
 * build services.
 */
#include <errno.h>
#include <string.h>

#include "report.h"

size_t print_tap(FILE *f, const char *suite, bool summary)
{
	size_t i, count[3] = { 0 }, known = 0;

	for (i = 0; i < nitems; i++) {
		const struct item *it = &items[i];

		count[it->status]++;
		known += it->known;
		fprintf(f, "%s %zu - %s: %s", it->status == NOT_OK ? "not ok" :
			"ok", i + 1, suite, it->name);
		if (it->status == SKIPPED)
			fprintf(f, " # SKIP %s%s",
				it->known ? "known failure: " : "", it->note);
		else if (it->status == NOT_OK && it->note[0])
			fprintf(f, "\n# %s", it->note);
		fputc('\n', f);
	}
	fprintf(f, "1..%zu\n", nitems);
	if (summary)
		fprintf(f, "# %s: %zu passed, %zu failed, %zu skipped (%zu known failures)\n",
			suite, count[OK], count[NOT_OK], count[SKIPPED], known);
	return count[NOT_OK];
}

static void xml(FILE *f, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc((unsigned char)*s < ' ' ||
			      (unsigned char)*s > '~' ? '?' : *s, f);
		}
}

static void print_junit(FILE *f, const char *suite)
{
	size_t i, count[3] = { 0 };

	for (i = 0; i < nitems; i++)
		count[items[i].status]++;
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
	xml(f, suite);
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
		nitems, count[NOT_OK], count[SKIPPED]);
	for (i = 0; i < nitems; i++) {
		fputs("  <testcase classname=\"", f);
		xml(f, suite);
		fputs("\" name=\"", f);
		xml(f, items[i].name);
		if (items[i].status == OK) {
			fputs("\"/>\n", f);
			continue;
		}
		fprintf(f, "\"><%s message=\"",
			items[i].status == SKIPPED ? "skipped" : "failure");
		xml(f, items[i].note);
		fputs("\"/></testcase>\n", f);
	}
	fputs("</testsuite>\n", f);
}

int write_results(const char *path, const char *suite, bool junit)
{
	FILE *f = fopen(path, "w");

	if (f && junit)
		print_junit(f, suite);
	else if (f)
		print_tap(f, suite, false);
	if (!f || ferror(f) | fclose(f)) {
		fprintf(stderr, "report: cannot write %s: %s\n", path,
			strerror(errno));
		return -1;
	}
	return 0;
}
