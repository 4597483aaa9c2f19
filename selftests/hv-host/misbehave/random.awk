# SPDX-License-Identifier: GPL-2.0-only
# random.awk -v key=KEY RANDOM: messages consumed by device, and what was found.
function cut(s, n) { return length(s) > n ? substr(s, 1, n - 3) "..." : s }
$1 != key { old++; next }
$2 == "seed" {
	if (!($3 in total))
		name[++devices] = $3
	total[$3] += $5
	boots[$3]++
	ended[$3, $6]++
	if (boots[$3] == 1)
		first[$3] = $4
	last[$3] = $4
}
$2 == "finding" {
	id = $3 SUBSEP ($6 == "-" ? $7 : $6)
	if (!(id in count)) {
		order[++findings] = id
		seed[id] = $4
		line[id] = $7
		dev[id] = $3
		where[id] = $6
	}
	count[id] += $5
	runs[id]++
}
END {
	printf "# %-14s %9s %6s  %s\n", "device", "consumed", "boots", "seeds; of them with a crash, fault, standstill"
	for (i = 1; i <= devices; i++) {
		d = name[i]
		printf "%-16s %9d %6d  %d-%d; %d %d %d\n", d, total[d], boots[d], first[d], last[d],
			ended[d, "crash"], ended[d, "fault"], ended[d, "stands still"]
	}
	printf "#\n# %-14s %6s %6s %6s  %s\n", "device", "seed", "boots", "times", "where: line (# for digits)"
	for (i = 1; i <= findings; i++) {
		id = order[i]
		printf "%-16s %6d %6d %6d  %s%s\n", dev[id], seed[id], runs[id], count[id],
			where[id] == "-" ? "" : where[id] ": ", cut(line[id], 100)
	}
	if (old)
		print "# " old " lines of another kernel, host or load are left out"
}
