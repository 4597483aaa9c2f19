# SPDX-License-Identifier: GPL-2.0-only
# Sum of the top-level results of TAP files. A plan that promised more than came is a failure.
function close_file() {
	if (planned > seen)
		failed += planned - seen
	planned = seen = 0
}
FNR == 1 { close_file() }
/^1\.\.[0-9]+/ { planned += substr($1, 4) }
/^not ok/ { seen++; failed++ }
/^ok/ { seen++; if (toupper($0) ~ /# SKIP/) skipped++; else passed++ }
END {
	close_file()
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
