"""Make `.venv` ready with nothing but Python's own library: system packages, pins, catalogues.

`.venv` is a link to `.venv.d/KEY`; KEY is the hash of all that the environment follows from. An
environment is built at the place where it stays, because a venv holds absolute paths, and the link
moves to it when it is whole: a build that was interrupted is never used, and a program that still
runs from the environment before keeps it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".venv"
STORE = ROOT / ".venv.d"
OUTLINES = ROOT / "umsalert/geo/data/france.sqlite"
FAILED = 4
ATTEMPTS = 3


class PreparationError(Exception):
    """Nothing can run; the text says what to do."""


def main(arguments: Sequence[str]) -> None:
    """Install what is missing; the second time this costs a hash and a few look-ups."""
    packages = missing_packages(for_tests="--for-tests" in arguments)
    place = STORE / environment_key()
    if not packages and is_ready(place) and not stale_catalogues():
        return
    if LINK.is_dir() and not LINK.is_symlink():
        raise PreparationError(".venv was not made by this script: rename it or remove it.")
    with alone():
        if packages := missing_packages(for_tests="--for-tests" in arguments):
            install_packages(packages)
        if not is_ready(place):
            build(place)
        if stale_catalogues():
            compile_catalogues()


def missing_packages(*, for_tests: bool) -> list[str]:
    """Return the Debian packages to install, found by trying what each of them brings."""
    found = {
        f"python3.{sys.version_info.minor}-venv": importlib.util.find_spec("ensurepip") is not None,
        "libsqlite3-mod-spatialite": can_load("mod_spatialite.so"),
    }
    if for_tests:
        tools = {"geographiclib-tools": "GeodSolve", "chromium": "chromium"}
        tools |= {"chromium-driver": "chromedriver", "minisign": "minisign"}
        found |= {package: shutil.which(tool) is not None for package, tool in tools.items()}
        # what weasyprint draws PDF with
        found["libpangoft2-1.0-0"] = can_load("libpangoft2-1.0.so.0")
        found["libharfbuzz-subset0"] = can_load("libharfbuzz-subset.so.0")
    return [package for package, present in found.items() if not present]


def can_load(library: str) -> bool:
    """Say whether the dynamic linker finds `library` and all it depends on."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install_packages(packages: Sequence[str]) -> None:
    """Install through apt-get, as root or through sudo."""
    by_hand = f"Have an administrator run: apt-get install {shlex.join(packages)}"
    if shutil.which("apt-get") is None:
        say(f"no apt-get here; going on without what these Debian packages bring: {packages}")
        return
    apt = [*root_prefix(by_hand), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    apt += ["-q", "-y", "-o", "Acquire::Retries=5", "-o", "DPkg::Lock::Timeout=300"]
    say(f"installing system packages: {' '.join(packages)}")
    # An apt-get killed half-way leaves dpkg broken for the whole machine: Ctrl-C waits for it.
    ctrl_c = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(PreparationError):  # one dead repository must not stop the rest
            run([*apt, "update"], advice="apt-get update failed; trying to install all the same")
        install = [*apt, "install", "--no-install-recommends", *packages]
        run(install, advice=by_hand, attempts=ATTEMPTS)
    finally:
        signal.signal(signal.SIGINT, ctrl_c)


def root_prefix(by_hand: str) -> list[str]:
    """Return what to put before a command to run it as root, or raise with what to do instead."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise PreparationError(f"System packages are missing, and there is no sudo. {by_hand}")
    without_password = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    if without_password.returncode != 0 and not sys.stdin.isatty():
        raise PreparationError(f"System packages are missing; sudo wants a password. {by_hand}")
    return ["sudo"]


def environment_key() -> str:
    """Return the name of the environment: another Python, folder or pin is another environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    parts = [sys.version, os.path.realpath(sys.executable), str(ROOT)]
    parts += [repr(project[table]) for table in ("build-system", "project")]
    parts += [(ROOT / name).read_text("utf-8") for name in ("constraints.txt", "hatch_outlines.py")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def is_ready(place: Path) -> bool:
    """Say whether the link points at `place`, which it does only when that is whole.

    The outlines of France are derived by the installation, from a package that is not kept.
    """
    whole = (place / "bin/python").exists() and OUTLINES.exists()
    return LINK.is_symlink() and LINK.resolve() == place and whole


def build(place: Path) -> None:
    """Build the environment, move the link to it, and drop all but it and the one before."""
    say("installing the pinned libraries into .venv (once, a minute or two)")
    before = LINK.resolve()
    advice = "Without the network nothing can be installed; with it, the lines above say why."
    shutil.rmtree(place, ignore_errors=True)
    try:
        run([sys.executable, "-I", "-m", "venv", str(place)], advice=advice)
        # As variables, all three reach the pip that pip starts for a build. Since 25.3 that one
        # reads the last. Constraints are split at blanks: the name is relative to ROOT.
        pins = dict.fromkeys(("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"), "constraints.txt")
        pip = [str(place / "bin/python"), "-I", "-m", "pip", "install", "-e", ".[dev]"]
        variables = {"PIP_RETRIES": "10", **pins}
        run(pip, advice=advice, attempts=ATTEMPTS, variables=variables)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    new = ROOT / ".venv.new"
    new.unlink(missing_ok=True)
    new.symlink_to(place.relative_to(ROOT))
    new.replace(LINK)
    for old in STORE.iterdir():
        if old not in (place, before):
            shutil.rmtree(old)


def stale_catalogues() -> bool:
    """Say whether a translation is newer than what was compiled from it."""
    for source in (ROOT / "umsalert" / "locale").glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            return True
    return False


def compile_catalogues() -> None:
    """Compile the translations as the build of a wheel does."""
    code = "import hatch_build, pathlib; hatch_build.compile_catalogues(pathlib.Path())"
    run([str(LINK / "bin/python"), "-c", code], advice="Correct the .po file named above.")


def run(
    command: Sequence[str],
    *,
    advice: str,
    attempts: int = 1,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Run without a word; a network that stutters gets another chance; show all on failure."""
    for attempt in range(1, attempts + 1):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode == 0:
            return
        if attempt < attempts:
            say(f"attempt {attempt} of {attempts} failed, trying again")
            time.sleep(5 * attempt)
    sys.stderr.buffer.write(done.stdout)
    raise PreparationError(f"{shlex.join(command)} ended with {done.returncode}. {advice}")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold a lock that the kernel gives back however this process ends."""
    with (ROOT / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another script that prepares .venv")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(sentence: str) -> None:
    """Tell what takes time; stdout belongs to the program that comes after."""
    print(f"environment: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except PreparationError as problem:
        say(str(problem))
        sys.exit(FAILED)
