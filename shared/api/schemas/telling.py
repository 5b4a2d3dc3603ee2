"""Changes, the endpoints they are delivered to, and problems."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.api.schemas.base import Sent, Told, Words
from shared.changes.rotation import MOST_OVERLAP_HOURS, OVERLAP_HOURS


class EndpointIn(Sent):
    """`after` is a change number to start behind; left out, the next change is the first."""

    url: str = Field(min_length=1, max_length=2000)
    after: Annotated[int, Field(ge=0)] | None = None


class EndpointOut(Told):
    id: str
    url: str
    state: str
    cause: str
    cursor: int
    failures: int
    next_try: datetime | None
    former_secrets_until: datetime | None = None


class EndpointCreated(EndpointOut):
    """`secret` is shown this once."""

    secret: str


class RotationIn(Sent):
    """For how long deliveries are signed by the former secrets too; 0 ends them at once."""

    overlap_hours: Annotated[float, Field(ge=0, le=MOST_OVERLAP_HOURS)] = OVERLAP_HOURS


class Endpoints(Told):
    endpoints: list[EndpointOut]


class CloudEvent(Told):
    """CloudEvents 1.0; `sequence` is the number in the tenant's log."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: str
    sequencetype: Literal["Integer"]
    datacontenttype: Literal["application/json"]
    data: Words


class Changes(Told):
    """`next` goes into `after`; `head` is the newest number of the log."""

    changes: list[CloudEvent]
    next: int
    head: int


class ProblemOut(Told):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fix_by: Literal["user", "tenant_admin", "vendor", "microsoft"]
    remedy: str
    instance: str | None = None
    pointer: str | None = None


class Health(Told):
    status: Literal["ok"]


class ReadyPart(Told):
    """All but `name` and `status` are for callers with an API key."""

    name: Literal["settings", "tables", "queues", "vault", "entra"]
    status: Literal["ok", "failed"]
    milliseconds: int | None = None
    code: str | None = None
    title: str | None = None
    remedy: str | None = None


class Ready(Told):
    status: Literal["ok", "failed"]
    parts: list[ReadyPart]
