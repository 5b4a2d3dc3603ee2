"""Stories of people whose addresses change, and of mailboxes that come to be somebody else's."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.store.records import Calendar, CalendarKey, State
from tests.machine.stage import ENTRA, TENANT, Stage
from tests.machine.telling import LUNCH, put, shown, told

ANNA = "anna@contoso.test"
MARRIED = "anna.berg@contoso.test"


class Seeing(Stage):
    """A grant with which the directory is read."""

    roles = frozenset({"Calendars.ReadWrite", "User.Read.All"})


async def begun(*names: str) -> Stage:
    stage = Seeing()
    await stage.connect(*names)
    return stage


async def calendar(stage: Stage, key: CalendarKey) -> Calendar:
    found = await stage.memory.calendar(key)
    assert found is not None
    return found


async def look(stage: Stage, days: float = 8) -> None:
    stage.now += timedelta(days=days)
    stage.twin.clock.advance(days * 86400)
    await stage.settle_down()


async def renamings(stage: Stage) -> list[Any]:
    return [one.data for one in await told(stage) if one.type == "calbridge.calendar.renamed"]


def rename(stage: Stage, name: str, address: str, *, aliases: tuple[str, ...] = ()) -> None:
    person = stage.people[name]
    person.upn = person.mail = address
    person.aliases = list(aliases)
    stage.twin.world.touch()


async def test_a_calendar_follows_its_owners_new_address():
    """Within a week, told once; by the old address it is found and written to as before."""
    stage = await begun("anna")
    rename(stage, "anna", MARRIED)
    await look(stage, days=1)
    assert (await calendar(stage, stage.key("anna"))).address == ANNA
    await look(stage)
    await look(stage)

    found = await calendar(stage, stage.key("anna"))
    assert (found.address, found.aliases, found.former) == (MARRIED, (MARRIED,), (ANNA,))
    (change,) = await renamings(stage)
    assert (change["mailbox"], change["was"]["mailbox"]) == (MARRIED, ANNA)
    assert await stage.memory.calendar_at(TENANT, MARRIED) == stage.key("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]


async def test_an_address_given_to_somebody_else_is_theirs():
    """Once both were read, the first owner is no longer found by it."""
    stage = await begun("anna", "ben")
    rename(stage, "anna", MARRIED)
    rename(stage, "ben", "ben@contoso.test", aliases=(ANNA,))
    await look(stage)
    await look(stage)

    assert await stage.memory.calendar_at(TENANT, ANNA) == stage.key("ben")
    assert (await calendar(stage, stage.key("anna"))).former == ()


@pytest.mark.parametrize("after", [False, True])
async def test_a_new_address_is_told_once_whenever_the_worker_dies(after: bool):
    for effect in range(100):
        stage = await begun("anna")
        rename(stage, "anna", MARRIED)
        stage.now += timedelta(days=8)
        await stage.wake.dirty(stage.key("anna"), stage.now)
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        await stage.settle_down()
        assert len(await renamings(stage)) == 1, effect
        assert (await calendar(stage, stage.key("anna"))).address == MARRIED
        if over:
            return
    raise AssertionError("a round has no end")


async def test_a_directory_that_may_not_be_read_keeps_nothing_from_working():
    stage = Stage()
    await stage.connect("anna")
    await look(stage)

    found = await calendar(stage, stage.key("anna"))
    assert (found.state, found.profile_read is not None) == (State.ACTIVE, True)


# Mailboxes that are gone.


def gone(stage: Stage, name: str = "anna") -> CalendarKey:
    key = stage.key(name)
    stage.twin.world.remove_person(stage.people[name].id)
    return key


def recreated(stage: Stage) -> CalendarKey:
    """Deleted, and made anew with the same address; the key of the old calendar."""
    key = gone(stage)
    other = "33333333-0000-4000-8000-00000000000a"
    stage.people["anna"] = stage.twin.world.create_person(ENTRA, ANNA, "Anna", id=other)
    return key


async def test_an_account_that_is_gone_has_a_cause_of_its_own():
    """And so has one that is there without a mailbox."""
    stage = await begun("anna", "ben")
    key = gone(stage)
    stage.people["ben"].licensed = False
    stage.people["ben"].mailbox = "none"
    await look(stage, days=1)

    states = [await calendar(stage, one) for one in (key, stage.key("ben"))]
    assert [(one.state, one.cause) for one in states] == [
        (State.ACTION_REQUIRED, "mailbox-identity-missing"),
        (State.ACTION_REQUIRED, "mailbox-unlicensed"),
    ]


async def test_a_mailbox_that_was_replaced_is_never_written_to_by_itself():
    """The new account's is another mailbox, until somebody says that it is meant."""
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    old = recreated(stage)
    await look(stage, days=1)

    found = await calendar(stage, old)
    assert (found.state, found.cause) == (State.ACTION_REQUIRED, "mailbox-replaced")
    assert shown(stage) == []


async def connected_again(stage: Stage) -> None:
    """As connecting the mailbox does it."""
    first = (await stage.memory.calendars(TENANT))[0]
    key = stage.key("anna")
    fresh = replace(
        first, key=key, user_id=key.calendar, state=State.PROVISIONING, cause="", delta_link="",
        since=stage.now, window_start=None, window_end=None, etag="",
    )  # fmt: skip
    await stage.memory.put_calendar(fresh)
    await stage.wake.dirty(stage.key("anna"), stage.now)


@pytest.mark.parametrize("before", [True, False])
async def test_the_old_calendar_ends_once_the_new_mailbox_is_connected(before: bool):
    """Whichever was seen first. The appointment goes to the new one when it is sent again; until
    then it is where it was.
    """
    stage = await begun("anna")
    first = await put(stage, LUNCH)
    await stage.settle_down()
    old = recreated(stage)
    if before:
        await look(stage, days=1)
    await connected_again(stage)
    await look(stage, days=1)

    found = await calendar(stage, old)
    assert (found.state, found.cause) == (State.DISCONNECTED, "mailbox-replaced")
    assert await stage.memory.located(TENANT, "lunch") == old
    again = await put(stage, LUNCH)
    await stage.settle_down()
    assert again.link.version > first.link.version
    assert await stage.memory.located(TENANT, "lunch") == stage.key("anna")
    assert shown(stage) == ["Lunch"]
    assert stage.twin.exchange.outbox == []


async def test_an_account_that_is_restored_works_on():
    stage = await begun("anna")
    person = stage.people["anna"].id
    stage.twin.world.soft_delete(person)
    await look(stage, days=1)
    assert (await calendar(stage, stage.key("anna"))).cause == "mailbox-identity-missing"
    stage.twin.world.restore(person)
    await look(stage, days=1)

    assert (await calendar(stage, stage.key("anna"))).state is State.ACTIVE
