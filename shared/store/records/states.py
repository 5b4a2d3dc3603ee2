"""How far something is connected, and what names a calendar."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Of a tenant, a connection or a calendar."""

    NOT_CONNECTED = "not_connected"
    CONSENT_PENDING = "consent_pending"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    DEGRADED = "degraded"
    ACTION_REQUIRED = "action_required"
    PAUSED = "paused"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """Names one calendar's partition. `str()` is the queue message and `parse` its inverse."""

    tenant: str
    calendar: str

    def __str__(self) -> str:
        return f"{self.tenant}~{self.calendar}"

    @classmethod
    def parse(cls, text: str) -> "CalendarKey":
        """Raises ValueError when `text` is not `tenant~calendar`."""
        tenant, tilde, calendar = text.partition("~")
        if not (tenant and tilde and calendar) or "~" in calendar:
            raise ValueError("a calendar key is tenant~calendar")
        return cls(tenant, calendar)
