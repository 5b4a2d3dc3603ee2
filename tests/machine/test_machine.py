"""Both sides are edited at random while messages, workers and answers are lost.

At rest six things hold: the sides are equal; nothing is there twice; the last edit of a field
stands and what Outlook deleted stays deleted; the host app was told nothing it had; every link
has its index row and its event; and no mail went out that no edit caused.
"""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from shared.calendar.digest import differing
from shared.calendar.event import Event
from shared.errors import Refused
from shared.sync.accept import delete_appointment, put_appointment
from shared.sync.demand import Wanted
from tests.machine.series_telling import all_in_outlook, in_outlook, value_of
from tests.machine.stage import Crash, Stage, as_told
from tests.machine.telling import COFFEE, LUNCH, WITH_BEN

# Shrinking a failure of this machine takes minutes; MACHINE_SHRINK=1 asks for it.
SHRINK = (Phase.shrink,) if os.environ.get("MACHINE_SHRINK") else ()

FIELDS = ("subject", "location")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime(2028, 1, 1, tzinfo=UTC)


class TwoSides(RuleBasedStateMachine):
    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stage = self.run(_stage())
        self.words = 0
        # What each side last wrote to a field since the last rest: {(event, field): {side: word}}.
        self.wrote: dict[tuple[str, str], dict[str, str]] = {}
        self.app_deleted: set[str] = set()
        self.outlook_deleted: set[str] = set()
        # Put again after its deletion: what happens to its event now may be told in two ways.
        self.put_again: set[str] = set()
        # Deleted by the host app while Outlook held an edit it could not have known of.
        self.overruled: set[str] = set()
        self.causes = 0
        # Nothing of it is begun where Hypothesis has no more to draw from.
        self.edits_outlive_deletions = False

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        try:
            self.rest()
        finally:
            self.loop.close()

    def word(self) -> str:
        self.words += 1
        return f"w{self.words}"

    @initialize(
        switches=st.fixed_dictionaries(
            {
                "transaction_repeat": st.sampled_from(["same", "conflict", "again"]),
                "delta_lag_rounds": st.integers(0, 2),
                "delta_replay": st.integers(0, 2),
                "delta_empty_pages": st.booleans(),
                "delta_page_size": st.sampled_from([1, 10]),
            }
        ),
        winner=st.sampled_from(["outlook", "app"]),
        against=st.sampled_from(["write_app", "delete_outlook"]),
    )
    def begin(self, switches: dict[str, Any], winner: str, against: str) -> None:
        """Where Graph's behaviour is not certain, either must be safe."""
        self.stage.twin.switches.patch(switches)
        self.edits_outlive_deletions = against == "write_app"
        policy = {"backfill": "window", "winner": winner, "edit_against_deletion": against}
        self.run(self.stage.connect("anna", "ben", policy=policy))

    # The host app.

    @rule(target=known, guests=st.booleans())
    def app_creates(self, guests: bool) -> str:
        name = f"app-{self.word()}"
        event = _event(self.word(), guests=guests)
        self.causes += guests
        self._app_puts(name, event)
        self.note(name, "app", subject=event.subject, location=event.location)
        return name

    @rule(name=known, field=st.sampled_from(FIELDS))
    def app_edits(self, name: str, field: str) -> None:
        held = self.run(self.held(name))
        if held is None:
            return
        word = self.word()
        event = _with(held, field, word)
        if self._app_puts(name, event):
            self.note(name, "app", **{field: word})
            self.causes += 1

    def _app_puts(self, name: str, event: Event) -> bool:
        return self.run(self._put(name, event))

    async def _put(
        self, name: str, event: Event, wait: int = 0, if_version: int | None = None
    ) -> bool:
        stage = self.stage
        wanted = Wanted(event, "anna@contoso.test", if_version=if_version)
        for _ in range(wait):
            await asyncio.sleep(0)
        try:
            accepted = await put_appointment(
                stage.store, stage.wake, await stage.tenant(), name, wanted, stage.now
            )
        except Refused:
            return False
        stage.host.wrote(name, accepted.link.version, as_told(accepted.link))
        if accepted.link.life > 1 and not accepted.link.event_id:
            # It was gone by then, told or not: a PUT without If-Match makes it anew.
            self.put_again.add(name)
        return True

    @rule(name=known)
    def app_deletes(self, name: str) -> None:
        stage = self.stage

        async def delete() -> bool:
            try:
                accepted = await delete_appointment(
                    stage.store, stage.wake, await stage.tenant(), name, now=stage.now
                )
            except Refused:
                return False
            stage.host.deleted(name, accepted.link.version)
            return True

        unseen = self.run(self.has_unsettled_edit(name))
        if self.run(delete()):
            self.app_deleted.add(name)
            self.overruled = self.overruled | {name} if unseen else self.overruled - {name}
            self.causes += 1

    @rule(name=known, guests=st.booleans())
    def app_puts_again(self, name: str, guests: bool) -> None:
        """What it deleted, or was told to be deleted."""
        if self.run(self.held(name)) is not None or name in self.stage.host.appointments:
            return
        event = _with(_event(self.word(), guests=guests), "location", self.word())
        is_there = bool(self.run(self.event_id(name)))
        if self._app_puts(name, event):
            self._forget_words(name, but="outlook" if is_there else "")
            self.note(name, "app", subject=event.subject, location=event.location)
            self.put_again.add(name)
            self.app_deleted.discard(name)
            self.overruled.discard(name)
            self.causes += 1

    def _forget_words(self, name: str, but: str) -> None:
        """Another event under the old name: what the first one was to be is no word any more. But
        where that is not gone yet, the two become one, and the person's word may win.
        """
        old = {key: sides for key, sides in self.wrote.items() if key[0] == name}
        for key, sides in old.items():
            del self.wrote[key]
            if key[1] in FIELDS and but in sides:
                self.note(name, but, **{key[1]: sides[but]})

    # The person in Outlook.

    @rule(target=known)
    def outlook_creates(self) -> str:
        word = self.word()
        self.stage.outlook("anna").create_event({**COFFEE, "subject": word})
        self.rest()
        return next(
            name for name, a in self.stage.host.appointments.items() if a["subject"] == word
        )

    @rule(name=known, field=st.sampled_from(FIELDS))
    def outlook_edits(self, name: str, field: str) -> None:
        event_id = self.run(self.event_id(name))
        if not event_id:
            return
        word = self.word()
        patch = {"subject": word} if field == "subject" else {"location": {"displayName": word}}
        # Of a write whose answer was lost nobody knows that it was there before this edit: where
        # the app wins, it goes out once more.
        self.causes += self.run(self.is_written_unknown(name, event_id))
        self.stage.outlook("anna").update_event(event_id, patch)
        self.note(name, "outlook", **{field: word})
        if self.run(self.held(name)) is None:
            self.overruled.add(name)
        self.causes += 1

    @rule(name=known)
    def outlook_deletes(self, name: str) -> None:
        event_id = self.run(self.event_id(name))
        if event_id:
            self.stage.outlook("anna").delete_event(event_id)
            self.outlook_deleted.add(name)
            self.overruled.discard(name)
            self.causes += 1

    async def event_id(self, name: str) -> str:
        """Of an event that is in Outlook now, as far as anybody can know."""
        link = await self.stage.memory.link(self.stage.key("anna"), name)
        if link is None or not link.event_id or name in self.outlook_deleted:
            return ""
        mailbox = self.stage.twin.world.mailboxes[self.stage.people["anna"].id]
        return link.event_id if mailbox.find(link.event_id) else ""

    async def has_unsettled_edit(self, name: str) -> bool:
        """Whether Outlook shows a word of a person's that no round has settled yet."""
        event_id = await self.event_id(name)
        link = await self.stage.memory.link(self.stage.key("anna"), name)
        if not event_id or link is None or link.outlook is None:
            return False
        shown = in_outlook(self.stage, event_id)
        return any(
            getattr(link.outlook, field) != word == getattr(shown, field)
            for field in FIELDS
            if (word := self.wrote.get((name, field), {}).get("outlook"))
        )

    async def is_written_unknown(self, name: str, event_id: str) -> bool:
        key = self.stage.key("anna")
        pending = await self.stage.memory.pending(key, name)
        link = await self.stage.memory.link(key, name)
        if pending is None or link is None or link.app is None:
            return False
        return not differing(in_outlook(self.stage, event_id), link.app)

    async def held(self, name: str) -> Event | None:
        link = await self.stage.memory.link(self.stage.key("anna"), name)
        return link.app if link else None

    def note(self, name: str, side: str, **fields: str) -> None:
        for field, word in fields.items():
            self.wrote.setdefault((name, field), {})[side] = word

    # What goes wrong, and what moves things on.

    @rule()
    def message(self) -> None:
        self.run(self.stage.take_message())

    @rule(lose=st.booleans())
    def notification(self, lose: bool) -> None:
        self.run(self.stage.notify(lose=lose))

    @rule()
    def message_is_lost(self) -> None:
        if self.stage.queues.sent:
            self.stage.queues.sent.popleft()

    @rule()
    def message_is_doubled(self) -> None:
        if self.stage.queues.sent:
            self.stage.queues.sent.append(self.stage.queues.sent[0])

    @rule(effects=st.integers(0, 12), after=st.booleans())
    def worker_dies(self, effects: int, after: bool) -> None:
        self.stage.fuse.left, self.stage.fuse.after = effects, after
        self.run(self.stage.take_message())
        if self.stage.fuse.blown:
            self.stage.crash()
        self.stage.fuse.left = None

    @rule()
    def answer_is_lost(self) -> None:
        self.stage.fuse.lost_answers = 1

    @rule(name=known, wait=st.integers(0, 40))
    def app_edits_while_a_worker_works(self, name: str, wait: int) -> None:
        """With If-Match: what the worker has brought in by then is not put back by an old whole."""
        link = self.run(self.stage.memory.link(self.stage.key("anna"), name))
        if link is None or link.app is None:
            return
        word = self.word()
        event = _with(link.app, "location", word)

        async def both() -> bool:
            _, done = await asyncio.gather(
                self.stage.take_message(), self._put(name, event, wait, link.version)
            )
            return done

        if self.run(both()):
            self.note(name, "app", location=word)
            self.causes += 1

    @rule(wait=st.integers(0, 40))
    def two_workers(self, wait: int) -> None:
        async def later() -> None:
            for _ in range(wait):
                await asyncio.sleep(0)
            await self.stage.take_message()

        async def both() -> None:
            await asyncio.gather(self.stage.take_message(), later())

        self.run(both())

    @rule()
    def delta_tokens_expire(self) -> None:
        mailbox = self.stage.twin.world.mailboxes[self.stage.people["anna"].id]
        mailbox.generation += 1

    @rule()
    def deliver(self) -> None:
        self.run(self.stage.deliver())

    @rule()
    def rest(self) -> None:
        try:
            self.run(self.stage.settle_down())
        except Crash:
            self.stage.crash()
            self.run(self.stage.settle_down())
        self.run(self.check())
        self.wrote.clear()
        self.app_deleted.clear()
        self.outlook_deleted.clear()
        self.overruled.clear()
        self.put_again.clear()

    # The oracles.

    async def check(self) -> None:
        stage = self.stage
        links = [
            link for link in await stage.memory.links(stage.key("anna")) if link.app is not None
        ]
        shown = {seen.event_id: seen for seen in all_in_outlook(stage)}
        self.converged(links, shown)
        self.nothing_twice(shown)
        self.last_edit_stands({link.appointment: link for link in links})
        assert stage.host.echoes == []
        await self.nothing_leaks(links, shown)
        assert len(stage.twin.exchange.outbox) <= self.causes

    def converged(self, links: list[Any], shown: dict[str, Any]) -> None:
        for link in links:
            assert link.event_id, f"{link.appointment} is not in Outlook"
            seen = self._shown(shown, link)
            assert not differing(seen.event, link.app)
            assert as_told(link) == self.stage.host.appointments[link.appointment]
        assert {link.appointment for link in links} == set(self.stage.host.appointments)

    def _shown(self, shown: dict[str, Any], link: Any) -> Any:
        assert link.event_id in shown, f"{link.appointment} has no event"
        return shown[link.event_id]

    def nothing_twice(self, shown: dict[str, Any]) -> None:
        subjects = [seen.event.subject for seen in shown.values()]
        assert len(subjects) == len(set(subjects))

    def last_edit_stands(self, links: dict[str, Any]) -> None:
        for name in self.outlook_deleted - self.put_again:
            assert name not in links, f"{name} was deleted in Outlook and came back"
        for name in self.overruled if self.edits_outlive_deletions else ():
            assert name in links, f"{name} was edited in Outlook and deleted all the same"
        for (name, field), sides in self.wrote.items():
            if name in self.app_deleted | self.outlook_deleted:
                continue
            assert name in links, f"{name} vanished though nobody deleted it"
            assert value_of(links[name].app, field) in sides.values()

    async def nothing_leaks(self, links: list[Any], shown: dict[str, Any]) -> None:
        stage = self.stage
        key = stage.key("anna")
        indexed = await stage.memory.links_of(key, [link.event_id for link in links])
        assert {link.appointment for link in indexed.values()} == {
            link.appointment for link in links
        }
        assert len(shown) == len(links)
        assert await stage.memory.pendings(key) == []
        assert await stage.memory.outbox(key) == []

    @invariant()
    def one_copy_at_the_guest(self) -> None:
        items = self.stage.outlook("ben").list_events(FIRST, LAST)
        uids = [item["iCalUId"] for item in items]
        assert len(uids) == len(set(uids))


async def _stage() -> Stage:
    return Stage()


def _event(subject: str, *, guests: bool) -> Event:
    return replace(WITH_BEN if guests else LUNCH, subject=subject)


def _with(event: Event, field: str, word: str) -> Event:
    return replace(event, **{field: word})


TwoSides.TestCase.settings = settings(
    max_examples=int(os.environ.get("MACHINE_EXAMPLES", "40")),
    stateful_step_count=30,
    database=None,
    phases=(Phase.explicit, Phase.generate, *SHRINK),
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestTwoSides = TwoSides.TestCase
