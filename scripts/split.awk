# SPDX-License-Identifier: GPL-2.0-only
# Split a unified diff into one patch a file. Variables: dir, where the patches go (made before), and
# first, the number of the first one. Prints their names in order. Hunk counts decide where a body
# ends, so that a removed line that looks like a header stays in its hunk.
BEGIN { n = first ? first - 1 : 0 }

left_old > 0 || left_new > 0 {
	c = substr($0, 1, 1)
	if (c != "+" && c != "\\") left_old--
	if (c != "-" && c != "\\") left_new--
	print > out
	next
}
/^\\ / { print > out; next }
/^@@ -/ {
	match($0, /^@@ -([0-9]+)(,([0-9]+))? \+([0-9]+)(,([0-9]+))? @@/, m)
	left_old = m[2] == "" ? 1 : m[3]
	left_new = m[5] == "" ? 1 : m[6]
	print > out
	next
}
/^--- / {
	if (out) close(out)
	name = sprintf("%05d.patch", ++n)
	out = dir "/" name
	print name
	print > out
	next
}
/^\+\+\+ / { print > out; next }
