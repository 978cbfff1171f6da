#!/bin/bash
# The window opens and trains, controls change the run, a change that needs a reset offers it, panels obey, closing ends cleanly.
set -u
. "$(dirname "$0")/lib.sh"
needs xdotool gdbus

start_app "$1" || fail "no window"
expect 30 is state "'running'"
expect 30 parameter_is dataset mnist-10k

# Actions that D-Bus drives everything by.
actions=$(gdbus call --session -d $ID -o $OBJECT/window/1 -m org.gtk.Actions.List)
for name in run step reset new-seed speed experiment set-parameter reset-parameter apply discard job sidebar fullscreen enlarge \
            export-panel-to export-all-to save-to save-network save-network-to open-from open-data-from copy copy-panel zoom-in zoom-out fit previous-view \
            next-view toggle-log-x toggle-log-y log-x-loss log-y-spectra state error pending parameters; do
  echo "$actions" | grep -q "'$name'" || fail "no action $name"
done

# Space pauses and runs.
xdotool key space
expect 20 is state "'paused'"
xdotool key space
expect 20 is state "'running'"

# A slider under the mouse changes beta, and the network goes on.
expect 20 parameter_is beta 0.1/N
read -r x y width height < <(rect beta)
slider=$((y + height - 30))
xdotool mousemove $((x + width / 2)) $slider mousedown 1
for i in 1 2 3 4 5 6; do xdotool mousemove $((x + width / 2 + 10 * i)) $slider; sleep .03; done
xdotool mouseup 1
expect 10 eval '! parameter_is beta 0.1/N'
is pending "''" || fail "beta asked for a reset"
# A double click brings the default back.
expect 10 eval "xdotool mousemove $((x + width / 2)) $slider click --repeat 2 --delay 60 1; sleep .3; parameter_is beta 0.1/N"

# A change that needs a reset waits, is checked, and takes effect when asked to.
win set-parameter "<('architecture', '32')>"
expect 10 eval '! is pending "'"''"'"'
expect 10 eval '[ -n "$(rect apply)" ]'
win discard
expect 10 is pending "''"
expect 10 parameter_is architecture 256-256
win set-parameter "<('architecture', '32-nothing')>"
expect 10 eval 'describe apply | grep -q "((false"'
win set-parameter "<('architecture', '32')>"
expect 10 eval 'describe apply | grep -q "((true"'
win apply
expect 10 is pending "''"
expect 20 is state "'running'"
# The bar slides away, and panels that move under the pointer know of no double click.
expect 10 eval '[ -z "$(rect apply)" ]'

# Panels: a double click enlarges, Escape restores; the log axis of the plot under the pointer.
# shellcheck disable=SC2046
xdotool mousemove $(centre plot-kl) click --repeat 2 --delay 60 1
expect 10 is enlarge "'kl'"
[ -z "$(rect plot-loss)" ] || fail "the other panels are still there"
xdotool key Escape
expect 10 is enlarge "''"
# shellcheck disable=SC2046
xdotool mousemove $(centre plot-kl)
expect 10 eval 'xdotool key l; sleep .3; is log-y-kl true'

# Another experiment, and back.
win experiment "<'lagrangian'>"
expect 10 is experiment "'lagrangian'"
expect 20 is state "'running'"
win experiment "<'train'>"
expect 20 is state "'running'"

# Closing while it trains, and with a text half typed, ends the program by itself.
expect 10 eval '[ -n "$(rect architecture)" ]'
read -r x y width height < <(rect architecture)
xdotool mousemove $((x + width / 2)) $((y + 36)) click 1
expect 10 eval 'xdotool type --delay 20 9; [ -n "$(rect drawing)" ]'
xdotool key ctrl+w
ends 0
quiet
