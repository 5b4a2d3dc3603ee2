"""An entity group transaction on the wire.

The same bytes as azure-data-tables sends, through that library's own pipeline: it writes and reads
each part with Python's email package, which was half of all CPU time of reading a mailbox in.
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

import base64
import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4
from wsgiref.handlers import format_date_time

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.data.tables import EdmType, EntityProperty

from shared.store.rows import Row
from shared.store.transaction import Write, operation

ACCEPTED = 202
BUSY = frozenset({408, 429}) | frozenset(range(500, 600))

_BOUNDARY = re.compile(rb"boundary=\"?(changesetresponse_[^\s\";]+)", re.IGNORECASE)
_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3})", re.MULTILINE)
_ETAG = re.compile(rb"^ETag: *(\S+)", re.IGNORECASE | re.MULTILINE)


async def submit(client: Any, endpoint: str, writes: Sequence[Write]) -> list[str]:
    """The new etags in the order of the writes, "" for a deletion. Raises what azure-data-tables
    does. `endpoint` is the account's.
    """
    boundary = f"batch_{uuid4()}"
    body = encoded(f"{endpoint}/{client.table_name}", client.api_version, writes, boundary)
    request = HttpRequest(
        "POST",
        f"{endpoint}/$batch",
        headers={
            "x-ms-version": client.api_version,
            "DataServiceVersion": "3.0",
            "MaxDataServiceVersion": "3.0;NetFx",
            "Content-Type": f"multipart/mixed; boundary={boundary}",
            "Accept": "application/json",
        },
        content=body,
    )
    # No public way leads through the client's retries and credentials.
    response = await client._client.send_request(request, stream=True)  # noqa: SLF001
    answer = await response.read()
    if response.status_code in BUSY:
        raise HttpResponseError(response=response)
    etags = read(answer) if response.status_code == ACCEPTED else None
    if etags is not None and len(etags) == len(writes):
        return etags
    return await _explained(client, writes)


async def _explained(client: Any, writes: Sequence[Write]) -> list[str]:
    """Nothing was written: sent once more, the library says why, in its own errors."""
    done = await client.submit_transaction([operation(write) for write in writes])
    return [str(part.get("etag", "")) for part in done]


def encoded(table: str, version: str, writes: Sequence[Write], boundary: str) -> bytes:
    """`table` is its URL."""
    changes = boundary.replace("batch", "changeset", 1)
    date = format_date_time(time.time())
    common = f"x-ms-version: {version}\r\nDataServiceVersion: 3.0\r\n"
    dates = f"x-ms-date: {date}\r\nDate: {date}\r\n\r\n"
    parts = [
        f"--{changes}\r\nContent-Type: application/http\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: {number}\r\n\r\n"
        f"{_part(table, write, common, dates)}\r\n"
        for number, write in enumerate(writes)
    ]
    return (
        f"--{boundary}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n"
        f"{''.join(parts)}--{changes}--\r\n\r\n--{boundary}--\r\n"
    ).encode()


def _part(table: str, write: Write, common: str, dates: str) -> str:
    match = f"If-Match: {write.etag or '*'}\r\n"
    if write.verb == "delete":
        return (
            f"DELETE {_place(table, write)} HTTP/1.1\r\n{common}"
            f"Accept: application/json;odata=minimalmetadata\r\n{match}{dates}"
        )
    text = json.dumps(properties(write.row))
    typed = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
    if write.verb == "create":
        return (
            f"POST {table} HTTP/1.1\r\n{typed}{common}Prefer: return-no-content\r\n"
            f"Accept: application/json;odata=minimalmetadata\r\n{dates}{text}"
        )
    return (
        f"PUT {_place(table, write)} HTTP/1.1\r\n{typed}{common}"
        f"Accept: application/json\r\n{match if write.verb == 'update' else ''}{dates}{text}"
    )


def _place(table: str, write: Write) -> str:
    return f"{table}(PartitionKey='{_key(write.partition)}',RowKey='{_key(write.name)}')"


def _key(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")


def properties(row: Row) -> dict[str, Any]:
    """With the type of each that JSON has no word for. Raises TypeError for what no row holds."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        found[name], kind = _property(value)
        if kind:
            found[f"{name}@odata.type"] = kind.value
    return found


def _property(value: Any) -> tuple[Any, EdmType | None]:
    match value:
        case EntityProperty(value=int() as number, edm_type=EdmType.INT64):
            return str(number), EdmType.INT64
        case bool() | int():
            return value, None
        case str():
            return value, EdmType.STRING
        case bytes():
            return base64.b64encode(value).decode(), EdmType.BINARY
        case _:
            raise TypeError(f"a row cannot hold a {type(value).__name__}")


def read(answer: bytes) -> list[str] | None:
    """The etags of a transaction that was done; None of any other."""
    boundary = _BOUNDARY.search(answer)
    if boundary is None:
        return None
    etags: list[str] = []
    for part in answer.split(b"--" + boundary[1])[1:-1]:
        found = _STATUS.search(part)
        if found is None or not found[1].startswith(b"2"):
            return None
        head = part[found.start() :].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        etag = _ETAG.search(head)
        etags.append(etag[1].decode() if etag else "")
    return etags
