"""Adapters to providers; `registry` opens them by name."""
