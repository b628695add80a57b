# Sourced by scripts/run, scripts/test and scripts/check: sets $python to a Python 3.11 or newer that can make a
# virtual environment, or ends with the line to type. Set PYTHON to choose one.
# shellcheck shell=sh

can_run() {
    # Whether $1 is a Python that will do; $2 is the version that is too new for it.
    "$1" -c "import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, $2)))" >/dev/null 2>&1
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

find_python() {
    python=
    without_venv=
    # 14 and newer only if there is nothing else: they are not among the tested.
    for too_new in 14 99; do
        for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python \
            /opt/homebrew/bin/python3.13 /opt/homebrew/bin/python3 /usr/local/bin/python3 /usr/bin/python3; do
            can_run "$candidate" "$too_new" || continue
            if can_make_venv "$candidate"; then
                python=$candidate
                return 0
            fi
            : "${without_venv:=$candidate}"
        done
    done
    return 1
}

need_python() {
    find_python && return 0
    if [ -n "$without_venv" ]; then
        package=$("$without_venv" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
    else
        package="python3 python3-venv"
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "安装 · installing $package"
        # shellcheck disable=SC2086 # two packages are two words
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $package; } \
            </dev/null >/dev/null && find_python && return 0
    fi
    if [ -n "$without_venv" ]; then
        echo "desk110: $without_venv cannot make a virtual environment (venv, ensurepip). Type:" >&2
    else
        echo "desk110: there is no Python 3.11 or newer on this machine. Type:" >&2
    fi
    case $(uname -s) in
        Darwin) echo "  brew install python@3.13      (or the installer from python.org)" >&2 ;;
        *)
            if command -v apt-get >/dev/null 2>&1; then
                echo "  sudo apt-get install -y $package" >&2
            else
                echo "  install Python 3.11, 3.12 or 3.13 with its venv module by your system's packages" >&2
            fi
            ;;
    esac
    exit 1
}

need_python
