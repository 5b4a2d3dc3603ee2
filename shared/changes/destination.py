"""Where deliveries may go: public addresses by https, and hosts the operator has listed.

The address is resolved, checked and then connected to by number, so that a name cannot point
elsewhere between the check and the connection.
"""

import asyncio
import socket
import ssl
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpx

from shared.errors import Problem, Refused

# Azure's own platform endpoint has a public number but is reached from inside only.
AZURE_PLATFORM = IPv4Address("168.63.129.16")
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


def check_url(url: str, private_hosts: frozenset[str]) -> None:
    """Looks at the text only; raises Refused."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused("it is not a valid URL") from error
    if not host or parts.scheme not in {"http", "https"}:
        raise _refused("it must be an absolute https URL")
    if parts.username is not None or parts.fragment:
        raise _refused("it must have neither user nor fragment")
    if host in private_hosts:
        return
    if parts.scheme != "https":
        raise _refused("it must be https")
    if _number(host) and not is_public(ip_address(host)):
        raise _refused("it leads to a private address")


async def public_address(host: str, port: int) -> str:
    """The number to connect to; raises Refused if any of the host's addresses is private, and
    OSError if the name cannot be resolved.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not numbers or not all(is_public(ip_address(number)) for number in numbers):
        raise _refused("it leads to a private address")
    return numbers[0]


def is_public(address: Address) -> bool:
    """Also judges the IPv4 address that an IPv6 one carries inside."""
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and address != AZURE_PLATFORM


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def _number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refused(why: str) -> Refused:
    return Refused(Problem("endpoint-url-refused", f"The URL is refused: {why}.", "/url"))


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects by checked number; TLS still names and proves the host."""

    def __init__(self, private_hosts: frozenset[str], inner: httpx.AsyncBaseTransport) -> None:
        self._private_hosts = private_hosts
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        check_url(str(request.url), self._private_hosts)
        host = request.url.host
        if host not in self._private_hosts:
            try:
                number = await public_address(host, request.url.port or 443)
            except OSError as error:
                raise httpx.ConnectError("the host name does not resolve") from error
            request.url = request.url.copy_with(host=number)
            request.extensions = {**request.extensions, "sni_hostname": host}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes longer than all the rest of the wiring."""
    return httpx.create_ssl_context()


def delivery_client(private_hosts: frozenset[str]) -> httpx.AsyncClient:
    transport = GuardedTransport(private_hosts, httpx.AsyncHTTPTransport(verify=_trust()))
    return httpx.AsyncClient(transport=transport, timeout=15, follow_redirects=False)
