import json

from local.twin.world import World
from tests.twin.stage import Stage, meeting, weekly


def _stored(world: World) -> str:
    return json.dumps(world.to_json(), sort_keys=True)


async def test_a_world_survives_its_snapshot(stage: Stage) -> None:
    ada = stage.exchange.act_as_person(stage.ada.tenant_id, "ada@contoso.test")
    ada.create_event(meeting("Talk", "bob@contoso.test", categories=["Red"], transactionId="t"))
    ada.create_event(weekly(attendees=meeting("", "bob@contoso.test")["attendees"]))
    day = stage.clock.now().replace(2027, 1, 1)
    found = ada.list_events(day, day.replace(2028))
    ada.update_event(found[2]["id"], {"subject": "Special"})
    ada.delete_event(found[3]["id"])
    _, link = await stage.round(
        "/users/ada@contoso.test/calendarView/delta?startDateTime=2027-01-01&endDateTime=2028-01-01"
    )
    before = ada.list_events(day, day.replace(2028))

    read = World.from_json(json.loads(json.dumps(stage.world.to_json())))

    assert _stored(read) == _stored(stage.world)
    stage.world = read
    again = stage.exchange.act_as_person(stage.ada.tenant_id, stage.ada.id)
    assert again.list_events(day, day.replace(2028)) == before
    again.update_event(before[0]["id"], {"subject": "After"})
    items, _ = await stage.round(link)
    assert [item["subject"] for item in items] == ["After"]
