"""What providers and guards say: verified, stored, answered; then applied to the record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from umsalert.errors import InvalidData, RefusedByRule, UmsalertError, UsageError
from umsalert.i18n import _
from umsalert.model import Answer, Receipt, Said
from umsalert.ports import Clock, Inbox, StoredReader, StoredWebhook, Webhook, WebhookSource
from umsalert.replies.understanding import understand

BATCH = 100
LARGE_BYTES = 4096
"""What is larger is read in a thread: a forged e-mail takes seconds, and guards wait meanwhile."""
FLOOD = "flood"
NOTHING_TO_SAY = b"{}"

_log = logging.getLogger(__name__)


class Receiver:
    """Takes webhooks in and applies them."""

    def __init__(
        self,
        inbox: Inbox,
        sources: Mapping[str, WebhookSource],
        clock: Clock,
        readers: Mapping[str, StoredReader] | None = None,
    ) -> None:
        """Store in `inbox`; `sources` are the providers whose webhooks are understood, by name.

        `readers` understand what comes in another way, and takes no webhook.
        """
        self._inbox = inbox
        self._sources = sources
        self._readers: Mapping[str, StoredReader] = {**sources, **(readers or {})}
        self._clock = clock

    async def take(self, provider: str, webhook: Webhook) -> bytes:
        """Verify and store a webhook; return the JSON the provider waits for.

        Raises RefusedByRule for an unknown provider, a forged signature or an unknown hand-over.
        """
        source = self._sources.get(provider)
        if source is None:
            raise RefusedByRule("unknown_provider", _("No such provider is configured."))
        now = self._clock.now()
        key = source.verify(webhook, now)
        reference = source.reference(webhook)
        content = source.content(webhook, now)
        stored = StoredWebhook(provider, webhook.topic, reference, content)
        new = await self._inbox.store(stored, key)
        _log.info("webhook taken" if new else "webhook repeated", extra=_about(stored))
        text = await self._inbox.text_of(reference)
        if text is None:
            return NOTHING_TO_SAY
        try:
            return source.reply_to(webhook, text)
        except InvalidData:  # it is kept; a provider that is told no would only repeat it
            return NOTHING_TO_SAY

    async def apply_pending(self) -> bool:
        """Apply what was stored; return False when something of it is to be tried again soon."""
        after, all_done = 0, True
        while stored := await self._inbox.pending(BATCH, after):
            for item in stored:
                try:
                    all_done &= await self._apply(item)
                except UmsalertError as error:
                    if not _is_its_own(error):
                        raise
                    await self._reject(item, error.code)
                except Exception:  # noqa: BLE001 - a bug must not hold up every receipt behind it
                    _log.exception("webhook not applied", extra=_about(item))
                    await self._inbox.reject(item.id, "not_applied")
            after = stored[-1].id
        return all_done

    async def _apply(self, item: StoredWebhook) -> bool:
        """Apply one; False: not yet."""
        reader = self._readers.get(item.provider)
        if reader is None:
            await self._reject(item, "unknown_provider")
            return True
        try:
            said = await _understood(reader, item)
        except RefusedByRule as error:  # read, and nobody's word
            await self._inbox.reject(item.id, error.code)
            _log.info("set aside", extra=_about(item) | {"code": error.code})
            return True
        except InvalidData:
            await self._reject(item, "unreadable")
            return True
        if await self._floods(item, said):
            await self._reject(item, FLOOD)
            return True
        matched = await self._inbox.apply(item.id, said)
        if matched is None:
            return False
        for one in said:
            what = one.kind if isinstance(one, Answer) else one.state or "nothing new"
            _log.info("applied: %s", what, extra=_about(item))
        if matched < len(said):
            _log.warning("webhook unmatched", extra=_about(item))
        return True

    async def _floods(self, item: StoredWebhook, said: Sequence[Receipt | Answer]) -> bool:
        for one in said:
            if isinstance(one, Answer) and await self._inbox.floods(item.id, one):
                return True
        return False

    async def _reject(self, item: StoredWebhook, problem: str) -> None:
        await self._inbox.reject(item.id, problem)
        _log.warning("webhook not applied", extra=_about(item) | {"code": problem})


async def _understood(reader: StoredReader, item: StoredWebhook) -> Sequence[Receipt | Answer]:
    def work() -> Sequence[Receipt | Answer]:
        return [understand(one) if isinstance(one, Said) else one for one in reader.read(item)]

    return await asyncio.to_thread(work) if len(item.body) > LARGE_BYTES else work()


def _is_its_own(error: UmsalertError) -> bool:
    """Say whether what one item says is refused, and not all that are behind it."""
    return isinstance(error, RefusedByRule | UsageError) or error.code == "constraint_failed"


def _about(item: StoredWebhook) -> dict[str, str]:
    """Return the fields of the log: the reference names the alert, the delivery, the attempt."""
    return {"provider": item.provider, "topic": item.topic, "reference": item.reference}
