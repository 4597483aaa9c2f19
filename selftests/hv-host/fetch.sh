# SPDX-License-Identifier: GPL-2.0-only
# Sourced by scripts/hv-host: QEMU's source and the build tools qemu.base names, from the cache, $AZK_SOURCES or
# the distribution's archive. Nothing enters the cache whose checksum is not the pinned one.
# shellcheck shell=sh disable=SC2154
. "$top/scripts/fetch.providers"

# obtain FILE sha256:HEX COMMAND...: path in $path; COMMAND brings FILE into $work.
obtain() {
	path=$cache/$1
	[ ! -f "$path" ] || { ! matches "$path" "$2" || return 0; rm -f "$path"; }
	path=${AZK_SOURCES:-$cache}/$1
	[ ! -f "$path" ] || ! matches "$path" "$2" || return 0
	wanted_file=$1 wanted_sum=$2
	shift 2
	enter fetch "$wanted_file through apt"
	"$@" || die "cannot fetch $wanted_file: put it into a folder and set AZK_SOURCES to that"
	[ -f "$work/$wanted_file" ] || die "apt brought no $wanted_file: put it into a folder and set AZK_SOURCES to that"
	matches "$work/$wanted_file" "$wanted_sum" || die "$wanted_file has another checksum than qemu.base pins"
	path=$cache/$wanted_file
	{ sync "$work/$wanted_file" && mv -f "$work/$wanted_file" "$path"; } || die "cannot write to $cache (disk full?)"
}

apt_source() { # SUITE VERSION
	{ command -v apt-get >/dev/null && archive_lists "$1"; } || { say "apt is not set up for a Debian mirror"; return 1; }
	apt_private update && apt_private source --download-only --tar-only "qemu=$2"
}

apt_package() { # SUITE PACKAGE VERSION
	{ command -v apt-get >/dev/null && archive_lists "$1"; } || { say "apt is not set up for a Debian mirror"; return 1; }
	echo "deb [signed-by=$keyring] $mirror $1 main" >"$work/apt/sources.list"
	apt_private update && apt_private download "$2=$3" || return 1
	# apt writes the colon of an epoch as %3a; the records have none
	chmod 644 "$work/$2"_*.deb
}

# tarball: QEMU's source in $path, its name in $file.
tarball() {
	line=$(record tarball "$version" archive) || die "qemu.base pins no tarball of $version"
	file=${line%% *} sum=${line#* }
	line=$(record archive "$version") || die "qemu.base does not say which suite has $version"
	obtain "$file" "$sum" apt_source "${line%% *}" "${line##* }"
}

# tools: meson and pycotap of at least the versions QEMU asks for, in PATH and PYTHONPATH.
tools() {
	have=$(meson --version 2>/dev/null || echo 0)
	! version_ge "$have" 1.5.0 || ! python3 -c 'import pycotap' 2>/dev/null || return 0
	records tool >"$work/tools"
	while read -r package v suite deb digest; do
		[ ! -f "$out/tools/.$deb" ] || continue
		obtain "$deb" "$digest" apt_package "$suite" "$package" "$v"
		dpkg-deb -x "$path" "$out/tools" || die "cannot unpack $deb below $out (disk full?)"
		: >"$out/tools/.$deb"
	done <"$work/tools"
	export PYTHONPATH="$out/tools/usr/lib/python3/dist-packages"
}
