"""How far a connection goes: proofs, rights, capabilities."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.api.schemas.base import Sent, Told, names_mailbox
from shared.api.schemas.tenancy import TimeZone

Mailbox = Annotated[str, Field(max_length=320), AfterValidator(names_mailbox)]


class WhyNotOut(Told):
    """`reason` is what stands in the way, `code` a code of the catalogue."""

    reason: Literal["plan", "role", "consent", "policy", "provider"]
    code: str
    title: str
    detail: str
    fix_by: str
    remedy: str


class CapabilityOut(Told):
    feature: str
    available: bool
    why_not: WhyNotOut | None


class Capabilities(Told):
    capabilities: list[CapabilityOut]


class ProofIn(Sent):
    """Two mailboxes of the organisation: one that the app is to reach, and one that it is not."""

    inside: Mailbox
    outside: Mailbox


class ProofOut(Told):
    """`inside_found` and `outside_found` are reached, refused or missing."""

    id: str
    at: datetime
    inside: str
    outside: str
    inside_found: str
    outside_found: str
    verdict: Literal["scoped", "not_scoped", "not_yet", "unclear"]
    why: str
    roles: list[str]


class Proofs(Told):
    """Newest first."""

    proofs: list[ProofOut]


class MailboxIn(Sent):
    """`connection` is the account's that others share their calendars with."""

    connection: str = Field(min_length=1, max_length=120)
    mailbox: Mailbox
    time_zone: TimeZone = ""


class RightsOut(Told):
    """As Microsoft 365 says now. `why_not` is empty where all can be done."""

    mailbox: str
    owner: str
    can_read: bool
    can_write: bool
    sees_private: bool
    why_not: str
