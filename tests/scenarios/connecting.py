"""What the stories of connecting ask of the API."""

from typing import Any

from tests.journeys.scene import Customer, eventually


async def link_of(customer: Customer, link: dict[str, Any]) -> dict[str, Any]:
    return (await customer.api("GET", f"/consent-links/{link['id']}")).json()


async def became(customer: Customer, link: dict[str, Any]) -> list[str]:
    """The link's states as the host app was told them."""
    return [
        change["data"]["state"]
        for change in await customer.changes()
        if change["data"].get("consent_link") == link["id"]
    ]


async def connections(customer: Customer) -> list[dict[str, Any]]:
    return (await customer.api("GET", "/connections")).json()["connections"]


async def why_not(
    customer: Customer, feature: str = "write_appointments"
) -> dict[str, Any] | None:
    """What keeps the product from offering it; None where nothing does."""
    found = (await customer.api("GET", "/capabilities")).json()["capabilities"]
    return next(one["why_not"] for one in found if one["feature"] == feature)


async def breaks(customer: Customer, who: str) -> None:
    """Their agreement is withdrawn at Microsoft, and whatever was left of their sign-ins."""
    scene, account = customer.scene, customer.address(who)
    await scene.control("POST", f"/people/{account}/revoke-sessions")
    revoked = {"tenant": customer.entra, "user": account}
    await scene.control("POST", "/grants/revoke", revoked)
    await customer.fault({"status": 401}, "/users/", "GET", times=None)


async def heals(customer: Customer) -> None:
    """Microsoft takes fresh tokens again."""
    await customer.scene.control("DELETE", "/faults")


async def asked_of_microsoft(customer: Customer, path: str) -> list[dict[str, Any]]:
    params = {"path": path, "tenant": customer.entra}
    return (await customer.scene.twin.get("/requests", params=params)).json()["value"]


async def ended(customer: Customer, receipt: dict[str, Any]) -> dict[str, Any]:
    """The receipt once all of it is done."""

    async def look() -> dict[str, Any] | None:
        found = (await customer.scene.api.get(f"/receipts/{receipt['id']}")).json()
        return found if found["state"] == "disconnected" else None

    return await eventually(look, "the receipt is whole")


async def arrived(customer: Customer, subject: str) -> dict[str, Any]:
    """Waits for what was made in Outlook."""

    async def look() -> dict[str, Any] | None:
        found = await customer.appointments()
        return next((one for one in found if one["subject"] == subject), None)

    return await eventually(look, f"{subject!r} with the product")
