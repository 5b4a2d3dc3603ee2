"""Worlds to start from. The vendor's own tenant exists in each."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from local.twin.entra.apps import VENDOR_TENANT

if TYPE_CHECKING:
    from local.twin.app import Twin

CONTOSO = "22222222-0000-4000-8000-000000000001"
FABRIKAM = "33333333-0000-4000-8000-000000000001"
ADATUM = "44444444-0000-4000-8000-000000000001"


def _nobody(twin: "Twin") -> None:
    twin.world.create_tenant(VENDOR_TENANT, "vendor.example", "The vendor")


def _demo(twin: "Twin") -> None:
    _nobody(twin)
    _contoso(twin)
    _fabrikam(twin)
    _adatum(twin)


def _contoso(twin: "Twin") -> None:
    """Users may consent for themselves."""
    world = twin.world
    world.create_tenant(CONTOSO, "contoso.example", "Contoso")
    world.create_person(CONTOSO, "ada@contoso.example", "Ada Admin", is_admin=True)
    world.create_person(CONTOSO, "megan@contoso.example", "Megan Bowen")
    world.create_person(CONTOSO, "diego@contoso.example", "Diego Siciliani")
    world.create_person(
        CONTOSO, "nestor@contoso.example", "Nestor Wilke", aliases=["reception@contoso.example"]
    )
    world.create_person(CONTOSO, "frontdesk@contoso.example", "Front Desk", kind="shared")
    world.create_person(CONTOSO, "lynne@contoso.example", "Lynne Robbins", licensed=False)
    world.create_person(CONTOSO, "oldham@contoso.example", "Ben Oldham", mailbox="onprem")
    for name, capacity in (("Rainier", 4), ("Adams", 8), ("Baker", 20)):
        world.create_room(
            CONTOSO,
            f"{name.lower()}@contoso.example",
            f"Room {name}",
            capacity=capacity,
            building="Main house",
        )


def _fabrikam(twin: "Twin") -> None:
    """Only administrators may consent."""
    world = twin.world
    world.create_tenant(FABRIKAM, "fabrikam.example", "Fabrikam")
    world.create_person(FABRIKAM, "root@fabrikam.example", "Rosa Root", is_admin=True)
    world.create_person(FABRIKAM, "pete@fabrikam.example", "Pete Plain")
    world.create_room(FABRIKAM, "lab@fabrikam.example", "Lab", capacity=6)
    twin.entra.policies[FABRIKAM] = "admins_only"


def _adatum(twin: "Twin") -> None:
    """People may ask an administrator."""
    world = twin.world
    world.create_tenant(ADATUM, "adatum.example", "Adatum")
    world.create_person(ADATUM, "olga@adatum.example", "Olga Office", is_admin=True)
    world.create_person(ADATUM, "yuri@adatum.example", "Yuri Young")
    twin.entra.policies[ADATUM] = "admin_workflow"


SEEDS: dict[str, Callable[["Twin"], None]] = {"none": _nobody, "demo": _demo}
