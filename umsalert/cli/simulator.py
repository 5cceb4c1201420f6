"""`umsalert simulator`: a carrier and a mail relay on this machine, to train with."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from umsalert import resources
from umsalert.cli.context import run_async, session
from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.settings import DATABASE_NAME

if TYPE_CHECKING:
    from umsalert.simulator import Simulator


def simulator(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option(metavar="DIR", help=_("The folder to train in; made when missing."))
    ],
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65_535, help=_("For SMS and calls; 0 takes a free one.")
        ),
    ] = 0,
    smtp_port: Annotated[
        int,
        typer.Option(metavar="PORT", min=0, max=65_535, help=_("For e-mail; 0 takes a free one.")),
    ] = 0,
    imap_port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65_535, help=_("For answers by e-mail; 0 takes a free one.")
        ),
    ] = 0,
    speed: Annotated[
        float,
        typer.Option(
            metavar="N", help=_("How much faster than life: 60 plays a minute in a second.")
        ),
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=_("The same seed makes the same guards answer and the same requests fail."),
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=_(
                "Misbehave as this TOML file says; bad-evening, provider-down and empty-account "
                "are shipped."
            ),
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=_("Write all that arrives to it, as NDJSON.")),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER=KEYS",
            help=_(
                "What this guard does when called: keys (1, 02), or a word of a scenario's "
                "[numbers] such as busy or unreachable; repeatable."
            ),
        ),
    ] = None,
    serve_port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=1, max=65_535, help=_("Where `umsalert serve` will listen.")
        ),
    ] = 8480,
    clock_offset: Annotated[
        float,
        typer.Option(metavar="SECONDS", help=_("Train at another time of day: move all clocks.")),
    ] = 0.0,
) -> None:
    """Run the simulator until stopped."""
    from umsalert.simulator import SimulatorConfig, serve_until_cancelled, training
    from umsalert.simulator.scenario import Scenario, load

    home = home.absolute()
    output = session(context).output(as_json=False)
    config = SimulatorConfig(
        home=home,
        http_port=port,
        smtp_port=smtp_port,
        imap_port=imap_port,
        speed=speed,
        seed=seed,
        answers=_answers(answer or ()),
        scenario=Scenario() if scenario is None else load(scenario),
        record_path=record,
        serve_url=training.serve_url(serve_port),
        clock_offset_s=clock_offset,
    )
    training.check_home(home)

    def ready(running: Simulator) -> None:
        training.prepare_home(
            training.Training(
                home,
                running.http_port,
                running.smtp_port,
                serve_port=serve_port,
                imap_port=running.imap_port,
                speed=speed,
                clock_offset_s=clock_offset,
            )
        )
        if scenario is not None:
            output.say(_("The carrier misbehaves as {scenario} says.").format(scenario=scenario))
        port = running.imap_port
        output.say(_("Answers by e-mail come to localhost:{port} (IMAP).").format(port=port))
        output.say(_next_steps(home))

    run_async(_until_signal(serve_until_cancelled(config, ready)))
    output.say(_("Stopped."))


def _answers(pairs: Sequence[str]) -> dict[str, str]:
    """Return keys by E.164 number. Raises UsageError, which does not repeat the number."""
    from umsalert.phones import parse_phone

    answers = {}
    for pair in pairs:
        number, sign, keys = pair.partition("=")
        if not sign:
            raise UsageError(
                "answer_without_keys",
                _("An --answer has no keys."),
                hint=_("Write --answer NUMBER=KEYS, such as --answer 0639980001=2."),
            )
        answers[parse_phone(number, "FR").e164] = keys.strip()
    return answers


async def _until_signal(work: Coroutine[object, object, None]) -> None:
    """Run `work` until it ends, or until Ctrl-C or SIGTERM: the ordinary way to end it."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _next_steps(home: Path) -> str:
    lines = [
        _("The simulator listens; nothing leaves this machine. In another terminal:"),
        f"  export UMSALERT_HOME={shlex.quote(str(home))}",
    ]
    if not (home / DATABASE_NAME).exists():
        fixtures = resources.folder("fixtures")
        lines += [
            "  umsalert init",
            f"  umsalert site import --approve {shlex.quote(str(fixtures / 'sites.csv'))}",
            f"  umsalert contact import --certify {shlex.quote(str(fixtures / 'contacts.csv'))}",
        ]
    lines += [
        "  umsalert serve &",
        "  umsalert alert send --exercise --lat 43.7005 --lon 7.2683 --radius 800m \\",
        "    --template search-person --follow 1m",
        _("Ctrl-C ends it."),
    ]
    return "\n".join(lines)
