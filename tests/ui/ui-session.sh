#!/bin/bash
# ui-session.sh [-g 1600x1000] [-a] [-w "window manager"] COMMAND...
# Runs COMMAND on a private X server with a private session bus and home; -a adds the accessibility bus. Exits with 77
# (skipped) where there is no Xvfb or no dbus-run-session.
set -eu
geometry=1600x1000 wm='' a11y=${GTK_A11Y-none}
while getopts g:aw: option; do
  case $option in
    g) geometry=$OPTARG ;;
    a) a11y=atspi ;;
    w) wm=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
for program in Xvfb dbus-run-session; do
  command -v "$program" >/dev/null || { echo "$program is missing: skipped"; exit 77; }
done

dir=$(mktemp -d)
mkdir -m 700 "$dir/run" "$dir/home"
server=
# shellcheck disable=SC2329
clean ()
{
  [ -z "$server" ] || kill "$server" 2>/dev/null || :
  wait "$server" 2>/dev/null || :
  rm -rf "$dir" || { sleep .5; rm -rf "$dir"; }
}
trap clean EXIT

# Without service directories nothing starts portals, which would cost seconds.
cat >"$dir/bus.conf" <<'END'
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
END
cat >"$dir/inside.sh" <<'END'
if [ "$GTK_A11Y" = atspi ]; then
  /usr/libexec/at-spi-bus-launcher --launch-immediately 2>/dev/null &
  gdbus wait --session --timeout 10 org.a11y.Bus || exit 77
fi
if [ -n "$UI_WM" ]; then
  $UI_WM >/dev/null 2>&1 &
  for _ in {1..100}; do xprop -root _NET_SUPPORTING_WM_CHECK | grep -q 'id #' && break; sleep .1; done
fi
"$@"
status=$?
kill $(jobs -p) 2>/dev/null
exit $status
END

exec {fd}<> <(:)
Xvfb -displayfd $fd -screen 0 "${geometry}x24" -dpi 96 -nolisten tcp -noreset >"$dir/xvfb.log" 2>&1 &
server=$!
read -r -t 20 -u $fd display
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS AT_SPI_BUS_ADDRESS GTK_THEME GTK_MODULES
export DISPLAY=:$display UI_WM=$wm HOME=$dir/home XDG_RUNTIME_DIR=$dir/run XDG_CONFIG_HOME=$dir/home/.config
export XDG_DATA_HOME=$dir/home/.local/share XDG_CACHE_HOME=$dir/home/.cache
export GDK_BACKEND=x11 GSK_RENDERER=${GSK_RENDERER-cairo} GDK_DEBUG=${GDK_DEBUG-gl-disable}
export GSETTINGS_BACKEND=${GSETTINGS_BACKEND-memory} GTK_A11Y=$a11y
dbus-run-session --config-file="$dir/bus.conf" -- bash "$dir/inside.sh" "$@"
