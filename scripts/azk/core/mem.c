// SPDX-License-Identifier: GPL-2.0-or-later
/* Allocation that does not fail, growing arrays and string lists. */
#include "azk.h"

static void *check(void *p)
{
	if (!p) {
		fputs("azk: out of memory\n", stderr);
		_Exit(AZK_BAD);
	}
	return p;
}

void *xmalloc(size_t n)
{
	return check(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	/* cppcheck-suppress ctunullpointer ; azk_parse_opts() sets every required option */
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

char *xmemdup0(const void *p, size_t n)
{
	char *out = xmalloc(n + 1);

	if (n)
		memcpy(out, p, n);
	out[n] = '\0';
	return out;
}

static char *formatted(const char *fmt, va_list ap)
{
	char *out = NULL;
	int n = vasprintf(&out, fmt, ap);

	return check(n < 0 ? NULL : out);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	out = formatted(fmt, ap);
	va_end(ap);
	return out;
}

void str_setf(char **to, const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	out = formatted(fmt, ap);
	va_end(ap);
	free(*to);
	*to = out;
}

void *vec_grow_(void *v, size_t need, size_t *cap, size_t size)
{
	size_t n = *cap;

	if (need <= n)
		return v;
	n = n ? n * 2 : 8;
	if (n < need)
		n = need;
	v = xreallocarray(v, n, size);
	*cap = n;
	return v;
}

void strlist_add(struct strlist *l, const char *s)
{
	vec_push(l, xstrdup(s));
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i], s))
			return true;
	}
	return false;
}

static int cmp_str(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), cmp_str);
}

void strlist_free(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	vec_free(l);
}
