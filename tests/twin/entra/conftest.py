from collections.abc import Iterator

import httpx
import pytest

from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from tests.twin.entra.browser import Browser
from tests.twin.entra.served import Served, served

CALLBACK = "http://localhost:7071/oauth/callback"


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("certs")) as twin:
        yield twin


@pytest.fixture(scope="module")
def connected(running: Served) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


@pytest.fixture
def client(connected: httpx.Client) -> httpx.Client:
    connected.cookies.clear()
    connected.post("/_twin/reset", json={"seed": "demo"}).raise_for_status()
    return connected


@pytest.fixture
def browser(client: httpx.Client) -> Browser:
    return Browser(client)


@pytest.fixture
def app_id() -> str:
    return CALBRIDGE_CLIENT_ID
