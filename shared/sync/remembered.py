"""What a pending change keeps of the one it replaces."""

from dataclasses import replace

from shared.store.records import Link, Pending, Wish
from shared.sync.case import WITHDRAWN, traces

REMOVALS = frozenset({Wish.DELETE, Wish.CANCEL})


def remembering(pending: Pending, old: Pending | None, link: Link | None) -> Pending:
    """`link` is as it was with the old one, whose row the new one takes."""
    if old is None:
        return pending
    maybe = old.maybe_written
    if old.wish is Wish.WRITE and link and link.app:
        maybe |= traces(link.app, link.base)
    if old.wish in REMOVALS:
        maybe |= {WITHDRAWN}
    return replace(pending, maybe_written=maybe, attempted=old.attempted, etag=old.etag)
