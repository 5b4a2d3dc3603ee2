import pytest

from tests.unit.api.stage import KEY


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"X-Api-Key": ""},
        {"X-Api-Key": "w\u00f6rng".encode()},
    ],
)
async def test_without_a_known_key_nothing_is_told(stage, headers):
    """A missing or wrong key is a 401 problem, even for malformed requests."""
    async with stage.client(key="") as client:
        answer = await client.put("/v1/tenants/acme", content=b"{", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "key-missing-or-wrong"


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"bearer {KEY}"}, {"X-Api-Key": KEY}, {"X-Api-Key": "another-key"}],
)
async def test_every_listed_key_opens(stage, headers):
    """Each key of the setting is good, in either header."""
    async with stage.client(key="") as client:
        answer = await client.get("/v1/tenants/acme", headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v1/health", "/v1/openapi.json"])
async def test_health_and_description_need_no_key(stage, path):
    """What holds nothing of a tenant is open."""
    async with stage.client(key="") as client:
        assert (await client.get(path)).status_code == 200


async def test_a_body_over_one_mebibyte_is_refused(api):
    """1 MiB passes the gate, one byte more does not."""
    fitting = await api.put("/v1/tenants/acme", content=b" " * 1024 * 1024, headers=JSON)
    larger = await api.put("/v1/tenants/acme", content=b" " * (1024 * 1024 + 1), headers=JSON)

    assert fitting.json()["code"] == "malformed-json"
    assert (larger.status_code, larger.json()["code"]) == (413, "body-too-large")


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[1,"])
async def test_what_is_no_json_is_refused(api, body):
    """A body that cannot be read is a 400 problem."""
    answer = await api.put("/v1/tenants/acme", content=body, headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["code"] in {"malformed-json", "invalid-request"}


async def test_another_media_type_is_refused(api):
    """A form is not JSON, whatever it holds."""
    answer = await api.put("/v1/tenants/acme", data={"name": "Acme"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_unknown_paths_and_methods_are_problems(api):
    """404 and 405 come from the catalogue like everything else."""
    path = await api.get("/v1/nothing")
    method = await api.post("/v1/tenants/acme")

    assert (path.status_code, path.json()["code"]) == (404, "route-unknown")
    assert (method.status_code, method.json()["code"]) == (405, "method-not-allowed")
    assert "GET" in method.headers["Allow"]
    assert method.headers["Content-Type"] == "application/problem+json"
