# SPDX-License-Identifier: GPL-2.0-only
# gawk -v release=UNAME_R -v build=FLAVOUR-ARCH -f initramfs.awk modules.builtin modules.dep initramfs.list:
# the dracut drop-in that names those drivers of the list which are modules.
function name_of(path) {
	sub(/:.*/, "", path)
	sub(/.*\//, "", path)
	sub(/\.ko.*/, "", path)
	gsub(/-/, "_", path)
	return path
}
# As in the lists of split-modules.awk: the line says that this build has none.
function absent(    i, glob) {
	for (i = 3; i <= NF && $i ~ /^-/; i++) {
		glob = substr($i, 2)
		gsub(/\*/, ".*", glob)
		if (build ~ "^" glob "$")
			return 1
	}
	return 0
}
FILENAME == ARGV[1] { builtin[name_of($1)]; next }
FILENAME == ARGV[2] { module[name_of($1)]; next }
/^#/ || !NF { next }
{
	name = name_of($1)
	if (name in module)
		drivers = drivers " " name
	else if (!(name in builtin) && !absent()) {
		print "initramfs.list: " $1 ": this kernel has no such driver" >"/dev/stderr"
		status = 1
	}
}
END {
	if (status)
		exit status
	print "# Drivers of virtual machines on Azure, Hyper-V and QEMU that kernel " release " has as modules:"
	print "# in every initramfs of it, also one made on another machine (hostonly). Not in one of another kernel:"
	print "# dracut gives up the whole list for one name that a kernel lacks."
	print "if [ \"${kernel:-$(uname -r)}\" = " release " ]; then"
	print "\tadd_drivers+=\"" drivers " \""
	print "fi"
}
