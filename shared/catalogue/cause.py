from dataclasses import dataclass
from enum import StrEnum


class FixedBy(StrEnum):
    USER = "user"
    TENANT_ADMIN = "tenant_admin"
    VENDOR = "vendor"
    MICROSOFT = "microsoft"


@dataclass(frozen=True, slots=True)
class Cause:
    """`status` is the HTTP status when it is the answer to a request."""

    code: str
    status: int
    title: str
    meaning: str
    fixed_by: FixedBy
    remedy: str
