"""What a guard writes on a telephone is understood, and what is not is read by an officer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench import NOON
from umsalert.model import Answer, ReplyKind, ReplySource, Said, Tie
from umsalert.replies import understand


def understood(text: str, tie: Tie = Tie(sender="+33639980001")) -> Answer:  # noqa: B008 - frozen
    return understand(Said(ReplySource.SMS, text, text, NOON, tie))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, ReplyKind.ACKNOWLEDGED) for text in (
            "OK", "ok.", "Ok merci", "oui", "OUI !", "1", "Reçu", "bien reçu, merci", "vu", "Vu.",
            "RAS", "R.A.S.", "rien à signaler", "d'accord", "C'est noté", "👍", "Received, thanks",
            "OK rien vu", "rien vu de notre côté", "je n'ai vu personne", "personne en vue",
            "nothing seen here", "OK je préviens mon équipe", "Compris, on reste en poste",
            "pas vu", "nous n'avons rien vu", "il n'y a personne ici", "je ne vois rien",
            "aucun individu correspondant vu", "Bonjour, rien de suspect vu chez nous, merci",
            "aucune personne correspondante ici", "nobody seen",
            "we have not seen him", "je ne l'ai pas vu", "pas encore vu",
        )),
        *((text, ReplyKind.SIGHTING) for text in (
            "2", "je le vois", "Vu ici", "vu devant le portail",
             "Il est à l'arrêt de bus", "aperçu rue Foch",
            "OK il vient de passer en courant", "homme correspondant devant Zara",
            "He is at the bus stop", "spotted near gate 3", "suspect entrée nord",
            "On a une personne qui correspond", "ok, il y a quelqu'un", "OK, individu arrêté",
            "Il n'est plus dans la gare", "Impossible d'approcher cet homme",
            "L'individu en repos sur un banc", "portes fermées, le suspect dehors",
            "rien vu mais un homme en rouge court vers la gare", "aucun doute c'est lui",
            "personne suspecte devant la banque", "il est là, personne ne bouge",
            "je n'ai pas pu le retenir, il part vers la gare", "je ne vois que lui, il court",
            "une personne correspondante vient d'entrer", "il n'a pas bougé",
            "not sure but he is near gate 2", "pas vu sa voiture mais lui est devant",
            "parking sous-sol niveau 2", "", "???", "ok vu à 18h20 vers la gare",
        )),
        *((text, ReplyKind.LOCKED_DOWN) for text in (
            "3", "confiné", "Site confiné", "confinement effectué", "tout est verrouillé",
            "locked down", "portes fermées, tout le monde en sûreté",
        )),
        *((text, ReplyKind.CANNOT) for text in (
            "4", "non", "je ne peux pas", "pas disponible", "indisponible ce soir", "En congés",
            "not on duty", "je suis en repos",
        )),
        *((text, ReplyKind.WRONG_PERSON) for text in (
            "5", "STOP", "Stop.", "mauvais numéro", "ce n'est pas moi", "wrong number",
            "je ne travaille plus à cet endroit", "elle ne travaille plus ici",
        )),
    ],
)  # fmt: skip
def test_words_have_their_meaning(text: str, kind: ReplyKind) -> None:
    """Short words, whole sentences, with and without accents, in French and English."""
    assert understood(text).kind is kind


@pytest.mark.parametrize(
    ("text", "ref", "kind"),
    [
        ("OK 20260317-k7f3", "20260317-k7f3", ReplyKind.ACKNOWLEDGED),
        ("ok ref. k7f3", "k7f3", ReplyKind.ACKNOWLEDGED),
        ("Réf K7F3 : oui", "k7f3", ReplyKind.ACKNOWLEDGED),
        ("#k7f3 je le vois", "k7f3", ReplyKind.SIGHTING),
        ("vu rue Pastorelli", "", ReplyKind.SIGHTING),
    ],
)
def test_the_reference_of_an_alert_is_found(text: str, ref: str, kind: ReplyKind) -> None:
    """Whole or its end; it says which alert is meant, and nothing else."""
    answer = understood(text)
    assert (answer.tie.alert_ref, answer.kind) == (ref, kind)
    assert answer.tie.sender == "+33639980001"


@given(st.text(max_size=300))
def test_whatever_is_written_is_an_answer(text: str) -> None:
    """Nothing that can be written fails, and the raw form is kept."""
    answer = understood(text)
    assert answer.raw == text
    assert answer.kind in ReplyKind
