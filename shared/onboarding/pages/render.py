"""Turns a template and its facts into a page. Every value is escaped."""

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.onboarding.pages.page import Page

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"
NO_FORMS = ("'none'",)


def render(
    name: str,
    facts: dict[str, Any],
    status: int = HTTPStatus.OK,
    forms: tuple[str, ...] = NO_FORMS,
) -> Page:
    """`forms` are the places that forms on the page may lead to."""
    html = _environment().get_template(name).render(facts | _inlined())
    return Page(html, status, policy=policy(forms))


def policy(forms: tuple[str, ...]) -> str:
    """Nothing is loaded; only our own style and script run, known by their digests."""
    return (
        f"default-src 'none'; style-src {_digest('page.css')}; script-src {_digest('page.js')}; "
        f"img-src data:; form-action {' '.join(forms)}; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> "Environment":
    # Other triggers start without it.
    from jinja2 import (  # noqa: PLC0415 - see above
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _inlined() -> dict[str, Any]:
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    return {
        "style": Markup(_source("page.css")),  # noqa: S704 - ours, not a visitor's
        "script": Markup(_source("page.js")),  # noqa: S704 - the same
    }


@cache
def _source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _digest(name: str) -> str:
    digest = hashlib.sha256(_source(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
