"""At a terminal: what is missing is asked for, and nothing leaves without a yes."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import SITES
from tests.e2e.office import ALERT, PLACE, Office, free_ports

SILENT_S = 60.0
"""Only a program that hangs shows nothing for so long."""
WORDS = ("alert", "send", *PLACE, "--template", "search-person", "--channel", "sms")


class Terminal:
    """A program at a pseudo-terminal."""

    def __init__(self, office: Office, *words: str, **environ: str) -> None:
        self._end, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "umsalert", *words],
            env={**os.environ, **office.environ, "UMSALERT_HOME": str(office.home), **environ},
            stdin=other,
            stdout=other,
            stderr=other,
        )
        os.close(other)
        self.shown = ""

    def answer(self, question: str, answer: str) -> None:
        """Wait until `question` is shown, then type `answer` and Enter."""
        self._wait(question)
        os.write(self._end, f"{answer}\n".encode())

    def interrupt(self, question: str) -> None:
        """Wait until `question` is shown and the program waits, then send what Ctrl-C sends.

        A signal that comes between the question and the read that waits for its answer is seen
        only after Enter: no hand is that quick.
        """
        self._wait(question)
        stat = Path(f"/proc/{self._process.pid}/stat")
        asleep = 0
        while asleep < 5:
            time.sleep(0.02)
            asleep = asleep + 1 if stat.read_text().rpartition(")")[2].split()[0] == "S" else 0
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> int:
        """Read to the end; return the exit code."""
        try:
            while True:
                self._read()
        except OSError:  # how Linux says that the other side is closed
            os.close(self._end)
        return self._process.wait(60)

    def _wait(self, question: str) -> None:
        seen = len(self.shown)
        while question not in self.shown[seen:]:
            self._read()

    def _read(self) -> None:
        ready, _written, _failed = select.select([self._end], [], [], SILENT_S)
        assert ready, f"nothing more is shown after: {self.shown}"
        chunk = os.read(self._end, 65_536)
        if not chunk:
            raise OSError("closed")
        self.shown += chunk.decode("utf-8", errors="replace")


@pytest.mark.parametrize(("answer", "sent"), [("y", SITES), ("n", 0), ("", 0)])
def test_values_are_asked_for_and_a_yes_is_needed(office: Office, answer: str, sent: int) -> None:
    """Two values are asked for by their prompt; only a yes sends, anything else sends nothing."""
    before = office.forget()
    terminal = Terminal(office, *WORDS)
    terminal.answer("Description", "homme, blouson rouge")
    terminal.answer("Last place", "place Massena")
    terminal.answer("Send [y/N]", answer)
    code = terminal.ended()
    assert code in ((0, 1) if sent else (130,)), terminal.shown
    texts = [event["text"] for event in office.record()[before:] if event["kind"] == "sms"]
    assert len(texts) == sent
    assert all("blouson rouge" in text for text in texts)


def test_a_value_that_tells_why_warns_right_above_the_question(office: Office) -> None:
    """The gravest finding is the last thing that is read before the question, and stops nothing."""
    before = office.forget()
    values = ("--var", "description=auteur d'une agression, bd", "--var", "last_seen=y")
    terminal = Terminal(office, *WORDS, *values)
    terminal.answer("Send [y/N]", "n")
    terminal.ended()
    lines = [line.strip() for line in terminal.shown.splitlines()]
    question = next(i for i, line in enumerate(lines) if "FOR REAL?" in line)
    gravest = max(i for i, line in enumerate(lines[:question]) if line.startswith("Warning: "))
    assert lines[gravest].startswith("Warning: description: It tells why")
    assert question - gravest <= 4
    assert max(map(len, lines[gravest:question])) <= 80
    assert not [e for e in office.record()[before:] if e["kind"] == "sms"]


def test_a_script_reads_the_findings_before_the_plan(office: Office) -> None:
    """With --json, a send whose values warn begins with what was found, and goes on."""
    values = ("--var", "description=auteur d'une agression", "--var", "last_seen=y")
    sent = office.run(*WORDS, *values, "--yes", "--json")
    assert sent.code in (0, 1), sent.err
    first, second = sent.events[:2]
    assert (first["event"], first["findings"][0]["code"]) == ("checked", "value_tells_why")
    assert second["event"] == "planned"


@pytest.mark.parametrize(("typed", "sent"), [(str(SITES), SITES), ("y", 0), ("1", 0)])
def test_many_people_need_their_number_typed(office: Office, typed: str, sent: int) -> None:
    """Above the configured size the number of people must be typed; a y is not enough."""
    before = office.forget()
    values = ("--var", "description=x", "--var", "last_seen=y")
    terminal = Terminal(office, *WORDS, *values, UMSALERT_ALERT_CONFIRM_TYPED_ABOVE="5")
    terminal.answer("Type the number of people", typed)
    code = terminal.ended()
    assert code in ((0, 1) if sent else (130,)), terminal.shown
    assert len([e for e in office.record()[before:] if e["kind"] == "sms"]) == sent


@pytest.mark.parametrize(("answer", "sent"), [("o", SITES), ("oui", SITES), ("n", 0)])
def test_a_french_officer_answers_in_french(office: Office, answer: str, sent: int) -> None:
    """An o is a yes, whatever is neither yes nor no is asked again, and the words are French."""
    before = office.forget()
    terminal = Terminal(office, *WORDS, UMSALERT_LANG="fr")
    terminal.answer("Signalement", "homme, blouson rouge")
    terminal.answer("Dernier endroit", "place Massena")
    terminal.answer("Envoyer [o/N]", "peut-être")
    terminal.answer("Envoyer [o/N]", answer)
    code = terminal.ended()
    assert code in ((0, 1) if sent else (130,)), terminal.shown
    assert ("Compte rendu" if sent else "Rien n'a été envoyé.") in terminal.shown
    assert len([e for e in office.record()[before:] if e["kind"] == "sms"]) == sent


@pytest.mark.parametrize(
    ("cancel", "correct", "code", "sent"),
    [("y", "y", 0, SITES), ("y", "n", 0, 0), ("n", None, 130, 0)],
)
def test_cancelling_is_asked_for_and_so_is_the_correction(
    office: Office, cancel: str, correct: str | None, code: int, sent: int
) -> None:
    """A yes cancels, a second one sends the correction as shown; a no to it changes nothing."""
    nowhere = {"UMSALERT_VONAGE_WEBHOOK_URL": f"http://127.0.0.1:{free_ports(1)[0]}"}
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes", **nowhere)
    before = office.forget()
    terminal = Terminal(office, "alert", "cancel", "last", **nowhere)
    terminal.answer("Cancel this alert [y/N]", cancel)
    if correct is not None:
        terminal.answer("Send [y/N]", correct)
    assert terminal.ended() == code, terminal.shown
    texts = [event["text"] for event in office.record()[before:] if event["kind"] == "sms"]
    assert len(texts) == sent
    assert all(text.splitlines()[1] in terminal.shown for text in texts)
    assert (f"Send the correction to these {SITES} people now?" in terminal.shown) == bool(correct)
    lines = office.run("alert", "list", "--json").document["alerts"]
    newest = next(line for line in lines if line["template"] != "correction")
    assert bool(newest["cancelled"]) == (cancel == "y")


def test_the_sending_screen_says_who_cancelled(office: Office) -> None:
    """Cancelled in another terminal, the screen of the one that sends says so and ends with 5."""
    slow = {"UMSALERT_SMS_VONAGE_RATE_PER_S": "1", "UMSALERT_SMS_VONAGE_BURST": "1"}
    terminal = Terminal(office, "alert", "send", *ALERT, "--channel", "sms", **slow)
    terminal.answer("Send [y/N]", "y")
    terminal.answer("accepted", "")
    assert office.run("alert", "cancel", "last", "--yes", "--no-correct").code == 0
    assert terminal.ended() == 5, terminal.shown
    assert "was cancelled by" in " ".join(terminal.shown.split())


def test_no_word_is_cut_at_the_edge_of_a_terminal(office: Office) -> None:
    """Texts, errors and the problems of a file are folded between words at 80 columns."""
    preview = Terminal(office, "alert", "preview", *ALERT, TERM="dumb")
    assert preview.ended() == 0, preview.shown
    swapped = Terminal(office, "alert", "preview", *ALERT, "--lat", "7.2683", "--lon", "43.7005")
    assert swapped.ended() == 2, swapped.shown
    file = office.home / "swapped.csv"
    file.write_text("ref,name,lat,lon\nNCE-901,Tour,7.2683,43.7005\n", encoding="utf-8")
    sites = Terminal(office, "site", "import", str(file))
    assert sites.ended() == 4, sites.shown
    for terminal, sentence in (
        (preview, "Restez sur votre site, n'intervenez pas. Si vous voyez cette personne"),
        (swapped, "would be in this territory: France métropolitaine."),
        (sites, "France métropolitaine. Exchange the two cells. [coordinates_swapped]"),
    ):
        assert max(map(len, terminal.shown.splitlines())) <= 80, terminal.shown
        assert sentence in " ".join(terminal.shown.split()), terminal.shown


def test_tables_fit_a_terminal_and_cut_no_reference(office: Office) -> None:
    """Every table fits 80 columns; what is typed into the next command can be copied from it."""
    office.run("alert", "send", *ALERT, "--yes")
    alert = office.run("alert", "list", "--json").document["alerts"][0]["ref"]
    contacts = {c["ref"] for c in office.run("contact", "list", "--json").document["contacts"]}
    for words, copied in (
        (("contact", "list"), contacts),
        (("report", "last"), contacts),
        (("contact", "show", "S1-c1"), {"S1-c1:"}),
        (("site", "list"), {"S1", "S11"}),
        (("site", "show", "S1"), {"S1:"}),
        (("site", "review", "S1"), {"S1:"}),
        (("audit", "log", "--limit", "5"), {alert}),
        (("operator", "list"), set()),
        (("alert", "list"), {alert}),
        (("template", "list"), {"search-person"}),
        (("channel", "list"), {"vonage"}),
    ):
        terminal = Terminal(office, *words, TERM="dumb")
        assert terminal.ended() == 0, terminal.shown
        lines = terminal.shown.splitlines()
        assert max(map(len, lines)) <= 80, terminal.shown
        assert lines[0].strip(), "a table begins with its titles"
        assert "\r\n\r\n\r\n" not in terminal.shown, "one blank line is enough"
        assert copied <= set(terminal.shown.split()), terminal.shown


def test_a_piped_table_ends_without_blanks(office: Office) -> None:
    """`umsalert site list | head -1` shows the titles; no line is padded for a file."""
    lines = office.run("site", "list").out.splitlines()
    assert lines[0].startswith("Ref")
    assert not [line for line in lines if line != line.rstrip()]


def test_one_ctrl_c_at_the_question_is_enough(office: Office) -> None:
    """Ctrl-C once, at the question of an alert or a cancellation, ends it and does nothing."""
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes")
    before = office.forget()
    sending = Terminal(office, "alert", "send", *ALERT, "--channel", "sms")
    sending.interrupt("Send [y/N]")
    assert sending.ended() == 130, sending.shown
    assert sending.shown.endswith("\r\nNothing was sent.\r\n")
    cancelling = Terminal(office, "alert", "cancel", "last")
    cancelling.interrupt("Cancel this alert [y/N]")
    assert cancelling.ended() == 130, cancelling.shown
    assert not [e for e in office.record()[before:] if e["kind"] == "sms"]
    assert not office.run("alert", "list", "--json").document["alerts"][0]["cancelled"]


def test_a_note_that_tells_why_warns_before_the_correction_leaves(office: Office) -> None:
    """The words of a correction are checked like those of an alert, above its question."""
    nowhere = {"UMSALERT_VONAGE_WEBHOOK_URL": f"http://127.0.0.1:{free_ports(1)[0]}"}
    office.run("alert", "send", *ALERT, "--channel", "sms", "--yes", **nowhere)
    terminal = Terminal(office, "alert", "cancel", "last", "--note", "suite à une agression")
    terminal.answer("Cancel this alert [y/N]", "y")
    terminal.answer("Send [y/N]", "n")
    assert terminal.ended() == 0, terminal.shown
    shown = " ".join(terminal.shown.split())
    assert shown.index("Warning: note: It tells why") < shown.index("Send the correction to these")
