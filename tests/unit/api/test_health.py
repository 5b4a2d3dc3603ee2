"""Alive and ready."""

from dataclasses import replace

import httpx

from shared.api.app import create_app
from shared.errors import Reconnect, Unavailable
from shared.readiness import Readiness
from shared.settings import SettingsError
from tests.unit.api.stage import KEY, build_stage


async def well():
    return None


def stage_with(**probes):
    stage = build_stage()
    made = Readiness({"tables": well, **probes}, patience=0.05)
    stage.services = replace(stage.services, readiness=made)
    return stage


async def ready(stage, key=""):
    async with stage.client(key) as client:
        answer = await client.get("/v1/health/ready")
    return answer.status_code, answer.json()


def failing(error):
    async def probe():
        raise error

    return probe


async def test_alive_asks_nobody():
    """Even with settings that are wrong the process says that it lives."""

    def provider():
        raise SettingsError({"CALBRIDGE_VAULT_URL": "is missing"})

    transport = httpx.ASGITransport(app=create_app(provider))
    async with httpx.AsyncClient(transport=transport, base_url="https://x.example") as client:
        alive = await client.get("/v1/health")
        able = await client.get("/v1/health/ready")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert able.status_code == 503
    assert able.json() == {
        "status": "failed",
        "parts": [{"name": "settings", "status": "failed"}],
    }


async def test_without_a_key_only_names_are_told():
    """A load balancer sees which part failed and nothing else."""
    status, told = await ready(stage_with(vault=failing(Unavailable(1, "inside"))))

    assert status == 503
    assert told == {
        "status": "failed",
        "parts": [
            {"name": "settings", "status": "ok"},
            {"name": "tables", "status": "ok"},
            {"name": "vault", "status": "failed"},
        ],
    }


async def test_with_a_key_the_cause_is_told():
    """The operator gets the catalogue's words: of the part, or of the error if it has its own."""
    status, told = await ready(
        stage_with(
            vault=failing(Unavailable(1)), entra=failing(Reconnect("app-credential-refused"))
        ),
        KEY,
    )
    codes = [part.get("code") for part in told["parts"]]

    assert status == 503
    assert codes == [None, None, "vault-not-answering", "app-credential-refused"]
    assert all(part["milliseconds"] >= 0 for part in told["parts"])
    assert "Key Vault" in told["parts"][2]["remedy"]


async def test_who_hangs_has_failed():
    """A part that does not answer in time is named; the others are not kept waiting by it."""
    never = build_stage().queues.arrived
    status, told = await ready(stage_with(queues=never.wait), KEY)

    assert status == 503
    assert told["parts"][-1]["code"] == "queues-not-answering"


async def test_an_answer_stands_for_seconds():
    """However often it is asked, others are asked once; later they are asked anew."""
    asked = []
    now = [0.0]

    async def probe():
        asked.append(now[0])

    readiness = Readiness({"tables": probe}, clock=lambda: now[0])
    for moment in (0.0, 1.0, 4.9, 5.0):
        now[0] = moment
        await readiness.parts()

    assert asked == [0.0, 5.0]


async def test_all_well():
    """Every part that the product depends on is asked, and 200 says that all answered."""
    stage = build_stage()
    assert set(stage.services.readiness.probes) == {"tables", "queues", "vault", "entra"}

    status, told = await ready(stage_with())

    assert (status, told["status"]) == (200, "ok")
