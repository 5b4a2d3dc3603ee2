"""Whether the process lives, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from shared.api.gate import knows
from shared.api.schemas.telling import Health, Ready
from shared.catalogue import cause_of
from shared.observe import note
from shared.readiness import SETTINGS_WRONG, Part
from shared.settings import SettingsError

health = APIRouter(prefix="/health", tags=["health"])

FAILED = 503


@health.get("", response_model=Health)
async def get_health() -> Any:
    """The process lives. Asks nobody."""
    return {"status": "ok"}


@health.get("/ready", response_model=Ready, responses={FAILED: {"model": Ready}})
async def get_readiness(request: Request) -> Any:
    """Whether it can do its work, by what it depends on. The answer stands for seconds. With an
    API key it says more.
    """
    parts, in_full = await _asked(request)
    failed = any(part.code for part in parts)
    shown = [_full(part) if in_full else _name(part) for part in parts]
    return JSONResponse(
        {"status": "failed" if failed else "ok", "parts": shown},
        FAILED if failed else 200,
        {"Cache-Control": "no-store"},
    )


async def _asked(request: Request) -> tuple[tuple[Part, ...], bool]:
    try:
        services = request.app.state.provider()
    except SettingsError as error:
        note("settings_wrong", reason=", ".join(sorted(error.problems)))
        return SETTINGS_WRONG, False
    return await services.readiness.parts(), knows(services.settings.api_keys, request.headers)


def _name(part: Part) -> dict[str, Any]:
    return {"name": part.name, "status": "failed" if part.code else "ok"}


def _full(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = _name(part) | {"milliseconds": part.milliseconds}
    if part.code:
        cause = cause_of(part.code)
        told |= {"code": cause.code, "title": cause.title, "remedy": cause.remedy}
    return told
