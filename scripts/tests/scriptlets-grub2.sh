# SPDX-License-Identifier: GPL-2.0-only
# Sourced by scripts/tests/scriptlets: systems whose menu grub2-mkconfig makes, and systems without any.
# shellcheck shell=sh disable=SC2034,SC2154 # variables shared with it

# Azure Linux 3.0; its systemd has a kernel-install too, which has no entries to make
r=$(fake_root azl3)
with_kmod "$r"; with_kernel_install "$r" none; with_dracut "$r"; with_grub "$r"
in_root "$r" -i "$initramfs_1"
calls "$r" >/dev/null
ok "azl3: installs" install_ "$r" 1
ok "azl3: the trigger makes the initramfs, then the menu, each once" expect "$r" <<CALLS
depmod -a ONE
dracut --force --kver ONE /boot/initramfs-ONE.img
grub2-mkconfig 
CALLS
ok "azl3: the menu boots image and initramfs" is "$(menu "$r")" "/boot/vmlinuz-$one /boot/initramfs-$one.img "
ok "azl3: image, HMAC and configuration are in /boot" \
	is "$(in_boot "$r" "$one")" "./.vmlinuz-REL.hmac ./config-REL ./initramfs-REL.img ./vmlinuz-REL "
ok "azl3: a second version installs beside" install_ "$r" 2
ok "azl3: only its initramfs was made" not grep -q "dracut.*$one" "$r/calls"
ok "azl3: the menu has both" is "$(menu "$r")" "/boot/vmlinuz-$one /boot/initramfs-$one.img /boot/vmlinuz-$two /boot/initramfs-$two.img "
ok "azl3: the package initramfs upgrades" in_root "$r" -U "$initramfs_2"
calls "$r" >/dev/null
ok "azl3: the first kernel is removed" erase "$r" 1
ok "azl3: nothing of it is left" gone "$r" "$one"
ok "azl3: the menu has the second only" is "$(menu "$r")" "/boot/vmlinuz-$two /boot/initramfs-$two.img "
ok "azl3: no initramfs was made for that" not grep -q dracut "$r/calls"
# rpm takes what most others wait for first.
for n in 1 2 3 4 5 6; do
	printf 'Name: wants%s\nVersion: 1\nRelease: 1\nSummary: stub\nLicense: MIT\nRequires(post): initramfs\n%%description\nstub\n%%post\n:\n%%files\n' $n |
		spec wants$n 1 >>"$scratch/wants"
done
earliest() { rpm --root "$r" --dbpath /var/lib/rpm -qa --qf '%{DBINSTANCE} %{NAME}\n' | sort -n | sed -n '1s/^[0-9]* \([a-z]*\).*/\1/p'; }
for first in kernel initramfs; do
	r=$(fake_root azl3-image-$first)
	with_kmod "$r"; with_kernel_install "$r" none; with_dracut "$r"; with_grub "$r"
	together() { # shellcheck disable=SC2046
		case $first in kernel) in_root "$r" -i $(set_of 1) "$initramfs_1" ;; *) in_root "$r" -i "$initramfs_1" $(cat "$scratch/wants") $(set_of 1) ;; esac
	}
	ok "azl3: both in one transaction, $first first" together
	ok "azl3: rpm did take $first first" is "$(earliest)" $first
	ok "azl3: the menu boots image and initramfs then, too" is "$(menu "$r")" "/boot/vmlinuz-$one /boot/initramfs-$one.img "
	ok "azl3: the initramfs was made once" is "$(grep -c ^dracut "$r/calls")" 1
done
r=$(fake_root azl3-upgrade)
with_kmod "$r"; with_dracut "$r"; with_grub "$r"
in_root "$r" -i "$initramfs_1"
install_ "$r" 1
ok "azl3: upgrades" upgrade "$r" 2
ok "azl3: the menu has the new one only" is "$(menu "$r")" "/boot/vmlinuz-$two /boot/initramfs-$two.img "
ok "azl3: nothing of the old one is left" gone "$r" "$one"

