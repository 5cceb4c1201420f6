"""A fork of the zygote is as good as a new Python: guarded, and with nothing of those before it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.running.process import Forked, fresh, started
from tests.running.zygote import STREAMS

MODULE = "tests.running.statement"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(params=[started, fresh], ids=["forked", "fresh"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return what runs a statement of Python in a process of each kind."""

    def runs(statement: str, **environ: str) -> tuple[int, str, str]:
        process = request.param(
            statement, environ={**os.environ, **environ}, module=MODULE, stdin=subprocess.PIPE
        )
        assert isinstance(process, Forked) == (request.param is started)
        out, err = process.communicate(b"given")
        return process.returncode, out.decode(), err.decode()

    return runs


def test_it_is_guarded(run: Run) -> None:
    """It reaches no other machine, and says so by ending badly."""
    code, _out, err = run("import socket; socket.getaddrinfo('provider.example', 443)")
    assert code == 1
    assert "OutsideWorldError" in err


def test_its_end_is_told(run: Run) -> None:
    """An exit code and a signal both arrive."""
    assert run("raise SystemExit(75)")[0] == 75
    assert run("raise SystemExit('a sentence')")[::2] == (1, "a sentence\n")
    kill = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    assert run(kill)[0] == -signal.SIGKILL


def test_it_is_interrupted_like_any_other(run: Run) -> None:
    """Ctrl-C raises in it, though the zygote does not hear it."""
    code, _out, err = run(f"import os; os.kill(os.getpid(), {int(signal.SIGINT)})")
    assert "KeyboardInterrupt" in err
    assert code == -signal.SIGINT


def test_it_has_its_own_streams_and_variables(run: Run) -> None:
    """What one was given does not reach the next."""
    tell = "import os, sys; print(sys.stdin.read(), os.environ.get('UMSALERT_X'), end='|')"
    assert run(tell, UMSALERT_X="1")[1] == "given 1|"
    assert run(tell)[1] == "given None|"


def test_it_has_no_file_of_another(run: Run) -> None:
    """Streams, and the database of PROJ: neither pipes of others nor the zygote's control."""
    found = run("import os; print(*(os.readlink(e) for e in os.scandir('/proc/self/fd')))")[1]
    files = [name for name in found.split() if not name.startswith("/proc/")]
    others = [name for name in files if not name.endswith("/proj.db")]
    assert len(others) == STREAMS, files


def test_a_warning_ends_it(run: Run) -> None:
    """As everywhere in the tests."""
    assert "UserWarning" in run("import warnings; warnings.warn('x')")[2]


@pytest.mark.parametrize(
    "variable", [{"LANG": "C"}, {"PYTHONUTF8": "0"}, {"UMSALERT_LANG": "fr"}, {"COLUMNS": "40"}]
)
def test_what_decides_at_the_start_gets_a_new_python(variable: dict[str, str]) -> None:
    """A variable that Python or an import looks at is never one that the zygote has not."""
    process = started("--version", environ={**os.environ, **variable})
    process.communicate()
    assert not isinstance(process, Forked)


def test_time_runs_out() -> None:
    """Waiting with a limit raises, and the process can be waited for again."""
    process = started("import time; time.sleep(60)", environ=os.environ, module=MODULE)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    assert process.poll() is None
    process.terminate()
    process.communicate()
    assert process.returncode == -signal.SIGTERM
