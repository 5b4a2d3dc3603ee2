"""What an account has been licensed for, as its profile shows it."""

from typing import Any

from local.twin.accounts import Person

OFFICE_E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
POWER_BI = "f8a1db68-be16-40ed-86d5-cb42ce701560"
# With Power BI, as with most that is not Office, comes a plan of Exchange's without a mailbox.
_PLANS = {
    OFFICE_E3: (
        ("exchange", "efb87545-963c-4e0d-99df-69c6916d9eb0"),
        ("SharePoint", "5dbe027f-2339-4123-9542-606e4d348a72"),
    ),
    POWER_BI: (
        ("exchange", "113feb6c-3fe4-4440-bddc-54d774bf0318"),
        ("PowerBI", "70d33638-9c74-4d01-bfd3-562de28bd4ba"),
    ),
}


def licences_of(person: Person) -> list[dict[str, Any]]:
    return [{"skuId": sku, "disabledPlans": []} for sku in _held(person)]


def plans_of(person: Person) -> list[dict[str, Any]]:
    return [_plan(*one) for sku in _held(person) for one in _PLANS[sku]]


def _held(person: Person) -> list[str]:
    held = {OFFICE_E3: person.licensed, POWER_BI: person.other_licence}
    return [sku for sku, has in held.items() if has]


def _plan(service: str, plan_id: str) -> dict[str, Any]:
    return {
        "assignedDateTime": "2026-01-01T00:00:00Z",
        "capabilityStatus": "Enabled",
        "service": service,
        "servicePlanId": plan_id,
    }
