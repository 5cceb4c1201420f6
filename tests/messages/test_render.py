"""From a template and values to the words that leave."""

from __future__ import annotations

import dataclasses
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from umsalert.errors import ConfigurationError, UsageError
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, Template, gsm7, render, templates
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind, MessageText

ALL = tuple(ChannelKind)


@pytest.fixture
def trial(own: Path) -> Template:
    return templates.load("trial", [own])


def one(
    template: Template, values: dict[str, str], channel: ChannelKind, facts: Facts
) -> MessageText:
    """Return the French text of one channel."""
    (text,) = render.render(template, values, Order((channel,), ["fr"]), facts)
    return text


def test_one_text_per_channel_and_language(trial: Template, facts: Facts) -> None:
    """Each channel of the order comes in each language of the order, French first."""
    texts = render.render(trial, {"what": "x"}, Order(ALL, {"en", "fr"}), facts)
    assert [(text.channel, text.language) for text in texts] == [
        (channel, language) for channel in ALL for language in ("fr", "en")
    ]


def test_sms_is_measured_as_it_leaves(trial: Template, facts: Facts) -> None:
    """An SMS has no empty line and no double space, and says its parts and encoding."""
    text = one(trial, {"what": "Sac"}, ChannelKind.SMS, facts)
    assert text.body == "Sac, ici\nRestez sur votre site, n'intervenez pas. 04 65 71 00 17"
    assert (text.parts, text.encoding, text.subject, text.html) == (1, "GSM-7", "", "")


def test_sms_values_are_brought_back_to_gsm7(trial: Template, facts: Facts) -> None:
    """A typed ê or ’ does not double the price of an SMS, and stays as typed elsewhere."""
    values = {"what": "Fenêtre de l’hôtel"}
    assert one(trial, values, ChannelKind.SMS, facts).body.startswith("Fenetre de l'hotel,")
    assert one(trial, values, ChannelKind.EMAIL, facts).subject == "Fenêtre de l’hôtel"


def test_sms_that_stays_ucs2_is_left_as_typed(trial: Template, facts: Facts) -> None:
    """Where one character keeps the text out of GSM-7, no other is changed in vain."""
    text = one(trial, {"what": "李, fenêtre"}, ChannelKind.SMS, facts)
    assert text.body.startswith("李, fenêtre,")
    assert text.encoding == "UCS-2"


def test_voice_ends_with_the_keys(trial: Template, facts: Facts) -> None:
    """A call is one paragraph and says the template's keys, then how to hear it again."""
    assert one(trial, {"what": "Sac"}, ChannelKind.VOICE, facts).body == (
        "Sac, ici. Restez sur votre site, n'intervenez pas. "
        "Pour confirmer la réception, appuyez sur 1. "
        "Pour signaler une observation, appuyez sur 2. "
        "Pour réécouter ce message, appuyez sur 0."
    )


def test_voice_offers_only_the_keys_of_the_template(trial: Template, facts: Facts) -> None:
    """A template without answers offers to repeat, and no key that means nothing."""
    mute = dataclasses.replace(trial, answers=())
    body = one(mute, {"what": "Sac"}, ChannelKind.VOICE, facts).body
    assert "sur 0." in body
    assert "sur 1" not in body
    assert "sur 2" not in body


def test_a_call_that_is_too_long_is_refused(trial: Template, facts: Facts, own: Path) -> None:
    """1500 characters leave, keypad sentence included; one more is refused, not cut."""
    longer = dataclasses.replace(
        trial, variables=tuple(dataclasses.replace(v, limit=2000) for v in trial.variables)
    )
    rest = len(one(longer, {"what": "Sac", "note": "x"}, ChannelKind.VOICE, facts).body) - 1
    full = one(longer, {"what": "Sac", "note": "x" * (1500 - rest)}, ChannelKind.VOICE, facts)
    assert len(full.body) == 1500
    with pytest.raises(UsageError) as caught:
        one(longer, {"what": "Sac", "note": "x" * (1501 - rest)}, ChannelKind.VOICE, facts)
    assert caught.value.code == "voice_too_long"


def test_email_has_subject_body_and_html(trial: Template, facts: Facts) -> None:
    """The first line is the subject; the body is wrapped; the HTML is a page of its language."""
    note = "mot " * 60
    text = one(trial, {"what": "Sac <b> & co", "note": note}, ChannelKind.EMAIL, facts)
    assert text.subject == "Sac <b> & co"
    assert text.body.startswith("Sac <b> & co\n\nmot mot")
    assert max(map(len, text.body.splitlines())) <= 78
    assert text.body.split().count("mot") == 60
    assert '<html lang="fr">' in text.html
    assert "<title>Sac &lt;b&gt; &amp; co</title>" in text.html
    assert "<p>Sac &lt;b&gt; &amp; co</p>" in text.html


def test_a_value_cannot_add_a_header(trial: Template, facts: Facts) -> None:
    """A line break in a value becomes a space, in the subject too."""
    text = one(trial, {"what": "Sac\r\nBcc: x@example.org"}, ChannelKind.EMAIL, facts)
    assert text.subject == "Sac Bcc: x@example.org"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exercise_says_so_everywhere(trial: Template, facts: Facts, language: str) -> None:
    """Every text of every channel begins and ends with the word, subject and page included."""
    order = Order(ALL, [language], exercise=True)
    word = WORDS[language].exercise
    sms, voice, email = render.render(trial, {"what": "Sac"}, order, facts)
    for text in (sms.body, voice.body, email.body.strip(), email.subject):
        assert text.startswith(word)
        assert text.endswith(word)
    shown = email.html.partition("<body>")[2]
    mark = f'<p class="exercise">{word}</p>'
    assert shown.strip().startswith(mark)
    assert shown.removesuffix("</body>\n</html>").strip().endswith(mark)
    assert sms.parts == gsm7.measure(sms.body).parts


