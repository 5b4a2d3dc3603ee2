"""What the line to Graph may do, beyond what Graph answers."""

import httpx
import pytest

from shared.custody.access import AccessToken
from shared.errors import Unavailable
from shared.graph.client import Graph
from tests.contract.graph.conftest import CONNECTION, NOW, settings


class OneToken:
    async def token(self, _connection):
        return AccessToken("a-token", NOW)

    def drop(self, _connection):
        raise AssertionError("no token was refused")


def graph(answer) -> Graph:
    return Graph(settings(), OneToken(), httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ReadTimeout, httpx.PoolTimeout, httpx.RemoteProtocolError]
)
async def test_broken(error):
    """A line that breaks anywhere is tried again later."""

    def answer(_request):
        raise error("broken")

    with pytest.raises(Unavailable):
        await graph(answer).profile(CONNECTION, "u")


@pytest.mark.parametrize("content", [b"<html>a gateway's page</html>", b'{"id": '])
async def test_garbled(content):
    """A good status with a body that is no JSON is no answer."""
    with pytest.raises(Unavailable):
        await graph(lambda _request: httpx.Response(200, content=content)).profile(CONNECTION, "u")


async def test_redirect():
    """Nobody is followed anywhere: a redirect is no answer either."""
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(Exception, match="302"):
        await graph(answer).profile(CONNECTION, "u")

    assert [httpx.URL(url).host for url in asked] == ["graph.microsoft.com"]


async def test_bearer():
    """The connection's token goes along, once."""
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(200, json={"id": "u"})

    await graph(answer).profile(CONNECTION, "ada@contoso.example")

    assert [request.headers.get_list("authorization") for request in asked] == [["Bearer a-token"]]
    assert asked[0].url.path == "/v1.0/users/ada@contoso.example"
    assert "$select" in asked[0].url.params
