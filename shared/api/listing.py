"""Pages of appointments over the calendars of a tenant."""

import base64
import binascii
from dataclasses import dataclass

from shared.api.appointment import Found
from shared.errors import Problem, Refused
from shared.onboarding.naming import find_calendar, is_new_name
from shared.services import Services
from shared.store.parallel import gathered
from shared.store.records import Calendar, Tenant
from shared.sync.home import REPLACED

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
            found = await _living(services, tenant, found)
            return found, str(Cursor(calendar.key.calendar, links[-1].appointment))
    return [], ""


async def _living(services: Services, tenant: Tenant, found: list[Found]) -> list[Found]:
    """What was sent again after its mailbox was replaced lives elsewhere now."""
    if not found or found[0].calendar.cause != REPLACED:
        return found
    names = [one.link.appointment for one in found]
    homes = await gathered(services.store.located(tenant.id, name) for name in names)
    return [one for one, home in zip(found, homes, strict=True) if home == one.calendar.key]


async def _calendars(services: Services, tenant: Tenant, mailbox: str) -> list[Calendar]:
    if not mailbox:
        found = await services.store.calendars(tenant.id)
        return sorted(found, key=lambda calendar: calendar.key.calendar)
    calendar = await find_calendar(services, tenant, mailbox)
    if calendar is None and await is_new_name(services, tenant, mailbox):
        calendar = await find_calendar(services, tenant, mailbox)
    if calendar is None:
        raise Refused(Problem("mailbox-not-connected"))
    return [calendar]
