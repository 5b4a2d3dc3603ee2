"""The API as one ASGI application."""

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.api.appointments import appointments
from shared.api.changes import changes
from shared.api.connections import connections
from shared.api.consent import consent
from shared.api.ending import endings
from shared.api.gate import Gate
from shared.api.given import Given
from shared.api.history import history
from shared.api.holds import holds
from shared.api.openapi import describe
from shared.api.operations import operations
from shared.api.pausing import pauses
from shared.api.people import people
from shared.api.policies import policies
from shared.api.problems import add_problems
from shared.api.reach import reach
from shared.api.rollouts import rollouts
from shared.api.schemas.telling import Health
from shared.api.tenants import tenants
from shared.services import Services, services


def create_app(provider: Callable[[], Services]) -> FastAPI:
    """`provider` is called with a running event loop, once a request."""
    app = FastAPI(
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.provider = provider
    app.openapi = cache(lambda: describe(app))
    app.add_middleware(Gate, provider=provider)
    add_problems(app)
    app.add_api_route("/v1/health", health, response_model=Health, tags=["health"])
    for router in (
        tenants,
        consent,
        connections,
        pauses,
        endings,
        reach,
        holds,
        rollouts,
        appointments,
        operations,
        people,
        changes,
        history,
        policies,
    ):
        app.include_router(router, prefix="/v1")
    return app


@cache
def app() -> FastAPI:
    """The one of this process."""
    return create_app(services)


async def health(given: Given) -> Any:
    """Says ok when storage answers."""
    await given.store.tenant("health")
    return {"status": "ok"}


def _operation_id(route: APIRoute) -> str:
    return route.name
