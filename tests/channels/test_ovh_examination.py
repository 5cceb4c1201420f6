"""What `doctor --online` says of an SMS account at OVHcloud."""

from __future__ import annotations

import pytest

from tests.channels.carriers import HttpAnswer, OvhCarrier
from tests.channels.workshop import Workshop
from umsalert.channels import registry
from umsalert.channels.ovh.webhooks import PATH
from umsalert.model import CheckResult, CheckStatus

CALLBACK = f"https://alerte.example.org{PATH}?token=secret%20in%20the%20address"
SERVICE = {"status": "enable", "creditsLeft": 1234.5, "callBack": CALLBACK}
SENDER = {"sender": "POLICE", "status": "enable"}


class AccountCarrier(OvhCarrier):
    """An account: what stands at each path below it."""

    def __init__(self, service: object, sender: object, status: int = 200) -> None:
        super().__init__(1_700_000_000)
        self.pages = {b"": HttpAnswer(status, service), b"/senders/POLICE": HttpAnswer(200, sender)}
        if sender is None:
            self.pages[b"/senders/POLICE"] = HttpAnswer(404)

    def told(self, head: bytes) -> HttpAnswer:
        """Answer by the path."""
        path = head.split(b" ")[1].removeprefix(b"/1.0/sms/sms-ab12345-1")
        return self.pages.get(path) or super().told(head)


async def examined(workshop: Workshop, carrier: OvhCarrier) -> dict[str, CheckResult]:
    """Return the findings by name."""
    await workshop.start(carrier)
    found = await registry.examine("ovh", workshop.settings(carrier.port))
    assert all(item.fix or item.status is CheckStatus.OK for item in found)
    assert not any("secret in the address" in item.message + item.fix for item in found)
    return {item.name: item for item in found}


async def test_an_account_in_order_is_fine(workshop: Workshop) -> None:
    """Keys, credits, sender and receipts are each named; nothing is posted."""
    carrier = AccountCarrier(SERVICE, SENDER)
    found = await examined(workshop, carrier)
    assert list(found) == ["ovh_account", "ovh_credits", "ovh_sender", "ovh_receipts"]
    assert {item.status for item in found.values()} == {CheckStatus.OK}
    assert "1234.5" in found["ovh_credits"].message
    assert carrier.taken == []


async def test_receipts_within_this_machine_need_no_https(workshop: Workshop) -> None:
    """The simulator sends them so: nobody listens on the way."""
    near = CALLBACK.replace("https://alerte.example.org", "http://127.0.0.1:1")
    assert near.startswith("http://127.0.0.1")
    found = await examined(workshop, AccountCarrier(SERVICE | {"callBack": near}, SENDER))
    assert found["ovh_receipts"].status is CheckStatus.OK


@pytest.mark.parametrize(
    ("service", "sender", "name", "status"),
    [
        ({"status": "disable"}, SENDER, "ovh_account", CheckStatus.FAILED),
        ({"creditsLeft": 0}, SENDER, "ovh_credits", CheckStatus.FAILED),
        ({"creditsLeft": 499}, SENDER, "ovh_credits", CheckStatus.WARNING),
        ({}, None, "ovh_sender", CheckStatus.FAILED),
        ({}, {"status": "waitingValidation"}, "ovh_sender", CheckStatus.FAILED),
        ({}, {"status": "refused"}, "ovh_sender", CheckStatus.FAILED),
        ({}, {"status": "disable"}, "ovh_sender", CheckStatus.FAILED),
        ({"callBack": None}, SENDER, "ovh_receipts", CheckStatus.WARNING),
        ({"callBack": CALLBACK + "x"}, SENDER, "ovh_receipts", CheckStatus.WARNING),
        ({"callBack": CALLBACK.replace("s:", ":", 1)}, SENDER, "ovh_receipts", CheckStatus.WARNING),
        ({"callBack": "https://[other"}, SENDER, "ovh_receipts", CheckStatus.WARNING),
    ],
)
async def test_each_fault_is_named_alone(
    workshop: Workshop, service: dict[str, object], sender: object, name: str, status: CheckStatus
) -> None:
    """One thing is wrong, one finding says so with what to do."""
    found = await examined(workshop, AccountCarrier(SERVICE | service, sender))
    assert {
        key: item.status for key, item in found.items() if item.status is not CheckStatus.OK
    } == {name: status}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HttpAnswer(403), "consumer_key"),
        (HttpAnswer(404), "service_name"),
        (HttpAnswer(500), "Try again"),
        (HttpAnswer(200, ["x"]), "Try again"),
        (HttpAnswer(200, {"status": "enable"}), "Try again"),
    ],
)
async def test_an_account_that_does_not_tell_is_one_finding(
    workshop: Workshop, answer: HttpAnswer, said: str
) -> None:
    """Refused keys are for the settings, everything else for later."""
    carrier = AccountCarrier(answer.body, SENDER, answer.status)
    found = await examined(workshop, carrier)
    assert list(found) == ["ovh_account"]
    assert found["ovh_account"].status is CheckStatus.FAILED
    assert said in found["ovh_account"].fix


async def test_a_closed_port_is_one_finding(workshop: Workshop) -> None:
    """Nobody listens there."""
    (finding,) = await registry.examine("ovh", workshop.settings(1))
    assert (finding.name, finding.status) == ("ovh_account", CheckStatus.FAILED)


async def test_an_account_that_is_not_set_up_is_not_asked(workshop: Workshop) -> None:
    """Nothing is found where nothing is set."""
    settings = workshop.settings(1)
    assert await registry.examine("ovh", settings._replace(ovh=type(settings.ovh)())) == ()
