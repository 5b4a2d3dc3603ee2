from collections.abc import AsyncIterator

import httpx
import pytest

from local.twin.app import Twin, create_app


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    twin = Twin(seed="demo")
    yield twin
    await twin.close()


@pytest.fixture
async def http(twin) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(twin))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as http:
        yield http


@pytest.fixture
async def auth(http) -> dict[str, str]:
    """Headers with an app-only token of Contoso, got through the front door."""
    await http.post("/_twin/grants", json={"tenant": "contoso.example"})
    form = {
        "grant_type": "client_credentials",
        "client_id": "11111111-0000-4000-8000-000000000003",
        "client_secret": "local-app-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = await http.post("/contoso.example/oauth2/v2.0/token", data=form)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def meeting() -> dict[str, object]:
    return {
        "subject": "Plan",
        "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"},
    }
