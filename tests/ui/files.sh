#!/bin/bash
# Figures, data and runs leave as files and come back.
set -u
. "$(dirname "$0")/lib.sh"
needs gdbus

start_app "$1" || fail "no window"
expect 30 is state "'running'"
win set-parameter "<('dataset', 'moons')>"
win apply
expect 20 is state "'running'"
sleep 2
win run
expect 20 is state "'paused'"

for kind in svg pdf png csv; do
  win export-panel-to "<('loss', '$HOME/loss.$kind')>"
  expect 20 test -s "$HOME/loss.$kind"
done
grep -q 'Loss' "$HOME/loss.svg" || fail "no title as text in the SVG"
grep -q 'seed' "$HOME/loss.svg" || fail "no seed in the SVG's caption"
head -c 4 "$HOME/loss.pdf" | grep -q '%PDF' || fail "no PDF"
head -c 4 "$HOME/loss.png" | grep -q PNG || fail "no PNG"
grep -q '^# seed: 0' "$HOME/loss.csv" || fail "no seed in the CSV"
grep -v '^#' "$HOME/loss.csv" | wc -l | grep -qE '^[0-9]{2,}$' || fail "no rows in the CSV"

# A size in millimetres at 600 dots per inch, one in pixels, and one that is none and changes nothing. A PNG's sizes stand in bytes 17 to 24.
png_size () { od -An -tu1 -j16 -N8 "$1" | awk '{ print ($3 * 256 + $4) "x" ($7 * 256 + $8) }'; }
pictured () { rm -f "$HOME/size.png"; win export-panel-to "<('loss', '$HOME/size.png')>"; expect 20 test -s "$HOME/size.png"; sleep .3; [ "$(png_size "$HOME/size.png")" = "$1" ]; }
change figure-format '(90.0, 60.0, false, 600.0, false, false)'
expect 10 pictured 2126x1418
change figure-format '(1000.0, 700.0, true, 200.0, true, true)'
expect 10 pictured 1000x700
change figure-format '(0.0, 700.0, true, 200.0, true, true)'
expect 10 pictured 1000x700
is figure-format "(1000.0, 700.0, true, 200.0, true, true)" || fail "took a figure without width"

# A name without a kind is refused in words, and nothing is written.
win export-panel-to "<('loss', '$HOME/loss')>"
sleep 1
[ ! -e "$HOME/loss" ] || fail "wrote a file of no kind"

win save-to "<'$HOME/run.heft'>"
expect 20 test -s "$HOME/run.heft"
win export-panel-to "<('kl', '$HOME/before.csv')>"
expect 20 test -s "$HOME/before.csv"
win open-from "<'$HOME/run.heft'>"
expect 20 is state "'done'"
win export-panel-to "<('kl', '$HOME/after.csv')>"
expect 20 test -s "$HOME/after.csv"
diff <(grep -v '^#' "$HOME/before.csv") <(grep -v '^#' "$HOME/after.csv") || fail "the saved run shows other data"
expect 10 parameter_is dataset moons

# A file that is no run says so and the window stays.
echo nonsense >"$HOME/broken.heft"
win open-from "<'$HOME/broken.heft'>"
expect 20 eval "xdotool search --onlyvisible --pid $APP --name . | sed -n 2p | grep -q ."
act quit
ends 0
quiet
