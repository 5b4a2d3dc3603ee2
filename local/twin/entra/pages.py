"""The pages a person sees when signing in."""

from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from local.twin.entra.errors import SignInFailure

_templates = Environment(
    loader=PackageLoader("local.twin.entra"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, facts: dict[str, Any], status: int = 200) -> HTMLResponse:
    html = _templates.get_template(name).render(facts)
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})


def problem_page(failure: SignInFailure, now: datetime) -> HTMLResponse:
    return page("problem.html", {"failure": failure, "body": failure.body(now, None)}, 400)
