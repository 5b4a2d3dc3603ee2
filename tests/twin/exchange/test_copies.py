"""Whatever an organiser does, a guest who does nothing sees the same meetings."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.twin.outlook import PersonAtOutlook
from local.twin.problem import GraphProblem
from tests.twin.stage import Stage, meeting, weekly

BOB = "bob@contoso.test"
FIRST, LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC)

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["single", "series", "rename", "move", "stretch", "end", "drop date", "edit date"]
        ),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=15,
)


def _take(stage: Stage, step: tuple[str, int, int]) -> None:
    what, number, other = step
    ada = stage.exchange.act_as_person(stage.ada.tenant_id, stage.ada.id)
    guests = meeting("", BOB)["attendees"]
    if what == "single":
        ada.create_event(meeting("Talk", BOB, day=f"2027-03-{number + 1:02}"))
    if what == "series":
        ada.create_event(weekly("2027-03-01", other % 4 + 1, attendees=guests))
    held = list(stage.world.mailboxes[stage.ada.id].events.values())
    if what in ("single", "series") or not held:
        return
    event = held[number % len(held)]
    if what == "end":
        ada.cancel_event(event.id)
    elif what in ("drop date", "edit date"):
        _touch_date(ada, what, other)
    else:
        ada.update_event(event.id, _change(what, event.subject, other))


def _change(what: str, subject: str, other: int) -> dict[str, Any]:
    if what == "rename":
        return {"subject": f"{subject}!"}
    day = "2027-03-08"
    start = {"dateTime": f"{day}T{10 + other % 3}:00:00", "timeZone": "UTC"}
    end = {"dateTime": f"{day}T{14 + other % 3}:00:00", "timeZone": "UTC"}
    return {"start": start, "end": end}


def _touch_date(ada: PersonAtOutlook, what: str, other: int) -> None:
    dates = [e for e in ada.list_events(FIRST, LAST) if e["seriesMasterId"]]
    if not dates:
        return
    one = dates[other % len(dates)]["id"]
    if what == "drop date":
        ada.cancel_event(one)
    else:
        ada.update_event(one, {"subject": f"Special {other}"})


def _seen(stage: Stage, person_id: str) -> list[tuple[str, str, str, str]]:
    side = stage.exchange.act_as_person(stage.ada.tenant_id, person_id)
    return sorted(
        (e["iCalUId"], e["subject"], e["start"]["dateTime"], e["end"]["dateTime"])
        for e in side.list_events(FIRST, LAST)
        if not e["isCancelled"]
    )


@settings(deadline=None, max_examples=80)
@given(steps)
def test_a_quiet_guest_sees_what_the_organiser_sees(plan: list[tuple[str, int, int]]) -> None:
    stage = Stage()
    for step in plan:
        try:
            _take(stage, step)
        except GraphProblem as problem:
            assert problem.status == 400  # noqa: PT017 - a plan may ask the impossible

    assert _seen(stage, stage.bob.id) == _seen(stage, stage.ada.id)
