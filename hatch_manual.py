"""Writes the manual pages, umsalert(1) and one of every command, from the tree of commands itself.

The words of the tree are translated when it is imported, so each language is written by a process
of its own. No database, settings or network is asked.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.core import publish_from_doctree
from docutils.utils import new_document

PLACES = {"en": "man1", "fr": "fr/man1"}
"""Where pages lie below share/man, by language."""
_WIDTH = 64
_SETTINGS = {
    "strip_comments": True,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "_disable_config": True,
    "report_level": 5,
}
_TITLES = {
    "NAME": "NOM",
    "SYNOPSIS": "SYNOPSIS",
    "DESCRIPTION": "DESCRIPTION",
    "COMMANDS": "COMMANDES",
    "ARGUMENTS": "ARGUMENTS",
    "OPTIONS": "OPTIONS",
    "EXAMPLE": "EXEMPLE",
    "EXIT STATUS": "CODE DE RETOUR",
    "ENVIRONMENT": "ENVIRONNEMENT",
    "FILES": "FICHIERS",
    "SEE ALSO": "VOIR AUSSI",
}
EXIT = {
    0: ("Done; every message was accepted.", "Fait ; chaque message a été accepté."),
    1: (
        "Some messages failed, were not delivered, or are unknown.",
        "Des messages ont échoué, n'ont pas été remis, ou leur sort est inconnu.",
    ),
    2: ("The command line is wrong.", "La ligne de commande est fausse."),
    3: ("Nobody there may be alerted.", "Personne n'y peut être alerté."),
    4: (
        "A file, a setting, a key or the database is invalid, or the output cannot be written.",
        "Un fichier, un réglage, une clé ou la base est invalide, ou la sortie ne peut s'écrire.",
    ),
    5: (
        "Refused by a rule, or cancelled, expired or closed.",
        "Refusé par une règle, ou annulé, expiré ou clos.",
    ),
    70: ("A bug of ours.", "Une erreur de notre programme."),
    75: (
        "Try later: something is queued, in use, or without room.",
        "Réessayer plus tard : quelque chose est en file, occupé, ou sans place.",
    ),
    130: ("Interrupted, or a question was answered with no.", "Interrompu, ou répondu non."),
}
_ENVIRONMENT = {
    "UMSALERT_HOME": (
        "The folder of the database, the settings, the templates and the log.",
        "Le dossier de la base, des réglages, des modèles et du journal.",
    ),
    "UMSALERT_LANG": ("What you read: fr or en.", "Ce que vous lisez : fr ou en."),
    "UMSALERT_SECTION_NAME": (
        "A setting: UMSALERT_SMTP_PORT is port in [smtp].",
        "Un réglage : UMSALERT_SMTP_PORT est port de [smtp].",
    ),
}
_FILES = {
    "umsalert.db": ("The register and the record.", "Le registre et l'historique."),
    "umsalert.toml": (
        "The settings; umsalert config init writes it.",
        "Les réglages ; umsalert config init l'écrit.",
    ),
}


def write(folder: Path, language: str) -> None:
    """Write the pages of one language. It is the one in UMSALERT_LANG, too."""
    from umsalert.cli.main import run

    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        run(["--version"])  # chooses the language, before the tree is imported

    from umsalert.cli.app import app

    place = folder / PLACES[language]
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("*.1"):
        old.unlink()
    for words, command in _walk(app, ("umsalert",)):
        (place / f"{'-'.join(words)}.1").write_text(_page(words, command, language), "utf-8")


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command and group, made whole."""
    whole = command.load() if hasattr(command, "load") else command
    yield words, whole
    for name, below in getattr(whole, "commands", {}).items():
        yield from _walk(below, (*words, name))


