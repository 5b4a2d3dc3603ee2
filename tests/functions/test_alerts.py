"""What the alerts wait for is what the app says, in the very words of their queries."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AsyncHttpTransport
from opentelemetry.trace import StatusCode

import function_app
from shared.custody.vault import KeyVault
from shared.errors import Reconnect, Unavailable
from shared.observe import Unexpected
from shared.services import provide
from shared.sync.wake import ROUND
from tests.infra.kql import check
from tests.infra.sources import NAMES
from tests.infra.test_alerts import queries
from tests.unit.api.stage import NOW, MemoryVault, T, build_stage

TIMERS = json.loads((Path(__file__).parents[2] / NAMES).read_text())["timers"]
TICK = SimpleNamespace(past_due=False)


@pytest.fixture(scope="module")
def functions() -> dict[str, Callable[..., Any]]:
    """As the host calls them."""
    app = func.FunctionApp()
    for blueprint in function_app.BLUEPRINTS:
        app.register_functions(blueprint)
    return {one.get_function_name(): one.get_user_function() for one in app.get_functions()}


def rings(alert: str, log: str) -> set[str]:
    """Of what the alert's query looks for, what was said."""
    return {one for one in check(queries()[alert]) if one.strip() and f'"{one}"' in log}


@pytest.mark.parametrize("name", TIMERS)
async def test_each_timer_is_known_by_its_name(functions, stage, spans, name):
    """`silent-timers` asks for these names; a run that failed does not count as one."""
    await functions[name](TICK)
    provide(replace(stage.services, engine=None))  # pyright: ignore[reportArgumentType]
    with pytest.raises(Unexpected):
        await functions[name](TICK)

    runs = [one for one in spans.get_finished_spans() if one.name == name]
    assert [one.status.status_code for one in runs] == [StatusCode.UNSET, StatusCode.ERROR]


async def test_a_credential_that_runs_out_rings(functions, stage, caplog):
    """Every hour, from two weeks before its end."""
    settings = replace(stage.services.settings, client_secret_expires=NOW.replace(day=28))
    provide(replace(stage.services, settings=settings))
    with caplog.at_level("INFO"):
        await functions["renew_subscriptions"](TICK)

    assert rings("expiring-credentials", caplog.text) == {"credential.expiring"}
    assert '"due": "2026-11-28"' in caplog.text


@dataclass
class Refusing(MemoryVault):
    cause: str = ""

    async def read(self, name: str) -> str | None:
        raise Reconnect(self.cause)


@pytest.mark.parametrize("cause", ["app-credential-refused", "app-misconfigured"])
async def test_a_credential_that_entra_refuses_rings(functions, caplog, cause):
    """Whatever work finds it out."""
    made = build_stage(vault=Refusing(cause=cause))
    await made.with_calendar()
    await made.services.store.mark(T, NOW, (ROUND,))
    provide(made.services)
    with caplog.at_level("INFO"):
        await functions["sync_calendar"](func.QueueMessage(body=str(T).encode()))

    assert rings("expiring-credentials", caplog.text) == {cause}


class Unreached(AsyncHttpTransport[Any, Any]):
    async def send(self, request: Any, **options: Any) -> Any:
        raise ServiceRequestError("no route to it")

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


class NoToken(AsyncTokenCredential):
    async def get_token(self, *scopes: str, **options: Any) -> Any:
        raise AssertionError

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def test_a_vault_that_nothing_reaches_rings(caplog):
    """It logs nothing itself, so the app says it."""
    vault = KeyVault("https://vault.example.org", NoToken(), transport=Unreached(), retry_total=0)
    with caplog.at_level("INFO"), pytest.raises(Unavailable):
        await vault.read("grant")
    await vault.close()

    assert rings("vault-errors", caplog.text) == {"vault.failed"}
