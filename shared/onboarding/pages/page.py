"""One answer to a browser."""

from dataclasses import dataclass
from http import HTTPStatus

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Page:
    """`location` makes it a redirect; `cookie` is a whole Set-Cookie value; `policy` is what the
    page may load and send (Content-Security-Policy).
    """

    html: str
    status: int = HTTPStatus.OK
    location: str = ""
    cookie: str = ""
    policy: str = NOTHING

    def headers(self) -> dict[str, str]:
        """Nothing of a page may be kept or framed, and its URL is told to nobody."""
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": self.policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        }
        if self.location:
            headers["Location"] = self.location
        if self.cookie:
            headers["Set-Cookie"] = self.cookie
        return headers


def redirect(location: str, cookie: str = "") -> Page:
    return Page("", HTTPStatus.FOUND, location, cookie)
