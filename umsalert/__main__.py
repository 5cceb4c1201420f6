"""`python -m umsalert` is `umsalert`."""

from umsalert.cli.main import run

if __name__ == "__main__":
    run()
