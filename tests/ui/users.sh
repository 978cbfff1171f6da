#!/bin/bash
# What a person checks before trusting a figure, on the running window and on its files, under a dark desktop: moving a slider keeps the
# network (U9), files are dark ink on white (U4), curves have every point of the data (U2), log axes say what they leave out and keep
# the first steps (U5, U6), and the command line writes the same data (U14).
set -u
. "$(dirname "$0")/lib.sh"
needs gdbus
cli=$(dirname "$1")/../cli/heft-cli
set_parameter () { win set-parameter "<('$1', '$2')>"; }
data () { rm -f "$HOME/$2"; win export-panel-to "<('$1', '$HOME/$2')>"; expect 20 test -s "$HOME/$2"; sleep .3; grep -v '^#' "$HOME/$2" >"$HOME/rows"; }
# points COLUMN: how many rows have one; of the data exported last
points () { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } c && $c != "" { n++ } END { print n + 0 }' "$HOME/rows"; }
# vertices FILE LABEL: x of each vertex of that mark, one a line
vertices () { sed -n "/<g[^>]*aria-label=\"$2\"/,/<\/g>/p" "$1" | grep -o ' d="[^"]*"' | head -1 | awk '{
  s = $0; gsub (/^ d="|"$/, "", s); x = 0
  while (match (s, /[A-Za-z]|[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)/)) {
    t = substr (s, RSTART, RLENGTH); s = substr (s, RSTART + RLENGTH)
    if (t ~ /[A-Za-z]/) { c = t; k = 0; continue }
    if (c == "v" || c == "V") { print x; continue }
    if (c == "h") { x += t; print x; continue }
    if (c == "H") { x = t; print x; continue }
    if (k++ % 2 == 0) { if (c == "m" || c == "l") x += t; else x = t; if (c == "m") c = "l"; print x } } }'; }

export ADW_DEBUG_COLOR_SCHEME=prefer-dark
start_app "$1" || fail "no window"
expect 30 is state "'running'"
win run
expect 20 is state "'paused'"
set_parameter dataset digits-8x8
set_parameter architecture 16
set_parameter epochs 4
set_parameter measure-every 10
win reset
win run
expect 60 is state "'done'"

# U14
win export-all-to "<'$HOME/window'>"
expect 30 test -s "$HOME/window/train-ledger.csv"
"$cli" run train -s dataset=digits-8x8 -s architecture=16 -s epochs=4 -s measure-every=10 --export "$HOME/line" --format csv --quiet >/dev/null || fail "the command line"
for file in "$HOME"/line/*.csv; do
  cmp "$file" "$HOME/window/$(basename "$file")" || fail "other data from the command line: $file"
done

# U2, U4: as the screen is dark, the file is not.
data loss loss.csv
win export-panel-to "<('loss', '$HOME/loss.svg')>"
expect 20 grep -q '</svg>' "$HOME/loss.svg"
[ "$(vertices "$HOME/loss.svg" 'Minibatch loss' | wc -l)" -eq "$(points batch_loss)" ] || fail "points are missing in the figure"
[ "$(points batch_loss)" -gt 40 ] || fail "no curve"
[ "$(stat -c %s "$HOME/loss.svg")" -lt 2000000 ] || fail "a large file"
grep -m1 '<rect' "$HOME/loss.svg" | grep -q '#ffffff' || fail "no white ground"
grep -q '<text[^>]*fill="#[0-4]' "$HOME/loss.svg" || fail "no dark ink"
grep -q '<text[^>]*fill="#[c-f]' "$HOME/loss.svg" && fail "light ink on white"

# U5, U6: the measurements begin at step 0.
win log-x-loss
win export-panel-to "<('loss', '$HOME/log.svg')>"
expect 20 grep -q '</svg>' "$HOME/log.svg"
grep -q '5 values at or below 0 are not on the log axis' "$HOME/log.svg" || fail "does not say what a log axis leaves out"
vertices "$HOME/log.svg" 'Minibatch loss' | head -10 | awk '{ x[NR] = $1 } END { if (NR != 10) exit 1
  for (i = 1; i <= 10; i++) { e = x[1] + (x[10] - x[1]) * log (i) / log (10) - x[i]; if (e > .01 || e < -.01) exit 1 } }' ||
  fail "the first ten steps are not all there"

# U9: four sliders in a pause change the price alone.
set_parameter epochs 0
win reset
win run
expect 20 is state "'running'"
sleep 1
win run
expect 20 is state "'paused'"
data loss before.csv
# A measurement of the last step may still be on its way: each step's own loss is compared.
cut -d, -f1,2 "$HOME/rows" | grep -v ',$' >"$HOME/losses"
n=$(points batch_loss)
for pair in learning-rate=0.0005 batch=32 beta=1/N lambda=0.2; do set_parameter "${pair%%=*}" "${pair#*=}"; done
is pending "''" || fail "asks for a reset: $(state pending)"
sleep .5
is state "'paused'" || fail "the run is not paused any more"
data loss after.csv
cut -d, -f1,2 "$HOME/rows" | grep -v ',$' | cmp - "$HOME/losses" || fail "a slider changed the curves"
win step
expect 20 is state "'paused'"
sleep .3
data loss step.csv
[ "$(points batch_loss)" -eq $((n + 1)) ] || fail "the step count did not go on"
grep -q "^# changed at step $n: lambda = 0.2" "$HOME/step.csv" || fail "the change is not noted"
act quit
ends 0
quiet
