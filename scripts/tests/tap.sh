# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the test programs in this folder: TAP output and a scratch folder that goes at the end.
# shellcheck shell=sh

# shellcheck disable=SC2034 # for who sources this
top=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/azk-test.XXXXXX")
tap_n=0 tap_failed=0
cleanup() { rm -rf "$scratch"; }
trap cleanup EXIT
trap 'exit 130' INT TERM

# ok NAME COMMAND...: the command's exit status is the result; what it printed follows a failure.
ok() {
	tap_name=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@" >"$scratch/.said" 2>&1; then
		echo "ok $tap_n - $tap_name"
	else
		echo "not ok $tap_n - $tap_name"
		sed 's/^/# /' "$scratch/.said"
		tap_failed=$((tap_failed + 1))
	fi
}

# not COMMAND...: for ok; a crash or a missing command is no "not".
not() {
	tap_status=0
	"$@" || tap_status=$?
	[ $tap_status -ge 1 ] && [ $tap_status -le 2 ]
}

skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

finish() {
	echo "1..$tap_n"
	[ $tap_failed = 0 ]
}
