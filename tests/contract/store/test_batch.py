"""What our own words for a transaction have in common with the library's: every byte."""

import re
from typing import Any

from azure.core.pipeline.transport import AsyncHttpTransport
from azure.data.tables import EdmType, EntityProperty
from azure.data.tables.aio import TableServiceClient
from hypothesis import given
from hypothesis import strategies as st

from shared.store.batch import encoded, read
from shared.store.transaction import Write, operation

HOST = "http://127.0.0.1:10002/account"
CONNECTION = (
    f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;TableEndpoint={HOST};"
)
CHANGING = re.compile(r"(batch|changeset)_[0-9a-f-]{36}|(?<=ate: )[^\r]*GMT")


class Sent(Exception):
    def __init__(self, body: bytes) -> None:
        self.body = body


class Mouth(AsyncHttpTransport[Any, Any]):
    """Says what would have been sent, and sends nothing."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, request: Any, **_: Any) -> Any:
        raise Sent(request.body)


values = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.binary(max_size=20),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: EntityProperty(n, EdmType.INT64)),
)
rows = st.dictionaries(st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True), values, max_size=4)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
etags = st.sampled_from(["", "W/\"datetime'2026-11-21T17%3A30%3A40.9567733Z'\""])


@st.composite
def writes(draw: st.DrawFn) -> Write:
    verb = draw(st.sampled_from(["create", "update", "upsert", "delete"]))
    keys = {"PartitionKey": "acme~it's", "RowKey": draw(names)}
    row = keys if verb == "delete" else keys | draw(rows)
    etag = draw(etags) if verb in {"update", "delete"} else ""
    return Write(verb, row, etag)


async def spoken(these: list[Write]) -> bytes:
    async with TableServiceClient.from_connection_string(CONNECTION, transport=Mouth()) as service:
        table = service.get_table_client("Records")
        try:
            await table.submit_transaction([operation(write) for write in these])
        except Sent as sent:
            return sent.body
    raise AssertionError("nothing was sent")


def settled(body: bytes) -> str:
    """Without what differs from one time to the next."""
    return CHANGING.sub("...", body.decode())


@given(these=st.lists(writes(), min_size=1, max_size=5))
async def test_a_transaction_is_sent_as_the_library_sends_it(these: list[Write]):
    boundary = "batch_5d9f2a66-5d0c-4a43-8e5d-3f8f2a1b7c11"
    ours = encoded(f"{HOST}/Records", "2019-02-02", these, boundary)

    assert settled(ours) == settled(await spoken(these))


def answer(*parts: str) -> bytes:
    """As Azure writes it."""
    inner = "".join(
        "--changesetresponse_1f\r\nContent-Type: application/http\r\n"
        f"Content-Transfer-Encoding: binary\r\n\r\n{part}\r\n"
        for part in parts
    )
    return (
        "--batchresponse_2e\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1f\r\n"
        f"\r\n{inner}--changesetresponse_1f--\r\n--batchresponse_2e--\r\n"
    ).encode()


DONE = "HTTP/1.1 204 No Content\r\nContent-ID: 0\r\nETag: W/\"datetime'1'\"\r\n\r\n"
GONE = "HTTP/1.1 204 No Content\r\nContent-ID: 1\r\nCache-Control: no-cache\r\n\r\n"
MADE = 'HTTP/1.1 201 Created\r\nETag: W/"2"\r\n\r\n{"a": "HTTP/1.1 500 x\\nETag: no"}\r\n'
REFUSED = "HTTP/1.1 412 Precondition Failed\r\nContent-ID: 0\r\n\r\n{}\r\n"


def test_etags_are_read_from_the_heads_alone():
    assert read(answer(DONE, GONE, MADE)) == ["W/\"datetime'1'\"", "", 'W/"2"']


def test_of_what_failed_nothing_is_read():
    """Whole or in part, or not in these words at all: the library is to say what it was."""
    assert read(answer(REFUSED)) is None
    assert read(answer(DONE, REFUSED)) is None
    assert read(b"<html>a proxy's page</html>") is None
