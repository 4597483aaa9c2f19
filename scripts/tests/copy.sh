# SPDX-License-Identifier: GPL-2.0-only
# Sourced after tap.sh: a throw-away copy of this repository to break things in.
# shellcheck shell=sh disable=SC2154

# copy_repository: what git tracks or would, in $copy, with the built azk and the assembled tree of
# this checkout (hard links; azk and scripts/tree replace files, they do not write into them).
copy_repository() {
	copy=$top/out/test/copy.$$
	rm -rf "$copy"
	mkdir -p "$copy/out"
	(cd "$top" && git ls-files -z --cached --others --exclude-standard | cpio -0pdm --quiet "$copy")
	# mtimes were kept, so make sees azk as built.
	cp -a "$top/out/azk" "$top/out/azk.obj" "$copy/out/"
	[ ! -d "$top/out/kconf" ] || cp -a "$top/out/kconf" "$copy/out/"
	[ -d "$top/out/tree" ] || return 0
	cp -al "$top/out/tree" "$copy/out/tree"
	# What is written in place must not be shared.
	for d in .azk .azure-tree; do
		rm -rf "$copy/out/tree/$d"
		cp -a "$top/out/tree/$d" "$copy/out/tree/"
	done
}
# A kernel tree can take minutes to remove: not in the test's time.
drop_copy() {
	trash=$(mktemp -d "$top/out/.trash.XXXXXX")
	mv "$copy" "$trash/"
	setsid nice rm -rf "$trash" >/dev/null 2>&1 </dev/null &
}
