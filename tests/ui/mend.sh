#!/bin/bash
# A run that fails before its first step is mended and goes on; a job that fails says so; a panel names what keeps it empty.
set -u
. "$(dirname "$0")/lib.sh"
needs xdotool gdbus
dialogs () { xdotool search --all --onlyvisible --pid "$APP" --name . | wc -l; }

start_app "$1" || fail "no window"
expect 30 is state "'running'"
win set-parameter "<('architecture', '16')>"
win set-parameter "<('dataset', 'moons')>"
win apply
expect 20 is state "'running'"
win run
expect 20 is state "'paused'"

# A reset in a pause waits for Space; Apply after a failure goes on by itself.
win set-parameter "<('dataset', '$HOME/missing.csv')>"
win reset
expect 20 is state "'ready'"
win run
expect 20 is state "'failed'"
state error | grep -q missing.csv || fail "no name in: $(state error)"
win set-parameter "<('dataset', 'moons')>"
expect 20 eval 'describe apply | grep -q "^((true"'
win apply
expect 20 is state "'running'"
is error "''" || fail "the sentence stayed"

# While somebody types Space is theirs; Apply gives it back to the transport.
read -r x y width _ < <(rect lambda)
xdotool mousemove $((x + width - 30)) $((y + 12)) click 1
sleep .3
win set-parameter "<('architecture', '8')>"
expect 10 eval 'describe apply | grep -q "^((true"'
win apply
expect 20 is state "'running'"
xdotool key space
expect 20 is state "'paused'"
parameter_is lambda 0.1 || fail "Space went into lambda"

# A point has no KL: the panel says so, and so does the sweep that would need one.
win set-parameter "<('posterior', 'dirac')>"
win set-parameter "<('loss', 'gaussian')>"
win apply
expect 20 is state "'ready'"
win run
expect 20 is state "'running'"
sleep 1
win export-panel-to "<('kl', '$HOME/kl.svg')>"
expect 20 grep -q '</svg>' "$HOME/kl.svg"
grep -q 'infinite KL' "$HOME/kl.svg" || fail "the panel does not say why it is empty"
win job "<'sweep'>"
expect 20 eval '[ "$(dialogs)" -eq 2 ]'
act quit
ends 0
quiet
