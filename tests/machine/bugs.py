"""The test of the tests: the machine must notice each of these planted faults.

`python -m tests.machine.bugs [name ...]` runs the machine once per fault, in a process of its
own and without a database of examples (it would replay and flatter), and fails if one survives.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.calendar.digest import digest, same_field
from shared.calendar.series import normal
from shared.graph.mailbox import Mailbox
from shared.store.memory import MemoryStore
from shared.sync import case as cases
from shared.sync import engine, inbound, outbound, remembered, series_push, series_window
from shared.sync import merge as merging
from shared.sync import round as rounds
from shared.sync import series_round as rounds_of_series
from shared.sync.decide import Changed, Gone, Same

EXAMPLES = "400"


def no_digest() -> None:
    """Every new etag counts as a person's edit."""

    def side(case: cases.Case) -> Any:
        if case.seen is None or case.seen.event is None:
            return Gone()
        same = case.seen.etag == case.link.outlook_etag
        return Same() if same else Changed(case.seen.event)

    cases.outlook_side = side


def no_adoption() -> None:
    """A create whose answer was lost is not looked for by its tag."""

    async def nothing(*args: Any) -> None:
        del args

    outbound._found_by_tag = nothing
    rounds._ours = nothing


def blind_create() -> None:
    """The attempt is not stored before the create is sent."""

    async def unstored(self: Any, pending: Any) -> Any:
        del self
        return pending

    outbound.Shift.attempt = unstored


def no_if_match() -> None:
    update = Mailbox.update

    async def blind(self: Mailbox, event_id: str, patch: dict[str, Any], etag: str = "") -> Any:
        del etag
        return await update(self, event_id, patch)

    Mailbox.update = blind


def forgotten_maybe_written() -> None:
    """A replaced pending change does not remember what it may have written."""
    cases._maybe_written = lambda link, pending: frozenset()


def forgotten_withdrawal() -> None:
    """A put does not remember that the deletion it replaced may have been carried out."""
    cases._maybe_withdrawn = lambda pending: False  # type: ignore[assignment]


def whole_digests_only() -> None:
    """What may have been written is remembered whole, not field by field."""

    def whole(event: Any, base: Any) -> frozenset[str]:
        del base
        return frozenset({digest(event)})

    remembered.traces = outbound.traces = whole  # type: ignore[assignment]


def leaked_index() -> None:
    """The index row of an event that is gone stays."""
    settle = MemoryStore.settle

    async def leaky(self: Any, lease: Any, settlements: Any, *rest: Any) -> Any:
        kept = [replace(s, event_was="") for s in settlements]
        return await settle(self, lease, kept, *rest)

    MemoryStore.settle = leaky


def delete_without_look() -> None:
    """A deletion does not ask what Outlook shows by now."""

    async def withdraw(shift: Any, work: Any) -> None:
        await shift.mailbox.delete(work.link.event_id)
        case = outbound._case(shift, work, None)
        await outbound._settled(shift, inbound.receive(case))

    outbound._withdraw = withdraw


def delta_link_first() -> None:
    """The delta link is saved before the events are settled."""
    take = rounds._take

    async def pull(shift: Any, mark: Any) -> int:
        found = await rounds._read(shift)
        await rounds._save(shift, found, 0, shift.calendar.time_zone)
        settled = await take(shift, await rounds._with_hinted(shift, found, mark))
        return settled + (await rounds._missing(shift, found) if found.whole else 0)

    engine.pull = pull


def early_unmark() -> None:
    """The dirty mark goes before the round instead of after it."""
    proper = engine.Engine._round

    async def early(self: Any, shift: Any, mark: Any) -> None:
        await self.store.unmark(mark)
        await proper(self, shift, mark)

    engine.Engine._round = early


def no_fence() -> None:
    """Settling does not check whether the lease is still held."""
    renewed = MemoryStore._renewed

    def unfenced(self: Any, partition: Any, lease: Any, *rest: Any, **more: Any) -> Any:
        return renewed(self, partition, partition.lease or lease, *rest, **more)

    MemoryStore._renewed = unfenced


def forgotten_steps() -> None:
    """What a step of a series leaves in Outlook is not remembered before it is sent."""
    series_push._left_by = lambda now, shown, step: frozenset()


def whole_series_digests_only() -> None:
    """What may have been written of a series is remembered whole, not part by part."""
    cases.part_digests = lambda event, base: frozenset()


def series_merged_whole() -> None:
    """A series that both sides edited is taken from one of them."""

    def whole(base: Any, outlook: Any, app: Any, event: Any, policy: Any) -> Any:
        edited = not same_field("series", base, outlook)
        wins = edited and (policy.winner == "outlook" or same_field("series", base, app))
        return normal(replace(event, series=(outlook if wins else app).series)), ()

    merging.merge_series = whole


def unnoticed_cancellation() -> None:
    """Days that a round does not show are not missed."""
    series_window.starts = lambda event, window: sorted(
        item
        for item in _shown_days  # what was shown is what should be
    )

    proper = series_window.is_known

    def known(one: Any, link: Any, copy: Any, window: Any) -> bool:
        _shown_days[:] = [
            series_window._shown_at(i, link.outlook)
            for i in one.pieces
            if link is not None and link.outlook is not None
        ]
        return proper(one, link, copy, window)

    rounds_of_series.is_known = known


_shown_days: list[Any] = []


def etag_of_the_master_only() -> None:
    """An exception's new etag says nothing where its master's is the old one."""
    series_window.marks = lambda etags: set()


def occurrences_written_unseen() -> None:
    """A series is written over what it was when it was last read, whatever it is by now."""
    series_push._is_gentle = lambda planned: True


def no_brake() -> None:
    """A calendar that empties is obeyed."""

    async def unchecked(shift: Any, items: Any, is_missing: Any) -> Any:
        del shift, is_missing
        return items

    rounds.checked = unchecked


def no_pause() -> None:
    """Every edit of a meeting is written, and mailed, at once."""

    async def at_once(shift: Any, link: Any, pending: Any) -> None:
        del shift, link, pending

    outbound.pause = at_once


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        no_digest,
        no_adoption,
        blind_create,
        no_if_match,
        forgotten_maybe_written,
        whole_digests_only,
        forgotten_withdrawal,
        leaked_index,
        delete_without_look,
        delta_link_first,
        early_unmark,
        no_fence,
        forgotten_steps,
        whole_series_digests_only,
        series_merged_whole,
        unnoticed_cancellation,
        etag_of_the_master_only,
        occurrences_written_unseen,
        no_brake,
        no_pause,
    )
}


def survives(name: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/machine"],
        env={**os.environ, "PLANTED_FAULT": name, "MACHINE_EXAMPLES": EXAMPLES},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0


def main(names: list[str]) -> int:
    survivors: list[str] = []
    for name in names or list(BUGS):
        alive = survives(name)
        survivors += [name] * alive
        print(f"{'SURVIVED' if alive else 'caught':9}{name}", flush=True)  # noqa: T201 - the command's answer
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
