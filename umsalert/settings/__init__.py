"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from umsalert.home import CONFIG_NAME, config_file
from umsalert.settings.loading import (
    DATABASE_NAME,
    Inspection,
    account,
    default_settings,
    inspect,
    load,
)
from umsalert.settings.values import (
    AlertSettings,
    LogSettings,
    PriceSettings,
    RateSettings,
    Secret,
    ServeSettings,
    Settings,
    SimulationSettings,
    SmtpSettings,
    VonageSettings,
    flatten,
    host_of,
    is_loopback,
    simulated,
    variable,
)

__all__ = [
    "CONFIG_NAME",
    "DATABASE_NAME",
    "AlertSettings",
    "Inspection",
    "LogSettings",
    "PriceSettings",
    "RateSettings",
    "Secret",
    "ServeSettings",
    "Settings",
    "SimulationSettings",
    "SmtpSettings",
    "VonageSettings",
    "account",
    "config_file",
    "default_settings",
    "flatten",
    "host_of",
    "inspect",
    "is_loopback",
    "load",
    "simulated",
    "variable",
]
