"""$filter over users: what needs an advanced query is refused without its two marks."""

import re
from collections.abc import Callable

from local.twin.graph.paths import Call
from local.twin.graph.preferences import query_options
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import Person

_TEXT = r"'(?P<value>(?:[^']|'')*)'"
_NAMES = r"(?P<name>mail|userPrincipalName|id|displayName|userType)"
_EQUALS = re.compile(rf"^{_NAMES}\s+eq\s+{_TEXT}$", re.IGNORECASE)
_OTHER = re.compile(rf"^{_NAMES}\s+ne\s+{_TEXT}$", re.IGNORECASE)
_STARTS = re.compile(rf"^startsWith\(\s*{_NAMES}\s*,\s*{_TEXT}\s*\)$", re.IGNORECASE)
_ENDS = re.compile(rf"^endsWith\(\s*{_NAMES}\s*,\s*{_TEXT}\s*\)$", re.IGNORECASE)
_IN = re.compile(rf"^{_NAMES}\s+in\s*\((?P<values>[^)]*)\)$", re.IGNORECASE)
_ENABLED = re.compile(r"^accountEnabled\s+eq\s+(?P<value>true|false)$", re.IGNORECASE)
_NULL = re.compile(r"^mail\s+(?P<op>eq|ne)\s+null$", re.IGNORECASE)
_LICENSED = re.compile(r"^assignedLicenses/\$count\s+ne\s+0$", re.IGNORECASE)
_PROXY = re.compile(
    rf"^(?P<list>proxyAddresses|otherMails)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+{_TEXT}\s*\)$",
    re.IGNORECASE,
)
_FIELDS: dict[str, Callable[[Person], str]] = {
    "mail": lambda p: p.mail.lower(),
    "userprincipalname": lambda p: p.upn.lower(),
    "id": lambda p: p.id.lower(),
    "displayname": lambda p: p.display_name.lower(),
    "usertype": lambda p: p.user_type.lower(),
}

Test = Callable[[Person], bool]


def user_test(call: Call) -> Test:
    """Raises GraphProblem."""
    text = query_options(call.request).get("$filter", "").strip()
    if not text:
        return lambda _person: True
    if _is_advanced(text, call):
        need_eventual(call, f"The filter '{text}'")
    tests = [_one(part.strip()) for part in re.split(r"\s+and\s+", text)]
    return lambda person: all(test(person) for test in tests)


def need_eventual(call: Call, what: str) -> None:
    """The marks of an advanced query: ConsistencyLevel: eventual, and $count=true."""
    counted = query_options(call.request).get("$count", "").lower() == "true"
    level = call.request.headers.get("consistencylevel", "").lower()
    if not (counted and level == "eventual"):
        raise bad_request(
            f"{what} needs the header ConsistencyLevel: eventual and $count=true.",
            "Request_UnsupportedQuery",
        )


def _is_advanced(text: str, call: Call) -> bool:
    marks = [r"\sne\s", r"endsWith\(", r"/\$count"]
    if call.twin.switches.proxy_filter_needs_eventual:
        marks.append("proxyAddresses/any")
    return any(re.search(mark, text, re.IGNORECASE) for mark in marks)


def _one(text: str) -> Test:
    if " or " in text and text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    if " or " in text:
        options = [_one(part.strip()) for part in text.split(" or ")]
        return lambda person: any(test(person) for test in options)
    found = _text_test(text) or _other_test(text)
    if found is None:
        raise bad_request(f"Invalid filter clause: {text}", "Request_UnsupportedQuery")
    return found


def _text_test(text: str) -> Test | None:
    if found := _IN.match(text):
        read = _FIELDS[found["name"].lower()]
        values = {v.strip(" '").lower() for v in found["values"].split(",")}
        return lambda person: read(person) in values
    for pattern in (_EQUALS, _OTHER, _STARTS, _ENDS):
        if found := pattern.match(text):
            read, value = _FIELDS[found["name"].lower()], _plain(found["value"])
            return _compared(pattern, read, value)
    return None


def _compared(pattern: re.Pattern[str], read: Callable[[Person], str], value: str) -> Test:
    if pattern is _EQUALS:
        return lambda person: read(person) == value
    if pattern is _OTHER:
        return lambda person: read(person) != value
    if pattern is _STARTS:
        return lambda person: read(person).startswith(value)
    return lambda person: read(person).endswith(value)


def _other_test(text: str) -> Test | None:
    if found := _ENABLED.match(text):
        wanted = found["value"].lower() == "true"
        return lambda person: person.enabled is wanted
    if found := _NULL.match(text):
        has = found["op"].lower() == "ne"
        return lambda person: bool(person.mail) is has
    if _LICENSED.match(text):
        return lambda person: person.licensed
    if found := _PROXY.match(text):
        value, proxies = _plain(found["value"]), found["list"].lower() == "proxyaddresses"
        return lambda person: (
            value
            in [a.lower() for a in (person.proxy_addresses if proxies else person.other_mails)]
        )
    return None


def _plain(value: str) -> str:
    return value.replace("''", "'").lower()


def need_directory(call: Call, *names: str) -> None:
    """One of the permissions, or the refusal of the directory."""
    if not any(call.caller.has(permission) for permission in names):
        raise GraphProblem(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
