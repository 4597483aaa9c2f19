// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared libraries a program asks for. */
#include <gelf.h>
#include <libelf.h>

#include "release/packages.h"

static void dynamic_section(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct strlist *out)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	GElf_Dyn dyn;

	for (size_t i = 0; i < n && gelf_getdyn(data, (int)i, &dyn); i++) {
		const char *name;

		if (dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, sh->sh_link, dyn.d_un.d_val);
		if (name && *name && !strlist_has(out, name))
			strlist_add(out, name);
	}
}

void elf_needed(const char *buf, size_t len, struct strlist *out)
{
	char *copy;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	Elf *elf;

	if (len < 4 || memcmp(buf, "\177ELF", 4) || elf_version(EV_CURRENT) == EV_NONE)
		return;
	/* libelf may convert in place */
	copy = xmemdup0(buf, len);
	elf = elf_memory(copy, len);
	while (elf && (scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNAMIC)
			dynamic_section(elf, scn, &sh, out);
	}
	elf_end(elf);
	free(copy);
}
