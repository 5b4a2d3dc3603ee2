"""The API as one ASGI application."""

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.api.appointments import appointments
from shared.api.changes import changes
from shared.api.connections import connections
from shared.api.consent import consent
from shared.api.ending import endings
from shared.api.gate import Gate
from shared.api.health import health
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
    for router in (
        health,
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


def _operation_id(route: APIRoute) -> str:
    return route.name
