"""Just enough of a browser for the sign-in pages: forms are read and posted as they stand."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)
    boxes: dict[str, dict[str, str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: dict[str, dict[str, str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if "id" in facts:
            self.ids[facts["id"]] = facts
        if tag == "form":
            self.forms.append(Form(facts.get("action", "")))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append(facts)
        elif tag == "input" and facts.get("type") == "checkbox":
            self.forms[-1].boxes[facts["id"]] = facts
        elif tag in ("input", "textarea") and "name" in facts:
            self.forms[-1].fields[facts["name"]] = facts.get("value", "")


class Browser:
    """Where it is: `page` holds the last answer; leaving for the app stops the journey."""

    def __init__(self, client: httpx.AsyncClient | httpx.Client) -> None:
        self._client = client
        self.page = httpx.Response(204)
        self.url = ""

    def open(self, url: str) -> "Browser":
        self.url = urljoin(self.url, url)
        self.page = self._client.get(self.url)
        return self

    def choose(self, account: str) -> "Browser":
        return self._press(lambda b: b.get("data-account") == account)

    def press(self, element_id: str, *, ticked: tuple[str, ...] = (), **typed: str) -> "Browser":
        return self._press(lambda b: b.get("id") == element_id, ticked, typed)

    def begin(self) -> "Browser":
        """On our own first page: leaves for Microsoft by the choice that stands first."""
        return self._press(lambda b: b.get("name") == "as")

    def has(self, element_id: str) -> bool:
        return element_id in self._read().ids

    @property
    def landed(self) -> dict[str, str]:
        """What the app is called back with, in the query or by form_post."""
        if self.has("back"):
            return self._read().forms[0].fields
        assert self.page.status_code == 302, self.page.text
        query = urlsplit(self.page.headers["location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def _read(self) -> _Forms:
        reader = _Forms()
        reader.feed(self.page.text)
        return reader

    def _press(self, wanted, ticked=(), typed=None) -> "Browser":
        for form in self._read().forms:
            for button in form.buttons:
                if wanted(button):
                    return self._post(form, button, ticked, typed or {})
        raise AssertionError(f"no such button on the page: {self.page.text}")

    def _post(self, form, button, ticked, typed) -> "Browser":
        data = {**form.fields, **typed}
        data.update({form.boxes[t]["name"]: form.boxes[t]["value"] for t in ticked})
        if "name" in button:
            data[button["name"]] = button.get("value", "")
        self.url = urljoin(self.url, form.action)
        self.page = self._client.post(self.url, data=data)
        return self
