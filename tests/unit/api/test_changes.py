import asyncio

from shared.store.records import Change
from tests.unit.api.stage import NOW

PATH = "/v1/tenants/acme/changes"


def change(n):
    return Change(f"change-{n}", "calbridge.appointment.updated", f"visit-{n}", NOW, {"n": n})


async def test_the_log_is_read_in_pages(api, stage):
    """Following `next` gives every change once, in order, and says how far the log goes."""
    await stage.services.store.log("acme", [change(n) for n in range(1, 6)])

    seen, after = [], 0
    while True:
        page = (await api.get(f"{PATH}?limit=2&after={after}")).json()
        if not page["changes"]:
            break
        seen += [int(one["sequence"]) for one in page["changes"]]
        after = page["next"]

    assert seen == [1, 2, 3, 4, 5]
    assert page == {"changes": [], "next": 5, "head": 5}


async def test_waiting_ends_with_the_first_change(api, stage):
    """A reader who waits is answered as soon as there is something to tell."""
    waiting = asyncio.create_task(api.get(f"{PATH}?wait=20"))
    await asyncio.sleep(0)
    await stage.services.store.log("acme", [change(1)])

    answer = await asyncio.wait_for(waiting, 10)

    assert [one["id"] for one in answer.json()["changes"]] == ["change-1"]


async def test_waiting_longer_than_allowed_is_refused(api):
    """20 seconds is the most; the parameter is named."""
    answer = await api.get(f"{PATH}?wait=21")

    assert answer.status_code == 400
    assert "wait" in answer.json()["detail"]


async def test_a_change_is_the_same_read_or_delivered(api, stage):
    """The log shows CloudEvents, as webhooks get them."""
    await stage.services.store.log("acme", [change(1)])

    (event,) = (await api.get(PATH)).json()["changes"]

    assert (event["specversion"], event["source"], event["data"]) == (
        "1.0",
        "/v1/tenants/acme",
        {"n": 1},
    )
