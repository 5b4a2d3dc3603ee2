"""Delta rounds, as the twin plays them."""

import pytest

from shared.errors import Reconnect, Resync
from shared.graph.seen import Kind
from tests.contract.graph.conftest import TENANT, WINDOW


def meeting(subject: str = "Review", day: str = "2026-11-23", **more) -> dict:
    return {
        "subject": subject,
        "start": {"dateTime": f"{day}T10:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": f"{day}T11:00:00", "timeZone": "W. Europe Standard Time"},
        **more,
    }


async def test_first_round(stage):
    """A round from scratch shows what is in the window, whole."""
    stage.outlook.create_event(meeting())
    stage.outlook.create_event(meeting("Long ago", "2020-01-01"))

    seen, link = await stage.round()

    assert [(one.event.subject, one.kind, one.is_organizer) for one in seen] == [
        ("Review", Kind.SINGLE, True)
    ]
    assert seen[0].event.when.start.zone == "Europe/Berlin"
    assert seen[0].event.when.start.wall.hour == 10
    assert link.startswith("https://graph.microsoft.com/")


async def test_next_round(stage):
    """The next round shows what changed since, and nothing else."""
    stage.outlook.create_event(meeting("Stays"))
    edited = stage.outlook.create_event(meeting("Old"))
    _, link = await stage.round()
    stage.outlook.update_event(edited["id"], {"subject": "New"})

    seen, _ = await stage.round(link)

    assert [one.event.subject for one in seen] == ["New"]


async def test_removal(stage):
    """A deleted event is shown as removed under the id it had."""
    created = stage.outlook.create_event(meeting())
    before, link = await stage.round()
    stage.outlook.delete_event(created["id"])

    seen, _ = await stage.round(link)

    assert [(one.event_id, one.removed, one.event) for one in seen] == [
        (before[0].event_id, True, None)
    ]
    assert await stage.mailbox.event(before[0].event_id) is None


async def test_leaving_the_window(stage):
    """What only left the window looks removed; reading it by id tells the difference."""
    created = stage.outlook.create_event(meeting())
    before, link = await stage.round()
    later = meeting(day="2030-05-05")
    stage.outlook.update_event(created["id"], {k: later[k] for k in ("start", "end")})

    seen, _ = await stage.round(link)
    found = await stage.mailbox.event(before[0].event_id)

    assert [one.removed for one in seen] == [True]
    assert found.event.subject == "Review"


async def test_pages(stage):
    """A round of many events comes on several pages of at most two hundred."""
    for number in range(420):
        stage.outlook.create_event(meeting(str(number)))

    first = await stage.mailbox.delta("", WINDOW)
    seen, _ = await stage.round()

    assert len(first.items) == 200
    assert first.delta_link == ""
    assert {one.event.subject for one in seen} == {str(number) for number in range(420)}


async def test_empty_pages_go_on(stage):
    """An empty page with a next link is not the end."""
    stage.twin.switches.delta_empty_pages = True
    stage.outlook.create_event(meeting())

    seen, _ = await stage.round()

    assert [one.event.subject for one in seen] == ["Review"]


async def test_series(stage):
    """A series shows by its master and its occurrences, none of which is an event of its own."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "numbered", "startDate": "2026-11-23", "numberOfOccurrences": 3},
    }
    made = stage.outlook.create_event(meeting("Weekly", recurrence=recurrence))
    days = stage.outlook.list_events(*WINDOW)
    stage.outlook.update_event(days[1]["id"], {"subject": "Special"})

    seen, _ = await stage.round()
    (master,) = [one for one in seen if one.kind is Kind.MASTER]
    bare = [one for one in seen if one.kind is Kind.OCCURRENCE]
    (exception,) = [one for one in seen if one.kind is Kind.EXCEPTION]

    assert [one.event for one in seen] == [None] * 4
    assert master.ical_uid == made["iCalUId"]
    assert {one.series_master for one in (*bare, exception)} == {master.event_id}
    assert [one.start.isoformat() for one in bare] == [
        "2026-11-23T09:00:00+00:00",
        "2026-12-07T09:00:00+00:00",
    ]
    assert exception.original_start.isoformat() == "2026-11-30T09:00:00+00:00"


async def test_dead_link(stage):
    """A link Graph has forgotten asks for a round from scratch."""
    _, link = await stage.round()
    stage.twin.world.mailboxes[stage.ada.id].generation += 1

    with pytest.raises(Resync):
        await stage.mailbox.delta(link, WINDOW)


@pytest.mark.parametrize("code", ["syncStateNotFound", "SyncStateInvalid", "resyncRequired"])
async def test_dead_link_in_any_words(stage, code):
    """All the words for a dead link mean the same, whatever status they come with."""
    stage.fault(status=400, code=code, match={"path": "delta"})

    with pytest.raises(Resync):
        await stage.mailbox.delta("", WINDOW)


async def test_another_calendar(stage):
    """A named calendar has rounds of its own."""
    other = stage.outlook.create_calendar("Other")
    stage.outlook.create_event(meeting("Default"))
    stage.outlook.create_event(meeting("Named"), other)

    seen, _ = await stage.round(mailbox=stage.mailbox_of(stage.ada.id, other))

    assert [one.event.subject for one in seen] == ["Named"]


async def test_link_to_another_host(stage):
    """A token never follows a link away from Graph."""
    with pytest.raises(ValueError, match="another host"):
        await stage.mailbox.delta("https://graph.microsoft.com.evil.example/x", WINDOW)

    assert stage.asked() == []


@pytest.mark.parametrize("kind", ["none", "onprem"])
async def test_no_mailbox(stage, kind):
    """A person without a mailbox in the cloud needs somebody to act."""
    nobody = stage.twin.world.create_person(
        TENANT, "eve@contoso.example", "Eve", mailbox=kind, licensed=kind != "none"
    )

    with pytest.raises(Reconnect) as refused:
        await stage.mailbox_of(nobody.id).delta("", WINDOW)

    assert refused.value.cause == "mailbox-missing"


async def test_unknown_person(stage):
    """A person the directory no longer knows is the same case, not an empty calendar."""
    with pytest.raises(Reconnect) as refused:
        await stage.mailbox_of("99999999-0000-4000-8000-000000000001").delta("", WINDOW)

    assert refused.value.cause == "mailbox-missing"
