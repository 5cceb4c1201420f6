"""Free words of a guard, understood generously, in French and in English.

What nobody here understands is a sighting: then an officer reads it. The other way round, a
sighting that is taken for an "OK" would be read by nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from umsalert.model import Answer, ReplyKind, Said

MAX_CHARS = 2000
"""Of the words that are kept beside the raw form: what a person writes on a telephone."""

_CODE = re.compile(r"\b([0-9]{8}-[2-9a-z]{4})\b|(?:\bref\b[ .:]*|#)([2-9a-z]{4})\b")
"""An alert's reference, whole or its end: `ref. 7kfm`, `#7kfm`."""

_ACKNOWLEDGED = frozenset(
    """
1 ok okay oui o yes y ack recu recue bien lu vu vue ras rien a signaler entendu compris d accord
dac confirme confirmee note c est roger received noted understood copy thanks thank you merci
message msg prise en compte pris nous de la j ai je on we got it all clear bonjour
bonsoir hello salut cordialement reponse approuve
""".split()  # noqa: SIM905 - a vocabulary is read as words
)
_ALONE = {
    "2": ReplyKind.SIGHTING,
    "3": ReplyKind.LOCKED_DOWN,
    **dict.fromkeys(("4", "non", "no"), ReplyKind.CANNOT),
    **dict.fromkeys(("5", "stop", "arret"), ReplyKind.WRONG_PERSON),
}
"""What means something only where nothing else is written: the keys of a call, an opting out."""
_PHRASES: tuple[tuple[ReplyKind, str], ...] = (
    (
        ReplyKind.WRONG_PERSON,
        r"desabonn\w*|unsubscribe|(mauvais|faux) (numero|destinataire)"
        r"|erreur de (numero|destinataire)|wrong (number|person)|(ce n )?est pas moi|pas moi"
        r"|ne travaille plus|plus (chez|dans|a) (la|cette|ce|l)|not me|no longer work\w*",
    ),
    (
        ReplyKind.CANNOT,
        r"impossible|(ne )?peu[xt] pas|(pas |in)disponible|indispo|pas en (service|poste)"
        r"|(en|de) repos|en conges?|absente?|cannot|can t|unable|(not on|off) duty|not available",
    ),
    (
        ReplyKind.LOCKED_DOWN,
        r"(site |tout )?(est )?confinee?s?|confinement( est)? (fait|effectue|ok|en place)"
        r"|verrouillee?s?|en surete|mise en surete|portes? fermees?|locked( down)?"
        r"|lock ?down (done|ok|in place)|secured|securisee?",
    ),
)
_SEEN = re.compile(
    r"\b(vue?s?|apercue?s?|voi[ts]|voyons|reperee?s?|pass\w+|vient|dirige|court|marche|parti\w*"
    r"|direction|sort|sorti\w*|entre|entree?|il est|elle est|ils sont|devant|derriere|saw|see|sees"
    r"|seen|spotted|heading|running|walking|suspect|he is|she is|they are|near|towards?"
    r"|quelqu un|interpell\w*|arretee?s?|someone|somebody)\b"
)
_NOTHING = re.compile(
    r"\b(rien|personne|aucune?|pas( \w+){0,2} vue?s?|(n|ne) (ai|avons|a)?( \w+)? ?(pas|vois)"
    r"|nobody|nothing|not seen|haven t|no one|pas vue?s?|ras)\b"
)
_NEGATED = re.compile(
    r"\b(?:(?:je|j|on|nous|y|il y|i|we) )?(?:(?:n|ne) )?"
    r"(?:(?:y )?(?:ai|avons|a|vois|voit|voyons|have|saw|seen?|vue?s?|apercue?s?) )?"
    r"(?:rien|personne|pas|aucune?(?! doute)|nobody|nothing|no one|not|haven t|ras)"
    r"(?: (?:du tout|encore|de suspect|suspect|d anormal|de special|de particulier|a signaler"
    r"|en vue|correspondant|homme|individu|personne|mouvement|seen|saw))*"
    r"(?: (?:vue?s?|apercue?s?|reperee?s?|passee?s?|vois|voit|seen))?\b"
)
"""What says that nothing was seen, with all that it denies."""
_ALL_THE_SAME = re.compile(
    r"\b(?:part|vers|fuit|fuite|monte|c est (?:lui|elle|bien)|mais (?:lui|elle|une?|il|ils|but)"
    r"|but (?:he|she|they|an?)|(?:ils?|elles?) (?:n|ne) (?!y\b)|armee?s?|couteau"
    r"|(?:une|la|cette) personne|(?<!aucune )personne (?:qui|correspond\w*|suspecte))\b"
)
"""What tells of somebody, in one sentence with a negation."""
_SOMEBODY = re.compile(
    r"\b(?:individu\w*|suspecte?s?|(?:une?|l|cet|cette|la) (?:homme|femme)"
    r"|(?:ils?|elles?) n (?:est|sont))\b"
)
"""Who is spoken of where a phrase would speak of the guard: "il n'est plus dans la gare"."""
_YES_FIRST = re.compile(r"(1|ok|okay|oui|yes|recu|compris|entendu|bien recu|d accord)\b")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_THUMB = re.compile("[\N{THUMBS UP SIGN}\N{WHITE HEAVY CHECK MARK}\N{OK HAND SIGN}]")


def understand(said: Said) -> Answer:
    """Return what a guard's words mean, with the reference of an alert that they name."""
    words = _plain(said.text)
    code = _CODE.search(words)
    if code:
        words = f"{words[: code.start()]} {words[code.end() :]}"
    kind = _kind(" ".join(re.findall(r"[a-z0-9]+", words)), thumb=bool(_THUMB.search(said.text)))
    alert_ref = said.tie.alert_ref or (code and (code[1] or code[2])) or ""
    return Answer(
        kind=kind,
        source=said.source,
        raw=said.raw,
        occurred_at=said.occurred_at,
        tie=replace(said.tie, alert_ref=alert_ref),
        text=said.text.strip()[:MAX_CHARS],
    )


def _kind(words: str, *, thumb: bool) -> ReplyKind:
    if not words:
        return ReplyKind.ACKNOWLEDGED if thumb else ReplyKind.SIGHTING
    if set(words.split()) <= _ACKNOWLEDGED:
        return ReplyKind.ACKNOWLEDGED
    if words in _ALONE:
        return _ALONE[words]
    return _phrase(words, re.fullmatch) or _sentence(words)


def _sentence(words: str) -> ReplyKind:
    if _NOTHING.search(words):
        rest = _NEGATED.sub(" ", words)
        told = _SEEN.search(rest) or _ALL_THE_SAME.search(words)
        return ReplyKind.SIGHTING if told else ReplyKind.ACKNOWLEDGED
    if _SEEN.search(words):
        return ReplyKind.SIGHTING
    if kind := _phrase(words, re.search):
        return ReplyKind.SIGHTING if _SOMEBODY.search(words) else kind
    return ReplyKind.ACKNOWLEDGED if _YES_FIRST.match(words) else ReplyKind.SIGHTING


def _phrase(words: str, find: Callable[[str, str], re.Match[str] | None]) -> ReplyKind | None:
    found = (kind for kind, phrase in _PHRASES if find(rf"\b(?:{phrase})\b", words))
    return next(found, None)


def _plain(text: str) -> str:
    """Return `text` in small letters, without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    plain = "".join(c for c in letters if not unicodedata.combining(c)).replace("’", "'")
    return _INITIALS.sub(lambda found: found[0].replace(".", ""), plain)
