"""The sentences of the page, in the guard's language.

They are not in the gettext catalogue, for the reason that `messages/words.py` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from umsalert.model import ReplyKind
from umsalert.web.page.notes import Note


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that takes no answer: its title and what to do instead."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PageWords:
    """Every sentence of the page in one language; `{...}` is filled in."""

    title: str
    heading: str
    message: str
    site: str
    reference: str
    question: str
    call: str
    answers: Mapping[ReplyKind, str]
    received: str
    undo: str
    other: str
    more: str
    more_hint: str
    text: str
    direction: str
    ago: str
    ago_unsaid: str
    ago_now: str
    ago_minutes: str
    at: str
    seen_at: str
    send: str
    photo: str
    photo_choose: str
    photo_hint: str
    photo_send: str
    photos: tuple[str, str]
    privacy: str
    danger: str
    trap: str
    error: str
    too_long: str
    time_wrong: str
    notes: Mapping[Note, str]
    notices: Mapping[int, Notice]


_FR = PageWords(
    title="Alerte de la police",
    heading="Message de la police",
    message="Le message",
    site="Site",
    reference="Réf.",
    question="Votre réponse",
    call="Appeler le",
    answers={
        ReplyKind.SIGHTING: "Je l'ai vu",
        ReplyKind.LOCKED_DOWN: "Mon site est en sûreté",
        ReplyKind.ACKNOWLEDGED: "Bien reçu",
        ReplyKind.CANNOT: "Je ne peux pas agir",
        ReplyKind.WRONG_PERSON: "Ce n'est pas pour moi",
    },
    received="Réponse reçue à {time} :",
    undo="Annuler cette réponse",
    other="Donner une autre réponse",
    more="En dire plus",
    more_hint="Tout est facultatif. La police a déjà votre signalement.",
    text="Ce que vous voyez",
    direction="Direction prise",
    ago="Vu il y a",
    ago_unsaid="je ne sais pas",
    ago_now="à l'instant",
    ago_minutes="{n} min",
    at="Ou à quelle heure",
    seen_at="vu à {time}",
    send="Envoyer ces précisions",
    photo="Photo",
    photo_choose="Choisir ou prendre une photo",
    photo_hint="Seulement sans vous montrer ni vous approcher. JPEG, PNG ou WebP, 8 Mo au plus.",
    photo_send="Envoyer la photo",
    photos=("{n} photo reçue", "{n} photos reçues"),
    privacy="Seule la police lit vos réponses.",
    danger="Danger sur place : appelez le 17 ou le 112.",
    trap="Laissez ce champ vide",
    error="Erreur",
    too_long="Trop long : {length} caractères, {most} au plus.",
    time_wrong="Indiquez une heure passée, par exemple 18:22.",
    notes={
        Note.AGAIN: "Rien n'est encore enregistré : appuyez encore une fois.",
        Note.UNDONE: "Réponse annulée.",
        Note.PHOTO: "Photo reçue.",
        Note.PHOTO_AGAIN: "La photo n'est pas enregistrée : choisissez-la et envoyez encore.",
        Note.PHOTO_MISSING: "Choisissez d'abord une photo.",
        Note.PHOTO_HEIC: (
            "Ce format (HEIC) n'est pas lu ici. Envoyez la photo en JPEG ; une capture d'écran"
            " de la photo convient."
        ),
        Note.PHOTO_UNREADABLE: "Ce fichier n'est pas une photo JPEG, PNG ou WebP lisible.",
        Note.PHOTO_PIXELS: "Cette image a trop de pixels. Une capture d'écran convient.",
        Note.PHOTO_LARGE: "Cette photo dépasse 8 Mo. Une capture d'écran de la photo convient.",
        Note.PHOTO_MANY: "Trois photos sont déjà reçues pour cette réponse.",
        Note.PHOTO_OFTEN: "Trop de photos en peu de temps : attendez quelques minutes.",
        Note.PHOTO_BROKEN_OFF: "L'envoi s'est interrompu : réessayez, ou continuez sans photo.",
    },
    notices={
        404: Notice(
            "Lien inconnu",
            "Ce lien ne mène à aucune alerte. Ouvrez-le depuis le message reçu, en entier.",
        ),
        408: Notice("Envoi interrompu", "Votre réponse n'est pas arrivée en entier : réessayez."),
        410: Notice(
            "Alerte terminée",
            "Cette alerte est terminée : elle ne prend plus de réponse. Merci de votre vigilance.",
        ),
        413: Notice("Envoi trop grand", "Votre réponse est trop longue : raccourcissez-la."),
        429: Notice("Trop d'envois", "Attendez quelques minutes, puis réessayez."),
        503: Notice(
            "Momentanément indisponible",
            "Votre réponse n'est pas enregistrée. Réessayez dans un instant.",
        ),
    },
)

_EN = PageWords(
    title="Police alert",
    heading="Message from the police",
    message="The message",
    site="Site",
    reference="Ref.",
    question="Your answer",
    call="Call",
    answers={
        ReplyKind.SIGHTING: "I have a sighting",
        ReplyKind.LOCKED_DOWN: "My site is locked down",
        ReplyKind.ACKNOWLEDGED: "Received",
        ReplyKind.CANNOT: "I cannot act",
        ReplyKind.WRONG_PERSON: "This is not for me",
    },
    received="Answer received at {time}:",
    undo="Take this answer back",
    other="Give another answer",
    more="Tell more",
    more_hint="All of it is optional. The police already have your report.",
    text="What you see",
    direction="Direction taken",
    ago="Seen how long ago",
    ago_unsaid="I do not know",
    ago_now="just now",
    ago_minutes="{n} min",
    at="Or at what time",
    seen_at="seen at {time}",
    send="Send these details",
    photo="Photo",
    photo_choose="Choose or take a photo",
    photo_hint="Only without showing yourself or going near. JPEG, PNG or WebP, at most 8 MB.",
    photo_send="Send the photo",
    photos=("{n} photo received", "{n} photos received"),
    privacy="Only the police read your answers.",
    danger="Danger on the spot: call 17 or 112.",
    trap="Leave this field empty",
    error="Error",
    too_long="Too long: {length} characters, at most {most}.",
    time_wrong="Give a time that has passed, such as 18:22.",
    notes={
        Note.AGAIN: "Nothing is recorded yet: press once more.",
        Note.UNDONE: "Answer taken back.",
        Note.PHOTO: "Photo received.",
        Note.PHOTO_AGAIN: "The photo is not recorded: choose it and send once more.",
        Note.PHOTO_MISSING: "Choose a photo first.",
        Note.PHOTO_HEIC: (
            "This format (HEIC) is not read here. Send the photo as JPEG; a screenshot of it"
            " will do."
        ),
        Note.PHOTO_UNREADABLE: "This file is no readable JPEG, PNG or WebP photo.",
        Note.PHOTO_PIXELS: "This picture has too many pixels. A screenshot of it will do.",
        Note.PHOTO_LARGE: "This photo is larger than 8 MB. A screenshot of it will do.",
        Note.PHOTO_MANY: "Three photos have been received for this answer.",
        Note.PHOTO_OFTEN: "Too many photos in a short time: wait a few minutes.",
        Note.PHOTO_BROKEN_OFF: "The photo did not arrive: try again, or go on without it.",
    },
    notices={
        404: Notice(
            "Unknown link",
            "This link leads to no alert. Open it from the message you received, whole.",
        ),
        408: Notice("Sending broke off", "Your answer did not arrive whole: try again."),
        410: Notice(
            "Alert over", "This alert is over and takes no more answers. Thank you for your help."
        ),
        413: Notice("Too large", "Your answer is too long: shorten it."),
        429: Notice("Too many requests", "Wait a few minutes, then try again."),
        503: Notice(
            "Not available at the moment", "Your answer is not recorded. Try again in a moment."
        ),
    },
)

PAGE_WORDS: Mapping[str, PageWords] = {"fr": _FR, "en": _EN}


def words_of(language: str) -> PageWords:
    """Return the sentences in a guard's language; French where it is none of ours."""
    return PAGE_WORDS.get(language, _FR)
