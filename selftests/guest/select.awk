# SPDX-License-Identifier: GPL-2.0-only
# select.awk SKIPS LIST: the lines of LIST that want (a comma list of targets
# and target:program, empty for all) names, without those SKIPS has "off".
BEGIN {
	n = split(want, w, ",")
	for (i = 1; i <= n; i++)
		asked[w[i]] = 1
}
FNR == 1 { file++ }
file == 1 && $1 == "off" { off[$2] = 1 }
file == 2 && /^[a-zA-Z]/ {
	split($1, part, ":")
	if (n && !($1 in asked) && !(part[1] in asked))
		next
	found[$1]; found[part[1]]
	if (!($1 in off))
		print
}
END {
	for (i = 1; i <= n; i++)
		if (!(w[i] in found))
			exit 1
}
