"""Somebody with a browser of their own, on the pages of a consent link and on Microsoft's."""

import re
from html import unescape

import httpx

from tests.stack import RETURN_URL
from tests.twin.entra.browser import Browser


class Visitor:
    """Follows every redirect until there is a page to read, or the host app's own address."""

    def __init__(self, client: httpx.Client) -> None:
        self._browser = Browser(client)

    def open(self, url: str) -> "Visitor":
        self._browser.open(url)
        return self._followed()

    def press(self, button: str, **typed: str) -> "Visitor":
        self._browser.press(button, **typed)
        return self._followed()

    def tick(self, box: str, button: str) -> "Visitor":
        self._browser.press(button, ticked=(box,))
        return self._followed()

    def sign_in(self, account: str) -> "Visitor":
        return self.press("next", account=account)

    def leave_as(self, account: str, kind: str = "user") -> "Visitor":
        """From the link, with another account than the one that is filled in at Microsoft."""
        self._browser.press(f"as-{kind}")
        target = self._browser.page.headers["location"]
        return self.open(re.sub(r"&login_hint=[^&]*", "", target)).sign_in(account)

    def agree(self, url: str, account: str, kind: str = "user") -> "Visitor":
        """From the link to the last page, accepting whatever is asked on the way."""
        self.open(url).press(f"as-{kind}")
        while self.sees("accounts") or self.sees("accept"):
            if self.sees("accounts"):
                self.sign_in(account)
            else:
                self.press("accept")
        return self

    def follow(self, link: str) -> "Visitor":
        (target,) = re.findall(rf'id="{link}" href="([^"]+)"', self._browser.page.text)
        return self.open(unescape(target))

    def explain(self, url: str) -> "Visitor":
        """Microsoft stopped them: back at the link they ask about the number on its page."""
        (number,) = re.findall(r'data-code="(AADSTS\d+)"', self._browser.page.text)
        assert self.open(url).sees("explain")
        return self.open(f"{url.replace('/start', '/help')}&code={number}")

    @property
    def text(self) -> str:
        """Everything there is to read."""
        return _words(
            re.sub(r"<(style|script)>.*?</\1>", "", self._browser.page.text, flags=re.DOTALL)
        )

    @property
    def landed(self) -> str:
        """Where the host app is called back, "" where it is not."""
        target = self._browser.page.headers.get("location", "")
        return target if target.startswith(RETURN_URL) else ""

    def sees(self, element: str) -> bool:
        return self._browser.has(element)

    def reads(self, element: str) -> str:
        """The words in it, without the markup."""
        opening = rf'<(\w+)[^>]*\bid="{element}"[^>]*>'
        found = re.search(rf"{opening}(.*?)</\1>", self._browser.page.text, re.DOTALL)
        assert found, f"no {element} on the page: {self.text}"
        return _words(found[2])

    def lists(self, element: str) -> list[str]:
        return [line.strip() for line in self.reads(element).splitlines() if line.strip()]

    def _followed(self) -> "Visitor":
        while self._browser.page.is_redirect and not self.landed:
            self._browser.open(self._browser.page.headers["location"])
        return self


def _words(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def address_in(letter: str) -> str:
    """The link in a text that one person sends another."""
    return next(line for line in letter.splitlines() if line.startswith("http"))
