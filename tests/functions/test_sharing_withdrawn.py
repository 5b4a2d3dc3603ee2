"""An account that acts for others, when somebody no longer shares a calendar with it."""

from datetime import timedelta

import pytest

from shared.store.records import CalendarKey
from tests.functions.granted import ADA, APPOINTMENT, DIEGO, MEGAN, scene_on

WITHDRAWN = ("action_required", "sharing-withdrawn")


@pytest.fixture
async def scene(ground):
    async for made in scene_on(ground):
        yield made


def share(scene, role, owner=MEGAN):
    scene.control(f"/people/{owner}/calendar-permissions", address=ADA, role=role)


async def shared_with_ada(scene, *owners):
    """Connected, and read for the first time."""
    account, keys = await scene.account(ADA), []
    for owner in owners:
        share(scene, "write", owner)
        named = {"connection": account.id, "mailbox": owner}
        made = await scene.ask("POST", "mailboxes", json=named)
        assert made.status_code == 202, made.text
        keys.append(CalendarKey("acme", made.json()["id"]))
        await scene.services.engine.work(keys[-1])
    return account, keys


async def is_kept(scene):
    found = (await scene.ask("GET", "appointments/visit-1")).json()
    return (found["status"], found["subject"])


@pytest.mark.parametrize("status", [pytest.param(403, marks=pytest.mark.long), 404])
async def test_a_calendar_that_is_not_shared_any_more(scene, status):
    """However Exchange says so: its own cause, told once, of this calendar alone. Nothing in it
    counts as deleted; what is written waits. Shared again it goes on by itself.
    """
    scene.twin.patch("/_twin/switches", json={"unshared_calendar_status": status})
    account, (megans, diegos) = await shared_with_ada(scene, MEGAN, DIEGO)
    await scene.ask("PUT", "appointments/visit-1", json=APPOINTMENT)
    await scene.round(megans)
    share(scene, "none")
    closed = await scene.round(megans)
    await scene.ask("PUT", "appointments/visit-1", json=APPOINTMENT | {"subject": "Later"})
    await scene.round(megans)
    await scene.round(diegos)
    waiting = await is_kept(scene)
    share(scene, "write")
    scene.clock.now += timedelta(hours=1, minutes=1)
    await scene.services.engine.work(megans)
    due = (await scene.calendar(megans)).poll_due
    mended = await scene.round(megans)

    told = [one for one in await scene.told("calbridge.calendar.state") if one[1]]
    connection = await scene.services.store.connection("acme", account.id)
    assert ((closed.state, closed.cause), told) == (WITHDRAWN, [WITHDRAWN])
    assert (connection.state, (await scene.calendar(diegos)).state) == ("active", "active")
    assert waiting == ("confirmed", "Later")
    assert due is not None
    assert (mended.state, mended.cause) == ("active", "")
    assert await is_kept(scene) == ("confirmed", "Later")


@pytest.mark.long
async def test_a_mailbox_that_is_gone_is_not_called_unshared(scene):
    """Its owner has lost the licence, which an administrator has to mend, not the owner."""
    _, (key,) = await shared_with_ada(scene, MEGAN)
    gone = {"licensed": False, "mailbox": "none"}
    scene.twin.patch(f"/_twin/people/{MEGAN}", json=gone).raise_for_status()
    closed = await scene.round(key)

    assert (closed.state, closed.cause) == ("action_required", "mailbox-missing")
