"""Reading a calendar anew."""

from dataclasses import replace

from tests.unit.api.stage import T, build_stage


async def test_a_calendar_is_read_anew():
    """Its place in Graph's log is forgotten, and a worker is woken for a round."""
    stage = build_stage()
    await stage.with_calendar()
    store = stage.services.store
    await store.put_calendar(replace(await store.calendar(T), delta_link="https://graph/x"))
    async with stage.client() as client:
        answer = await client.post("/v1/tenants/acme/calendars/ada/resync")
        none = await client.post("/v1/tenants/acme/calendars/nobody/resync")

    assert (answer.status_code, answer.json()["id"]) == (202, "ada")
    assert (await store.calendar(T)).delta_link == ""
    assert await store.marked(T)
    assert stage.queues.sent == [("sync-calendar", "acme~ada", 0)]
    assert (none.status_code, none.json()["code"]) == (404, "calendar-unknown")
