"""Numbers of providers in words: Vonage's errors of its Messages API, OVHcloud's `ptt`.

Sources: https://developer.vonage.com/en/api-errors/messages, whose numbers stand in receipts
and refusals as `messages_1150`; https://help.ovhcloud.com/csm/en-sms-users.
"""

from __future__ import annotations

import re

from umsalert.i18n import _

_VONAGE = re.compile(r"messages_(1[0-9]{3})")
_OVH = re.compile(r"ptt_([0-9]{1,3})")


def number_words(code: str) -> str:
    """Return what a provider's number means; empty where its lists do not have it."""
    if found := _VONAGE.fullmatch(code):
        return _of_request(found[1]) or _of_account(found[1]) or _of_network(found[1])
    if found := _OVH.fullmatch(code):
        return _of_ptt(found[1])
    return ""


def _of_request(number: str) -> str:
    faulty = _("the provider found a mistake in our request")
    return {
        "1010": faulty,
        "1020": faulty,
        "1021": faulty,
        "1022": faulty,
        "1030": _("the provider failed inside"),
        "1040": _("the provider could not make out the number or the message"),
        "1090": _("the message was too long"),
        "1100": _("the provider could not hand it to the network"),
        "1110": _("the provider did not accept our key"),
        "1120": _("the provider refused the sender that we gave"),
        "1130": faulty,
        "1150": faulty,
        "1170": _("the number is missing or is none"),
        "1320": _("the provider had sent it already"),
        "1360": _("it became too old on the way"),
    }.get(number, "")


def _of_account(number: str) -> str:
    return {
        "1000": _("the provider asked for a slower pace"),
        "1060": _("the provider has locked our account"),
        "1070": _("nothing was left on the account"),
        "1080": _("our account may not send in this way"),
        "1140": _("our account may not send in this way"),
        "1160": _("our account may send to numbers only that were entered there before"),
        "1241": _("the provider had too many messages for this number"),
        "1370": _("the provider did not accept our key"),
    }.get(number, "")


def _of_network(number: str) -> str:
    return {
        "1050": _("the provider does not send to this number: it is on its block list"),
        "1180": _("the telephone was off or out of reach"),
        "1190": _("the number is no longer in use"),
        "1200": _("the number was moved to another operator, and was not found there"),
        "1210": _("the operator took it for unwanted advertising"),
        "1220": _("the telephone was busy or full"),
        "1230": _("the network could not do it"),
        "1240": _("the number has asked for no more messages (STOP), or is blocked"),
        "1250": _("no network knows the number"),
        "1260": _("the number could not be reached"),
        "1270": _("the operator does not let such words through to this number"),
        "1280": _("the operator blocks messages to this number"),
        "1290": _("nothing was left on the prepaid card of this number"),
        "1300": _("no network knows the number"),
        "1310": _("the telephone cannot receive such messages"),
        "1330": _("the operator failed and did not say why"),
        "1340": _("the network took it at other hours only"),
    }.get(number, "")


def _of_ptt(number: str) -> str:
    return {
        "5": _("the network gave up"),
        "8": _("the network could not deliver it in time"),
        "20": _("the network cannot deliver such a message"),
        "21": _("nothing was left on the prepaid card of this number"),
        "23": _("the number is wrong, blocked or no longer in use"),
        "24": _("the telephone was off or out of reach"),
        "25": _("the network could not do it"),
        "26": _("the telephone was busy or full"),
        "27": _("the telephone cannot receive such messages"),
        "28": _("the operator took it for unwanted advertising"),
        "29": _("the operator does not let such words through to this number"),
        "33": _("the operator does not let such words through to this number"),
        "39": _("the operator failed and did not say why"),
        "73": _("the number was moved to another operator, and was not found there"),
        "74": _("the telephone was abroad, where the network could not find it"),
        "76": _("the operator blocks messages to this number"),
        "202": _("the operator blocks messages to this number"),
    }.get(number, "")
