"""Whose mailbox an app or a colleague may open, and what is wrong with a mailbox."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from local.twin.approles import AppRole
from local.twin.graph.permissions import grant
from tests.twin.stage import APP, TENANT, Stage, meeting

ADA, BOB = "/users/ada@contoso.test", "/users/bob@contoso.test"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def limited(stage: Stage) -> Stage:
    """Nothing granted in Entra, a role in Exchange for the group Sales, which is Ada."""
    stage.clock.freeze(NOW)
    inner = stage.world.roster.create_group(TENANT, "Inner", members=[stage.bob.id])
    members = [stage.ada.id, inner.id]
    sales = stage.world.roster.create_group(TENANT, "Sales", members=members)
    role = AppRole(APP, TENANT, "Application Calendars.ReadWrite", NOW.isoformat(), sales.id)
    stage.world.app_roles.add(role)
    stage.caller = replace(stage.caller, roles=frozenset())
    return stage


def _delegate(stage: Stage, *scopes: str) -> None:
    stage.caller = replace(
        stage.caller, user_id=stage.bob.id, roles=frozenset(), scopes=frozenset(scopes)
    )


async def test_a_role_in_exchange_reaches_the_direct_members_of_its_group(limited: Stage) -> None:
    """Members of a nested group are outside, and settings are another role."""
    await limited.post(f"{ADA}/events", meeting())

    assert await limited.refused("GET", f"{BOB}/calendar") == (403, "ErrorAccessDenied")
    assert (await limited.refused("GET", f"{ADA}/mailboxSettings"))[0] == 403


async def test_a_grant_in_entra_defeats_the_scope(limited: Stage) -> None:
    limited.caller = replace(limited.caller, roles=frozenset({"Calendars.Read"}))

    await limited.get(f"{BOB}/calendar")

    assert (await limited.refused("POST", f"{BOB}/events", meeting()))[0] == 403
    await limited.post(f"{ADA}/events", meeting())


async def test_an_access_policy_limits_only_what_entra_granted(limited: Stage) -> None:
    limited.ada.apps_blocked = True
    limited.bob.apps_blocked = True
    limited.caller = replace(limited.caller, roles=frozenset({"Calendars.ReadWrite"}))

    await limited.get(f"{ADA}/calendar")

    assert (await limited.refused("GET", f"{BOB}/calendar"))[0] == 403


async def test_a_role_takes_a_while(limited: Stage) -> None:
    limited.switches.app_role_delay_seconds = 7200
    assert (await limited.refused("GET", f"{ADA}/calendar"))[0] == 403

    limited.clock.advance(7200)

    await limited.get(f"{ADA}/calendar")


async def test_a_delegate_does_in_a_calendar_what_its_owner_lets_them(stage: Stage) -> None:
    home = stage.world.mailboxes[stage.ada.id].default_calendar
    _delegate(stage, "Calendars.ReadWrite.Shared")
    window = "startDateTime=2027-03-01T00:00:00Z&endDateTime=2027-03-08T00:00:00Z"
    delta = f"{ADA}/calendarView/delta?{window}"
    assert await stage.refused("GET", delta) == (404, "ErrorItemNotFound")

    grant(stage, home, "bob@contoso.test", "read")
    shown = await stage.get(f"{ADA}/calendar")
    assert (shown["canEdit"], shown["canShare"]) == (False, False)
    assert (await stage.refused("POST", f"{ADA}/events", meeting()))[0] == 403

    grant(stage, home, "bob@contoso.test", "write")
    made = await stage.post(f"{ADA}/events", meeting())
    await stage.patch(f"{ADA}/events/{made['id']}", {"subject": "Moved"})
    items, _ = await stage.round(delta)
    assert [item["subject"] for item in items] == ["Moved"]
    assert (await stage.request("DELETE", f"{ADA}/events/{made['id']}")).status_code == 204


async def test_a_delegate_sees_only_shared_calendars(stage: Stage) -> None:
    mailbox = stage.world.mailboxes[stage.ada.id]
    side = stage.world.create_calendar(mailbox, "Side")
    grant(stage, side, "bob@contoso.test", "write")
    _delegate(stage, "Calendars.Read.Shared")

    listed = (await stage.get(f"{ADA}/calendars"))["value"]

    assert [c["name"] for c in listed] == ["Side"]
    await stage.get(f"{ADA}/calendars/{side.id}/events")
    assert (await stage.refused("GET", f"{ADA}/calendars/{mailbox.default_calendar.id}"))[0] == 404


async def test_what_all_colleagues_may_a_delegate_may(stage: Stage) -> None:
    """And without a .Shared scope nothing helps."""
    stage.world.mailboxes[stage.ada.id].default_calendar.permissions[0]["role"] = "read"
    _delegate(stage, "Calendars.Read.Shared")
    await stage.get(f"{ADA}/events")

    _delegate(stage, "Calendars.ReadWrite")

    assert await stage.refused("GET", f"{ADA}/events") == (403, "ErrorAccessDenied")


async def test_how_an_unshared_calendar_is_refused_is_a_switch(stage: Stage) -> None:
    _delegate(stage, "Calendars.Read.Shared")
    stage.switches.unshared_calendar_status = 403
    assert await stage.refused("GET", f"{ADA}/events") == (403, "ErrorAccessDenied")

    stage.switches.sharing_is_checked = False

    await stage.get(f"{ADA}/events")


@pytest.mark.parametrize("kind", ["inactive", "soft_deleted", "onprem", "none"])
async def test_a_mailbox_that_graph_cannot_open_is_not_found(stage: Stage, kind) -> None:
    stage.ada.mailbox = kind
    assert await stage.refused("GET", f"{ADA}/calendar") == (404, "MailboxNotEnabledForRESTAPI")

    stage.switches.no_mailbox_code = "ErrorNonExistentMailbox"

    assert await stage.refused("GET", f"{ADA}/calendar") == (404, "ErrorNonExistentMailbox")


async def test_a_mailbox_on_the_move_comes_back(stage: Stage) -> None:
    stage.ada.mailbox = "moving"
    moving = await stage.request("GET", f"{ADA}/calendar")
    stage.ada.mailbox = "cloud"

    assert moving.status_code == 503
    assert moving.json()["error"]["code"] == "ErrorMailboxMoveInProgress"
    assert moving.headers["retry-after"] == "300"
    await stage.get(f"{ADA}/calendar")


async def test_a_batch_asks_many_mailboxes_and_tells_of_each(stage: Stage) -> None:
    """One mailbox over its limit and one without access spoil nothing else."""
    stage.clock.freeze(NOW)
    stage.bob.licensed = False
    stage.switches.mailbox_request_limit = 1
    parts = [
        {"id": str(n), "method": "GET", "url": f"{who}/calendar?$select=id,name"}
        for n, who in enumerate((ADA, BOB, ADA, f"/users/{stage.room.id}"))
    ]

    answer = await stage.request("POST", "/$batch", {"requests": parts})

    found = {part["id"]: part for part in answer.json()["responses"]}
    assert [found[str(n)]["status"] for n in range(4)] == [200, 404, 429, 200]
    assert int(found["2"]["headers"]["retry-after"]) > 0
