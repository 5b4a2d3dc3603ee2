"""The policy document through the API: looked at, planned and applied."""

import pytest

from shared.policy.presets import PRESETS

PATH = "/v1/tenants/acme/policy"
OFF = {"preset": "charitylog", "projects": {"a": {"direction": "to_outlook"}}}


async def test_a_document_is_applied_and_counted(api):
    """What was said, what it comes to, and its version as ETag."""
    first = await api.put(PATH, json=OFF)
    again = await api.put(PATH, json=OFF)
    shown = await api.get(PATH)

    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    assert (again.headers["ETag"], shown.headers["ETag"]) == ('"1"', '"1"')
    assert shown.json()["document"] == {"version": 1, **OFF}
    assert shown.json()["resolved"]["direction"] == "off"
    assert shown.json()["projects"]["a"]["direction"] == "to_outlook"


async def test_a_document_that_was_replaced_meanwhile_is_not_replaced_unread(api):
    """If-Match names the version it is to replace."""
    await api.put(PATH, json=OFF)
    late = await api.put(PATH, json={"preset": "calven"}, headers={"If-Match": '"0"'})
    right = await api.put(PATH, json={"preset": "calven"}, headers={"If-Match": '"1"'})

    assert (late.status_code, late.json()["code"], late.json()["version"]) == (
        412,
        "version-conflict",
        1,
    )
    assert right.json()["document"] == {"version": 2, "preset": "calven"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_nonsense_is_pointed_to(api, method):
    """In the document as it was sent, and nothing is applied."""
    path = PATH if method == "PUT" else f"{PATH}/plan"
    wrong = await api.request(method, path, json={"projects": {"a": {"backfill": "none"}}})

    assert (wrong.status_code, wrong.json()["pointer"]) == (400, "/projects/a/backfill")
    assert (await api.get(PATH)).json()["document"]["version"] == 0


async def test_applying_wakes_every_calendar(api, stage):
    """So that what it hides is gone at the next round, not at the next edit."""
    stage.queues.sent.clear()
    await api.put(PATH, json={"privacy": "busy_only"})

    assert ("sync-calendar", "acme~ada", 0) in stage.queues.sent


async def test_a_tenants_policy_is_applied_the_same_way(api):
    """PUT of a tenant counts a version; left out, the policy stays."""
    await api.put("/v1/tenants/acme", json={"name": "Acme", "policy": {"winner": "app"}})
    await api.put("/v1/tenants/acme", json={"name": "Acme Ltd"})

    assert (await api.get(PATH)).json()["document"] == {"version": 1, "winner": "app"}


async def test_planning_counts_and_does_nothing(api):
    """No mail can come of it."""
    planned = await api.post(f"{PATH}/plan", json=OFF)

    assert planned.json()["mails"] == 0
    assert set(planned.json()["effects"].values()) == {0}
    assert planned.json()["calendars_read_anew"] >= 1
    assert (await api.get(PATH)).json()["document"] == {"version": 0}


async def test_presets_are_shown(api):
    """Each as the document it stands for."""
    shown = (await api.get("/v1/policy-presets")).json()["presets"]

    assert shown == {name: dict(preset) for name, preset in PRESETS.items()}
