"""Runs commands as several accounts, each in a fork of a process that has everything imported.

Reads lines of JSON, `[account, words]`, and prints the exit code and the error code of each.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile

import umsalert.cli.app
import umsalert.store.store
import umsalert.wiring  # noqa: F401 - so that no fork has to
from umsalert.cli.main import run


def ended(account: str, words: list[str]) -> tuple[int, str]:
    """Run one command; return its exit code, and the code of its error."""
    with tempfile.TemporaryFile("w+") as err, open(os.devnull, "r+") as null:  # noqa: PTH123
        child = os.fork()
        if not child:
            os.environ["SUDO_USER"] = account
            for number, stream in enumerate((null, null, err)):
                os.dup2(stream.fileno(), number)
            run([*words, "--json"] if "photo" not in words else words)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        err.seek(0)
        lines = err.read().splitlines()
    with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
        return code, json.loads(lines[-1])["error"]["code"]
    return code, ""


if __name__ == "__main__":
    json.dump([ended(*json.loads(line)) for line in sys.stdin], sys.stdout)
