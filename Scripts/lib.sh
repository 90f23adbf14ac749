# Shared by the scripts of this folder; sourced, never run.
#
# Everything here keeps to three rules: nothing is read from standard input, only processes that these scripts started
# are ended (by id, and only if the id still names the same process), and nothing outside the repository, /tmp and
# Debian's package manager is touched.

# The package's root folder.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$(basename "$0"): $*"
    exit 1
}

# Runs a command as root: as it is for root, with sudo for anyone else; require_root comes first.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Ends the script if as_root cannot work: require_root PURPOSE.
require_root() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
        fail "$1 needs root, or sudo without a password (run Scripts/install as root once)"
}

# Installs those of the named Debian packages that are missing.
#
# A package's own service may be started by its installation; nothing here uses or stops it.
apt_install() {
    local package missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    command -v apt-get >/dev/null || fail "these packages are missing and there is no apt-get: ${missing[*]}"
    require_root "installing ${missing[*]}"
    say "installing ${missing[*]}"
    local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=300)
    local environment=(env DEBIAN_FRONTEND=noninteractive)
    # The lists may be absent (a fresh image) or stale (a version that the mirror has dropped): then they are
    # fetched and the installation is tried once more.
    if ! as_root "${environment[@]}" apt-get install "${options[@]}" "${missing[@]}" </dev/null >/dev/null 2>&1; then
        as_root "${environment[@]}" apt-get update -q </dev/null >&2 || fail "apt-get update failed"
        as_root "${environment[@]}" apt-get install "${options[@]}" "${missing[@]}" </dev/null >&2 ||
            fail "could not install ${missing[*]}"
    fi
}

# Prints when a process was started, in clock ticks since boot; empty if there is no such process (or only its zombie).
start_of() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # The second field is the program's name in parentheses and may hold anything; what follows the last ')' is fixed.
    read -r -a fields <<<"${stat##*) }"
    [ "${fields[0]}" = Z ] || printf '%s' "${fields[19]}"
}

# Whether the process with this id still is the one that was started at that time.
is_same_process() { [ -n "${1:-}" ] && [ -n "${2:-}" ] && [ "$(start_of "$1")" = "$2" ]; }

# Waits until a command succeeds: wait_for SECONDS COMMAND …; fails when the time is over.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# Prepares a script that runs a broker of its own: a temporary folder ($folder) and its removal, the broker's included,
# however the script ends.
prepare() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/ochotona-$(basename "$0").XXXXXX")
    export OCHOTONA_BROKER_STATE=$folder/broker.state
    child=''
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    exec </dev/null
}

cleanup() {
    # A second signal must not end this in its middle.
    trap '' INT TERM
    # The limiter hands a signal on to the whole group of processes that it started.
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
    "$root/Scripts/broker" stop || true
    # The tests' second node, if they could not end it themselves.
    "$root/Scripts/broker" --state "$OCHOTONA_BROKER_STATE.private" stop || true
    rm -rf "$folder"
}

# limited SECONDS COMMAND …: runs it under a time limit, so that a hang is a failure, and in the background, so that an
# interrupt of the script is heard at once.
limited() {
    timeout --kill-after=20 "$@" &
    child=$!
    local status=0
    wait "$child" || status=$?
    child=''
    [ $status != 124 ] || say "over its time limit of $1 s: ${*:2}"
    return $status
}

# Starts the broker and tells programs about it.
start_broker() { AMQP_URL=$("$root/Scripts/broker" start) && export AMQP_URL && printf '%s\n' "$AMQP_URL"; }

# Makes sure that there is a Python with Pika and tells programs about it.
prepare_python() { OCHOTONA_PYTHON=$(python_with_pika) && export OCHOTONA_PYTHON && printf '%s\n' "$OCHOTONA_PYTHON"; }

# Makes (once) the Python environment that the interoperability tests use and prints its interpreter's path.
#
# Pika is pinned: it is the reference that golden files and comparisons were made with.
python_with_pika() {
    local folder=$root/.venv
    if ! "$folder/bin/python" -c 'import pika, sys; sys.exit(pika.__version__ != "1.4.4")' 2>/dev/null; then
        rm -rf "$folder"
        /usr/bin/python3 -m venv "$folder" >&2 || fail "could not make a Python environment"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-input "pika==1.4.4" </dev/null >&2 ||
            fail "could not install Pika from PyPI"
    fi
    printf '%s\n' "$folder/bin/python"
}
