# SPDX-License-Identifier: GPL-2.0-only
# What scripts/guest-remote has the other machine run: sh -c THIS azk ARCH SECONDS [NAME=VALUE]... with a tar
# archive of the root on standard input. The root is a tmpfs that only these processes see, and they are a PID
# namespace: all of it ends with them, however that comes about. No single quotes in here.
# shellcheck shell=sh
set -eu
arch=$1 limit=$2
shift 2
refuse() { echo "$*" >&2; exit 9; }
[ "$(uname -m)" = "$arch" ] || refuse "this machine is $(uname -m), the tests are for $arch"
for tool in unshare tar chroot mount; do
	PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || refuse "no $tool on this machine"
done
become=
if [ "$(id -u)" != 0 ]; then
	sudo -n true || refuse "sudo asks for a password: the tests need root"
	become="sudo -n"
fi
# Expanded by the shell in the namespaces: the limit, then the environment of the tests.
exec $become unshare --mount --pid --fork --kill-child --propagation private sh -euc "
	PATH=\$PATH:/usr/sbin:/sbin
	limit=\$1
	shift
	mount -t tmpfs -o mode=0755 azk /mnt
	tar -xf - -C /mnt
	for d in sys dev; do
		mkdir -p /mnt/\$d
		mount --rbind /\$d /mnt/\$d
	done
	mkdir -p /mnt/proc /mnt/usr/lib/modules
	mount -t proc proc /mnt/proc
	[ ! -d /lib/modules ] || mount --bind /lib/modules /mnt/usr/lib/modules
	exec env \"\$@\" chroot /mnt /init remote \$limit </dev/null
" azk "$limit" "$@"
