# SPDX-License-Identifier: GPL-2.0-only
# Which package each module goes into.
#
#   awk -v out=DIR -f split-modules.awk modules-core.list modules-extra.list modules.dep
#
# The lists hold path patterns (shell *, whole path, no suffix) of modules.dep; # comments. A module
# that a core module needs is core, one that an ordinary module needs is not extra, so that no
# package needs a later one. Writes out/{core,modules,extra}: paths as in modules.dep.
# A pattern that matches nothing is a fault: the option behind it was lost or renamed.

function pattern(glob) {
	gsub(/\./, "\\.", glob)
	gsub(/\*/, ".*", glob)
	return "^kernel/" glob "\\.ko(\\.zst)?$"
}

FNR == 1 { file++ }
file <= 2 {
	sub(/[ \t]*#.*/, "")
	if ($1 != "")
		pat[file, ++n[file]] = $1
	next
}
{
	path = $1
	sub(/:$/, "", path)
	order[++count] = path
	for (i = 2; i <= NF; i++)
		deps[path] = deps[path] " " $i
	where[path] = "modules"
	for (f = 1; f <= 2; f++)
		for (i = 1; i <= n[f]; i++)
			if (path ~ pattern(pat[f, i])) {
				where[path] = f == 1 ? "core" : "extra"
				used[f, i] = 1
			}
}

# modules.dep lists all modules needed, not only the next ones, so one pass a level is enough.
function pull(level, from,    i, j, k, d) {
	for (i = 1; i <= count; i++)
		if (where[order[i]] == level) {
			k = split(deps[order[i]], d, " ")
			for (j = 1; j <= k; j++)
				if (index(from, where[d[j]]))
					where[d[j]] = level
		}
}

END {
	pull("core", "modules extra")
	pull("modules", "extra")
	for (i = 1; i <= count; i++)
		print order[i] > (out "/" where[order[i]])
	for (f = 1; f <= 2; f++)
		for (i = 1; i <= n[f]; i++)
			if (!((f, i) in used)) {
				printf "split-modules: %s matches no module\n", pat[f, i] > "/dev/stderr"
				bad = 1
			}
	exit bad
}
