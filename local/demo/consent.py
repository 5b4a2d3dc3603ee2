"""How calendars get connected: consent links, mailboxes under the organisation's, and the end."""

from urllib.parse import urlencode

from local.demo.keeper import Keeper
from local.demo.practices import PRACTICES
from local.demo.product import Product


class Consent:
    """All methods raise ApiProblem and Unreachable."""

    def __init__(self, product: Product, keeper: Keeper) -> None:
        self._product = product
        self._keeper = keeper

    async def link(self, tenant: str, person: str) -> str:
        """Where to send the browser: of that person, or without one, of an administrator."""
        back = {"tenant": tenant, "person": person or PRACTICES[tenant].people[0].address}
        wanted = {
            "kind": "user" if person else "organisation",
            "login_hint": person,
            "return_url": f"{self._product.settings.url}/?{urlencode(back)}",
        }
        made = await self._product.calbridge.ask("POST", f"tenants/{tenant}/consent-links", wanted)
        return str(made["url"])

    async def switch_on(self, tenant: str, person: str) -> None:
        path = f"tenants/{tenant}/calendars"
        await self._product.calbridge.ask("POST", path, {"mailbox": person})
        await self._keeper.refresh(tenant)

    async def disconnect(self, tenant: str, person: str) -> None:
        """Raises KeyError when there is nothing to end."""
        connection = self._product.state_of(tenant, person)["connection"]
        path = f"tenants/{tenant}/connections/{connection}"
        await self._product.calbridge.ask("DELETE", path)
        await self._keeper.refresh(tenant)
