"""The account behind the application: what is left on it, which numbers it has.

The official SDK asks; with its defaults it would wait for ever and repeat a request that was
read, so every limit is set here. Like the alerts it takes no proxy and no ~/.netrc.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from umsalert.errors import ConfigurationError, TemporaryError, UmsalertError
from umsalert.i18n import _
from umsalert.settings import Settings

TIMEOUT_S = 10
"""To connect, and again between two bytes of the answer."""
MAX_PAGES = 20
"""2,000 numbers: an account that goes on answering with a next page must not hold us."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A number of the account. `features` are VOICE, SMS, MMS; `application_id` may be empty."""

    e164: str
    features: frozenset[str]
    application_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the account says of itself."""

    balance_eur: float
    numbers: tuple[OwnNumber, ...]


async def read(settings: Settings) -> Account:
    """Return balance and numbers.

    Raises ConfigurationError when key and secret are missing or refused, TemporaryError when no
    readable answer came.
    """
    return await _ask(settings, lambda client: Account(_balance(client), tuple(_numbers(client))))


async def balance_eur(settings: Settings) -> float:
    """Return what is left, in euros. Raises as `read` does."""
    return await _ask(settings, _balance)


async def _ask(settings: Settings, question: Callable[[Any], T]) -> T:
    vonage = settings.vonage
    if not (vonage.api_key and vonage.api_secret):
        raise ConfigurationError(
            "account_not_set",
            _("vonage.api_key and vonage.api_secret are not set."),
            hint=_("Both stand on the first page of the Vonage dashboard."),
        )

    def work() -> T:
        with _client(settings) as client, _explained(settings):
            return question(client)

    return await asyncio.to_thread(work)


@contextlib.contextmanager
def _client(settings: Settings) -> Iterator[Any]:
    from vonage_http_client import Auth, HttpClient, HttpClientOptions

    # At DEBUG the SDK logs its Authorization header, at WARNING whole answers.
    logging.getLogger("vonage").setLevel(logging.CRITICAL)
    vonage = settings.vonage
    client = HttpClient(
        Auth(api_key=vonage.api_key, api_secret=str(vonage.api_secret)),
        HttpClientOptions(
            rest_host=urlsplit(vonage.account_url).netloc,
            timeout=TIMEOUT_S,
            max_retries=0,
            pool_maxsize=1,  # its loop over lost connections counts to this
        ),
    )
    with contextlib.closing(client._session) as session:  # the SDK has no way to close it
        session.trust_env = False
        if vonage.ca_file:
            session.verify = str(vonage.ca_file)
        yield client


@contextlib.contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException, SSLError
    from vonage_http_client import AuthenticationError, ForbiddenError, HttpRequestError

    host = urlsplit(settings.vonage.account_url).netloc
    try:
        yield
    except (AuthenticationError, ForbiddenError) as error:
        raise ConfigurationError(
            "account_refused",
            _("Vonage refuses vonage.api_key with vonage.api_secret."),
            hint=_("Copy both again from the Vonage dashboard."),
        ) from error
    except HttpRequestError as error:
        raise _no_answer(_("HTTP status {status}").format(status=error.response.status_code)) from (
            error
        )
    except SSLError as error:
        raise ConfigurationError(
            "account_certificate",
            _("The certificate of {host} is refused.").format(host=host),
            hint=_("Check vonage.account_url and vonage.ca_file."),
        ) from error
    except (ConnectTimeout, ReadTimeout) as error:
        reason = _("{host} did not answer within {n} s").format(host=host, n=TIMEOUT_S)
        raise _no_answer(reason) from error
    except RequestException as error:
        raise _no_answer(_("{host} could not be reached").format(host=host)) from error
    except OSError as error:  # requests looks for the file of authorities itself
        raise ConfigurationError(
            "ca_file_invalid",
            _("The certificate authority {file} cannot be read.").format(
                file=settings.vonage.ca_file
            ),
            hint=_("Give ca_file a readable PEM file with the authority's certificate."),
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # pydantic's errors are ValueErrors; an empty answer is a None that the SDK unpacks
        raise _no_answer(_("{host} gave an answer that cannot be read").format(host=host)) from (
            error
        )


def _no_answer(reason: str) -> UmsalertError:
    return TemporaryError(
        "account_unavailable",
        _("The Vonage account could not be read: {reason}.").format(reason=reason),
        hint=_("Try again in a moment; check vonage.account_url and the firewall."),
    )


def _balance(client: Any) -> float:  # noqa: ANN401 - the SDK's client, imported on use
    from vonage_account import Account as AccountApi

    return float(AccountApi(client).get_balance().value)


def _numbers(client: Any) -> Iterator[OwnNumber]:  # noqa: ANN401 - as above
    from vonage_numbers import ListOwnedNumbersFilter, Numbers

    page: int | None = 1
    while page and page <= MAX_PAGES:
        found, _count, page = Numbers(client).list_owned_numbers(ListOwnedNumbersFilter(index=page))
        for number in found:
            yield OwnNumber(
                e164=f"+{number.msisdn}",
                features=frozenset(number.features or ()),
                application_id=number.app_id or _linked(number),
            )


def _linked(number: Any) -> str:  # noqa: ANN401 - as above
    """Return the application that answers calls to a number; it may be a SIP address instead."""
    return number.voice_callback_value or "" if number.voice_callback_type == "app" else ""