# grub2 and dracut without that package
r=$(fake_root grub)
with_kmod "$r"; with_dracut "$r"; with_grub "$r"
ok "grub2: installs" install_ "$r" 1
ok "grub2: depmod, initramfs, menu in that order" expect "$r" <<CALLS
depmod -a ONE
dracut --force --quiet --kver ONE /boot/.new-initramfs-ONE.img
grub2-mkconfig -o /boot/grub2/grub.cfg
CALLS
cp "$r/boot/grub2/grub.cfg" "$scratch/menu"
ok "grub2: a second version installs beside" install_ "$r" 2
ok "grub2: the menu has both" is "$(menu "$r")" "/boot/vmlinuz-$one /boot/initramfs-$one.img /boot/vmlinuz-$two /boot/initramfs-$two.img "
ok "grub2: it is removed" erase "$r" 2
ok "grub2: the menu is the one before" cmp "$r/boot/grub2/grub.cfg" "$scratch/menu"
ok "grub2: nothing of it is left" gone "$r" "$two"
calls "$r" >/dev/null
touch -d yesterday "$r/boot/initramfs-$one.img"
# shellcheck disable=SC2046
ok "grub2: reinstalls" in_root "$r" --reinstall $(set_of 1)
ok "grub2: the initramfs is made anew, the menu as well" expect "$r" <<CALLS
depmod -a ONE
dracut --force --quiet --kver ONE /boot/.new-initramfs-ONE.img
grub2-mkconfig -o /boot/grub2/grub.cfg
CALLS
for tool in depmod dracut; do
	echo $tool >"$r/fail"
	warning="kernel $two: $tool"
	ok "grub2: a failed $tool is said" warns install_ "$r" 2
	ok "grub2: and the menu is as it was" cmp "$r/boot/grub2/grub.cfg" "$scratch/menu"
	: >"$r/fail"
	erase "$r" 2
	ok "grub2: nothing of the failed installation is left after its removal" gone "$r" "$two"
done
# shellcheck disable=SC2016 # expanded by the inner shell
full() {
	unshare --mount --propagation private sh -c 'mount -t tmpfs -o size=4k full "$0/boot" || exit 9
		rpm --root "$0" --dbpath /var/lib/rpm --force-debian --nodeps --noplugins -i "$@"
		cmp "$0/boot/vmlinuz-'"$two"'" "$0/lib/modules/'"$two"'/vmlinuz" && find "$0/boot" -name ".new-*" -o -type f -size 0 | sed "s/^/half: /"' "$r" "$scratch/kernel-core-2.rpm"
}
warning="kernel $two: cannot write /boot/"
calls "$r" >"$scratch/before"
ok "grub2: a full /boot is said" warns full
whole() { not grep -e '^half:' -e 'cmp:' -e differ "$scratch/said"; }
ok "grub2: nothing half written is in it" whole
ok "grub2: and grub2-mkconfig was not called" not grep grub2-mkconfig "$r/calls"
in_root "$r" -e "kernel-core-$version-2"
erase "$r" 1
printf 'menuentry mine { linux /boot/vmlinuz }\n' >"$r/boot/grub2/grub.cfg"
warning='not made by grub2-mkconfig: change it by hand'
ok "grub2: a hand-made menu is left to its maker" warns install_ "$r" 1
ok "grub2: and is as it was" grep -qx 'menuentry mine.*' "$r/boot/grub2/grub.cfg"

# no tools
r=$(fake_root bare)
ok "bare: installs without kmod, dracut, grub2 and kernel-install" install_ "$r" 1
ok "bare: the image is in /boot" cmp "$r/boot/vmlinuz-$one" "$r/lib/modules/$one/vmlinuz"
ok "bare: is removed" erase "$r" 1
ok "bare: nothing is left" gone "$r" "$one"
