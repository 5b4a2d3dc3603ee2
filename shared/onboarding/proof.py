"""A proof that an organisation's grant is limited: one mailbox inside is opened, one outside is
not. Nothing that is in them is read or shown.
"""

import secrets
from dataclasses import replace

from shared.custody.reach import calendars_in
from shared.errors import Problem, Reconnect, Refused
from shared.onboarding.opening import opened
from shared.services import Services
from shared.store.records import (
    Connection,
    ConnectionKind,
    Outcome,
    Proof,
    Verdict,
)

OUTCOMES = {"access-denied": Outcome.REFUSED, "mailbox-missing": Outcome.MISSING}

WHY = {
    Verdict.SCOPED: "The mailbox inside opens, the one outside is refused.",
    Verdict.NOT_SCOPED: "Both mailboxes open: the grant is not limited to the scope.",
    Verdict.NOT_YET: "Neither mailbox opens. Exchange takes 30 minutes to 2 hours to act on a new "
    "role: ask for the proof again then. If it stays so, see that the owner of the mailbox inside "
    "is a direct member of the group: members of groups inside it are outside.",
    Verdict.UNCLEAR: "This says nothing about the scope: the mailbox inside does not open and the "
    "one outside does, or one of them is no mailbox in Exchange Online. Are they swapped?",
}
DEFEATED = (
    "Both mailboxes open: Entra itself has granted the app calendars of all mailboxes, and grants "
    "add up, so a scope in Exchange limits nothing. Take the permission back in Entra (step 4 of "
    "the scoping script), then ask again."
)
LINGERS = (
    "Both mailboxes open, though Entra grants no calendars any more: the mailbox outside is in "
    "the scope after all, or Exchange still acts on the grant from before, for up to 2 hours."
)
BLOCKED = (
    "Neither mailbox opens, though Entra has granted the app calendars of all mailboxes: an "
    "application access policy keeps it out of both."
)


def judge(inside: Outcome, outside: Outcome, roles: tuple[str, ...]) -> tuple[Verdict, str]:
    """The verdict, and why, in a sentence or two for people."""
    granted = calendars_in(roles) is not None
    match inside, outside:
        case Outcome.REACHED, Outcome.REFUSED:
            return Verdict.SCOPED, WHY[Verdict.SCOPED]
        case Outcome.REACHED, Outcome.REACHED:
            return Verdict.NOT_SCOPED, DEFEATED if granted else LINGERS
        case Outcome.REFUSED, Outcome.REFUSED if granted:
            return Verdict.UNCLEAR, BLOCKED
        case Outcome.REFUSED, Outcome.REFUSED:
            return Verdict.NOT_YET, WHY[Verdict.NOT_YET]
        case _:
            return Verdict.UNCLEAR, WHY[Verdict.UNCLEAR]


async def prove(services: Services, connection: Connection, inside: str, outside: str) -> Proof:
    """Raises Refused, and TryAgain or Reconnect where nothing can be found out."""
    if connection.kind is not ConnectionKind.ORGANISATION:
        detail = "Only an organisation's connection can be limited to some of its mailboxes."
        raise Refused(Problem("invalid-request", detail))
    if inside.lower() == outside.lower():
        raise Refused(Problem("invalid-request", "outside must be another mailbox.", "/outside"))
    # The token may be older than what an administrator did.
    services.tokens.drop(connection)
    # Asked for first: a refusal drops the token, and with it what it was good for.
    await services.tokens.token(connection)
    roles = services.tokens.granted(connection)
    found = [await _look(services, connection, one) for one in (inside, outside)]
    verdict, why = judge(found[0], found[1], roles)
    proof = Proof(
        id=secrets.token_hex(6),
        tenant=connection.tenant,
        connection=connection.id,
        at=services.clock(),
        inside=inside,
        outside=outside,
        inside_found=found[0],
        outside_found=found[1],
        verdict=verdict,
        why=why,
        roles=roles,
    )
    await services.store.put_proof(proof)
    await _keep_scoped(services, connection, verdict)
    return proof


async def _look(services: Services, connection: Connection, mailbox: str) -> Outcome:
    try:
        await opened(services, connection, mailbox)
    except Reconnect as reconnect:
        if reconnect.cause not in OUTCOMES:
            raise
        return OUTCOMES[reconnect.cause]
    return Outcome.REACHED


async def _keep_scoped(services: Services, connection: Connection, verdict: Verdict) -> None:
    """Only a plain yes or no changes what is known. Raises Contended."""
    scoped = {Verdict.SCOPED: True, Verdict.NOT_SCOPED: False}.get(verdict, connection.scoped)
    if scoped is not connection.scoped:
        await services.store.put_connection(replace(connection, scoped=scoped))
