# shellcheck shell=bash
# For shell tests of the window, sourced inside ui-session.sh: starting the program, waiting, actions, places of widgets.
ID=io.github.heft.Heft
OBJECT=/${ID//.//}
LOG=${LOG-$HOME/heft.log}

# Not fixed sleeps: waits up to $1 seconds until the command succeeds.
until_ok () { local n=$(($1 * 20)); shift; while ! "$@" >/dev/null 2>&1; do ((n--)) || { echo "timed out: $*" >&2; return 1; }; sleep .05; done; }
start_app () { export HEFT_UI_TEST=1; : >"$LOG"; "$@" >"$LOG" 2>"$LOG.err" & APP=$!; until_ok 30 grep -q ^READY "$LOG"; }
# act NAME ['"parameter"'] [/window/1]: activates an action of the application or of a window
act () { gdbus call --session --timeout 10 -d $ID -o "$OBJECT${3-}" -m org.gtk.Actions.Activate "$1" "[${2-}]" {} >/dev/null; }
# change NAME VALUE: asks a window's action for another state
change () { gdbus call --session --timeout 10 -d $ID -o $OBJECT/window/1 -m org.gtk.Actions.SetState "$1" "<$2>" {} >/dev/null; }
win () { act "$1" "${2-}" /window/1; }
# describe NAME: (enabled, parameter type, state) of a window's action
describe () { gdbus call --session --timeout 10 -d $ID -o $OBJECT/window/1 -m org.gtk.Actions.Describe "$1"; }
window_id () { xdotool search --all --onlyvisible --pid "$APP" --name "${1-.}" | head -1 | grep .; }
shot () { import -silent -window "${2-root}" "$1"; }
# rect NAME: x y width height of a widget inside its window
rect ()
{
  local before
  before=$(grep -c ^END "$LOG" || :)
  act dump-widgets
  until_ok 10 eval "[ \$(grep -c ^END '$LOG') -gt $before ]"
  # Of the last dump alone: what is not on screen any more is in the ones before it.
  awk -v n="$1" '$1 == "END" { last = r; r = "" } $1 == "W" && $3 == n { r = $4" "$5" "$6" "$7 } END { print last }' "$LOG"
}
centre ()
{
  local X=0 Y=0
  eval "$(xdotool getwindowgeometry --shell "$(window_id)" | grep -E '^[XY]=')"
  # shellcheck disable=SC2046
  set -- $(rect "$1")
  echo $((X + $1 + $3 / 2)) $((Y + $2 + $4 / 2))
}
# state NAME: a window action's state alone, as GVariant text without its brackets
state () { describe "$1" | sed -E "s/^\(\((true|false), signature '[^']*', \[<(.*)>\]\),\)$/\2/"; }
is () { [ "$(state "$1")" = "$2" ]; }
parameter_is () { state parameters | grep -q "'$1': '$2'"; }
fail () { echo "FAILED: $*" >&2; tail -20 "$LOG.err" >&2; exit 1; }
# expect SECONDS COMMAND...: fails the test unless the command succeeds in time
expect () { until_ok "$@" || fail "$@"; }
# ends STATUS: the program has to end by itself, with that status
ends () { expect 30 eval "! kill -0 $APP"; local status=0; wait "$APP" || status=$?; [ $status -eq "$1" ] || fail "exit status $status"; }
# no warning may have been written
quiet () { ! grep -E 'CRITICAL|WARNING|ERROR' "$LOG.err" >&2 || fail "messages on standard error"; }
needs () { for program; do command -v "$program" >/dev/null || { echo "$program is missing: skipped"; exit 77; }; done; }
