#!/bin/bash
# A network made elsewhere: "Open Network..." asks for the file and then for the data, and measures; what is no network says so.
set -u
. "$(dirname "$0")/lib.sh"
needs xdotool gdbus
reference=$(cd "$(dirname "$0")/../reference" && pwd)

# choose TITLE PATH: waits for that file chooser and types the path into it.
choose ()
{
  expect 10 window_id "$1"
  xdotool windowfocus "$(window_id "$1")"
  sleep .4
  xdotool type --delay 8 "$2"
  sleep .2
  xdotool key Return
}

start_app "$1" || fail "no window"
expect 30 is state "'running'"
win open-network
choose '^Open Network$' "$reference/dense-relu.safetensors"
choose '^Data to Measure the Network On$' "$reference/dense-relu-inputs.npy"
expect 20 is experiment "'network'"
parameter_is network "$reference/dense-relu.safetensors" || fail "another network: $(state parameters)"
# The labels beside the inputs are found.
expect 10 parameter_is dataset "$reference/dense-relu-inputs.npy,$reference/dense-relu-labels.npy"
# A file of PyTorch holds weights alone: what it needs besides is said, chosen and applied, and then it is measured.
expect 30 is state "'failed'"
state error | grep -q activation || fail "no activation in: $(state error)"
win set-parameter "<('activation', 'relu')>"
expect 20 eval 'describe apply | grep -q "^((true"'
win apply
expect 20 is error "''"
# The measurement fills the panels one after the other.
measured () { win export-panel-to "<('spectra', '$HOME/spectra.csv')>"; sleep .3; [ "$(grep -cv '^#' "$HOME/spectra.csv")" -gt 3 ]; }
expect 30 measured
grep -q '^1,' "$HOME/spectra.csv" || fail "no first eigenvalue"

# The same without the choosers; a file that is no network is refused in a sentence that names it, and the window stays.
echo nonsense >"$HOME/broken.safetensors"
win open-network-to "<('$HOME/broken.safetensors', '$reference/dense-relu-inputs.npy,$reference/dense-relu-labels.npy')>"
expect 20 is state "'failed'"
state error | grep -q broken.safetensors || fail "no name in: $(state error)"

# The drawing of a network leaves as files, as panels do; it has no data.
win experiment "<'train'>"
expect 20 is state "'running'"
for kind in svg pdf png; do
  expect 20 eval "win export-panel-to \"<('drawing', '$HOME/drawing.$kind')>\"; sleep .3; test -s '$HOME/drawing.$kind'"
done
grep -q 'dense 1' "$HOME/drawing.svg" || fail "no layer as text in the drawing"
grep -q '256-256' "$HOME/drawing.svg" || fail "no architecture in the drawing's caption"
win export-panel-to "<('drawing', '$HOME/drawing.csv')>"
expect 10 eval '[ "$(xdotool search --all --onlyvisible --pid $APP --name . | wc -l)" -eq 2 ]'
[ ! -e "$HOME/drawing.csv" ] || fail "wrote a drawing as data"
act quit
ends 0
quiet
