"""The few pages a person sees who connects a calendar. Plain HTML; every value is escaped."""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from shared.catalogue import FixedBy, cause_of
from shared.errors import Problem

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#f4f5f7;margin:0}"
    "main{max-width:34rem;margin:12vh auto;padding:2rem 2.5rem;background:#fff;"
    "border-radius:12px;box-shadow:0 1px 4px rgba(0,0,0,.12)}"
    "h1{font-size:1.4rem;margin:0 0 .75rem}h2{font-size:1rem;margin:1.25rem 0 .25rem}"
    "p{margin:.25rem 0}small{color:#666}"
    "@media(prefers-color-scheme:dark){body{background:#16181c;color:#eee}"
    "main{background:#22252b}small{color:#aaa}}"
)

WHO = {
    FixedBy.USER: "You can fix this yourself.",
    FixedBy.TENANT_ADMIN: "An administrator of your organisation has to do this.",
    FixedBy.VENDOR: "The makers of the application have to fix this.",
    FixedBy.MICROSOFT: "The trouble is on Microsoft's side.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """`location` makes it a redirect; `cookie` is a whole Set-Cookie value."""

    html: str
    status: int = HTTPStatus.OK
    location: str = ""
    cookie: str = ""


def redirect(location: str, cookie: str = "") -> Page:
    return Page("", HTTPStatus.FOUND, location, cookie)


def connected_page(name: str) -> Page:
    return Page(
        _document(
            "Connected",
            f"<p>{escape(name)} is connected. Its calendar is now being read for the first time."
            "</p><p>You can close this page.</p>",
        )
    )


def problem_page(problem: Problem, reference: str = "", back: str = "") -> Page:
    """What happened, who can fix it, and what to do next. `back` is where the host app waits."""
    cause = cause_of(problem.code)
    content = (
        f"<p>{escape(problem.detail or cause.meaning)}</p>"
        f"<h2>Who can fix it</h2><p>{escape(WHO[cause.fixed_by])}</p>"
        f"<h2>What to do</h2><p>{escape(cause.remedy)}</p>"
        f"{_way_back(back)}<p><small>{escape(cause.code)} {escape(reference)}</small></p>"
    )
    return Page(_document(cause.title, content), cause.status)


def _way_back(url: str) -> str:
    return f'<p><a id="back" href="{escape(url)}">Back to the application</a></p>' if url else ""


def _document(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
