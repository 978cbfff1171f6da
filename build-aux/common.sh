# shellcheck shell=bash
# Shared by run and check: what Heft needs on Debian 12, and how its build directories are made. Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# README says why each library is here.
build_packages=(
  gcc libc6-dev meson ninja-build pkg-config gettext python3 desktop-file-utils gtk-update-icon-cache
  libglib2.0-dev libglib2.0-dev-bin libjson-glib-dev libsqlite3-dev
  libopenblas-pthread-dev liblapacke-dev
  libcairo2-dev libpango1.0-dev
  libgtk-4-dev libadwaita-1-dev
)
# Read when the program runs: its letters, its mathematics and its icons.
run_packages=(fonts-cantarell fonts-stix adwaita-icon-theme librsvg2-common gsettings-desktop-schemas)
# A screen and a session bus that nobody sees, the validators of the desktop's files, Korean letters for the pictures.
test_packages=(
  xvfb xauth xdotool x11-utils dbus libglib2.0-bin imagemagick at-spi2-core gir1.2-atspi-2.0 python3-gi
  appstream appstream-util libxml2-utils librsvg2-bin
  fonts-noto-cjk git
)

say ()
{
  printf '%s\n' "$*" >&2
}

# Prints those of the packages named that are not installed.
missing_packages ()
{
  local installed
  installed=" $(dpkg-query -W -f '${Package}/${db:Status-Status} ' "$@" 2>/dev/null || true) "
  for package; do
    case $installed in
      *" $package/installed "*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

# Installs what is missing by apt; when nothing is, it is instant and needs no network.
need_packages ()
{
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not a Debian system, so nothing is installed for you. Heft is built from (Debian's names): $*"
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "These packages are missing and there is no sudo here. As root, run: apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  say "Installing with apt: ${missing[*]}"
  local quiet=(-q -o Dpkg::Use-Pty=0)
  "${as_root[@]}" apt-get "${quiet[@]}" update >&2 </dev/null \
    || { say "apt-get update failed; is there a network? The packages named above are needed."; exit 1; }
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >&2 </dev/null \
    || { say "apt-get could not install: ${missing[*]}"; exit 1; }
}

# setup_build DIR [OPTION...]: makes a Meson build directory, or brings the options of an old one up to date.
setup_build ()
{
  local dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    [ $# -eq 0 ] || meson configure "$dir" "$@" >/dev/null
  else
    rm -rf "$dir"
    meson setup "$dir" "$top" "$@"
  fi
}
