"""Words that a check looks for, in French and English at once: officers mix the two.

All are written without accents and in small letters: `bare` makes a text comparable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache


def bare(text: str) -> str:
    """Return `text` without accents and in small letters, character by character."""
    return "".join(map(_bare, text))


@lru_cache(maxsize=1024)
def _bare(char: str) -> str:
    return unicodedata.normalize("NFKD", char)[0].lower()[0]


def _any_of(words: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(words)})\b"


def _found(pattern: str, text: str) -> Iterator[str]:
    """Yield, as they are written, the places of `text` where `pattern` matches its bare form."""
    for match in re.finditer(pattern, bare(text)):
        yield text[match.start() : match.end()]


_WHY = _any_of((
    # French. Not here: what describes a person or a car (armé, violent, suspect, accidenté).
    r"agress(?:ions?|ee?s?|eurs?|er)", r"assassin\w*", r"(?<!risque )(?<!urgence )attentats?",
    r"attaqu\w+", r"bagarre", r"braqu(?:ages?|eurs?|er)", r"cambriol\w+",
    r"coups? de (?:feu|couteau)", r"deced\w+", r"deces", r"delit de fuite", r"djihad\w*",
    r"enlevements?", r"escroc\w*", r"evade\w*", r"exhibitionnis\w*", r"fiche s", r"fusillade",
    r"harcel\w+", r"homicide\w*", r"menac(?:es?|ees?|er)", r"meurtr\w+", r"otages?",
    r"pedophil\w*", r"poignard\w+", r"radicalis\w+", r"renverse\w*", r"rixe", r"sequestr\w+",
    r"stupefiants?", r"drogue\w*", r"suicid\w*", r"terroris\w*", r"trafic d(?:es?)?",
    r"tu(?:ee?s?|er|eurs?)", r"victimes?", r"violences?", r"viol(?:ee?s?|s|eurs?)?",
    r"vol(?:ee?s?|s|eurs?|euses?|er)?", r"accuse\w* de", r"soupconne\w*",
    r"suspecte\w* d(?:es?|u)?", r"recherche\w* pour", r"mis\w* en cause", r"condamne\w*",
    r"auteure?s?", r"parce qu\w*", r"suite a", r"a cause d(?:es?|u)?",
    r"en raison d(?:es?|u)?",
    # English
    r"abduct\w+", r"assault\w*", r"attack\w*", r"bomb(?:s|ings?|e|es)?", r"burgl\w+", r"drugs?",
    r"hostages?", r"kidnap\w*", r"kill\w*", r"murder\w*", r"rap(?:e|es|ed|ist)",
    r"robb(?:ery|ed|er|ers)", r"shootings?", r"stabb\w+", r"stolen", r"terror\w*", r"theft",
    r"thie(?:f|ves)", r"victims?", r"accused of", r"suspected of", r"wanted for", r"because",
    r"hit[- ]and[- ]run", r"due to",
))  # fmt: skip
_WHY_NAMES = frozenset({
    "accusation", "cause", "causes", "crime", "delit", "infraction", "motif",
    "motifs", "motive", "offence", "offense", "pourquoi", "qualification", "raison", "reason",
    "reasons", "why",
})  # fmt: skip
_PERSON_NAMES = frozenset({
    "firstname", "fullname", "identite", "identity", "lastname", "name", "names", "nom", "noms",
    "patronyme", "prenom", "prenoms", "surname", "suspect", "victim", "victime", "victims",
})  # fmt: skip
_NO_PERSON = frozenset({
    "area", "brand", "building", "city", "company", "lieu", "make", "model", "operation", "place",
    "road", "rue", "site", "station", "street", "town", "vehicle", "vehicule", "ville",
})  # fmt: skip
_THINGS = _NO_PERSON | {"car", "direction", "last", "plate", "seen", "ended", "level"}
"""Parts of a variable's name that say that it is about no person."""
_TITLED = (
    r"\b(?:M\.|Mr|Mme|Mlle|Mrs|Ms|[Mm]onsieur|[Mm]adame|[Nn]ommée?|[Pp]rénommée?|[Dd]it|"
    r"[Ss]'appelle|[Nn]amed|[Cc]alled) (?:[A-ZÀ-Ý][\w'-]+)(?: [A-ZÀ-Ý][\w'-]+)*"
)
_FIRST_AND_LAST = (
    r"\b(?:[A-ZÀ-Ý][a-zà-ÿ]+(?:-[A-ZÀ-Ý][a-zà-ÿ]+)? [A-ZÀ-Ý]{3,}"
    r"|[A-ZÀ-Ý]{3,} [A-ZÀ-Ý][a-zà-ÿ]+(?:-[A-ZÀ-Ý][a-zà-ÿ]+)?)\b"
)
"""`Jean DUPONT` and `DUPONT Jean`, as the police writes names."""
_NO_FIRST_NAME = _any_of((
    "homme", "femme", "enfant", "garcon", "fille", "individu", "personne", "veste", "blouson",
    "pantalon", "pull", "sac", "casquette", "rue", "place", "avenue", "boulevard", "quai", "gare",
    "vers", "man", "woman", "boy", "girl", "person", "child", "jacket", "bag", "police", "alerte",
    "alert", "niveau",
))  # fmt: skip

