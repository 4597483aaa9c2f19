// SPDX-License-Identifier: GPL-2.0-or-later
/* String map and hash. */
#include "azk.h"

uint64_t azk_hash(uint64_t seed, const void *p, size_t n)
{
	const unsigned char *c = p;
	uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15ull), w;

	for (; n >= 8; n -= 8, c += 8) {
		memcpy(&w, c, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	w = 0;
	if (n)
		memcpy(&w, c, n);
	h = (h ^ w) * 0xc4ceb9fe1a85ec53ull;
	return h ^ (h >> 29);
}

static size_t slot_of(const struct strmap *m, const char *key)
{
	size_t i = azk_hash(0, key, strlen(key)) & (m->nslots - 1);

	while (m->slots[i] && strcmp(m->v[m->slots[i] - 1].key, key))
		i = (i + 1) & (m->nslots - 1);
	return i;
}

void *strmap_get(const struct strmap *m, const char *key)
{
	size_t i;

	if (!m->n)
		return NULL;
	i = slot_of(m, key);
	return m->slots[i] ? m->v[m->slots[i] - 1].value : NULL;
}

void strmap_put(struct strmap *m, const char *key, void *value)
{
	struct strmap_entry *e;
	size_t i;

	if (2 * (m->n + 1) > m->nslots) {
		m->nslots = m->nslots ? 2 * m->nslots : 64;
		free(m->slots);
		m->slots = xcalloc(m->nslots, sizeof(*m->slots));
		for (size_t k = 0; k < m->n; k++)
			m->slots[slot_of(m, m->v[k].key)] = (uint32_t)k + 1;
	}
	i = slot_of(m, key);
	if (m->slots[i]) {
		m->v[m->slots[i] - 1].value = value;
		return;
	}
	e = vec_add(m);
	e->key = xstrdup(key);
	e->value = value;
	m->slots[i] = (uint32_t)m->n;
}

void strmap_free(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].key);
	vec_free(m);
	free(m->slots);
	m->slots = NULL;
	m->nslots = 0;
}
