"""$batch: up to twenty requests in one, four at a time, some waiting for others."""

import asyncio
import base64
import json
from typing import Any

import httpx
from starlette.responses import JSONResponse, Response

from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.shapes import Json
from local.twin.problem import bad_request

MOST = 20
AT_ONCE = 4


async def batch(call: Call) -> Response:
    data = await call.json()
    parts = _checked(data.get("requests") if isinstance(data, dict) else None)
    run = _Run(call, parts)
    return JSONResponse({"responses": await run.all()}, headers=call.headers())


def _checked(parts: Any) -> list[Json]:
    if not isinstance(parts, list) or not parts:
        raise _bad("The 'requests' property must be a non-empty array.")
    if len(parts) > MOST:
        raise _bad(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    known: set[str] = set()
    for part in parts:
        _check_part(part, known)
        known.add(part["id"])
    return parts


def _check_part(part: Any, known: set[str]) -> None:
    """`known`: ids of the parts before this one, the only ones it may wait for."""
    if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not part["id"]:
        raise _bad("Batch request steps need an 'id' that is a string.")
    if part["id"] in known:
        raise _bad(f"Request Id has to be unique in a batch: '{part['id']}'.")
    if not isinstance(part.get("url"), str) or not isinstance(part.get("method"), str):
        raise _bad(f"The step '{part['id']}' needs 'method' and 'url'.")
    if "body" in part and "content-type" not in _names(part.get("headers")):
        raise _bad(f"The step '{part['id']}' has a body and so needs a Content-Type header.")
    for other in part.get("dependsOn") or ():
        if other not in known:
            raise _bad(f"The step '{part['id']}' depends on '{other}', which is not before it.")


class _Run:
    """With dependsOn anywhere the parts run one at a time, as Graph runs Outlook's."""

    def __init__(self, call: Call, parts: list[Json]) -> None:
        self._call = call
        self._parts = parts
        chained = any(part.get("dependsOn") for part in parts)
        self._slots = asyncio.Semaphore(1 if chained else AT_ONCE)
        self._done: dict[str, asyncio.Future[int]] = {}

    async def all(self) -> list[Json]:
        loop = asyncio.get_running_loop()
        self._done = {part["id"]: loop.create_future() for part in self._parts}
        return list(await asyncio.gather(*(self._one(part) for part in self._parts)))

    async def _one(self, part: Json) -> Json:
        before = [await self._done[other] for other in part.get("dependsOn") or ()]
        if any(status >= 400 for status in before):
            answer = _failed_dependency(part["id"])
        else:
            async with self._slots:
                answer = await self._ask(part)
        self._done[part["id"]].set_result(answer["status"])
        return answer

    async def _ask(self, part: Json) -> Json:
        path = "/" + part["url"].lstrip("/")
        if path.lower().split("?")[0].rstrip("/") == "/$batch":
            raise _bad("A batch cannot hold a batch.")
        headers = {str(k): str(v) for k, v in (part.get("headers") or {}).items()}
        headers["Host"] = self._call.request.url.netloc  # links in answers point to this server
        body = json.dumps(part["body"]).encode() if "body" in part else b""
        answer = await self._call.twin.ask(
            self._call.caller, part["method"].upper(), path, headers, body
        )
        return {"id": part["id"], "status": answer.status_code, **_content(answer)}


def _content(answer: httpx.Response) -> Json:
    hidden = {"date", "content-length", "transfer-encoding"}
    headers = {k: v for k, v in answer.headers.items() if k.lower() not in hidden}
    if not answer.content:
        return {"headers": headers}
    if "json" in answer.headers.get("content-type", ""):
        return {"headers": headers, "body": answer.json()}
    return {"headers": headers, "body": base64.b64encode(answer.content).decode()}


def _failed_dependency(part_id: str) -> Json:
    error = {
        "code": "FailedDependency",
        "message": "The request failed because a request that it depends on failed.",
    }
    return {"id": part_id, "status": 424, "headers": {}, "body": {"error": error}}


def _names(headers: Any) -> set[str]:
    return {str(name).lower() for name in headers} if isinstance(headers, dict) else set()


def _bad(message: str) -> Exception:
    return bad_request(message, "BadRequest")


ENTRIES: list[Entry] = [entry("POST", "$batch", batch)]
