# SPDX-License-Identifier: GPL-2.0-only
# Sourced by scripts/tests/scriptlets and repo: small packages, among them some with the scriptlets of ours.
# shellcheck shell=sh disable=SC2154 # scratch: tap.sh; rpms, arch, version, base_release: who sources this

# spec NAME RELEASE: the spec on standard input becomes a package. Prints its path.
spec() {
	cat >"$scratch/$1.spec"
	rpmbuild -bb --quiet --define "_topdir $scratch/rb" --define '_build_id_links none' --define '__os_install_post %{nil}' \
		--target "${3:-$arch}" "$scratch/$1.spec" >"$scratch/$1.log" 2>&1 || { cat "$scratch/$1.log" >&2; return 1; }
	find "$scratch/rb/RPMS" -name "$1-*-$2.${3:-$arch}.rpm"
}

# The package initramfs of Azure Linux 3.0, as far as other packages see it: at the end of a transaction
# that touched /lib/modules it makes what stands in pending, then the menu.
initramfs_package() {
	spec initramfs "$1" noarch <<SPEC
Name: initramfs
Version: 3.0
Release: $1
Summary: Makes the initramfs at the end of a transaction
License: MIT
BuildArch: noarch
%description
Stands for Azure Linux 3.0's.
%define finish() read -r _; for k in /var/lib/rpm-state/initramfs/pending/*; do [ ! -e "\$k" ] || dracut --force --kver "\${k##*/}" "/boot/initramfs-\${k##*/}.img"; done; if [ -d /boot/grub2 ]; then grub2-mkconfig >/boot/grub2/grub.cfg; fi; rm -rf /var/lib/rpm-state/initramfs
%transfiletriggerin -- /lib/modules
%finish
%transfiletriggerpostun -- /lib/modules
%finish
%posttrans
rm -rf /var/lib/rpm-state/initramfs
for k in /lib/modules/*; do [ ! -e "\$k" ] || dracut --force --kver "\${k##*/}" "/boot/initramfs-\${k##*/}.img"; done
%files
SPEC
}

# script TAG RPM SECTION: a section of a spec, if the package has that scriptlet.
script() {
	body=$(rpm -qp --qf "%{$1}" "$2" 2>/dev/null)
	[ "$body" = '(none)' ] || printf '%s\n%s\n' "$3" "$body" | sed 's/%/%%/g; 1s/%%/%/'
}

# twin NAME RELEASE: the package of RPMDIR with its scriptlets, dependencies and ghosts, for another
# release and with a handful of files. What it cannot take over shows in same_scripts.
twin() {
	of=$rpms/$1-$version-$base_release.$arch.rpm
	m=/lib/modules/$version-$2.azure.$arch
	case $1 in
	*-core) files="vmlinuz .vmlinuz.hmac config scriptlet modules.order modules.builtin" ;;
	*-modules) files=kernel/some.ko ;;
	*-extra) files=kernel/rare.ko ;;
	*) files= ;;
	esac
	{
		printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: twin\nLicense: GPL-2.0-only\nAutoReqProv: no\n' "$1" "$version" "$2"
		rpm -qp --qf '[%{REQUIRENAME} %{REQUIREFLAGS:depflags} %{REQUIREVERSION}\n]' "$of" 2>/dev/null |
			grep -v '^rpmlib\|^/bin/sh' | sort -u | sed 's/^/Requires: /'
		printf '%%description\ntwin\n%%install\nmkdir -p %%{buildroot}%s/kernel %%{buildroot}/boot\n' "$m"
		for f in $files; do
			case $f in
			scriptlet) echo "install -m 755 $scratch/scriptlet %{buildroot}$m/$f" ;;
			*) echo "echo $f of $2 >%{buildroot}$m/$f" ;;
			esac
		done
		rpm -qp --qf '[%{FILENAMES} %{FILEFLAGS:fflags}\n]' "$of" 2>/dev/null | sed -n 's/ [a-z]*g[a-z]*$//p' >"$scratch/ghosts"
		sed 's,^,touch %{buildroot},' "$scratch/ghosts"
		printf '%%files\n'
		case $1 in *-core) printf '%%dir %s\n%%dir %s/kernel\n' "$m" "$m" ;; esac
		for f in $files; do echo "$m/$f"; done
		sed 's/^/%ghost /' "$scratch/ghosts"
		script PREIN "$of" %pre
		script POSTIN "$of" %post
		script PREUN "$of" %preun
		script POSTUN "$of" %postun
		script PRETRANS "$of" %pretrans
		script POSTTRANS "$of" %posttrans
		[ -z "$(rpm -qp --triggers "$of" 2>/dev/null)" ] || script TRIGGERSCRIPTS "$of" '%triggerin -- initramfs'
	} | sed "s/$version-$base_release/$version-$2/g" | spec "$1" "$2"
}
scripts_of() { rpm -qp --scripts --triggers "$1" 2>/dev/null | sed "s/$version-[0-9]*/V-R/g"; }
same_scripts() { scripts_of "$1" >"$scratch/sa" && scripts_of "$2" >"$scratch/sb" && diff "$scratch/sa" "$scratch/sb"; }
