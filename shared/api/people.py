from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from shared.api.given import Given, Limit, OfTenant, PersonId
from shared.api.preconditions import etag
from shared.api.problems import item_problem
from shared.api.schemas.base import Words
from shared.api.schemas.people import (
    Address,
    MatchOut,
    People,
    PeopleIn,
    PeopleKept,
    PersonIn,
    PersonItem,
    PersonOut,
    PersonShown,
)
from shared.api.standing import calendar_standing_json
from shared.calendar.digest import address_key
from shared.catalogue import problem_json
from shared.errors import Problem, Refused
from shared.onboarding.providers import check_person_free
from shared.people.matching import matched
from shared.services import Services
from shared.store.records import Contact, Tenant

people = APIRouter(prefix="/tenants/{tenant}/people", tags=["people"])


def person_json(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "kind": contact.kind,
        "name": contact.name,
        "addresses": list(contact.addresses),
        "provider": contact.provider or None,
        "version": contact.version,
    }


@people.get("", response_model=People)
async def list_people(
    tenant: OfTenant, services: Given, after: str = "", limit: Limit = 100
) -> Any:
    found = await services.store.contacts(tenant.id, after, limit)
    following = found[-1].id if len(found) == limit else ""
    return {"people": [person_json(one) for one in found], "next": following}


@people.post("", response_model=PeopleKept)
async def post_people(tenant: OfTenant, wanted: PeopleIn, services: Given) -> Any:
    """Creates or replaces up to 1,000. Those that are right are kept, whatever the others are."""
    refused: dict[int, Problem] = {}
    contacts: dict[int, Contact] = {}
    taken: set[str] = set()
    for n, item in enumerate(wanted.people):
        try:
            contact = _contact_of(tenant.id, item, n, taken)
            await _check_provider(services, tenant, contact, f"/people/{n}")
        except Refused as refusal:
            refused[n] = refusal.problem
        else:
            contacts[n] = contact
            taken.add(contact.id)
    kept = await services.store.put_contacts(tenant.id, list(contacts.values()))
    versions = dict(zip(contacts, kept, strict=True))
    results = [
        _result(item, versions.get(n), refused.get(n)) for n, item in enumerate(wanted.people)
    ]
    return {"kept": len(kept), "refused": len(refused), "people": results}


@people.get("/match", response_model=MatchOut)
async def match_person(
    tenant: OfTenant, address: Annotated[Address, Query(max_length=320)], services: Given
) -> Any:
    """Whom an attendee's address counts for. It grants nobody anything."""
    match = (await matched(services.store, tenant.id, [address]))[address_key(address)]
    return {
        "address": address,
        "person": person_json(match.person) if match.person else None,
        "people": [person_json(one) for one in match.people],
        "connected": match.connected,
        "external": match.external,
    }


@people.get("/{person}", response_model=PersonShown)
async def get_person(
    tenant: OfTenant, person: PersonId, services: Given, response: Response
) -> Any:
    found = await services.store.contact(tenant.id, person)
    if found is None:
        raise Refused(Problem("person-unknown"))
    response.headers["ETag"] = etag(found.version)
    return {**person_json(found), "calendar": await _calendar(services, found)}


@people.put("/{person}", response_model=PersonOut, responses={201: {"model": PersonOut}})
async def put_person(
    tenant: OfTenant, person: PersonId, wanted: PersonIn, services: Given, response: Response
) -> Any:
    """Creates or replaces it, by your own id."""
    known = await services.store.contact(tenant.id, person)
    contact = _contact_of(tenant.id, {"id": person, **wanted.model_dump()})
    await _check_provider(services, tenant, contact, "")
    (kept,) = await services.store.put_contacts(tenant.id, [contact])
    if known is None:
        response.status_code = 201
    response.headers["ETag"] = etag(kept.version)
    return person_json(kept)


@people.delete("/{person}", status_code=204)
async def delete_person(tenant: OfTenant, person: PersonId, services: Given) -> None:
    """Their appointments stay as they are; as an attendee they are unknown from now on."""
    if not await services.store.drop_contact(tenant.id, person):
        raise Refused(Problem("person-unknown"))


async def _calendar(services: Services, contact: Contact) -> dict[str, Any] | None:
    """That of the first address with a connected mailbox."""
    for address in contact.addresses:
        key = await services.store.calendar_at(contact.tenant, address)
        found = await services.store.calendar(key) if key else None
        if found is not None:
            connection = await services.store.connection(contact.tenant, found.connection)
            return {
                "id": found.key.calendar,
                "mailbox": found.address,
                **calendar_standing_json(found, connection),
            }
    return None


def _contact_of(
    tenant: str, item: Words, n: int | None = None, taken: frozenset[str] | set[str] = frozenset()
) -> Contact:
    """Raises Refused. `n` is its place among several, whose ids are `taken` so far."""
    at = "" if n is None else f"/people/{n}"
    try:
        found = PersonItem.model_validate(item)
    except ValidationError as error:
        raise Refused(item_problem(error, at)) from error
    if found.id in taken:
        detail = "id: must not be that of an earlier person of the request."
        raise Refused(Problem("invalid-request", detail, f"{at}/id"))
    return Contact(
        found.id,
        tenant,
        found.kind,
        found.name,
        tuple(found.addresses),
        provider=found.provider or "",
    )


async def _check_provider(
    services: Services, tenant: Tenant, contact: Contact, pointer: str
) -> None:
    await check_person_free(
        services.store, tenant, contact.provider, contact.addresses, f"{pointer}/provider"
    )


def _result(item: Words, kept: Contact | None, problem: Problem | None) -> dict[str, Any]:
    named = item.get("id")
    return {
        "id": named if isinstance(named, str) else "",
        "state": "kept" if kept else "refused",
        "version": kept.version if kept else None,
        "problem": problem_json(problem) if problem else None,
    }
