"""A settlement as rows. Pure.

In a calendar's partition: A|appointment a link, E|hash of the event id its index row,
P|appointment a pending change, O|appointment|version an operation, K|digit a shelf of copies,
U|hash of the iCalUId the link of a meeting at its organiser,
X|number a change in the outbox, numbered by the lease, H|appointment|version|side a kept content.
"""

from collections.abc import Iterable

from shared.store.keys import escape, hashed, is_meeting
from shared.store.records import Change, Kept, Link, Operation, Pending, Settlement
from shared.store.rows import row_of
from shared.store.transaction import Write, delete, put, upsert


def link_name(appointment: str) -> str:
    return f"A|{escape(appointment)}"


def index_name(event_id: str) -> str:
    return f"E|{hashed(event_id)}"


def meeting_name(ical_uid: str) -> str:
    return f"U|{hashed(ical_uid)}"


def pending_name(appointment: str) -> str:
    return f"P|{escape(appointment)}"


def operation_name(appointment: str, version: int) -> str:
    return f"O|{escape(appointment)}|{version}"


def kept_prefix(appointment: str) -> str:
    return f"H|{escape(appointment)}|"


def kept_name(kept: Kept) -> str:
    return f"{kept_prefix(kept.appointment)}{kept.version:012d}|{kept.side}"


def link_writes(partition: str, link: Link) -> list[Write]:
    writes = [put(link, partition, link_name(link.appointment))]
    names = [index_name(link.event_id)] if link.event_id else []
    names += [meeting_name(link.ical_uid)] if is_meeting(link) else []
    for name in names:
        row = {"PartitionKey": partition, "RowKey": name, "appointment": link.appointment}
        writes.append(Write("upsert", row))
    return writes


def pending_write(partition: str, pending: Pending) -> Write:
    return put(pending, partition, pending_name(pending.appointment))


def operation_writes(partition: str, operations: Iterable[Operation]) -> list[Write]:
    return [upsert(o, partition, operation_name(o.appointment, o.version)) for o in operations]


def writes(partition: str, settlement: Settlement, number: int) -> list[Write]:
    """But for its copies. `number` is that of the last change settled before. Where one row is
    to go and to be written (an event moves from a forgotten link to another), it is written.
    """
    rows = {write.name: write for write in _deletions(partition, settlement)}
    rows |= {write.name: write for write in _puts(partition, settlement)}
    rows |= {write.name: write for write in _outbox(partition, settlement.changes, number)}
    return list(rows.values())


def _deletions(partition: str, settlement: Settlement) -> list[Write]:
    gone: list[Write] = []
    if settlement.event_was:
        gone.append(delete(partition, index_name(settlement.event_was)))
    if link := settlement.forget:
        gone.append(delete(partition, link_name(link.appointment), link.etag))
        if link.event_id:
            gone.append(delete(partition, index_name(link.event_id)))
    if done := settlement.done:
        gone.append(delete(partition, pending_name(done.appointment), done.etag))
    return gone


def _puts(partition: str, settlement: Settlement) -> list[Write]:
    kept = operation_writes(partition, settlement.operations)
    if settlement.link:
        kept += link_writes(partition, settlement.link)
    if settlement.keep:
        kept.append(pending_write(partition, settlement.keep))
    kept += [upsert(one, partition, kept_name(one)) for one in settlement.kept]
    return kept


def _outbox(partition: str, changes: Iterable[Change], number: int) -> list[Write]:
    return [
        Write("create", row_of(change, partition, f"X|{number + i:016d}"))
        for i, change in enumerate(changes, start=1)
    ]
