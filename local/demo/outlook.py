"""What people do and see in their Outlook: the twin's control API."""

import ssl
from typing import Any
from urllib.parse import quote

import httpx

from local.demo.settings import Settings


class OutlookUnreachable(Exception):
    """Nobody answers there."""


class OutlookRefused(Exception):
    """What Outlook said against it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Outlook:
    def __init__(self, settings: Settings) -> None:
        trust = ssl.create_default_context(cafile=settings.trusted)
        self._client = httpx.AsyncClient(verify=trust, timeout=httpx.Timeout(10, connect=2))
        self._base = settings.outlook

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON, None for none. Raises OutlookRefused and OutlookUnreachable."""
        try:
            answer = await self._client.request(method, f"{self._base}{path}", json=body)
        except httpx.TransportError as error:
            raise OutlookUnreachable from error
        if not answer.is_success:
            raise OutlookRefused(_said(answer), answer.status_code)
        return answer.json() if answer.content else None

    async def exists(self, path: str) -> bool:
        try:
            await self.ask("GET", path)
        except OutlookRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    async def view(self, person: str) -> list[dict[str, Any]]:
        """Thirty days around now, in Graph's JSON, times in UTC."""
        return list((await self.ask("GET", events_of(person)))["value"])


def events_of(person: str, event: str = "") -> str:
    place = f"/people/{quote(person)}/events"
    return f"{place}/{quote(event, safe='')}" if event else place


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"Outlook answered {answer.status_code}"
