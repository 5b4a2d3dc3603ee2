"""Calbridge's public API, as any host app calls it."""

from typing import Any
from urllib.parse import quote

import httpx

from local.demo.settings import Settings

TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):
    """Nobody answers, or the answer is that it cannot work now: worth another try."""


class ApiProblem(Exception):
    """A refusal in the API's own words (RFC 9457)."""

    def __init__(self, body: dict[str, Any], status: int) -> None:
        self.code = str(body.get("code", ""))
        self.title = str(body.get("title", f"Calbridge answered {status}"))
        self.detail = str(body.get("detail", ""))
        self.remedy = str(body.get("remedy", ""))
        self.status = status
        super().__init__(self.title)

    def words(self) -> str:
        return words_of({"title": self.title, "detail": self.detail, "remedy": self.remedy})


def words_of(problem: dict[str, Any]) -> str:
    """One line for people."""
    title, detail, remedy = (str(problem.get(k) or "") for k in ("title", "detail", "remedy"))
    said = [title.rstrip("."), detail.rstrip(".") if detail != title else "", remedy.rstrip(".")]
    return ". ".join(part for part in said if part) + "."


class Calbridge:
    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{settings.calbridge}/v1/",
            headers={"X-Api-Key": settings.api_key},
            timeout=httpx.Timeout(25, connect=2),
            transport=transport,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON, None for none. Raises ApiProblem and Unreachable."""
        media = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": media} if body is not None else {}
        try:
            answer = await self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Unreachable from error
        if answer.status_code in TRY_AGAIN:
            raise Unreachable(str(answer.status_code))
        return _read(answer)

    async def pages(self, path: str, name: str) -> list[dict[str, Any]]:
        """All items of a list that is told in pages."""
        items: list[dict[str, Any]] = []
        after = ""
        while True:
            page = await self.ask("GET", f"{path}?limit=200&after={quote(after)}")
            items += page[name]
            after = page["next"]
            if not after:
                return items


def _read(answer: httpx.Response) -> Any:
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = None
    if answer.is_success:
        return body
    raise ApiProblem(body if isinstance(body, dict) else {}, answer.status_code)
