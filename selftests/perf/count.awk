# SPDX-License-Identifier: GPL-2.0-only
# count.awk RUN.rows...: medians and spread of several runs, a line a load. Spread is (largest - smallest) / median.
# Exit status 1 if one exceeds what a load of its kind may have: 1 % receiving, 2 % else.
function median(name,    n, i, j, t, v) {
	n = split(values[name], v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
	least = v[1]; most = v[n]
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function per(load, name) { return median(load SUBSEP name) / median(load SUBSEP "operations") }
function spread(load, name,    m) {
	m = median(load SUBSEP name)
	return m ? 100 * (most - least) / m : 0
}
function judge(load, name,    s) {
	s = spread(load, name)
	if (s > (load ~ /^rx/ ? 1 : 2)) {
		bad = 1
		return sprintf("%.2f!", s)
	}
	return sprintf("%.2f", s)
}
FNR == 1 { run++ }
{
	if (!($1 in known)) {
		known[$1]
		order[++loads] = $1
	}
	values[$1, $2] = values[$1, $2] " " $3
	if ($2 == "driver.instructions") { driver[run, $1] = $3 }
	if ($2 == "vmbus.instructions") { vmbus[run, $1] = $3 }
	# direct: all that callees of the two did, whatever class it is in
	if ($2 == "kernel.direct") { direct[run, $1] = $3 }
}
END {
	print "# make campaign PART=count: instructions of the guest's kernel and modules, without the idle loop, per packet or read"
	print "# " kernel "; 2 vCPUs, " run " boots. ours: driver + vmbus + what they call to allocate, copy or scan."
	print "# spread: (largest - smallest) / median in %, at most 1 for rx and 2 for others; ! is more."
	printf "%-14s %9s %7s %9s %7s %8s %8s %8s %8s %9s %9s %9s %9s %9s\n", "load", "kernel", "spread", "ours", "spread", "driver",
		"vmbus", "direct", "locked", "stored", "by rep", "wrmsr", "hypercall", "user"
	for (i = 1; i <= loads; i++) {
		l = order[i]
		for (r = 1; r <= run; r++)
			values[l, "ours"] = values[l, "ours"] " " (driver[r, l] + vmbus[r, l] + direct[r, l])
		printf "%-14s %9.1f %7s %9.1f %7s %8.1f %8.1f %8.1f %8.2f %9.1f %9.1f %9.3f %9.3f %9.1f\n", l, per(l, "kernel.instructions"),
			judge(l, "kernel.instructions"), per(l, "ours"), judge(l, "ours"), per(l, "driver.instructions"),
			per(l, "vmbus.instructions"), per(l, "kernel.direct"), per(l, "kernel.locked"), per(l, "kernel.stored"), per(l, "kernel.rep_stored"),
			per(l, "events.wrmsr"), per(l, "events.hypercalls"), per(l, "user.instructions")
	}
	exit bad
}
