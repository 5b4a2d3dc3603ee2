"""What the API makes of an acting user. Graph does not answer on this stage."""

from dataclasses import replace

import pytest

from shared.custody.access import AccessToken
from shared.graph.client import Graph
from tests.unit.api.stage import NOW, NoGraph
from tests.unit.api.test_appointments import PATH, VISIT

MERGE = {"Content-Type": "application/merge-patch+json"}


class OneToken:
    async def token(self, connection):
        return AccessToken("a-token", NOW)

    def drop(self, connection):
        raise AssertionError("no token was refused")


async def require(stage, **policy) -> None:
    tenant = await stage.services.store.tenant("acme")
    await stage.services.store.put_tenant(replace(tenant, policy=policy))


async def test_no_policy_no_question(api):
    """Without it an acting user is accepted, and nobody is asked anything."""
    answer = await api.put(PATH, json={**VISIT, "acting_user": "boss@acme.example"})

    assert answer.status_code == 202
    assert "acting_user" not in answer.json()["appointment"]


async def test_whoever_acts_must_be_named(api, stage):
    """In a PUT, a PATCH and a DELETE; one's own calendar needs no more than that."""
    await require(stage, require_calendar_rights=True)
    put = await api.put(PATH, json=VISIT)
    own = await api.put(PATH, json={**VISIT, "acting_user": "ADA@acme.example"})
    patch = await api.patch(PATH, json={"subject": "Call"}, headers=MERGE)
    delete = await api.delete(PATH)

    assert own.status_code == 202
    for refused in (put, patch, delete):
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (400, "acting-user-missing")
        assert problem["pointer"] == "/acting_user"
    for done in (
        await api.patch(
            PATH, json={"subject": "Call", "acting_user": "ada@acme.example"}, headers=MERGE
        ),
        await api.delete(PATH, params={"acting_user": "ada@acme.example"}),
    ):
        assert done.status_code == 202


async def test_a_right_that_cannot_be_asked_for_is_no_yes(api, stage):
    """503 with a time to come again; nothing was accepted."""
    await require(stage, require_calendar_rights=True)
    graph = Graph(stage.services.settings, OneToken(), NoGraph())
    rights = replace(stage.services.rights, graph=graph)
    stage.services = replace(stage.services, rights=rights)
    answer = await api.put(PATH, json={**VISIT, "acting_user": "boss@acme.example"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await api.get(PATH)).status_code == 404


async def test_the_policy_of_the_project_decides(api, stage):
    await require(stage, projects={"clinic": {"require_calendar_rights": True}})

    assert (await api.put(PATH, json=VISIT)).status_code == 202
    refused = await api.put(f"{PATH}-b", json={**VISIT, "project": "clinic"})
    assert refused.json()["code"] == "acting-user-missing"


@pytest.mark.parametrize("name", ["", "boss", "../users", "a@b/../c"])
async def test_an_acting_user_has_the_form_of_one(api, name):
    answer = await api.put(PATH, json={**VISIT, "acting_user": name})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/acting_user")
