"""How far a consent link got, as a pure table."""

from dataclasses import replace
from datetime import datetime

from shared.store.records import ConsentLink, LinkState

CREATED, SEEN, SENT = LinkState.CREATED, LinkState.SEEN, LinkState.SENT
WAITING, REFUSED, GRANTED = LinkState.WAITING, LinkState.REFUSED, LinkState.GRANTED
EXPIRED, REVOKED = LinkState.EXPIRED, LinkState.REVOKED

ENDED = frozenset({GRANTED, EXPIRED, REVOKED})
_BACK = frozenset({SENT, WAITING, REFUSED, GRANTED})
_OVER = frozenset({EXPIRED, REVOKED})

MOVES: dict[LinkState, frozenset[LinkState]] = {
    CREATED: frozenset({SEEN, SENT}) | _OVER,
    SEEN: frozenset({SENT}) | _OVER,
    SENT: _BACK | _OVER,
    WAITING: _BACK | _OVER,
    REFUSED: _BACK | _OVER,
    GRANTED: frozenset(),
    EXPIRED: frozenset(),
    REVOKED: frozenset(),
}
"""A link is resumable: two browsers may be on their way with it, so from each state that comes
after `SENT` any other of them may follow. Only what ended it is the last.
"""

WAITS = frozenset({"admin-consent-required", "admin-approval-pending", "administrator-needed"})
"""Problems that an administrator ends by opening the same link."""

PENDING = "consent-pending"
"""Everybody has done their part; Entra has not."""


def moved(
    link: ConsentLink,
    state: LinkState,
    now: datetime,
    problem: str = "",
    connection: str = "",
    proven: str | None = None,
    number: int = 0,
) -> ConsentLink:
    """`link` itself where there is no such move, or where it says nothing new. What was proven
    stays so unless it is said anew.
    """
    proven = link.proven if proven is None else proven
    same = (link.state, link.problem, link.proven) == (state, problem, proven)
    if same or state not in MOVES[link.state]:
        return link
    return replace(
        link,
        state=state,
        since=now,
        problem=problem,
        proven=proven,
        number=number,
        connection=connection or link.connection,
        moves=link.moves + 1,
    )


def state_after(problem: str) -> LinkState:
    """What a failure makes of a link that was on its way."""
    if problem == PENDING:
        return SENT
    return WAITING if problem in WAITS else REFUSED


def is_over(link: ConsentLink, now: datetime) -> bool:
    return link.state not in ENDED and link.expires <= now


def shown(link: ConsentLink, now: datetime) -> ConsentLink:
    """As it is by now, also before the timer has said so."""
    return moved(link, EXPIRED, link.expires) if is_over(link, now) else link
