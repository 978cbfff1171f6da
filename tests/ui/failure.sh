#!/bin/bash
# A learning rate of 10 ends in a sentence that names step and layer, the run stops, the record stays, a reset goes on.
set -u
. "$(dirname "$0")/lib.sh"
needs gdbus

start_app "$1" || fail "no window"
expect 30 is state "'running'"
win set-parameter "<('learning-rate', '10')>"
expect 60 is state "'failed'"
state error | grep -q 'step' || fail "no step in: $(state error)"
state error | grep -q 'layer' || fail "no layer in: $(state error)"
expect 10 eval '[ -n "$(rect failure)" ]'

# No number that is not finite leaves the program.
win export-all-to "<'$HOME/all'>"
expect 30 test -s "$HOME/all/train-ledger.csv"
expect 30 test -s "$HOME/all/train-loss.svg"
if grep -iEl '(^|[^a-z])-?(nan|inf)([^a-z]|$)' "$HOME"/all/*; then fail "not finite in a file"; fi

win set-parameter "<('learning-rate', '0.001')>"
win reset
expect 20 is state "'ready'"
is error "''" || fail "the sentence stayed"
win run
expect 20 is state "'running'"
act quit
ends 0
quiet
