"""Settings: defaults < TOML file < UMSALERT_* < flags. All problems are reported at once.

Every value knows where it came from (`Settings.origins`); secrets come from the environment or
from a file of mode 0600, never from a flag, and are masked by `Secret`.
"""

from umsalert.home import CONFIG_NAME, config_file
from umsalert.settings.hosts import endpoint_host, host_of, is_loopback, simulated
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
    AppriseSettings,
    CallRateSettings,
    EmailSettings,
    GatewaySettings,
    LogSettings,
    OvhSettings,
    PriceSettings,
    RateSettings,
    Secret,
    ServeSettings,
    Settings,
    SimulationSettings,
    SmsSettings,
    SmtpSettings,
    VoiceSettings,
    VonageSettings,
    flatten,
    known_providers,
    providers,
    rate,
    signing_key,
    variable,
)

__all__ = [
    "CONFIG_NAME",
    "DATABASE_NAME",
    "AlertSettings",
    "AppriseSettings",
    "CallRateSettings",
    "EmailSettings",
    "GatewaySettings",
    "Inspection",
    "LogSettings",
    "OvhSettings",
    "PriceSettings",
    "RateSettings",
    "Secret",
    "ServeSettings",
    "Settings",
    "SimulationSettings",
    "SmsSettings",
    "SmtpSettings",
    "VoiceSettings",
    "VonageSettings",
    "account",
    "config_file",
    "default_settings",
    "endpoint_host",
    "flatten",
    "host_of",
    "inspect",
    "is_loopback",
    "known_providers",
    "load",
    "providers",
    "rate",
    "signing_key",
    "simulated",
    "variable",
]