def _page(words: Sequence[str], command: Any, language: str) -> str:
    import umsalert
    from umsalert.cli.typer_words import pasted

    titles = _TITLES if language == "fr" else {title: title for title in _TITLES}
    context = command.context_class(command, info_name=" ".join(words))
    description, example = _described(command)
    document = new_document("manual")
    for name, value in _SETTINGS.items():
        setattr(document.settings, name, value)
    document += nodes.title("", "-".join(words))
    document += nodes.subtitle("", description.partition(". ")[0].rstrip(".").replace("`", ""))
    document += _docinfo(f"umsalert {umsalert.__version__}")
    synopsis = nodes.paragraph("", "", nodes.strong("", " ".join(words)))
    synopsis += nodes.Text(" " + " ".join(command.collect_usage_pieces(context)))
    _section(document, titles["SYNOPSIS"], synopsis)
    _section(document, titles["DESCRIPTION"], _prose(description))
    for title, rows in _lists(command, context).items():
        _section(document, titles[title], _definitions(rows))
    if example:
        lines = "\n".join(pasted(example, _WIDTH))
        _section(document, titles["EXAMPLE"], nodes.literal_block(lines, lines))
    _ending(document, titles, language, words, command)
    text: str = publish_from_doctree(document, writer="manpage", settings_overrides=_SETTINGS)
    return text.replace("\n.SH Name\n", f"\n.SH {titles['NAME']}\n", 1)


def _ending(
    document: nodes.document,
    titles: dict[str, str],
    language: str,
    words: Sequence[str],
    command: Any,
) -> None:
    """Add what every page ends with, and what only that of the program says."""
    column = list(PLACES).index(language)
    known = {str(code): said for code, said in EXIT.items()}
    _section(document, titles["EXIT STATUS"], _told(known, column))
    if len(words) == 1:
        _section(document, titles["ENVIRONMENT"], _told(_ENVIRONMENT, column))
        _section(document, titles["FILES"], _told(_FILES, column))
    near = [*(["-".join(words[:-1])] if len(words) > 1 else [])]
    near += ["-".join((*words, name)) for name in getattr(command, "commands", {})]
    see = nodes.paragraph()
    for position, name in enumerate(near):
        see += [nodes.Text(", " if position else ""), nodes.strong("", name), nodes.Text("(1)")]
    _section(document, titles["SEE ALSO"], see)


def _described(command: Any) -> tuple[str, str]:
    """Return what a command does, and its example, which stands at the end of either text."""
    from umsalert.cli.typer_words import EXAMPLE

    text = " ".join((command.help or "").split())
    words = " ".join((command.epilog or "").split())
    for place in (words, text):
        found = re.search(EXAMPLE, place)
        if found:
            return re.sub(EXAMPLE, "", text).strip(), found[2]
    return text, ""


def _lists(command: Any, context: Any) -> dict[str, list[tuple[str, str]]]:
    """Return commands, arguments and options with their help."""
    from umsalert.cli.typer_words import said_again

    found: dict[str, list[tuple[str, str]]] = {"COMMANDS": [], "ARGUMENTS": [], "OPTIONS": []}
    for name, below in getattr(command, "commands", {}).items():
        found["COMMANDS"].append((name, _described(below)[0]))
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            argument = parameter.param_type_name == "argument"
            found["ARGUMENTS" if argument else "OPTIONS"].append((record[0], said_again(record[1])))
    return {title: rows for title, rows in found.items() if rows}


def _prose(text: str) -> nodes.paragraph:
    """Return a paragraph; what stands in backticks is typed."""
    found = nodes.paragraph()
    for position, part in enumerate(text.split("`")):
        found += nodes.strong("", part) if position % 2 else nodes.Text(part)
    return found


def _docinfo(version: str) -> nodes.docinfo:
    info = nodes.docinfo("", nodes.version("", version))
    for name, value in (("manual_section", "1"), ("manual_group", "umsalert")):
        body = nodes.field_body("", nodes.paragraph("", value))
        info += nodes.field("", nodes.field_name("", name), body)
    return info


def _section(document: nodes.document, title: str, body: nodes.Element) -> None:
    document += nodes.section("", nodes.title("", title), body, ids=[nodes.make_id(title)])


def _told(known: dict[str, tuple[str, str]], column: int) -> nodes.definition_list:
    return _definitions([(name, said[column]) for name, said in known.items()])


def _definitions(rows: Sequence[tuple[str, str]]) -> nodes.definition_list:
    found = nodes.definition_list()
    for name, text in rows:
        meaning = nodes.definition("", _prose(text))
        found += nodes.definition_list_item("", nodes.term("", name), meaning)
    return found


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
