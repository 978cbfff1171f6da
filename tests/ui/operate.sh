#!/bin/bash
# Every key and every gesture once: transport, zoom and views, axes, sliders, typed values, dialogs.
set -u
. "$(dirname "$0")/lib.sh"
needs xdotool gdbus

parameter () { state parameters | sed -E "s/.*'$1': '([^']*)'.*/\1/"; }
# at NAME ACROSS DOWN: a point inside a widget, in parts of its size
at () { local r; r=$(rect "$1"); awk -v a="$2" -v d="$3" '{ printf "%d %d\n", $1 + a * $3, $2 + d * $4 }' <<<"$r"; }
# The axes as an export shows them: what is zoomed is zoomed there too.
view ()
{
  rm -f "$HOME/view.svg"
  win export-panel-to "<('loss', '$HOME/view.svg')>"
  until_ok 10 grep -q '</svg>' "$HOME/view.svg" && md5sum <"$HOME/view.svg"
}
sees () { [ "$(view)" = "$1" ]; }
differs () { [ "$(view)" != "$1" ]; }
drag () { xdotool mousemove "$1" "$2" mousedown 1; for i in 1 2 3 4 5 6; do xdotool mousemove $(($1 + i * $3)) "$2"; sleep .03; done; xdotool mouseup 1; }
dialogs () { xdotool search --all --onlyvisible --pid "$APP" --name . | wc -l; }

# GTK's window of shortcuts warns of sizes of its own; everything else is looked for at the end.
export G_DEBUG=gc-friendly
start_app "$1" || fail "no window"
expect 30 is state "'running'"
win set-parameter "<('dataset', 'moons')>"
win set-parameter "<('architecture', '16')>"
win set-parameter "<('prior', 'per-layer')>"
win apply
expect 20 parameter_is dataset moons
expect 20 is state "'running'"
sleep 1.5

# Transport.
xdotool mousemove 5 5 key space
expect 10 is state "'paused'"
xdotool key s
expect 10 is state "'paused'"
xdotool key r
expect 10 is state "'ready'"
parameter_is seed 0 || fail "R changed the seed"
xdotool key shift+r
expect 10 parameter_is seed 1
xdotool key space
expect 10 is state "'running'"
sleep 1.5
xdotool key space
expect 10 is state "'paused'"
expect 10 eval '[ -z "$(rect apply)" ]'

# Views of the plot under the pointer: wheel, keys, pan, and the way back and forth.
# shellcheck disable=SC2046
xdotool mousemove $(at plot-loss .5 .35)
sleep .3
first=$(view)
xdotool click 4
expect 10 differs "$first"
second=$(view)
xdotool key alt+z
expect 10 sees "$first"
xdotool key shift+alt+z
expect 10 sees "$second"
xdotool key ctrl+0
expect 10 sees "$first"
xdotool key ctrl+plus
expect 10 differs "$first"
xdotool key ctrl+minus ctrl+0
expect 10 sees "$first"
read -r x y < <(at plot-loss .5 .35)
drag "$x" "$y" 12
expect 10 differs "$first"
xdotool key ctrl+0
expect 10 sees "$first"
xdotool key l
expect 10 is log-y-loss true
xdotool key shift+l
expect 10 is log-x-loss true
xdotool key l shift+l
expect 10 is log-x-loss false

# An end of an axis is typed where its numbers stand; what is no number stays in the entry.
# shellcheck disable=SC2046
xdotool mousemove $(at plot-loss .015 .22) click 1
expect 10 eval '[ -n "$(rect limit)" ]'
xdotool key ctrl+a; xdotool type --delay 20 nothing; xdotool key Return
sleep .3
[ -n "$(rect limit)" ] || fail "took a word for a number"
xdotool key ctrl+a; xdotool type --delay 20 7; xdotool key Return
expect 10 eval '[ -z "$(rect limit)" ]'
expect 10 differs "$first"
xdotool key alt+z
expect 10 sees "$first"

# A legend entry hides its curve; hidden is hidden in the file.
grep -q 'data-label="Minibatch loss"' "$HOME/view.svg" || marks=$(grep -c '<path' "$HOME/view.svg")
# shellcheck disable=SC2046
xdotool mousemove $(at plot-loss .14 .04) click 1
sleep .4
view >/dev/null
[ "$(grep -c '<path' "$HOME/view.svg")" -lt "${marks-999}" ] || fail "the legend hides nothing"
# shellcheck disable=SC2046
xdotool click 1

# Sliders: one layer's lambda, double click, arrows, typed values, Escape.
expect 10 eval '[ -n "$(rect lambda-layers)" ]'
read -r x y < <(at lambda-layers .5 .55)
drag "$x" "$y" 5
expect 10 eval '! parameter_is lambda-layers ""'
list=$(parameter lambda-layers)
[ "${list%%,*}" != 0.1 ] || [ "${list##*,}" != 0.1 ] || fail "no layer moved: $list"
is pending "''" || fail "lambda asked for a reset"
sleep .5
xdotool mousemove $((x + 30)) "$y" click --repeat 2 --delay 60 1
expect 10 parameter_is lambda-layers ""
# The wheel over the controls scrolls them, whatever lies beneath.
# shellcheck disable=SC2046
xdotool mousemove $(at lambda-layers .1 .1)
expect 10 eval 'xdotool click 5; sleep .3; [ "$(rect lambda | cut -d" " -f2)" -lt 700 ]'
sleep .5
read -r x y < <(at lambda .85 .25)
xdotool mousemove "$x" "$y" click 1
sleep .3
expect 10 eval 'xdotool key ctrl+a; xdotool type --delay 20 0.3; xdotool key Return; sleep .3; parameter_is lambda 0.3'
xdotool key Up
expect 10 eval '! parameter_is lambda 0.3'
xdotool key Down
expect 10 parameter_is lambda 0.3
xdotool key ctrl+a; xdotool type --delay 20 99; xdotool key Escape
parameter_is lambda 0.3 || fail "Escape handed the value over"

# The sidebar, the dialogs and the shortcuts.
# shellcheck disable=SC2046
xdotool mousemove $(centre plot-kl)
xdotool key F9
expect 10 eval '[ -z "$(rect lambda)" ]'
xdotool key F9
expect 10 eval '[ -n "$(rect lambda)" ]'
for key in ctrl+e ctrl+shift+e ctrl+o ctrl+s ctrl+question; do
  xdotool windowfocus "$(window_id)" key $key
  expect 10 eval '[ "$(dialogs)" -eq 2 ]'
  sleep .3
  xdotool key Escape
  expect 10 eval '[ "$(dialogs)" -eq 1 ]'
done
act quit
ends 0
sed -i '/GtkLabel.*reported min width/d' "$LOG.err"
quiet