def test_a_live_alert_never_says_exercise(trial: Template, facts: Facts) -> None:
    """Without --exercise the word is nowhere."""
    for text in render.render(trial, {"what": "Sac"}, Order(ALL, LANGUAGES), facts):
        shown = text.body + text.subject + text.html.partition("<body>")[2]
        assert "EXERCI" not in shown.upper()


# Letters, marks, digits and signs, composed as `check_values` composes them.
typed = (
    st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=26)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: len(text) <= 80)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=typed | st.sampled_from(["{{ 7*7 }}", "{% raw %}", "{{ callback }}", "%(a)s{0}"]))
def test_a_value_is_data(trial: Template, facts: Facts, value: str) -> None:
    """Whatever is typed stands in the message as typed, and the safety sentence beside it."""
    sms, voice, email = render.render(trial, {"what": value}, Order(ALL, ["fr"]), facts)
    assert email.subject == value
    assert sms.body.startswith((f"{value}, ici", f"{gsm7.transliterate(value)}, ici"))
    for text in (sms, voice, email):
        assert WORDS["fr"].safety in text.body


def test_every_wrong_value_is_named_at_once(trial: Template) -> None:
    """Missing, unknown, over-long and unprintable values come in one error, with what to add."""
    values = {"where": "x" * 21, "note": "a\x00b", "wat": "Sac"}
    with pytest.raises(UsageError) as caught:
        render.check_values(trial, values)
    assert {(p.code, p.column) for p in caught.value.problems} == {
        ("missing_variable", "what"),
        ("unknown_variable", "wat"),
        ("variable_too_long", "where"),
        ("control_characters", "note"),
    }
    assert '--var what="..."' in caught.value.hint
    assert "a\x00b" not in str(caught.value)


def test_values_are_cleaned_and_completed(trial: Template) -> None:
    """Defaults are filled in; breaks, no-break spaces and invisible marks do not travel."""
    values = {"what": " Sac\n\tà\u00a0dos\u200b ", "note": "fore\u0302t"}
    expected = {"what": "Sac à dos", "where": "ici", "note": "forêt"}
    assert render.check_values(trial, values) == expected


def test_missing_lists_what_to_ask_for(trial: Template) -> None:
    """A required variable is asked for until it has more than spaces in it."""
    (what,) = render.missing(trial, {"what": " \n"})
    assert what.name == "what"
    assert render.missing(trial, {"what": "Sac"}) == ()


def test_an_empty_callback_names_the_setting(trial: Template, facts: Facts) -> None:
    """A text that says a number is refused while no number is configured."""
    with pytest.raises(ConfigurationError) as caught:
        one(trial, {"what": "Sac"}, ChannelKind.SMS, dataclasses.replace(facts, callback=" "))
    assert caught.value.code == "setting_missing"
    assert "alert.callback_number" in caught.value.hint


def test_a_channel_without_text_is_refused(trial: Template, facts: Facts) -> None:
    """A channel that the template does not declare cannot be ordered."""
    with pytest.raises(UsageError) as caught:
        one(dataclasses.replace(trial, channels=(ChannelKind.SMS,)), {"what": "x"}, ALL[1], facts)
    assert caught.value.code == "channel_not_in_template"


@pytest.mark.parametrize(
    ("file", "channel"),
    [
        ("sms.txt", ChannelKind.SMS),
        ("voice.txt", ChannelKind.VOICE),
        ("email.txt", ChannelKind.EMAIL),
        ("email.html", ChannelKind.EMAIL),
    ],
)
def test_a_value_cannot_hide_the_safety_sentence(
    own: Path, facts: Facts, file: str, channel: ChannelKind
) -> None:
    """An alert whose text drops the sentence for some value is refused before it leaves."""
    path = own / "trial" / file
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("{{ safety }}", "{% if not note %}{{ safety }}{% endif %}"), "utf-8"
    )
    trial = templates.load("trial", [own])
    assert one(trial, {"what": "Sac"}, channel, facts).body
    with pytest.raises(ConfigurationError, match=file):
        one(trial, {"what": "Sac", "note": "x"}, channel, facts)


def test_the_safety_sentence_must_stand_in_the_body(own: Path, facts: Facts) -> None:
    """A subject that says it does not excuse the body."""
    path = own / "trial" / "email.txt"
    path.write_text("Subject: {{ what }} {{ note }} {{ safety }}\n\n{{ what }}\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"email\.txt"):
        one(templates.load("trial", [own]), {"what": "Sac"}, ChannelKind.EMAIL, facts)


@pytest.mark.parametrize(
    "text",
    [
        "{{ what.owner }}",
        "{{ 1 / 0 }}",
        "{{ what + 1 }}",
        "{% include 'x' %}",
        "{{ ''.__class__ }}",
    ],
)
def test_a_text_that_fails_when_it_runs_names_its_file(own: Path, facts: Facts, text: str) -> None:
    """What only shows with values, or reaches out of the sandbox, is told as the file's fault."""
    path = own / "trial" / "sms.txt"
    path.write_text(text + path.read_text("utf-8"), "utf-8")
    trial = templates.load("trial", [own])
    with pytest.raises(ConfigurationError, match=r"sms\.txt"):
        one(trial, {"what": "Sac"}, ChannelKind.SMS, facts)
