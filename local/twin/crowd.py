"""Many people with full calendars. What is in a calendar is made when somebody first looks."""

from datetime import UTC, date, datetime, timedelta

from local.twin.world import Mailbox, Stamp, StoredEvent, Tenant, World

A_DAY = 8
FIRST_HOUR = 8
FRIDAY = 4


def populate(
    world: World, tenant: Tenant, prefix: str, people: int, events: int, start: date
) -> list[str]:
    """UPNs, in order. Who is there already stays as is."""
    width = len(str(max(people, 1000)))
    names = [f"{prefix}{n:0{width}}@{tenant.domain}" for n in range(1, people + 1)]
    taken = {p.upn.lower() for p in world.people_of(tenant.id)}
    for name in names:
        if name.lower() in taken:
            continue
        person = world.create_person(tenant.id, name, name.partition("@")[0].title())
        mailbox = world.mailboxes[person.id]
        mailbox.unmade, mailbox.unmade_from = events, start.isoformat()
    return names


def fill(world: World, mailbox: Mailbox) -> None:
    """The events that were promised, eight on a working day; nobody is told of them."""
    count, day = mailbox.unmade, date.fromisoformat(mailbox.unmade_from)
    mailbox.unmade = 0
    owner = world.people.get(mailbox.owner_id) or world.deleted_people[mailbox.owner_id]
    home, organizer = mailbox.default_calendar.id, (owner.display_name, owner.mail or owner.upn)
    written = datetime.combine(day, datetime.min.time(), UTC)
    for number in range(count):
        if number and number % A_DAY == 0:
            day += timedelta(days=1 if day.weekday() < FRIDAY else 7 - day.weekday())
        begins = datetime.combine(day, datetime.min.time()).replace(
            hour=FIRST_HOUR + number % A_DAY
        )
        default_id, immutable_id = world.event_ids(mailbox)
        event = StoredEvent(
            id=default_id,
            immutable_id=immutable_id,
            calendar_id=home,
            ical_uid=world.new_ical_uid(),
            start=_stamp(begins),
            end=_stamp(begins + timedelta(hours=1)),
            created=written,
            modified=written,
            change=world.next_number(),
            subject=f"Appointment {number + 1}",
            organizer=organizer,
            response="organizer",
        )
        mailbox.put(event)
        mailbox.log(event, written)


def _stamp(local: datetime) -> Stamp:
    return Stamp(local, "UTC", local.replace(tzinfo=UTC))
