"""Who came back from Microsoft, and whether that is who was meant. Pure; raises Refused."""

from collections.abc import Iterable

from shared.custody.grants import Granted
from shared.custody.reach import calendars_in, delegated_scopes, names
from shared.errors import Problem, Refused
from shared.graph.seen import Person
from shared.onboarding.pages.visit import masked
from shared.store.records import ConnectionKind, ConsentLink, Reach, Tenant

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The Entra tenant of all personal Microsoft accounts."""

CONSENTING = frozenset(
    {
        "62e90394-69f5-4237-9190-012177145e10",  # Global Administrator
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
    }
)
"""Template ids of the directory roles that may consent to applications. Microsoft Graph's
application permissions take one of the first two; the others may finish what those allowed.
"""

CALENDAR_WORDS = {
    Reach.ROOMS: "see when rooms are taken",
    Reach.FREE_BUSY: "see when people are busy",
    Reach.READ: "read calendars",
    Reach.READ_WRITE: "read and write calendars",
}


def check_account(granted: Granted, tenant: Tenant) -> None:
    """What the id token alone tells."""
    if granted.entra_tenant == PERSONAL:
        raise Refused(Problem("personal-account"))
    if tenant.entra_tenant not in {"", granted.entra_tenant}:
        raise Refused(Problem("wrong-tenant"))
    if granted.guest:
        raise Refused(Problem("guest-account"))


def check_administrator(granted: Granted) -> None:
    """An id token without `wids` says nothing of roles."""
    if granted.roles is not None and not granted.roles & CONSENTING:
        raise Refused(Problem("administrator-needed"))


def is_expected(link: ConsentLink, granted: Granted, more: Iterable[str] = ()) -> bool:
    """`more` are further names of whoever signed in, such as proxy addresses."""
    known = {granted.user_id, granted.address, *more} - {""}
    return not link.expected or link.expected.casefold() in {one.casefold() for one in known}


def check_expected(link: ConsentLink, granted: Granted, person: Person) -> None:
    """By object id, user principal name, mail or any proxy address."""
    if not is_expected(link, granted, (person.address, person.upn, *person.aliases)):
        raise Refused(Problem("wrong-account", _who(link, granted)))


def check_colleague(link: ConsentLink, granted: Granted, meant: Person | None) -> None:
    """`meant` is whom the directory of the organisation that agreed has by the expected name."""
    if meant is None or _is_guest(meant):
        raise Refused(Problem("wrong-account", _who(link, granted)))


def _who(link: ConsentLink, granted: Granted) -> str:
    """For the page of the person who signed in, and nowhere else."""
    meant = masked(link.expected) or "another account"
    came = masked(granted.address) or "another one"
    return f"The link was made for {meant}, and {came} signed in. Nothing of it was stored."


def check_person(person: Person) -> None:
    if _is_guest(person):
        raise Refused(Problem("guest-account"))


def _is_guest(person: Person) -> bool:
    return "#ext#" in person.upn.lower()


def missing_scopes(granted: Granted) -> list[str]:
    """Asked for by the reach and not given, by a weaker or another name either. Empty where
    Entra did not say what it gave.
    """
    if not granted.scopes or granted.kind is ConnectionKind.ORGANISATION:
        return []
    given = {name.lower() for name in granted.scopes}
    asked = names(delegated_scopes(granted.kind, granted.reach))
    lacking = [name for name in asked if name.lower() not in given]
    return [name for name in lacking if not _covered(name, granted.scopes)]


def _covered(name: str, given: tuple[str, ...]) -> bool:
    """By a permission that reaches further into calendars; what is not of calendars is not."""
    order = list(CALENDAR_WORDS)
    wanted, held = calendars_in([name]), calendars_in(given)
    if wanted is None or held is None:
        return False
    return order.index(held) >= order.index(wanted)


def check_scopes(granted: Granted) -> None:
    if missing := missing_scopes(granted):
        detail = (
            f"It was to {CALENDAR_WORDS[granted.reach]}; Microsoft 365 did not allow: "
            f"{', '.join(missing)}."
        )
        raise Refused(Problem("scopes-missing", detail))
