# SPDX-License-Identifier: GPL-2.0-only
# compare.awk RATIO MAX MIN FIGURES: the table of scripts/compare, the same as
# JSON into the file json, and exit status 1 if a target is missed.
FNR == 1 { file++ }
FILENAME ~ /\/(ratio|max|min)$/ {
	kind[$1] = FILENAME
	sub(/.*\//, "", kind[$1])
	limit[$1] = $2
	next
}
function number(v) { return v == "-" ? "null" : v }
{
	if (!rows++) {
		printf "%-18s %12s %12s %7s  %-14s %s\n", "", "peer", "ours", "ratio", "target", ""
		printf "{\n  \"peer\": \"%s\",\n  \"runs\": %d,\n  \"figures\": [", peer, runs >json
	}
	ratio = $3 == "-" || !$2 ? "-" : sprintf("%.3f", $3 / $2)
	target = verdict = ""
	if ($1 in kind) {
		if (kind[$1] == "ratio") {
			target = "ratio <= " limit[$1]
			good = ratio != "-" && $3 / $2 <= limit[$1]
		} else {
			target = (kind[$1] == "max" ? "<= " : ">= ") limit[$1]
			good = $3 != "-" && (kind[$1] == "max" ? $3 <= limit[$1] + 0 : $3 >= limit[$1] + 0)
		}
		verdict = good ? "reached" : $3 == "-" ? "not measured" : "MISSED"
		missed += !good
	}
	spread = NF > 3 && $4 != $5 ? sprintf("  peer %s..%s, ours %s..%s", $4, $5, $6, $7) : ""
	printf "%-18s %12s %12s %7s  %-14s %s%s\n", $1, $2, $3, ratio, target, verdict, spread
	printf "%s\n    {\"name\": \"%s\", \"peer\": %s, \"ours\": %s, \"ratio\": %s, \"target\": \"%s\", \"verdict\": \"%s\"", \
		(rows > 1 ? "," : ""), $1, number($2), number($3), number(ratio), target, verdict >json
	if (NF > 3)
		printf ", \"peer_span\": [%s, %s], \"ours_span\": [%s, %s]", $4, $5, $6, $7 >json
	printf "}" >json
}
END {
	printf "\n  ],\n  \"missed\": %d\n}\n", missed >json
	exit missed != 0
}
