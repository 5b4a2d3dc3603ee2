from ipaddress import ip_address

import httpx
import pytest

from shared.changes.destination import (
    GuardedTransport,
    check_url,
    delivery_client,
    is_public,
)
from shared.errors import Refused

NONE = frozenset()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_not_public(address):
    """Nothing leads inside: no private, local, shared, multicast or platform address, and none
    carried inside an IPv6 one.
    """
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"],
)
def test_public_addresses_are(address):
    """Ordinary addresses of the internet pass."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/hook",
        "https:///hook",
        "example.org/hook",
        "https://user:secret@example.org/hook",
        "https://example.org/hook#part",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::1/hook",
        "https://example.org:99999/hook",
        "",
    ],
)
def test_urls_that_cannot_be_are_refused(url):
    """Only an absolute https URL without user and fragment is taken."""
    with pytest.raises(Refused) as refused:
        check_url(url, NONE)

    assert refused.value.problem.code == "endpoint-url-refused"
    assert refused.value.problem.pointer == "/url"


def test_listed_hosts_may_be_private_and_plain():
    """A host the operator lists may be this machine, by http."""
    check_url("http://localhost:8080/hook", frozenset({"localhost"}))

    with pytest.raises(Refused):
        check_url("http://localhost:8080/hook", NONE)


class Inner(httpx.AsyncBaseTransport):
    """Keeps what would be connected to."""

    def __init__(self):
        self.requests = []

    async def handle_async_request(self, request):
        self.requests.append(request)
        return httpx.Response(204)


async def test_a_name_is_checked_by_where_it_leads():
    """A public-looking name that resolves to this machine is refused before any connection."""
    inner = Inner()
    async with httpx.AsyncClient(transport=GuardedTransport(NONE, inner)) as client:
        with pytest.raises(Refused):
            await client.post("https://localhost/hook")

    assert inner.requests == []


async def test_a_checked_number_is_what_is_connected_to():
    """The connection goes to the checked number, while TLS and Host keep the name."""
    inner = Inner()
    async with httpx.AsyncClient(transport=GuardedTransport(NONE, inner)) as client:
        await client.post("https://93.184.216.34/hook")

    (request,) = inner.requests
    assert request.url.host == "93.184.216.34"
    assert request.extensions["sni_hostname"] == "93.184.216.34"
    assert request.headers["Host"] == "93.184.216.34"


async def test_the_delivery_client_is_guarded():
    """The client that deliveries use refuses private addresses."""
    async with delivery_client(NONE) as client:
        with pytest.raises(Refused):
            await client.post("https://localhost:9/hook")
