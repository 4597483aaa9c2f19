# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the scripts in this folder: messages, temporary files, version comparison.
# shellcheck shell=sh

me=${0##*/}

# `make -s rpm` or `make -j8 test` is meant for that make, not for the kernel's below it, whose log is
# read and counted.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
# Variables that kbuild would take from the environment; ours are options.
unset ARCH FLAVOUR CROSS_COMPILE KBUILD_OUTPUT

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# die [STATUS] MESSAGE: 2 is bad input or a machine that lacks something, 1 a finding.
die() {
	case $1 in [12]) status=$1; shift ;; *) status=2 ;; esac
	say "$*"
	exit "$status"
}

# version_ge A B: A >= B in the order of version numbers.
version_ge() { printf '%s\n%s\n' "$2" "$1" | sort -C -V; }

# discard FOLDER: gone for everybody at once, removed when the disk has time. Removing a kernel tree can
# take minutes, and nobody should wait for that, least of all after Ctrl-C.
discard() {
	[ -e "$1" ] || return 0
	trash=$(mktemp -d "$(dirname "$1")/.trash.XXXXXX")
	mv "$1" "$trash/"
	setsid nice rm -rf "$trash" >/dev/null 2>&1 </dev/null 3>&- 8>&- 9>&- &
}

# package_name FLAVOUR: the first part of its packages' names, as packaging/kernel.spec has it.
package_name() { case $1 in azure) echo kernel ;; *) echo "kernel-$1" ;; esac; }

sha256_of() { sum=$(sha256sum "$1") && printf '%s\n' "${sum%% *}"; }

# records KIND: the lines of kernel.base of that kind, without the kind.
records() {
	while read -r kind rest; do
		[ "$kind" = "$1" ] && printf '%s\n' "$rest"
	done <"${AZK_BASE:-$top/kernel.base}"
	return 0
}

# record KIND FIRST [SECOND]: the fields after those given, of the first line that begins with them.
record() {
	while read -r kind first second rest; do
		[ "$kind $first" = "$1 $2" ] || continue
		[ $# -eq 2 ] && rest="$second $rest"
		[ $# -eq 2 ] || [ "$second" = "$3" ] || continue
		printf '%s\n' "$rest" | tr -s ' \t' ' '
		return 0
	done <"${AZK_BASE:-$top/kernel.base}"
	return 1
}

# The source cache is outside the checkout: clones share it and `git clean` does not cost a download.
# shellcheck disable=SC2034 # for who sources this
cache=${AZK_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/azk}
