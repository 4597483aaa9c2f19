# SPDX-License-Identifier: GPL-2.0-only
# table.awk PLAN ROWS: the table of scenarios in the order of the plan. The last row of a scenario counts,
# and one with KASAN rather than one without, which "+" marks.
function cut(s, n) { return length(s) > n ? substr(s, 1, n - 3) "..." : s }
FNR == NR {
	if ($0 !~ /^#/) {
		scenario[++n] = $2
		defect[n] = $3
	}
	next
}
$1 ~ /^kasan-/ || have[$2] !~ /^kasan-/ { have[$2] = $0 }
END {
	printf "# %-26s %-5s %9s  %-15s %s\n", "scenario", "defect", "consumed", "verdict", "where: first line"
	for (i = 1; i <= n; i++) {
		s = scenario[i]
		if (!(s in have)) {
			printf "%-28s %-5s %9s  not run yet\n", s, defect[i], "-"
			missing++
			continue
		}
		split(have[s], f, "\t")
		if (f[1] !~ /^kasan-/ && f[5] == "no effect")
			f[5] = "none seen"
		verdicts[f[5]]++
		line = f[5] == "no effect" || f[5] == "none seen" ? "" : (f[6] == "-" ? "" : f[6] ": ") cut(f[7], 110)
		out = sprintf("%-28s %-5s %9s  %-15s %s", s, defect[i], f[4], f[5], line)
		sub(/ +$/, "", out)
		print out (f[1] ~ /^kasan-/ ? "" : " +")
	}
	sum = n " scenarios:"
	split("crash,fault,endless loop,waits for ever,stands still,ended,no effect,none seen,not shown", order, ",")
	for (i = 1; i in order; i++)
		if (order[i] in verdicts)
			sum = sum " " verdicts[order[i]] " " order[i] ","
	print "# " sum " " missing + 0 " not run"
}
