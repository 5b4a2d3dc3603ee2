"""What is kept, as values. Rows are the business of `tables`; nothing here knows about Azure.

`etag` fields are the store's own (one per row, "" for a record not yet stored), except
`Link.outlook_etag`, which is Graph's.
"""

from shared.store.records.calendars import Calendar, Held, Ruling
from shared.store.records.changes import Change, Endpoint, EndpointState
from shared.store.records.links import AppointmentStatus, Copy, Kept, Link, Loss, Origin, Spread
from shared.store.records.pendings import Operation, OperationState, Pending, Wish
from shared.store.records.proofs import Outcome, Proof, Verdict
from shared.store.records.receipts import Copies, Ended, Receipt, ReceiptPart
from shared.store.records.rollouts import (
    MailboxClass,
    Move,
    Rollout,
    RolloutMailbox,
    RolloutSource,
    RolloutState,
    Stage,
)
from shared.store.records.states import CalendarKey, State
from shared.store.records.tenancy import (
    Connection,
    ConnectionKind,
    ConsentLink,
    Contact,
    LinkState,
    Reach,
    Tenant,
)
from shared.store.records.work import Due, DueKind, Lease, Mark, Settlement

__all__ = [
    "AppointmentStatus",
    "Calendar",
    "CalendarKey",
    "Change",
    "Connection",
    "ConnectionKind",
    "ConsentLink",
    "Contact",
    "Copies",
    "Copy",
    "Due",
    "DueKind",
    "Ended",
    "Endpoint",
    "EndpointState",
    "Held",
    "Kept",
    "Lease",
    "Link",
    "LinkState",
    "Loss",
    "MailboxClass",
    "Mark",
    "Move",
    "Operation",
    "OperationState",
    "Origin",
    "Outcome",
    "Pending",
    "Proof",
    "Reach",
    "Receipt",
    "ReceiptPart",
    "Rollout",
    "RolloutMailbox",
    "RolloutSource",
    "RolloutState",
    "Ruling",
    "Settlement",
    "Spread",
    "Stage",
    "State",
    "Tenant",
    "Verdict",
    "Wish",
]
