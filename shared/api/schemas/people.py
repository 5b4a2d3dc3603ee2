"""Whom the host app knows."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.api.schemas.base import Sent, Told, Words
from shared.api.schemas.lives import Provider
from shared.calendar.check import is_address, is_control


def _names_person(value: str) -> str:
    if value == "match":
        raise ValueError("must be another id: people/match is a question of its own")
    return value


def _readable(value: str) -> str:
    if is_control(value):
        raise ValueError("must not hold control characters")
    return value


def _mail_address(value: str) -> str:
    if not is_address(value):
        raise ValueError("must be a mail address such as ada@contoso.com")
    return value


Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_readable)]


Address = Annotated[str, AfterValidator(_mail_address)]


class PersonIn(Sent):
    """`kind` is your own word; of `external` the service knows that it means somebody from
    outside. `addresses` begin with the primary one.
    """

    kind: Word = "contact"
    name: Annotated[str, Field(max_length=200), AfterValidator(_readable)] = ""
    addresses: list[Address] = Field(min_length=1, max_length=20)
    provider: Provider | None = None


class PersonItem(PersonIn):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,120}$"), AfterValidator(_names_person)]


class PeopleIn(Sent):
    """Each as `PersonItem` has it; what is wrong with one keeps none of the others."""

    people: list[Words] = Field(min_length=1, max_length=1000)


class PersonOut(Told):
    id: str
    kind: str
    name: str
    addresses: list[str]
    provider: str | None
    version: int


class PersonShown(PersonOut):
    """`calendar` is theirs, if one is synced: `id`, `mailbox`, and the state it is in."""

    calendar: Words | None


class People(Told):
    people: list[PersonOut]
    next: str


class PersonKept(Told):
    """`problem` says why one was refused."""

    id: str
    state: Literal["kept", "refused"]
    version: int | None
    problem: Words | None


class PeopleKept(Told):
    """In the order of the request."""

    kept: int
    refused: int
    people: list[PersonKept]


class MatchOut(Told):
    """`person` is who the address counts for, the first of `people`, who all have it.
    `connected`: it is that of a connected mailbox.
    """

    address: str
    person: PersonOut | None
    people: list[PersonOut]
    connected: bool
    external: bool
