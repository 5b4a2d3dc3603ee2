"""The Prefer header and the query options, as the event shapes need them."""

import re
from dataclasses import dataclass, field

from starlette.requests import Request

from local.twin.drafts import property_id
from local.twin.problem import bad_request
from local.twin.zones import windows_name

_EXPANDED_ID = re.compile(r"id\s+eq\s+(?P<quote>['\"])(?P<id>.*?)(?P=quote)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class View:
    """How a caller wants events shown. `select` is lower case, None = everything."""

    zone: str = "UTC"
    zone_asked: str | None = None
    text_bodies: bool = False
    immutable: bool = False
    page_size: int | None = None
    select: frozenset[str] | None = None
    properties: tuple[str, ...] = ()
    expand_exceptions: bool = False
    days_in_utc: bool = False
    owner: str = ""
    applied: tuple[str, ...] = field(default=())


def read_view(request: Request, owner: str = "") -> View:
    """Raises GraphProblem for what Graph refuses."""
    prefer = _preferences(request)
    query = query_options(request)
    zone = prefer.get("outlook.timezone")
    windows = windows_name(zone) if zone else "UTC"
    if windows is None:
        raise bad_request(
            f"The time zone '{zone}' is not supported.", "TimeZoneNotSupportedException"
        )
    size = prefer.get("odata.maxpagesize", "")
    return View(
        zone=windows,
        zone_asked=zone,
        text_bodies=prefer.get("outlook.body-content-type", "").lower() == "text",
        immutable=prefer.get("idtype", "").lower() == "immutableid",
        page_size=int(size) if size.isdigit() and int(size) > 0 else None,
        select=_selected(query.get("$select")),
        properties=_expanded_properties(query.get("$expand", "")),
        expand_exceptions="exceptionoccurrences" in query.get("$expand", "").lower(),
        owner=owner,
        applied=_applied(prefer),
    )


def query_options(request: Request) -> dict[str, str]:
    """Names in lower case: Graph does not mind how they are written."""
    return {name.lower(): value for name, value in request.query_params.items()}


def whole_number(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) > most or (name == "$top" and int(text) == 0):
        raise bad_request(
            f"Invalid value '{text}' for {name} query option found. The {name} query option "
            f"requires a non-negative integer value of at most {most}.",
            "BadRequest",
        )
    return int(text)


def _preferences(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for header in request.headers.getlist("prefer"):
        for name, value in re.findall(r'([\w.\-]+)\s*=\s*("[^"]*"|[^,;\s]+)', header):
            found[name.lower()] = value.strip('"')
    return found


def _selected(text: str | None) -> frozenset[str] | None:
    if not text:
        return None
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def _expanded_properties(expand: str) -> tuple[str, ...]:
    if "singlevalueextendedproperties" not in expand.lower():
        return ()
    wanted = tuple(property_id(m["id"]) for m in _EXPANDED_ID.finditer(expand))
    if not wanted:
        raise bad_request(
            "singleValueExtendedProperties has to be expanded with $filter=id eq '...'.",
            "ErrorInvalidUrlQueryFilter",
        )
    return wanted


def _applied(prefer: dict[str, str]) -> tuple[str, ...]:
    shown = ("outlook.timezone", "outlook.body-content-type")
    return tuple(f'{name}="{prefer[name]}"' for name in shown if name in prefer)
