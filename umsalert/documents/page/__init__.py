"""A report as one page of HTML: no network, no script; for a screen, paper and a screen reader."""
