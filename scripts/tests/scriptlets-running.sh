# SPDX-License-Identifier: GPL-2.0-only
# Sourced by scripts/tests/scriptlets: the running kernel stays, whatever rpm is told.
# shellcheck shell=sh disable=SC2034,SC2154 # variables shared with it

# shellcheck disable=SC2046 # lists of packages
live_erase() { in_live "$r" -e $(names "$1"); }
# shellcheck disable=SC2046
live_upgrade() { in_live "$r" -U $(set_of "$1"); }
# shellcheck disable=SC2046
live_reinstall() { in_live "$r" --reinstall --oldpackage $(set_of "$1"); }
installed() { rpm --root "$r" --dbpath /var/lib/rpm -q "kernel-core-$version-$1" "kernel-modules-$version-$1" "kernel-modules-extra-$version-$1"; }

r=$(fake_root running)
with_dash "$r"
with_kmod "$r"; with_kernel_install "$r" bls
install_ "$r" 1
boot "$r" "$one"
ok "running: the root is that of process 1" test "$(readlink "/proc/$init/root")" = "$r"
warning="kernel $one: is running, so it stays"
ok "running: rpm -e says why not" warns live_erase 1
ok "running: all its packages are still installed" installed 1
ok "running: its files and its entry are there" test -e "$r/boot/loader/entries/token-$one.conf" -a -e "$r/lib/modules/$one/kernel/some.ko"
ok "running: so are depmod's" holds "$r" "$one"
ok "running: rpm -U installs the new one and keeps it" warns live_upgrade 2
ok "running: the old one is complete" holds "$r" "$one"
ok "running: the new one, too" holds "$r" "$two"
ok "running: rpm still knows the old one" installed 1
ok "running: and the new one" installed 2
ok "running: is reinstalled" live_reinstall 1
ok "running: is complete after that" holds "$r" "$one"
mkdir -p "$r/var/lib/rpm-state/azure-kernel/$one"
echo 1 >"$r/var/lib/rpm-state/azure-kernel/$one/installing"
ok "running: a mark of an interrupted transaction does not open the way" warns live_erase 1
ok "running: it is still complete" holds "$r" "$one"
ok "running: the other one is removed" live_erase 2
ok "running: nothing of the other one is left" gone "$r" "$two"
mkdir -p "$r/run/systemd"
echo podman >"$r/run/systemd/container"
ok "running: of a container it is not the own kernel" in_live "$r" -e "kernel-modules-extra-$version-1"
rm "$r/run/systemd/container"
halt
boot "$r" "$two"
ok "running: after booting another kernel it is removed" in_live "$r" -e "kernel-core-$version-1" "kernel-modules-$version-1"
ok "running: nothing of it is left" gone "$r" "$one"
halt

r=$(fake_root chroot)
with_dash "$r"
with_kmod "$r"
echo "$one" >"$r/running"
install_ "$r" 1
# shellcheck disable=SC2016 # expanded by the inner shell
mount_proc() { unshare --mount --propagation private sh -ec 'mount -t proc proc "$0/proc"
	rpm --root "$0" --dbpath /var/lib/rpm --force-debian --nodeps --noplugins "$@"' "$r" "$@"; }
# shellcheck disable=SC2046
ok "running: on the machine that builds an image, not in the image: removed" mount_proc -e $(names 1)
