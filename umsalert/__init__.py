"""umsalert: alert vetted private-security guards around an incident."""

__version__ = "0.1.0"
