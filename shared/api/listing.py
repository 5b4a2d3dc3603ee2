"""Pages of appointments over the calendars of a tenant."""

import base64
import binascii
from dataclasses import dataclass

from shared.api.appointment import Found
from shared.errors import Problem, Refused
from shared.services import Services
from shared.store.records import Calendar, Tenant

MOST_PENDING = 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind this appointment of this calendar; calendars go by their ids."""

    calendar: str = ""
    appointment: str = ""

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.calendar}\n{self.appointment}".encode()).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        if not text:
            return cls()
        try:
            calendar, appointment = base64.urlsafe_b64decode(text).decode().split("\n")
        except (binascii.Error, ValueError) as error:
            raise Refused(
                Problem("invalid-request", "after must be the `next` of a page before.")
            ) from error
        return cls(calendar, appointment)


async def list_page(
    services: Services, tenant: Tenant, mailbox: str, after: str, limit: int
) -> tuple[list[Found], str]:
    """A page may be shorter than `limit` and yet not be the last."""
    cursor = Cursor.parse(after)
    for calendar in await _calendars(services, tenant, mailbox):
        if calendar.key.calendar < cursor.calendar:
            continue
        behind = cursor.appointment if calendar.key.calendar == cursor.calendar else ""
        links = await services.store.links(calendar.key, behind, limit)
        if links:
            waiting = await services.store.pendings(calendar.key, MOST_PENDING)
            unsettled = {pending.appointment for pending in waiting if not pending.silent}
            found = [
                Found(calendar, link, link.appointment not in unsettled)
                for link in links
                if link.app is not None and not link.home
            ]
            return found, str(Cursor(calendar.key.calendar, links[-1].appointment))
    return [], ""


async def _calendars(services: Services, tenant: Tenant, mailbox: str) -> list[Calendar]:
    if not mailbox:
        found = await services.store.calendars(tenant.id)
        return sorted(found, key=lambda calendar: calendar.key.calendar)
    key = await services.store.calendar_at(tenant.id, mailbox)
    calendar = await services.store.calendar(key) if key else None
    if calendar is None:
        raise Refused(Problem("mailbox-not-connected"))
    return [calendar]
