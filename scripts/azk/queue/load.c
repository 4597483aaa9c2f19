// SPDX-License-Identifier: GPL-2.0-or-later
/* All patches of a series, read and parsed by several threads. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "queue/queue.h"

#define MAX_JOBS 64

struct load_job {
	struct patch_list *l;
	const struct series *s;
	atomic_size_t next;
};

static void *load_worker(void *arg)
{
	struct load_job *job = arg;
	size_t i;

	while ((i = atomic_fetch_add(&job->next, 1)) < job->s->entries.n) {
		const struct series_entry *e = &job->s->entries.v[i];
		_cleanup_free_ char *file = NULL;

		if (e->pick || !e->name)
			continue;
		file = path_join(job->s->dir, e->name);
		patch_load_strip(&job->l->patches.v[i], e->name, file, e->strip);
	}
	return NULL;
}

int patches_load(struct patch_list *l, const struct series *s, unsigned long jobs,
		 struct azk_report *r)
{
	struct load_job job = { .l = l, .s = s };
	pthread_t threads[MAX_JOBS];
	size_t n = 0;
	int rc = 0;

	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < s->entries.n; i++)
		(void)vec_add(&l->patches);
	while (n + 1 < jobs && n < MAX_JOBS && n * 8 < s->entries.n &&
	       !pthread_create(&threads[n], NULL, load_worker, &job))
		n++;
	load_worker(&job);
	while (n)
		pthread_join(threads[--n], NULL);
	for (size_t i = 0; i < l->patches.n; i++) {
		const struct patch *p = &l->patches.v[i];

		for (size_t k = 0; k < p->errs.n; k++) {
			report_bad(r, "parse", p->file, p->errs.v[k].line, "%s", p->errs.v[k].msg);
			rc = -EINVAL;
		}
	}
	return rc;
}

void patches_free(struct patch_list *l)
{
	for (size_t i = 0; i < l->patches.n; i++)
		patch_free(&l->patches.v[i]);
	vec_free(&l->patches);
}

char *hash_hex(uint64_t h)
{
	return xasprintf("%016llx", (unsigned long long)h);
}

const char *str_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}
