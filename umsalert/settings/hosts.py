"""Which server a provider is: whether it is this machine decides what may leave."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from operator import attrgetter
from urllib.parse import urlsplit

from umsalert.settings.values import Settings, providers

CHANNELS = ("sms", "voice", "email")

_ENDPOINTS: Mapping[tuple[str, str], str] = {
    ("sms", "vonage"): "vonage.messages_url",
    ("voice", "vonage"): "vonage.calls_url",
    ("sms", "ovh"): "ovh.api_url",
    ("sms", "gateway"): "gateway.sms_url",
    ("voice", "gateway"): "gateway.voice_url",
    ("sms", "apprise"): "apprise.sms_url",
    ("email", "smtp"): "smtp.host",
    ("email", "apprise"): "apprise.email_url",
}
"""The setting that says where a channel connects to: a URL or a host."""

_OF_A_SERVER = {"http", "https", "json", "jsons", "form", "forms", "xml", "xmls"}
"""URLs that connect to the host they name. In Apprise's others a login may stand there."""


def host_of(url: str) -> str:
    """Return the host of a URL, empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a bracket without its pair
        return ""


def is_loopback(host: str) -> bool:
    """Say whether `host` names this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def endpoint_host(settings: Settings, channel: str, provider: str) -> str:
    """Return the host that a provider is reached at, empty where none is set or named."""
    value: str = attrgetter(_ENDPOINTS[channel, provider])(settings)
    scheme, found, _rest = value.partition("://")
    if not found:
        return value
    return host_of(value) if scheme.lower() in _OF_A_SERVER else ""


def simulated(settings: Settings) -> bool:
    """Say whether every provider is on this machine: the carrier simulator, not a real account."""
    chosen = {(channel, name) for channel in CHANNELS for name in providers(settings, channel)}
    return all(
        is_loopback(endpoint_host(settings, *pair))
        for pair in chosen & _ENDPOINTS.keys()
        if attrgetter(_ENDPOINTS[pair])(settings)
    )
