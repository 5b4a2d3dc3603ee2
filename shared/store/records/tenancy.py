"""Customers of the host app, what they granted, and whom they know."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.store.records.states import State


@dataclass(frozen=True, slots=True)
class Tenant:
    """`id` is the host app's own id for its customer; `entra_tenant` is set once consented.
    `receipt` is that of its off-boarding. `provider` is the one whose calendars its people have
    in the host app, if that is another than Microsoft.
    """

    id: str
    name: str
    state: State
    since: datetime
    cause: str = ""
    entra_tenant: str = ""
    policy: dict[str, Any] = field(default_factory=dict[str, Any])
    receipt: str = ""
    provider: str = ""
    etag: str = ""


class ConnectionKind(StrEnum):
    """Whose grant: the organisation's own to the app, one person's, or that of an account to
    which others have opened their calendars.
    """

    ORGANISATION = "organisation"
    USER = "user"
    SERVICE_ACCOUNT = "service_account"


class Reach(StrEnum):
    """How much a grant is to allow: rooms and when they are taken; when anybody is busy; events
    with their content; writing them. Of the last three each holds those before it.
    """

    ROOMS = "rooms"
    FREE_BUSY = "free_busy"
    READ = "read"
    READ_WRITE = "read_write"


@dataclass(frozen=True, slots=True)
class Connection:
    """A grant. `user_id` is the Entra object id of the person, "" for an organisation's grant.

    `reach` is what was asked for, `granted` the permissions that Entra named last (scopes or
    roles, sorted; empty: not known). `client` is the app registration that has it, "" the main
    one. `scoped`: Exchange itself limits an organisation's grant to some mailboxes, as a proof
    has shown; a token says nothing of that. `receipt` is that of its end. While its calendars
    catch up after it was `mended`, `missed` is since when nothing was read from them, and
    `logged` what the log had come to. `exercised` is when a token was last had by it, and
    `check_due` when it is looked at next. `notice` is a code of the catalogue: what somebody
    should know of it though it works, "" where there is nothing.
    """

    id: str
    tenant: str
    kind: ConnectionKind
    state: State
    since: datetime
    entra_tenant: str
    cause: str = ""
    user_id: str = ""
    address: str = ""
    display_name: str = ""
    reach: Reach = Reach.READ_WRITE
    granted: tuple[str, ...] = ()
    client: str = ""
    scoped: bool = False
    receipt: str = ""
    missed: datetime | None = None
    mended: datetime | None = None
    logged: int = 0
    exercised: datetime | None = None
    check_due: datetime | None = None
    notice: str = ""
    etag: str = ""


class LinkState(StrEnum):
    """How far the person got: `SENT` to Microsoft, `WAITING` for an administrator."""

    CREATED = "created"
    SEEN = "seen"
    SENT = "sent"
    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ConsentLink:
    """`expected` is whom it is for, an address or an Entra object id ("": anybody of the tenant).
    `reconnects` is the connection that it is to mend. `choices` are the kinds of grant that
    whoever opens it may choose from (empty: `kind` alone). `proven` is the Entra tenant and
    the person (object id) who signed in while the consent was not yet effective there. `moves`
    counts the states it has been in after the first; `number` is that of Microsoft's AADSTS
    error, if any.
    """

    id: str
    tenant: str
    kind: ConnectionKind
    expires: datetime
    state: LinkState = LinkState.CREATED
    since: datetime | None = None
    reach: Reach = Reach.READ_WRITE
    expected: str = ""
    reconnects: str = ""
    login_hint: str = ""
    return_url: str = ""
    connection: str = ""
    problem: str = ""
    time_zone: str = ""
    choices: tuple[ConnectionKind, ...] = ()
    proven: str = ""
    moves: int = 0
    number: int = 0
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person the host app knows, by its own id; the API says person, which here is Graph's.

    `kind` is the host app's word, such as "employee". `addresses` are SMTP, the primary one
    first. `version` counts the contents it has had. `provider` is as a tenant's, of their own.
    """

    id: str
    tenant: str
    kind: str
    name: str
    addresses: tuple[str, ...]
    version: int = 1
    provider: str = ""
    etag: str = ""
