"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from umsalert.settings.loading import (
    CONFIG_NAME,
    DATABASE_NAME,
    configured_language,
    home_folder,
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
    is_loopback,
    simulated,
)

__all__ = [
    "CONFIG_NAME",
    "DATABASE_NAME",
    "AlertSettings",
    "RateSettings",
    "Secret",
    "ServeSettings",
    "Settings",
    "SimulationSettings",
    "SmtpSettings",
    "VonageSettings",
    "configured_language",
    "home_folder",
    "is_loopback",
    "load",
    "simulated",
]
