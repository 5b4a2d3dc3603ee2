"""What a grant means, in plain words, by how far it reaches and whose it is."""

from dataclasses import dataclass

from shared.policy.document import Document
from shared.policy.policy import Privacy
from shared.store.records import ConnectionKind, Reach, Tenant

NEVER = ("mails", "files", "contacts", "passwords")

_ROOMS = "which meeting rooms there are and when they are taken"
_BUSY = "when people are busy, but not with what"
_EVENTS = "appointments, with title, time, place, participants and text"
_WRITES = "makes, changes and deletes the appointments that are kept in both places"
_READS = {
    Reach.ROOMS: (_ROOMS,),
    Reach.FREE_BUSY: (_BUSY,),
    Reach.READ: (_EVENTS, _BUSY),
    Reach.READ_WRITE: (_EVENTS, _BUSY),
}
_PRIVATE = {
    Privacy.BUSY_ONLY: "What Outlook marks as private is passed on as busy time only.",
    Privacy.NO_CONTENT: "What Outlook marks as private is passed on without its content.",
    Privacy.FULL: "",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`writes` is empty where nothing is written; `sentence` is for letters."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sentence: str


def meaning_of(reach: Reach, kinds: tuple[ConnectionKind, ...]) -> Meaning:
    reads = _READS[reach]
    if ConnectionKind.ORGANISATION in kinds:
        reads += ("names, addresses and time zones of the people concerned",)
    writes = (_WRITES,) if reach is Reach.READ_WRITE else ()
    return Meaning(reads, writes, _sentence(reach))


def private_items(reach: Reach, tenant: Tenant) -> str:
    """What the tenant's policy does with them; "" where nothing is kept back."""
    if reach not in {Reach.READ, Reach.READ_WRITE}:
        return ""
    return _PRIVATE[Document.from_json(tenant.policy).policy_for().private_events]


def _sentence(reach: Reach) -> str:
    match reach:
        case Reach.ROOMS:
            return "It sees which meeting rooms there are and when they are taken."
        case Reach.FREE_BUSY:
            return "It sees when people are busy, but not with what."
        case Reach.READ:
            return "It reads calendars and writes nothing."
        case Reach.READ_WRITE:
            return "It reads and writes calendars."
