"""Voice v1: calls that ring, are answered, and talk back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import vonage_voice
from aiohttp import web
from vonage_http_client import HttpClient

from tests.simulator.actors import Customer, Receiver, Start
from umsalert.simulator.record import Key, Record, Refused, Talk

TALK = {"action": "talk", "text": "Ne quittez pas votre site.", "language": "fr-FR"}


def prompt(url: str, **dtmf: int) -> dict[str, Any]:
    return {
        "action": "input",
        "type": ["dtmf"],
        "dtmf": {"maxDigits": 1, "timeOut": 10} | dtmf,
        "eventUrl": [url],
    }


def said(record: Record) -> list[str]:
    return [talk.text for talk in record.of(Talk)]


def events(receiver: Receiver) -> set[str]:
    return {r.body["status"] for r in receiver.requests if "status" in r.body}


def taken(*wanted: str) -> Callable[[Record], bool]:
    """Return the condition that these statuses were taken by the receiver."""
    return lambda record: (
        set(wanted)
        <= {post.payload.get("status") for post in record.webhooks if post.status == 200}
    )


async def test_the_vonage_sdk_places_a_call(customer: Customer, sdk: HttpClient) -> None:
    """The official SDK is answered as by Vonage."""
    request = vonage_voice.CreateCallRequest(
        to=[{"number": "33639980001"}],
        from_={"number": "33465710017"},
        ncco=[{"action": "talk", "text": "Bonjour"}],
    )
    answer = await asyncio.to_thread(vonage_voice.Voice(sdk).create_call, request)
    (call,) = customer.simulator.record.calls
    assert (answer.uuid, answer.status, answer.direction) == (call.uuid, "started", "outbound")
    assert (call.to, call.caller) == ("+33639980001", "33465710017")


async def test_a_call_goes_through_its_events(customer: Customer, receiver: Receiver) -> None:
    """The event URL hears each state, with the ids of the call."""
    status, answer = await customer.call(TALK, event_url=[receiver.url])
    assert status == 201
    await customer.until(taken("started", "ringing", "answered", "completed"))
    assert events(receiver) == {"started", "ringing", "answered", "completed"}
    last = next(r.body for r in receiver.requests if r.body["status"] == "completed")
    assert {name: last[name] for name in ("uuid", "conversation_uuid", "direction", "to")} == {
        "uuid": answer["uuid"],
        "conversation_uuid": answer["conversation_uuid"],
        "direction": "outbound",
        "to": "33639980001",
    }
    assert last["duration"] == "2"  # 26 characters at 15 a second


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("busy", {"started", "busy"}),
        ("unanswered", {"started", "ringing", "unanswered"}),
        ("unreachable", {"started", "failed"}),
    ],
)
async def test_nobody_picks_up(
    start: Start, receiver: Receiver, answer: str, heard: set[str]
) -> None:
    """A call that is not answered ends with its reason and plays nothing."""
    customer = await start(answers={"+33639980001": answer})
    await customer.call(TALK, event_url=[receiver.url])
    await customer.until(taken(*heard))
    assert events(receiver) == heard
    assert not said(customer.simulator.record)


async def test_nobody_picks_up_after_the_ringing_timer(start: Start, receiver: Receiver) -> None:
    """Whoever takes three seconds to the phone misses a call of one."""
    customer = await start(answers={"+33639980001": "1"})
    await customer.call(TALK, event_url=[receiver.url], ringing_timer=1)
    await customer.until(taken("unanswered"))
    assert not said(customer.simulator.record)


async def test_a_guard_hears_it_again_and_reports(start: Start, receiver: Receiver) -> None:
    """0 has the message repeated, then 2 is taken: each answer is the next NCCO."""
    customer = await start(answers={"+33639980001": "02"})
    ncco = [TALK, prompt(receiver.url)]

    def answer(body: dict[str, Any]) -> web.Response:
        if body.get("dtmf", {}).get("digits") == "0":
            return web.json_response(ncco)
        if body.get("dtmf", {}).get("digits") == "2":
            return web.json_response([{"action": "talk", "text": "Merci."}])
        return web.json_response({})

    receiver.answer = answer
    _, call = await customer.call(*ncco, event_url=[receiver.url])
    await customer.until(taken("completed"))
    record = customer.simulator.record
    assert said(record) == [TALK["text"], TALK["text"], "Merci."]
    assert [(key.digits, key.uuid) for key in record.of(Key)] == [
        ("0", call["uuid"]),
        ("2", call["uuid"]),
    ]
    presses = [r.body for r in receiver.requests if "dtmf" in r.body]
    assert [press["dtmf"] for press in presses] == [
        {"digits": "0", "timed_out": False},
        {"digits": "2", "timed_out": False},
    ]
    assert {press["conversation_uuid"] for press in presses} == {call["conversation_uuid"]}


async def test_silence_times_out(start: Start, receiver: Receiver) -> None:
    """A prompt without a press says so, and an empty answer lets the call go on."""
    customer = await start(answers={"+33639980001": ""})
    goodbye = {"action": "talk", "text": "Au revoir."}
    await customer.call(prompt(receiver.url), goodbye, event_url=[receiver.url])
    await customer.until(taken("completed"))
    presses = [r.body["dtmf"] for r in receiver.requests if "dtmf" in r.body]
    assert presses == [{"digits": "", "timed_out": True}]
    assert not customer.simulator.record.of(Key)
    assert said(customer.simulator.record) == ["Au revoir."]


async def test_a_call_that_is_always_asked_again_ends(start: Start, receiver: Receiver) -> None:
    """An application that repeats its prompt for ever is cut off at the call's length."""
    customer = await start(answers={"+33639980001": ""})
    ncco = [prompt(receiver.url)]
    receiver.answer = lambda _body: web.json_response(ncco)
    await customer.call(*ncco, event_url=[receiver.url], length_timer=35)
    await customer.until(taken("completed"))
    last = next(r.body for r in receiver.requests if r.body.get("status") == "completed")
    assert last["duration"] == "35"
    assert sum("dtmf" in r.body for r in receiver.requests) == 3


