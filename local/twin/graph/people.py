"""Users of the directory, and what Graph tells of their mailboxes."""

import re
from collections.abc import Callable

from starlette.responses import JSONResponse, Response
from tzlocal.windows_tz import win_tz

from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import View, query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context, user_json
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import Person

_EQUALS = re.compile(
    r"^(?P<name>mail|userPrincipalName|id|displayName)\s+eq\s+'(?P<value>(?:[^']|'')*)'$",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"^startsWith\(\s*(?P<name>mail|userPrincipalName|displayName)\s*,\s*'(?P<value>[^']*)'\s*\)$",
    re.IGNORECASE,
)
_IN = re.compile(
    r"^(?P<name>mail|userPrincipalName|id)\s+in\s*\((?P<values>[^)]*)\)$", re.IGNORECASE
)
_ENABLED = re.compile(r"^accountEnabled\s+eq\s+(?P<value>true|false)$", re.IGNORECASE)
_MEMBER = re.compile(r"^userType\s+eq\s+'(?P<value>\w+)'$", re.IGNORECASE)
_FIELDS: dict[str, Callable[[Person], str]] = {
    "mail": lambda p: p.mail.lower(),
    "userprincipalname": lambda p: p.upn.lower(),
    "id": lambda p: p.id.lower(),
    "displayname": lambda p: p.display_name.lower(),
}
_DIRECTORY = ("User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All")
Test = Callable[[Person], bool]


async def list_users(call: Call) -> Response:
    _need_directory(call)
    query = query_options(call.request)
    view = read_view(call.request)
    size = whole_number(query, "$top", view.page_size or 100, 999)
    skip = whole_number(query, "$skiptoken", 0, 1_000_000)
    test = _filter(query.get("$filter"))
    found = [p for p in call.twin.world.people_of(call.caller.tenant_id) if test(p)]
    shown = [user_json(p, view.select) for p in found[skip : skip + size]]
    body: Json = {"@odata.context": context("users"), "value": shown}
    if query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if skip + size < len(found):
        kept = [(k, v) for k, v in call.request.query_params.items() if k.lower() != "$skiptoken"]
        rest = "&".join(f"{k}={v}" for k, v in [*kept, ("$skiptoken", str(skip + size))])
        body["@odata.nextLink"] = f"{call.base}/users?{rest}".replace(" ", "%20")
    return JSONResponse(body, headers=call.headers())


async def read_user(call: Call) -> Response:
    person = call.person()
    if call.caller.user_id != person.id or not call.caller.has("User.Read"):
        _need_directory(call)
    view: View = read_view(call.request)
    shown = user_json(person, view.select)
    if view.select and "mailboxsettings" in view.select:
        _need_settings(call, person)
        shown["mailboxSettings"] = _settings(person)
    return JSONResponse(
        {"@odata.context": context("users/$entity"), **shown}, headers=call.headers()
    )


async def read_settings(call: Call) -> Response:
    person = call.person()
    _need_settings(call, person)
    where = context(f"users('{person.id}')/mailboxSettings")
    return JSONResponse({"@odata.context": where, **_settings(person)}, headers=call.headers())


async def read_setting(call: Call) -> Response:
    person = call.person()
    _need_settings(call, person)
    settings = {name.lower(): value for name, value in _settings(person).items()}
    value = settings[call.names["setting"].lower()]
    where = context(f"users('{person.id}')/mailboxSettings/{call.names['setting']}")
    return JSONResponse({"@odata.context": where, "value": value}, headers=call.headers())


async def list_zones(call: Call) -> Response:
    call.person()
    iana = "iana" in call.request.url.path.lower()
    names = sorted(set(win_tz.values()) if iana else win_tz)
    shown = [{"alias": name, "displayName": name} for name in names]
    where = context("Collection(microsoft.graph.timeZoneInformation)")
    return JSONResponse({"@odata.context": where, "value": shown}, headers=call.headers())


async def read_organization(call: Call) -> Response:
    tenant = call.twin.world.tenants[call.caller.tenant_id]
    shown = {
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "verifiedDomains": [
            {"name": tenant.domain, "isDefault": True, "isInitial": True, "type": "Managed"}
        ],
    }
    return JSONResponse(
        {"@odata.context": context("organization"), "value": [shown]}, headers=call.headers()
    )


async def translate_ids(call: Call) -> Response:
    """Between restId and restImmutableEntryId, at most 1,000 at once."""
    _, mailbox = call.owner("User.Read" if call.caller.user_id else "User.Read.All")
    data = await call.optional_json()
    ids = data.get("inputids")
    wanted = data.get("targetidtype")
    if not isinstance(ids, list) or len(ids) > 1000:
        raise bad_request("inputIds is a collection of at most 1,000 ids.")
    if wanted not in ("restId", "restImmutableEntryId"):
        raise bad_request("targetIdType is restId or restImmutableEntryId here.")
    found = [(given, mailbox.find(str(given))) for given in ids]
    shown = [
        {"sourceId": given, "targetId": e.id if wanted == "restId" else e.immutable_id}
        for given, e in found
        if e is not None
    ]
    where = context("Collection(microsoft.graph.convertIdResult)")
    return JSONResponse({"@odata.context": where, "value": shown}, headers=call.headers())


def _settings(person: Person) -> Json:
    hours = {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": person.time_zone},
    }
    return {
        "timeZone": person.time_zone,
        "userPurpose": person.purpose or person.kind,
        "dateFormat": "M/d/yyyy",
        "timeFormat": "h:mm tt",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": hours,
    }


def _need_directory(call: Call) -> None:
    if not any(call.caller.has(permission) for permission in _DIRECTORY):
        raise GraphProblem(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )


def _need_settings(call: Call, person: Person) -> None:
    call.names["user"] = person.id
    call.owner("MailboxSettings.Read")


def _filter(text: str | None) -> Test:
    if not text:
        return lambda _person: True
    tests = [_one(part.strip()) for part in re.split(r"\s+and\s+", text)]
    return lambda person: all(test(person) for test in tests)


def _one(text: str) -> Test:
    text = text.strip("()") if " or " in text else text
    if " or " in text:
        options = [_one(part.strip()) for part in text.split(" or ")]
        return lambda person: any(test(person) for test in options)
    if found := _EQUALS.match(text):
        read, value = _FIELDS[found["name"].lower()], found["value"].replace("''", "'").lower()
        return lambda person: read(person) == value
    if found := _STARTS.match(text):
        read, value = _FIELDS[found["name"].lower()], found["value"].lower()
        return lambda person: read(person).startswith(value)
    if found := _IN.match(text):
        read = _FIELDS[found["name"].lower()]
        values = {v.strip(" '").lower() for v in found["values"].split(",")}
        return lambda person: read(person) in values
    if found := _ENABLED.match(text):
        return lambda person: person.enabled is (found["value"].lower() == "true")
    if found := _MEMBER.match(text):
        return lambda person: person.user_type.lower() == found["value"].lower()
    raise bad_request(f"Invalid filter clause: {text}", "Request_UnsupportedQuery")


ENTRIES: list[Entry] = [
    entry("GET", "users", list_users),
    entry("GET", "~", read_user),
    entry("GET", "organization", read_organization),
    entry("POST", "~/translateExchangeIds", translate_ids),
    entry("GET", "~/mailboxSettings", read_settings),
    entry("GET", "~/mailboxSettings/{setting}", read_setting),
    entry("GET", "~/outlook/supportedTimeZones", list_zones),
    entry("GET", r"~/outlook/supportedTimeZones\([^/]*\)", list_zones),
]
