# SPDX-License-Identifier: GPL-2.0-only
# Which package each module goes into.
#
#   awk -v out=DIR -v build=FLAVOUR-ARCH -f split-modules.awk modules-core.list modules-extra.list modules.dep
#
# The lists hold path patterns (shell *, whole path, no suffix) of modules.dep; # comments. -GLOB
# behind one names builds without such a module. A module
# that a core module needs is core, one that an ordinary module needs is not extra, so that no
# package needs a later one. Writes out/{core,modules,extra}: paths as in modules.dep.
# A pattern that matches nothing is a fault: the option behind it was lost or renamed. So is one that
# matches where its line says it does not.

function pattern(glob) {
	gsub(/\./, "\\.", glob)
	gsub(/\*/, ".*", glob)
	return glob
}

function path_pattern(glob) {
	return "^kernel/" pattern(glob) "\\.ko(\\.zst)?$"
}

FNR == 1 { file++ }
file <= 2 {
	sub(/[ \t]*#.*/, "")
	if ($1 == "")
		next
	pat[file, ++n[file]] = $1
	for (i = 2; i <= NF; i++) {
		if ($i !~ /^-/) {
			printf "%s:%d: '%s' is not -FLAVOUR-ARCH\n", FILENAME, FNR, $i > "/dev/stderr"
			bad = 1
			exit
		}
		if (build ~ "^" pattern(substr($i, 2)) "$")
			absent[file, n[file]] = 1
	}
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
			if (path ~ path_pattern(pat[f, i])) {
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
	if (bad)
		exit 1
	pull("core", "modules extra")
	pull("modules", "extra")
	for (i = 1; i <= count; i++)
		print order[i] > (out "/" where[order[i]])
	for (f = 1; f <= 2; f++)
		for (i = 1; i <= n[f]; i++)
			if (((f, i) in used) == ((f, i) in absent)) {
				printf "split-modules: %s matches %s module of %s\n", pat[f, i],
					(f, i) in used ? "a" : "no", build > "/dev/stderr"
				bad = 1
			}
	exit bad
}
