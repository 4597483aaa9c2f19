# SPDX-License-Identifier: GPL-2.0-only
# Sourced after tap.sh: the private keys of a running build, to look for them afterwards. They are kept in
# memory-backed storage only.
# shellcheck shell=sh disable=SC2154

keys=$(mktemp -d /dev/shm/azk-find.XXXXXX)
[ "$(stat -f -c %T "$keys")" = tmpfs ] || { echo "/dev/shm is not memory-backed" >&2; exit 2; }
forget_keys() { rm -rf "$keys"; }

build_find_key() {
	cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$scratch/find-key" "$top/scripts/tests/find-key.c" -lcrypto
}

# copy_keys MARK: what the build below the folder MARK has in its tmpfs (scripts/build) to $keys. True when
# there was a key.
copy_keys() {
	grep -l -s -F "azk-key:$1" /proc/[0-9]*/mounts | while read -r m; do
		for f in "${m%/mounts}"/root/mnt/key/*; do
			! grep -q -s 'PRIVATE KEY-----$' "$f" || cat "$f" >"$keys/${f##*/}"
		done
	done
	[ -n "$(ls "$keys")" ]
}
