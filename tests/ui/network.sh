#!/bin/bash
# A network made elsewhere: "Open Network..." asks for the file and then for the data, and measures; what is no network says so. The
# network that the window trains is saved as such a file.
set -u
. "$(dirname "$0")/lib.sh"
needs xdotool gdbus
cli=$(dirname "$1")/../cli/heft-cli
reference=$(cd "$(dirname "$0")/../reference" && pwd)

# type_path TITLE PATH [KEY]: types the path into that file chooser and waits for the chooser to go.
type_path ()
{
  xdotool windowfocus "$(window_id "$1")" || return
  sleep .4
  [ -z "${3-}" ] || xdotool key "$3"
  xdotool type --delay 8 "$2"
  sleep .2
  xdotool key Return
  until_ok 4 eval "! window_id '$1'"
}

# choose TITLE PATH [KEY]: waits for that file chooser. One that is still filling its list loses keys, so what was typed is typed again over the whole
# line.
choose ()
{
  expect 20 window_id "$1"
  type_path "$@" 2>/dev/null || type_path "$1" "$2" ctrl+a 2>/dev/null || type_path "$1" "$2" ctrl+a || fail "the chooser “$1” stayed"
}

# name TITLE PATH: the same where a name stands already, of which only the part before the dot is selected.
name () { choose "$1" "$2" ctrl+a; }

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

# Only training has a network to save: elsewhere the menu's entry is grey, and whoever asks is told.
windows () { xdotool search --all --onlyvisible --pid "$APP" --name . | wc -l; }
describe save-network | grep -q '^((false' || fail "a network to save where none was trained"
win save-network-to "<'$HOME/none.safetensors'>"
expect 10 eval '[ "$(windows)" -eq 2 ]'
[ ! -e "$HOME/none.safetensors" ] || fail "wrote a network that there is not"
xdotool key Escape
expect 10 eval '[ "$(windows)" -eq 1 ]'

# The drawing of a network leaves as files, as panels do; it has no data.
win experiment "<'train'>"
expect 20 is state "'running'"
for kind in svg pdf png; do
  expect 20 eval "win export-panel-to \"<('drawing', '$HOME/drawing.$kind')>\"; sleep .3; test -s '$HOME/drawing.$kind'"
done
grep -q 'dense 1' "$HOME/drawing.svg" || fail "no layer as text in the drawing"
grep -q '256-256' "$HOME/drawing.svg" || fail "no architecture in the drawing's caption"
win export-panel-to "<('drawing', '$HOME/drawing.csv')>"
expect 10 eval '[ "$(windows)" -eq 2 ]'
[ ! -e "$HOME/drawing.csv" ] || fail "wrote a drawing as data"
xdotool key Escape
expect 10 eval '[ "$(windows)" -eq 1 ]'

# What the window trains leaves as means and widths, which the command line measures without being told anything.
win set-parameter "<('dataset', 'digits-8x8')>"
win set-parameter "<('architecture', '8')>"
expect 20 eval 'describe apply | grep -q "^((true"'
win apply
expect 30 eval 'describe save-network | grep -q "^((true"'
xdotool key ctrl+shift+s
name '^Save Network$' "$HOME/mine-network.safetensors"
expect 20 test -s "$HOME/mine-network.safetensors" -a -s "$HOME/mine-deviations.safetensors"
for file in network deviations; do
  "$cli" measure "$HOME/mine-$file.safetensors" --data digits-8x8 --samples 20 --json >"$HOME/mine-$file.json" || fail "no measuring of the $file"
done
grep -q '"eigenvalues"' "$HOME/mine-network.json" || fail "no spectrum in: $(head -5 "$HOME/mine-network.json")"
act quit
ends 0
quiet