_SEARCH = {
    "fr": _any_of((r"recherch(?:ons|ez|ee?s?)", r"signalement", r"si vous (?:le|la|les) voyez",
                   r"portee? disparue?", r"retrouver")),
    "en": _any_of((r"sought", r"search(?:ing)? for", r"look(?:ing)? for",
                   r"if you see (?:him|her|it|them|this)", r"missing (?:person|child|man|woman)")),
}  # fmt: skip
_FORCE = _any_of((
    r"interpell(?:ez|er)", r"arretez[- ](?:le|la|les|cette|l)", r"apprehend(?:ez|er)",
    r"(?<!vous )poursuivez[- ](?:le|la|les|cette)", r"suivez-(?:le|la|les)",
    r"retenez[- ](?:le|la|les|cette)", r"maitris(?:ez|er)", r"neutralis(?:ez|er)",
    r"immobilis(?:ez|er)", r"fouillez-(?:le|la|les)",
    r"bloquez[- ](?:le|la|les) (?:homme|femme|suspect|individu|personne)",
    r"bloquez-(?:le|la|les)",
    r"(?:arrest|stop|detain|chase|pursue|follow|hold|seize|restrain|search) (?:him|her|them)",
))  # fmt: skip
_NOT = r"\b(?:n'|ne |not |never |don't |sans |without )(?:\w+ ){0,2}$"

ABBREVIATIONS = {
    "fr": {
        "av.": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard",
        "blvd": "boulevard", "chem.": "chemin", "dir.": "direction", "env.": "environ",
        "immat.": "immatriculation", "imm.": "immeuble", "pl.": "place",
        "rdc": "rez-de-chaussée", "rdv": "rendez-vous", "réf.": "référence", "rte": "route",
        "tél.": "téléphone",
    },
    "en": {
        "approx.": "approximately", "ave": "avenue", "blvd": "boulevard", "dir.": "direction",
        "opp.": "opposite", "rd": "road", "ref.": "reference", "tel.": "telephone",
        "yrs": "years",
    },
}  # fmt: skip
"""Small letters -> what to write instead in a text that is read aloud."""


def told_why(value: str) -> tuple[str, ...]:
    """Return the words of `value` that tell why somebody is sought (agression, stolen, ...).

    The official Vigipirate levels (risque attentat, urgence attentat) tell nothing.
    """
    return tuple(dict.fromkeys(_found(_WHY, value)))


def names_reason(variable: str) -> bool:
    """Say whether a variable of this name asks why."""
    return not _WHY_NAMES.isdisjoint(variable.split("_"))


def names_person(variable: str) -> bool:
    """Say whether a variable of this name asks for somebody's name."""
    parts = variable.split("_")
    return not _PERSON_NAMES.isdisjoint(parts) and _NO_PERSON.isdisjoint(parts)


def person(value: str, variable: str) -> str:
    """Return what looks like a person's name in `value`, or an empty text. Cautious.

    `Mme Durand` and `nommé Paul` anywhere; `Jean DUPONT` only where the variable's name does not
    say that it is about a place or a vehicle (avenue FOCH, Renault CLIO).
    """
    titled = re.search(_TITLED, value)
    if titled:
        return titled[0]
    if _THINGS.isdisjoint(variable.split("_")):
        for match in re.finditer(_FIRST_AND_LAST, value):
            if not re.search(_NO_FIRST_NAME, bare(match[0])):
                return match[0]
    return ""


def speaks_of_a_search(text: str, language: str) -> bool:
    """Say whether a text asks to look for somebody or something."""
    return next(_found(_SEARCH[language], text), None) is not None


def orders_force(value: str) -> str:
    """Return the words of `value` that ask a guard to stop, hold or follow somebody, or ''."""
    plain = bare(value).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for match in re.finditer(_FORCE, plain):
        if not re.search(_NOT, plain[: match.start()]):
            return value[match.start() : match.end()]
    return ""
