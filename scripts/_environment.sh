# Sourced by the scripts beside it, which set $root: finds Python and makes $root/.venv ready.

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    if [ -n "${PYTHON:-}" ]; then
        echo "PYTHON=$PYTHON is not Python 3.11 or newer: correct it, or unset it." >&2
    else
        echo "Python 3.11 or newer is needed: apt-get install python3, or set PYTHON to its path." >&2
    fi
    exit 4
}

# prepare_environment [--for-tests]
prepare_environment() {
    find_python
    "$python" -I "$root/scripts/_environment.py" "$@" || exit
    # Where it is set, each of a thousand processes would compile all modules anew.
    unset PYTHONDONTWRITEBYTECODE
}
