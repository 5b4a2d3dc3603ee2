"""users/delta, and groups with their members."""

import base64
import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.people import shown_user
from local.twin.graph.preferences import query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context
from local.twin.graph.userfilter import need_directory, need_eventual, user_test
from local.twin.problem import GraphProblem, bad_request
from local.twin.roster import Group, Line
from local.twin.world import Person

USERS = ("User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All", "Directory.Read.All")
GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
TOKENS_LIVE = timedelta(days=7)
_REFUSED = ("$expand", "$top", "$orderby", "$search", "$skip", "$count")
_IDS = re.compile(r"^id\s+eq\s+'[^']*'(?:\s+or\s+id\s+eq\s+'[^']*')*$", re.IGNORECASE)
_NAME = re.compile(
    r"^(?:(?P<eq>displayName|mail)\s+eq\s+|startsWith\(\s*(?P<starts>displayName|mail)\s*,\s*)"
    r"'(?P<value>[^']*)'\s*\)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a token holds; the first round tells nobody who is gone."""

    sequence: int
    issued: float
    generation: int
    first: bool
    select: tuple[str, ...]
    filter: str


async def users_delta(call: Call) -> Response:
    need_directory(call, *USERS)
    query = query_options(call.request)
    if refused := [name for name in _REFUSED if name in query]:
        raise bad_request(f"Not supported with delta: {', '.join(refused)}.", "BadRequest")
    token = query.get("$skiptoken") or query.get("$deltatoken")
    now = call.twin.clock.now()
    cursor = _begin(call) if token in (None, "latest") else _decode(str(token))
    _check_alive(call, cursor)
    roster, tenant_id = call.twin.world.roster, call.caller.tenant_id
    if token == "latest":
        cursor = replace(cursor, sequence=roster.latest(tenant_id), first=False)
    lines = roster.changes(tenant_id, cursor.sequence)
    size = read_view(call.request).page_size or call.twin.switches.directory_page_size
    page = lines[:size]
    here = replace(
        cursor,
        sequence=page[-1].sequence if page else cursor.sequence,
        issued=now.timestamp(),
    )
    return _answer(call, _items(call, page, cursor), here, more=len(lines) > size)


def _items(call: Call, lines: list[Line], cursor: Cursor) -> list[Json]:
    select = frozenset(cursor.select) or None
    found: list[Json] = []
    for line in lines:
        if cursor.filter and f"'{line.person_id}'" not in cursor.filter.lower():
            continue
        person = call.twin.world.people.get(line.person_id)
        if person is not None and line.gone is None:
            found.append(shown_user(call, person, select))
        elif not cursor.first:
            found.append({"id": line.person_id, "@removed": {"reason": line.gone}})
    return found


def _begin(call: Call) -> Cursor:
    query, select = query_options(call.request), read_view(call.request).select or frozenset()
    text = query.get("$filter", "")
    if text and not _IDS.match(text):
        raise bad_request("Delta filters users by id only.", "Request_UnsupportedQuery")
    return Cursor(
        sequence=0,
        issued=call.twin.clock.now().timestamp(),
        generation=_generation(call),
        first=True,
        select=tuple(sorted(select)),
        filter=text,
    )


def _generation(call: Call) -> int:
    return call.twin.world.roster.generations.get(call.caller.tenant_id, 0)


def _check_alive(call: Call, cursor: Cursor) -> None:
    age = call.twin.clock.now().timestamp() - cursor.issued
    if age <= TOKENS_LIVE.total_seconds() and cursor.generation == _generation(call):
        return
    raise GraphProblem(
        410,
        "syncStateNotFound",
        "The sync state was not found: the token is expired or was never issued.",
        {"Location": f"{call.base}/users/delta?$deltatoken="},
    )


def _answer(call: Call, items: list[Json], cursor: Cursor, *, more: bool) -> Response:
    """A round that tells everybody ends the first time."""
    cursor = cursor if more else replace(cursor, first=False)
    text = json.dumps(list(asdict(cursor).values()), separators=(",", ":"))
    token = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    path = f"{call.base}/users/delta"
    link = (
        {"@odata.nextLink": f"{path}?$skiptoken={token}"}
        if more
        else {"@odata.deltaLink": f"{path}?$deltatoken={token}"}
    )
    body = {"@odata.context": context("users"), **link, "value": items}
    return JSONResponse(body, headers=call.headers())


def _decode(token: str) -> Cursor:
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        sequence, issued, generation, first, select, text = values
    except (ValueError, TypeError):
        raise bad_request("Badly formed token.", "Request_BadRequest") from None
    return Cursor(sequence, issued, generation, first, tuple(select), text)


async def list_groups(call: Call) -> Response:
    need_directory(call, *GROUPS)
    found = [
        group
        for group in call.twin.world.roster.groups.values()
        if group.tenant_id == call.caller.tenant_id and _passes(call, group)
    ]
    return _listed(call, found, "groups")


def _passes(call: Call, group: Group) -> bool:
    text = query_options(call.request).get("$filter", "").strip()
    if not text:
        return True
    if not (found := _NAME.match(text)):
        raise bad_request(f"Invalid filter clause: {text}", "Request_UnsupportedQuery")
    name, value = (found["eq"] or found["starts"]).lower(), found["value"].lower()
    own = (group.name if name == "displayname" else group.mail).lower()
    return own == value if found["eq"] else own.startswith(value)


async def read_group(call: Call) -> Response:
    need_directory(call, *GROUPS)
    shown = _shown(call, _group(call))
    return JSONResponse(
        {"@odata.context": context("groups/$entity"), **shown}, headers=call.headers()
    )


async def list_members(call: Call) -> Response:
    """`members` or `transitiveMembers`, of every kind or of the one that the path is cast to."""
    need_directory(call, *GROUPS)
    group, roster = _group(call), call.twin.world.roster
    deep = call.names["which"].lower() == "transitivemembers"
    found = roster.everyone_in(group) if deep else list(roster.members(group))
    cast = call.names.get("cast", "").lower()
    if cast:
        if call.twin.switches.casts_need_eventual:
            need_eventual(call, "A cast")
        wanted = Person if cast.endswith("user") else Group
        found = [one for one in found if isinstance(one, wanted)]
    if cast.endswith("user"):
        test = user_test(call)
        found = [one for one in found if isinstance(one, Person) and test(one)]
    return _listed(call, found, "directoryObjects")


def _group(call: Call) -> Group:
    wanted = call.names["group"]
    found = call.twin.world.roster.groups.get(wanted.lower())
    if found is None or found.tenant_id != call.caller.tenant_id:
        raise GraphProblem(
            404,
            "Request_ResourceNotFound",
            f"Resource '{wanted}' does not exist or one of its queried reference-property "
            "objects are not present.",
        )
    return found


def _shown(call: Call, one: Person | Group) -> Json:
    """Members carry their type, as they are of several."""
    select = read_view(call.request).select
    if isinstance(one, Person):
        return {"@odata.type": "#microsoft.graph.user", **shown_user(call, one, select)}
    shown = {
        "id": one.id,
        "displayName": one.name,
        "mail": one.mail or None,
        "mailEnabled": one.mail_enabled,
        "securityEnabled": one.security_enabled,
        "groupTypes": ["Unified"] if one.kind == "microsoft365" else [],
    }
    kept = {k: v for k, v in shown.items() if not select or k == "id" or k.lower() in select}
    return {"@odata.type": "#microsoft.graph.group", **kept}


def _listed(call: Call, found: list[Group] | list[Person | Group], where: str) -> Response:
    query = query_options(call.request)
    size = whole_number(query, "$top", 100, 999)
    skip = whole_number(query, "$skiptoken", 0, 1_000_000)
    shown = [_shown(call, one) for one in found[skip : skip + size]]
    body: Json = {"@odata.context": context(where), "value": shown}
    if query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if skip + size < len(found):
        body["@odata.nextLink"] = next_page(call, skip + size)
    return JSONResponse(body, headers=call.headers())


def next_page(call: Call, skip: int) -> str:
    kept = [(k, v) for k, v in call.request.query_params.items() if k.lower() != "$skiptoken"]
    rest = "&".join(f"{k}={v}" for k, v in [*kept, ("$skiptoken", str(skip))])
    path = call.request.path_params["path"]
    return f"{call.base}/{path}?{rest}".replace(" ", "%20")


ENTRIES: list[Entry] = [
    entry("GET", "users/delta", users_delta),
    entry("GET", "groups", list_groups),
    entry("GET", "groups/{group}", read_group),
    entry("GET", "groups/{group}/{which}", list_members),
    entry("GET", "groups/{group}/{which}/{cast}", list_members),
]
