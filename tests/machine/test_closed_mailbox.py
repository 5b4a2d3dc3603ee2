"""A mailbox that was synced and does not open any more: what is said of it, and when it is back."""

from dataclasses import replace
from typing import Any

import pytest

from local.twin.caller import Caller
from shared.store.records import ConnectionKind, OperationState, Reach, State
from tests.machine.stage import APP, ENTRA, TENANT, Stage
from tests.machine.telling import COFFEE, LUNCH, outcome, put, shown, told

CLOSED = {
    "mailbox-unlicensed": {"licensed": False, "mailbox": "none"},
    "mailbox-on-premises": {"mailbox": "onprem"},
    "mailbox-inactive": {"mailbox": "inactive"},
}
OPEN = {"licensed": True, "mailbox": "cloud", "enabled": True}
ELSEWHERE = "MailboxNotHostedInExchangeOnline"


class Seeing(Stage):
    """A grant with which the directory is read."""

    roles = frozenset({"Calendars.ReadWrite", "User.Read.All"})


class Unseeing(Stage):
    roles = frozenset({"Calendars.ReadWrite"})


class OnlyBusy(Stage):
    roles = frozenset({"Calendars.ReadBasic.All", "User.Read.All"})


class Own(Stage):
    """Anna's own grant, for her own mailbox."""

    def caller(self) -> Caller:
        scopes = frozenset({"Calendars.ReadWrite", "User.Read"})
        return Caller(ENTRA, APP, self.people["anna"].id, scopes, frozenset())

    async def connect(self, *names: str, policy: dict[str, Any] | None = None) -> None:
        await super().connect(*names, policy=policy)
        connection = await self.memory.connection(TENANT, "grant")
        assert connection is not None
        own = replace(connection, kind=ConnectionKind.USER, user_id=self.people["anna"].id)
        await self.memory.put_connection(own)


async def begun(made: Stage) -> Stage:
    await made.connect("anna")
    return made


def change(stage: Stage, **facts: Any) -> None:
    for name, value in facts.items():
        setattr(stage.people["anna"], name, value)
    stage.twin.world.touch()


async def look(stage: Stage) -> tuple[State, str]:
    """One worker comes once, at the first sign that something may be wrong."""
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.take_message()
    return await standing(stage)


async def standing(stage: Stage) -> tuple[State, str]:
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    return calendar.state, calendar.cause


async def states(stage: Stage) -> list[tuple[str, str, str]]:
    found = [one for one in await told(stage) if one.type.endswith(".state")]
    return [(one.type.split(".")[1], one.data["state"], one.data["cause"]) for one in found]


@pytest.mark.parametrize(
    ("cause", "grant"),
    [
        ("mailbox-unlicensed", Own),
        ("mailbox-on-premises", Seeing),
        ("mailbox-inactive", Seeing),
        pytest.param("mailbox-unlicensed", Seeing, marks=pytest.mark.long),
        pytest.param("mailbox-on-premises", Own, marks=pytest.mark.long),
        pytest.param("mailbox-inactive", Own, marks=pytest.mark.long),
    ],
)
async def test_each_has_its_own_cause_and_passes_by_itself(cause: str, grant: type[Stage]):
    """Told once, of the calendar alone, by the first worker that meets it. What is written
    meanwhile waits; nothing in the calendar counts as deleted.
    """
    stage = await begun(grant())
    stage.outlook("anna").create_event(COFFEE)
    await put(stage, LUNCH)
    await stage.settle_down()
    before = len(await states(stage))
    change(stage, **CLOSED[cause])
    assert await look(stage) == (State.ACTION_REQUIRED, cause)
    late = await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.settle_down()
    assert await outcome(stage, late) is OperationState.PENDING
    change(stage, **OPEN)
    await stage.settle_down()

    assert [one for one in (await states(stage))[before:] if one[0] != "tenant"] == [
        ("calendar", "action_required", cause),
        ("calendar", "active", ""),
    ]
    assert shown(stage) == ["Coffee", "Late lunch"]
    assert await outcome(stage, late) is OperationState.APPLIED
    assert stage.host.echoes == []


async def test_a_write_that_meets_it_first_waits():
    """No notification comes from a mailbox that is closed."""
    stage = await begun(Seeing())
    change(stage, **CLOSED["mailbox-unlicensed"])
    accepted = await put(stage, LUNCH)
    await stage.take_message()

    assert await standing(stage) == (State.ACTION_REQUIRED, "mailbox-unlicensed")
    assert await outcome(stage, accepted) is OperationState.PENDING


async def test_an_account_that_may_not_sign_in_is_not_the_reason():
    """Who leaves is blocked and loses the licence: only the licence brings the mailbox back."""
    stage = await begun(Seeing())
    change(stage, enabled=False)
    blocked = await look(stage)
    change(stage, licensed=False, mailbox="none")

    assert blocked == (State.ACTIVE, "")
    assert await look(stage) == (State.ACTION_REQUIRED, "mailbox-unlicensed")


@pytest.mark.parametrize(
    ("code", "cause"), [("", "mailbox-missing"), (ELSEWHERE, "mailbox-on-premises")]
)
async def test_where_the_account_may_not_be_read_exchange_has_the_word(code: str, cause: str):
    stage = await begun(Unseeing())
    stage.twin.switches.no_mailbox_code = code or stage.twin.switches.no_mailbox_code
    change(stage, mailbox="onprem")

    assert await look(stage) == (State.ACTION_REQUIRED, cause)


async def test_what_is_only_busy_or_free_is_classed_by_the_account():
    stage = OnlyBusy()
    await stage.connect()
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await stage.memory.put_connection(replace(connection, reach=Reach.FREE_BUSY))
    await stage.memory.put_calendar(stage._calendar("anna"))  # pyright: ignore[reportPrivateUsage]
    before = await look(stage)
    change(stage, **CLOSED["mailbox-unlicensed"])

    assert before == (State.ACTIVE, "")
    assert await look(stage) == (State.ACTION_REQUIRED, "mailbox-unlicensed")


async def test_a_busy_moment_at_microsoft_makes_no_cause_up():
    """Told all the same, by what was met; sharper as soon as it can be asked."""
    stage = await begun(Seeing())
    change(stage, **CLOSED["mailbox-unlicensed"])
    stage.twin.faults.add(
        {"match": {"path": f"/users/{stage.people['anna'].id}$"}, "action": {"status": 503}}
    )
    first = await look(stage)
    stage.twin.faults.clear()

    assert first == (State.ACTION_REQUIRED, "mailbox-missing")
    assert await look(stage) == (State.ACTION_REQUIRED, "mailbox-unlicensed")