async def test_a_key_survives_a_server_that_is_away(start: Start, receiver: Receiver) -> None:
    """The call ends, the press is delivered later."""
    customer = await start(answers={"+33639980001": "1"})
    refused = [web.Response(status=503)]
    receiver.answer = lambda body: (
        refused.pop() if "dtmf" in body and refused else web.json_response([TALK])
    )
    await customer.call(prompt(receiver.url), event_url=[receiver.url])
    await customer.until(
        lambda record: (
            taken("completed")(record)
            and any("dtmf" in post.payload and post.status == 200 for post in record.webhooks)
        ),
    )
    assert [key.digits for key in customer.simulator.record.of(Key)] == ["1"]
    assert not said(customer.simulator.record)


@pytest.mark.parametrize(
    ("answer", "parameters"),
    [
        (web.Response(text="<html>"), ["ncco"]),
        (web.json_response({"error": "x"}), ["ncco"]),
        (web.json_response([{"action": "record"}]), ["ncco[0].action"]),
        (
            web.json_response([prompt("https://carrier.example/")]),
            ["ncco[0].eventUrl"],
        ),
    ],
)
async def test_an_answer_that_cannot_be_played_ends_the_call(
    start: Start, receiver: Receiver, answer: web.Response, parameters: list[str]
) -> None:
    """What is not an NCCO, or would call another machine, is recorded as refused."""
    customer = await start(answers={"+33639980001": "1"})
    receiver.answer = lambda body: answer if "dtmf" in body else web.json_response({})
    await customer.call(prompt(receiver.url), TALK, event_url=[receiver.url])
    await customer.until(taken("completed"))
    (refused,) = customer.simulator.record.of(Refused)
    assert refused.parameters == parameters
    assert not said(customer.simulator.record)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"to": [{"type": "phone", "number": "+33639980001"}]}, "to"),
        ({"to": []}, "to"),
        ({"to": [{"type": "sip", "uri": "sip:a@carrier.example"}]}, "to"),
        ({"from": {"type": "phone", "number": "UMSALERT"}}, "from"),
        ({"event_url": ["https://carrier.example/"]}, "event_url"),
        ({"event_url": "http://127.0.0.1/"}, "event_url"),
        ({"event_method": "GET"}, "event_method"),
        ({"ringing_timer": 121}, "ringing_timer"),
        ({"length_timer": 0}, "length_timer"),
        ({"ncco": []}, "ncco"),
        ({"ncco": ["talk"]}, "ncco[0].action"),
        ({"ncco": [{"action": "talk", "text": "x" * 1501}]}, "ncco[0].text"),
        ({"ncco": [{"action": "stream"}]}, "ncco[0].action"),
        ({"ncco": [{"action": []}]}, "ncco[0].action"),
        ({"ncco": [prompt("http://127.0.0.1/", timeOut=11)]}, "ncco[0].dtmf"),
        ({"ncco": [prompt("http://192.0.2.1/")]}, "ncco[0].eventUrl"),
        ({"ncco": [{"action": "input", "type": ["dtmf"]}]}, "ncco[0].eventUrl"),
    ],
)
async def test_an_invalid_call_is_refused(
    customer: Customer, changes: dict[str, Any], name: str
) -> None:
    """A call that Vonage would refuse, or that would leave this machine, names its parameter."""
    status, problem = await customer.call(**{"ncco": [TALK]} | changes)
    assert status == 400
    assert [item["name"] for item in problem["invalid_parameters"]] == [name]
    assert not customer.simulator.record.calls


async def test_too_many_calls_are_refused(start: Start) -> None:
    """Calls have an allowance of their own: the second is too much, an SMS still is not."""
    customer = await start(speed=0.001)
    assert (await customer.call(TALK))[0] == 201
    assert (await customer.call(TALK))[0] == 429
    assert (await customer.sms())[0] == 202


async def test_calls_need_the_key_too(customer: Customer) -> None:
    """The voice API asks for the same token."""
    status, _ = await customer.post(customer.simulator.calls_url, {}, "garbage")
    assert status == 401
