"""Users of the directory, and what Graph tells of their mailboxes."""

from starlette.responses import JSONResponse, Response
from tzlocal.windows_tz import win_tz

from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import View, query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context, user_json
from local.twin.graph.userfilter import need_directory, user_test
from local.twin.problem import bad_request
from local.twin.world import Person

_FULL = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
_BASIC = ("displayName", "givenName", "id", "mail", "surname", "userPrincipalName")
_PLANS = ("assignedLicenses", "assignedPlans")
_ORGANISATION = ("Organization.Read.All", "Directory.Read.All", "User.Read.All", "User.Read")
_DIRECTORY = ("User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All")


async def list_users(call: Call) -> Response:
    _need_directory(call)
    query = query_options(call.request)
    view = read_view(call.request)
    size = whole_number(query, "$top", view.page_size or 100, 999)
    skip = whole_number(query, "$skiptoken", 0, 1_000_000)
    test = user_test(call)
    found = [p for p in call.twin.world.people_of(call.caller.tenant_id) if test(p)]
    shown = [shown_user(call, p, view.select) for p in found[skip : skip + size]]
    body: Json = {"@odata.context": context("users"), "value": shown}
    if query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if skip + size < len(found):
        kept = [(k, v) for k, v in call.request.query_params.items() if k.lower() != "$skiptoken"]
        rest = "&".join(f"{k}={v}" for k, v in [*kept, ("$skiptoken", str(skip + size))])
        body["@odata.nextLink"] = f"{call.base}/users?{rest}".replace(" ", "%20")
    return JSONResponse(body, headers=call.headers())


def shown_user(call: Call, person: Person, select: frozenset[str] | None) -> Json:
    """Who holds User.ReadBasic.All alone sees the other properties empty."""
    shown = user_json(person, select)
    if call.caller.user_id and not call.twin.switches.own_plans_are_shown:
        shown |= {name: None for name in _PLANS if name in shown}
    if call.caller.user_id == person.id or any(call.caller.has(p) for p in _FULL):
        return shown
    return {name: value if name in _BASIC else None for name, value in shown.items()}


async def read_user(call: Call) -> Response:
    person = call.person()
    if call.caller.user_id != person.id or not call.caller.has("User.Read"):
        _need_directory(call)
    view: View = read_view(call.request)
    shown = shown_user(call, person, view.select)
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
    need_directory(call, *_ORGANISATION)
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
    need_directory(call, *_DIRECTORY)


def _need_settings(call: Call, person: Person) -> None:
    call.names["user"] = person.id
    call.owner("MailboxSettings.Read")


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
