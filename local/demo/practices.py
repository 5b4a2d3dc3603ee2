"""Meridian Care's customers on this machine, and the week their Outlook begins with."""

from dataclasses import dataclass
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True)
class Person:
    name: str
    role: str
    address: str
    is_admin: bool = False


@dataclass(frozen=True)
class Room:
    name: str
    address: str
    seats: int


@dataclass(frozen=True)
class Meeting:
    """`day` counts from Monday; times are wall times of the practice. `owner` is the index of
    a person, `guests` are others; `room` is the index of a room. `weeks` is how often it takes
    place, weekly.
    """

    subject: str
    owner: int
    day: int
    start: str
    end: str
    guests: tuple[int, ...] = ()
    room: int | None = None
    show_as: str = "busy"
    all_day: bool = False
    weeks: int = 1


@dataclass(frozen=True)
class Practice:
    """One tenant: `id` at Calbridge, `entra` and `domain` in Microsoft 365."""

    id: str
    name: str
    entra: str
    domain: str
    consent: str
    zone: str
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    meetings: tuple[Meeting, ...]
    appointments: tuple[Meeting, ...]

    def person(self, address: str) -> Person | None:
        return next((p for p in self.people if p.address == address.lower()), None)


def _people(domain: str, *people: tuple[str, str, str]) -> tuple[Person, ...]:
    """The first is the administrator."""
    return tuple(
        Person(name, role, f"{first}@{domain}", is_admin=n == 0)
        for n, (first, name, role) in enumerate(people)
    )


LAKESIDE = Practice(
    id="lakeside",
    name="Lakeside Clinic",
    entra="55555555-0000-4000-8000-000000000001",
    domain="lakeside.example",
    consent="users_may",
    zone="Europe/Berlin",
    people=_people(
        "lakeside.example",
        ("hanna", "Hanna Vogt", "Practice manager"),
        ("amir", "Dr. Amir Sadeghi", "Internal medicine"),
        ("clara", "Dr. Clara Brandt", "Cardiology"),
        ("jonas", "Jonas Weber", "Physiotherapy"),
        ("lena", "Lena Krüger", "Reception"),
    ),
    rooms=(
        Room("Consulting Room 1", "room1@lakeside.example", 4),
        Room("Meeting Room Lake", "lake@lakeside.example", 10),
    ),
    meetings=(
        Meeting("Week planning", 0, 0, "08:30", "09:15", (1, 2, 3, 4), 1, weeks=8),
        Meeting("Payroll", 0, 1, "10:00", "11:00"),
        Meeting("Supplier call: imaging", 0, 2, "14:00", "14:45"),
        Meeting("Budget review", 0, 3, "09:00", "10:30", (1,), 1),
        Meeting("Interview: nurse", 0, 4, "13:00", "14:00", (4,), 1),
        Meeting("Ward handover", 1, 1, "08:00", "08:30", (2,)),
        Meeting("Lab results", 1, 2, "11:30", "12:00"),
        Meeting("Case conference", 1, 3, "13:00", "14:00", (2, 3), 1),
        Meeting("Journal club", 1, 4, "16:00", "17:00", (2,), show_as="tentative", weeks=6),
        Meeting("Echo training", 2, 0, "13:00", "14:30"),
        Meeting("Cardiology board", 2, 2, "16:00", "17:30"),
        Meeting("Dentist", 2, 4, "10:00", "11:00"),
        Meeting("Equipment check", 3, 0, "11:00", "11:30"),
        Meeting("Course: sports injuries", 3, 2, "09:00", "12:00"),
        Meeting("Late opening", 4, 1, "17:00", "18:30"),
        Meeting("Phone system training", 4, 3, "15:00", "16:00"),
        Meeting("Leave", 4, 4, "", "", all_day=True, show_as="oof"),
    ),
    appointments=(
        Meeting("First visit: M. Lindner", 1, 0, "10:00", "10:45"),
        Meeting("Follow-up: T. Okafor", 1, 1, "09:30", "10:00"),
        Meeting("Check-up: S. Aydin", 1, 2, "15:00", "15:30"),
        Meeting("ECG: R. Hoffmann", 2, 1, "11:00", "11:45"),
        Meeting("Stress test: P. Novak", 2, 3, "10:00", "11:00"),
        Meeting("Back therapy: E. Roth", 3, 1, "14:00", "14:45", weeks=6),
        Meeting("Knee therapy: L. Santos", 3, 3, "16:00", "16:45"),
        Meeting("Front desk: new patients", 4, 0, "14:00", "15:00"),
        Meeting("Contract talk: insurer", 0, 1, "14:00", "15:00"),
    ),
)

HARBOUR = Practice(
    id="harbour",
    name="Harbour Physiotherapy",
    entra="66666666-0000-4000-8000-000000000001",
    domain="harbour.example",
    consent="admins_only",
    zone="Europe/London",
    people=_people(
        "harbour.example",
        ("grace", "Grace Okonkwo", "Director"),
        ("tom", "Tom Ashworth", "Physiotherapy"),
        ("priya", "Priya Nair", "Hand therapy"),
        ("ewan", "Ewan McLeod", "Sports medicine"),
        ("ruth", "Ruth Bailey", "Front desk"),
    ),
    rooms=(
        Room("Gym", "gym@harbour.example", 12),
        Room("Treatment Room A", "room-a@harbour.example", 3),
    ),
    meetings=(
        Meeting("Team briefing", 0, 0, "08:30", "09:00", (1, 2, 3, 4), 0, weeks=8),
        Meeting("Lease renewal", 0, 1, "11:00", "12:00"),
        Meeting("Insurer audit", 0, 3, "13:00", "15:00", (4,)),
        Meeting("Supervision", 1, 1, "09:00", "10:00", (2,)),
        Meeting("Rowing club visit", 1, 4, "14:00", "16:00", (3,), show_as="tentative"),
        Meeting("Splint workshop", 2, 2, "10:00", "12:00", (), 0),
        Meeting("Match day", 3, 2, "", "", all_day=True, show_as="oof"),
        Meeting("Gait analysis course", 3, 3, "09:30", "11:30", (1,), 0),
        Meeting("Stock order", 4, 1, "16:00", "16:30"),
        Meeting("School run", 4, 2, "15:00", "15:45"),
    ),
    appointments=(
        Meeting("Shoulder: A. Fielding", 1, 0, "10:30", "11:15"),
        Meeting("Hip: C. Doyle", 1, 2, "13:30", "14:15", weeks=4),
        Meeting("Wrist: M. Chowdhury", 2, 1, "11:00", "11:45"),
        Meeting("Finger splint: J. Page", 2, 3, "14:00", "14:30"),
        Meeting("Ankle: F. Grant", 3, 0, "15:00", "15:45"),
        Meeting("New bookings", 4, 0, "09:30", "10:30"),
        Meeting("Partner meeting", 0, 2, "10:00", "11:00"),
    ),
)

PRACTICES = {practice.id: practice for practice in (LAKESIDE, HARBOUR)}


def working_week(today: date) -> date:
    """The Monday of this week; at a weekend, of the next."""
    ahead = 7 if today.weekday() >= SATURDAY else 0
    return today - timedelta(days=today.weekday()) + timedelta(days=ahead)
