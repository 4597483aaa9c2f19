# SPDX-License-Identifier: GPL-2.0-only
# lockdown-table.awk COLUMN=LOG...: reason by run, from the rows the lockdown test prints ("# table:").
# A console may hold several runs: COLUMN is PROGRAM@TITLE, the program of the list and the column's name.
BEGIN {
	FS = "[ \t]+"
	for (i = 1; i < ARGC; i++) {
		eq = match(ARGV[i], /=[^=]*$/)
		split(substr(ARGV[i], 1, eq - 1), part, "@")
		read_log(substr(ARGV[i], eq + 1), part[1], part[2])
	}
	printf "%-23s", "reason"
	for (c = 1; c <= columns; c++)
		printf " %-16s", title[c]
	print "  needs"
	for (r = 1; r <= reasons; r++)
		if (!(order[r] in needs))
			print_row(order[r])
	for (r = 1; r <= reasons; r++)
		if (order[r] in needs)
			print_row(order[r])
	exit
}
function print_row(reason,   line, c) {
	line = sprintf("%-23s", reason)
	for (c = 1; c <= columns; c++)
		line = line sprintf(" %-16s", verdict[reason, c])
	if (reason in needs)
		line = line "  " needs[reason]
	sub(/ +$/, "", line)
	print line
}
function read_log(file, program, name,   line, on, f, note) {
	title[++columns] = name
	while ((getline line < file) > 0) {
		if (line ~ /# Subtest: /)
			on = line ~ ("# Subtest: " program "\r?$")
		if (!on || line !~ /# table: /)
			continue
		sub(/\r$/, "", line)
		sub(/.*# table: /, "", line)
		split(line, f)
		if (!(f[1] in known)) {
			known[f[1]]
			order[++reasons] = f[1]
		}
		note = line
		sub(/^[^ ]+ +[^ ]+ +[^ ]+ */, "", note)
		if (f[3] == "n/a") {
			if (index(" " needs[f[1]] " ", " " note " ") == 0)
				needs[f[1]] = needs[f[1]] (needs[f[1]] ? " " : "") note
		} else if (note ~ /enforced/) {
			f[3] = "refused*"
		} else if (note ~ /exist/) {
			f[3] = "refused+"
		}
		# a reason with several probes shows the one that differs
		if (!((f[1], columns) in verdict) || verdict[f[1], columns] == f[3])
			verdict[f[1], columns] = f[3]
		else
			verdict[f[1], columns] = verdict[f[1], columns] "/" f[3]
	}
	close(file)
}
