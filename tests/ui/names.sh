#!/bin/bash
# Everything that can have the focus has a name that a screen reader can say.
set -u
. "$(dirname "$0")/lib.sh"
needs gdbus
/usr/bin/python3 -c 'import gi; gi.require_version("Atspi", "2.0"); from gi.repository import Atspi' 2>/dev/null ||
  { echo "no AT-SPI for Python: skipped"; exit 77; }

start_app "$1" || fail "no window"
expect 30 is state "'running'"
/usr/bin/python3 "$(dirname "$0")/names.py" || fail "names"
act quit
ends 0
