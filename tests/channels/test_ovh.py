"""SMS by OVHcloud keep the contract, are signed as its own library signs, and say what it means."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta

import ovh
import pytest

from tests.channels.carriers import Behaviour, HttpAnswer, OvhCarrier, ovh_error
from tests.channels.contract import ChannelContract
from tests.channels.workshop import NOW, Workshop
from umsalert.channels.ovh.signing import Request, signed
from umsalert.channels.ovh.sms import request_body
from umsalert.model import ChannelKind, Outcome, OutcomeKind

NUMBER = "+33639980042"
SMS = ChannelKind.SMS
NOW_S = int(NOW.timestamp())


class TestOvh(ChannelContract):
    """POST /sms/{serviceName}/jobs."""

    kind = SMS
    provider = "ovh"

    def carrier(self) -> OvhCarrier:
        """Return a carrier that answers as OVHcloud."""
        return OvhCarrier(NOW_S)


async def handed_to(workshop: Workshop, *answers: HttpAnswer) -> tuple[list[Outcome], OvhCarrier]:
    """Hand one SMS after the other to a carrier that gives these answers."""
    carrier = await workshop.start(OvhCarrier(NOW_S))
    carrier.answers = list(answers)
    channel = await workshop.open(SMS, carrier, "ovh")
    return [await channel.send(workshop.outgoing(SMS)) for _answer in answers], carrier


def headers(head: bytes) -> dict[str, str]:
    """Return the headers of a request, names in lower case."""
    lines = head.decode().split("\r\n")[1:-2]
    return {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_is_signed_as_the_official_library_signs_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Every header that proves a request is what python-ovh has sent for the same one."""
    carrier = await workshop.start(OvhCarrier(NOW_S))
    settings = workshop.settings(carrier.port).ovh
    keys = (settings.application_key, settings.application_secret, settings.consumer_key)
    client = ovh.Client("ovh-eu", *keys)
    client._endpoint = settings.api_url  # it knows OVHcloud's own addresses only
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(settings.ca_file))
    data = {"message": "Alerte, à 18 h 07"} if method == "POST" else None
    await asyncio.to_thread(client.raw_call, method, "/sms/sms-ab12345-1/jobs", data)
    client._session.close()
    theirs = headers(carrier.heads[-1])
    body = carrier.taken[0] if method == "POST" else b""
    request = Request(method, f"{settings.api_url}/sms/sms-ab12345-1/jobs", body)
    ours = signed(request, settings, int(theirs["x-ovh-timestamp"]))
    assert {name.lower(): value for name, value in ours.items()} == {
        name: value for name, value in theirs.items() if name.startswith("x-ovh-")
    }


async def test_the_request_on_the_wire_is_the_one_that_was_signed(workshop: Workshop) -> None:
    """The signature covers the bytes and the address that left, at the carrier's own time."""
    carrier = await workshop.start(OvhCarrier(NOW_S + 4000))
    channel = await workshop.open(SMS, carrier, "ovh")
    await channel.send(workshop.outgoing(SMS))
    await channel.send(workshop.outgoing(SMS))
    asked, first, second = carrier.heads
    assert asked.startswith(b"GET /1.0/auth/time ")
    assert first.startswith(b"POST /1.0/sms/sms-ab12345-1/jobs ")
    settings = workshop.settings(carrier.port).ovh
    url = f"{settings.api_url}/sms/sms-ab12345-1/jobs"
    expected = signed(Request("POST", url, carrier.taken[0]), settings, NOW_S + 4000)
    for head in (first, second):
        found = headers(head)
        assert {name: found[name.lower()] for name in expected} == expected


def test_an_sms_is_no_advertisement_and_dies_with_the_alert(workshop: Workshop) -> None:
    """One receiver, no STOP clause, high priority, and a life in whole minutes."""
    assert request_body(workshop.outgoing(SMS), workshop.settings(443).ovh, NOW) == {
        "charset": "UTF-8",
        "class": "phoneDisplay",
        "coding": "7bit",
        "message": "POLICE. Ne bougez pas.",
        "noStopClause": True,
        "priority": "high",
        "receivers": [NUMBER],
        "sender": "POLICE",
        "senderForResponse": False,
        "tag": "20261123-1815",
        "validityPeriod": 120,
    }


@pytest.mark.parametrize(("left_s", "minutes"), [(-5, 1), (59, 1), (119, 1), (10**7, 2880)])
def test_the_life_of_an_sms_stays_in_what_the_api_takes(
    workshop: Workshop, left_s: int, minutes: int
) -> None:
    """A minute at least, two days at most; in between never longer than the alert."""
    outgoing = replace(workshop.outgoing(SMS), expires_at=NOW + timedelta(seconds=left_s))
    body = request_body(outgoing, workshop.settings(443).ovh, NOW)
    assert body["validityPeriod"] == minutes


