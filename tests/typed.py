"""What may stand on a command line or in a cell: any text at all, and the likely near misses."""

from __future__ import annotations

from hypothesis import strategies as st


def typed(likely: str) -> st.SearchStrategy[str]:
    """Return texts of any characters, also of lone surrogates, and texts of the likely ones.

    Python hands over a byte of the command line that is no UTF-8 as a lone surrogate.
    """
    return st.text(st.characters()) | st.text(alphabet=likely)
