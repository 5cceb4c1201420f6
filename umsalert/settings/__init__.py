"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from umsalert.settings.loading import (
    CONFIG_NAME,
    DATABASE_NAME,
    Inspection,
    account,
    config_file,
    configured_language,
    default_settings,
    home_folder,
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
    "configured_language",
    "default_settings",
    "flatten",
    "home_folder",
    "host_of",
    "inspect",
    "is_loopback",
    "load",
    "simulated",
    "variable",
]