def test_other_letters_need_the_other_coding(workshop: Workshop) -> None:
    """What GSM-7 cannot say goes out as Unicode, which OVHcloud calls 8bit."""
    outgoing = workshop.outgoing(SMS)
    outgoing = replace(outgoing, text=replace(outgoing.text, encoding="UCS-2"))
    assert request_body(outgoing, workshop.settings(443).ovh, NOW)["coding"] == "8bit"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            HttpAnswer(200, OvhCarrier.report([], invalid=[NUMBER])),
            OutcomeKind.PERMANENT,
            "invalid_receiver",
        ),
        (HttpAnswer(200, {}), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(200, OvhCarrier.report([])), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(200, OvhCarrier.report([1, 2])), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(200, {"ids": [True]}), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(200, {"ids": ["7"]}), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(200, ["not an object"]), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (
            HttpAnswer(400, ovh_error("INVALID_SIGNATURE", "400 Bad Request", NUMBER)),
            OutcomeKind.MISCONFIGURED,
            "invalid_signature",
        ),
        (
            HttpAnswer(400, {"class": "Client::BadRequest", "message": NUMBER}),
            OutcomeKind.MISCONFIGURED,
            "client_badrequest",
        ),
        (HttpAnswer(401), OutcomeKind.MISCONFIGURED, "http_401"),
        (HttpAnswer(402), OutcomeKind.MISCONFIGURED, "http_402"),
        (
            HttpAnswer(403, ovh_error("NOT_GRANTED_CALL", "403 Forbidden", "x")),
            OutcomeKind.MISCONFIGURED,
            "not_granted_call",
        ),
        (HttpAnswer(404), OutcomeKind.MISCONFIGURED, "http_404"),
        (HttpAnswer(409), OutcomeKind.MISCONFIGURED, "http_409"),
        (HttpAnswer(460), OutcomeKind.MISCONFIGURED, "http_460"),
        (HttpAnswer(429), OutcomeKind.TEMPORARY, "http_429"),
        (HttpAnswer(503), OutcomeKind.TEMPORARY, "http_503"),
        (HttpAnswer(500), OutcomeKind.UNKNOWN, "http_500"),
        (HttpAnswer(502), OutcomeKind.UNKNOWN, "http_502"),
        (HttpAnswer(504), OutcomeKind.UNKNOWN, "http_504"),
    ],
)
async def test_an_answer_decides(
    workshop: Workshop, answer: HttpAnswer, kind: OutcomeKind, code: str
) -> None:
    """Only what the report calls an invalid receiver is a bad number: the rest is between us."""
    (outcome,), carrier = await handed_to(workshop, answer)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert NUMBER not in repr(outcome)
    assert len(carrier.taken) == 1


async def test_too_fast_is_throttled(workshop: Workshop) -> None:
    """429 slows us down, as long as OVHcloud says."""
    (outcome,), _carrier = await handed_to(workshop, HttpAnswer(429, headers={"Retry-After": "9"}))
    assert (outcome.throttled, outcome.retry_after_s) == (True, 9)


async def test_the_time_is_asked_again_when_it_is_wrong(workshop: Workshop) -> None:
    """A clock that jumped costs one refusal: nothing was taken, and the next is signed anew."""
    wrong = HttpAnswer(400, ovh_error("QUERY_TIME_OUT", "400 Bad Request", "Query out of time"))
    carrier = await workshop.start(OvhCarrier(NOW_S))
    carrier.answers = [carrier.accepted, wrong]
    channel = await workshop.open(SMS, carrier, "ovh")
    kinds = []
    for _nth in range(3):
        kinds.append((await channel.send(workshop.outgoing(SMS))).kind)
        carrier.time = HttpAnswer(200, NOW_S + 3600)
    assert kinds == [OutcomeKind.ACCEPTED, OutcomeKind.TEMPORARY, OutcomeKind.ACCEPTED]
    posts = [headers(head) for head in carrier.heads if head.startswith(b"POST")]
    assert [int(post["x-ovh-timestamp"]) - NOW_S for post in posts] == [0, 0, 3600]


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(500),
        HttpAnswer(200, "18:07"),
        HttpAnswer(200, True),
        HttpAnswer(0, raw=b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n17637"),
    ],
    ids=["error", "text", "switch", "cut"],
)
async def test_without_the_time_nothing_leaves(workshop: Workshop, answer: HttpAnswer) -> None:
    """A clock that cannot be read is no provider: no message was posted."""
    workshop.timeout_s = 3.0
    carrier = await workshop.start(OvhCarrier(NOW_S))
    carrier.time = answer
    channel = await workshop.open(SMS, carrier, "ovh")
    outcome = await channel.send(workshop.outgoing(SMS))
    assert outcome.kind is OutcomeKind.UNREACHABLE
    assert carrier.taken == []


async def test_many_at_once_ask_for_the_time_once(workshop: Workshop) -> None:
    """The first request asks, the others wait for it."""
    carrier = await workshop.start(OvhCarrier(NOW_S))
    channel = await workshop.open(SMS, carrier, "ovh")
    await asyncio.gather(*(channel.send(workshop.outgoing(SMS)) for _nth in range(9)))
    assert sum(head.startswith(b"GET") for head in carrier.heads) == 1
    assert len(carrier.taken) == 9


async def test_nothing_of_a_person_enters_the_log(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the number nor the text, whatever the carrier does with them."""
    caplog.set_level(logging.DEBUG)
    carrier = await workshop.start(OvhCarrier(NOW_S))
    carrier.address = NUMBER
    channel = await workshop.open(SMS, carrier, "ovh")
    for behaviour in (Behaviour.ACCEPT, Behaviour.REFUSE_FOR_GOOD, Behaviour.TAKE_AND_DROP):
        carrier.behaviour = behaviour
        outcome = await channel.send(workshop.outgoing(SMS))
        assert "639980042" not in repr(outcome)
    assert len(carrier.taken) == 3
    assert json.loads(carrier.taken[0])["message"] not in caplog.text
    assert "639980042" not in caplog.text
