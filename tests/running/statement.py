"""`python -m tests.running.statement STATEMENT` runs it."""

import sys

if __name__ == "__main__":
    exec(sys.argv[1])  # noqa: S102
