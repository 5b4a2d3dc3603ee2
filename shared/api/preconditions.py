"""If-Match and If-None-Match (RFC 9110, section 13) on versions of an appointment."""

import re
from typing import Annotated

from fastapi import Header

from shared.errors import Problem, Refused

IfMatch = Annotated[str | None, Header(description='The version to be replaced, such as "3".')]
IfNoneMatch = Annotated[str | None, Header(description="* to create and never replace.")]

_TAG = re.compile(r'"(\d{1,12})"')


def etag(version: int) -> str:
    return f'"{version}"'


def wanted_version(if_match: str | None, if_none_match: str | None = None) -> int | None:
    """None where any will do, 0 where there must be none. `*` is left to `must_exist`."""
    if if_none_match is not None:
        if if_none_match.strip() != "*":
            raise _invalid("If-None-Match", "must be *")
        return 0
    if if_match is None or must_exist(if_match):
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise _invalid("If-Match", 'must be one version in quotes, such as "3", or *')
    return int(found[1])


def must_exist(if_match: str | None) -> bool:
    return if_match is not None and if_match.strip() == "*"


def _invalid(header: str, right: str) -> Refused:
    return Refused(Problem("invalid-request", f"The header {header} {right}."))
