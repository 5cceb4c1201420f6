"""Codes of deliveries in words: whoever reads a report a year later has no list of them."""

from __future__ import annotations

import pytest

from umsalert.channels.ovh import webhooks as ovh
from umsalert.model import DeliveryState
from umsalert.words.codes import code_sentence, code_words

OWN = "a code of the provider's own"
VONAGE = """1000 1010 1020 1021 1022 1030 1040 1050 1060 1070 1080 1090 1100 1110 1120 1130 1140
1150 1160 1170 1180 1190 1200 1210 1220 1230 1240 1241 1250 1260 1270 1280 1290 1300 1310 1320
1330 1340 1360 1370"""
"""https://developer.vonage.com/en/api-errors/messages, but for 1350, which is Facebook's."""
OURS = """site_acknowledged expired not_vetted cancelled sender_died no_answer connection_lost
connection_failed connect_timeout connection_refused dns_failed tls_handshake tls_certificate
answer_unreadable throttled rate_limit low_balance interrupted channel_fault withdrawn no_receipt
address_invalid invalid_receiver busy unanswered timeout machine rejected failed undelivered bounced
bounced_5.1.1 5.1.1 4.2.2 550 451 http_422 http_503"""


@pytest.mark.parametrize("number", VONAGE.split())
def test_every_number_of_vonage_has_words(number: str) -> None:
    """As refusals and receipts name it; the bare number may be anybody's."""
    assert code_words(f"messages_{number}") not in ("", OWN)
    assert code_words(number) == OWN


def test_every_ptt_that_ends_a_message_has_words() -> None:
    ends = [ptt for ptt, state in ovh._BY_PTT.items() if state is DeliveryState.UNDELIVERED]
    assert len(ends) > 10
    assert [ptt for ptt in ends if code_words(f"ptt_{ptt}") in ("", OWN)] == []


@pytest.mark.parametrize("code", OURS.split())
def test_our_own_codes_have_words(code: str) -> None:
    assert code_words(code) not in ("", OWN)


@pytest.mark.parametrize("code", ["messages_1999", "ptt_77", "no_such_word", "1350", "9"])
def test_a_code_that_nobody_knows_stays_readable(code: str) -> None:
    """An honest sentence, and the code, with which the provider can be asked."""
    assert code_sentence(code) == f"{OWN} ({code})"


def test_what_is_for_now_says_so() -> None:
    """A mailbox that is full today is no reason to strike it."""
    assert code_sentence("4.2.2") == "the mailbox is full, for now (4.2.2)"
    assert code_sentence("bounced_5.2.2") == "the mailbox is full (bounced_5.2.2)"
