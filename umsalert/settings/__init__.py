"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from umsalert.settings.loading import (
    CONFIG_NAME,
    DATABASE_NAME,
    Inspection,
    config_file,
    configured_language,
    home_folder,
    inspect,
    load,
)
from umsalert.settings.values import (
    AlertSettings,
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
    "RateSettings",
    "Secret",
    "ServeSettings",
    "Settings",
    "SimulationSettings",
    "SmtpSettings",
    "VonageSettings",
    "config_file",
    "configured_language",
    "flatten",
    "home_folder",
    "host_of",
    "inspect",
    "is_loopback",
    "load",
    "simulated",
    "variable",
]
