"""What a person reads in a body, whatever Exchange made of its markup."""

import re
from html.parser import HTMLParser

from shared.calendar.event import Body, BodyKind

_SILENT = frozenset({"script", "style", "title"})
_INLINE_TAGS = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark o:p q s samp small span "
    "strike strong sub sup tt u var wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())
_MARKED_SECTION = re.compile(r"<!\[[^<>]*>?")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

# Stands in the text where a link to a Teams meeting was, until the block is cut.
_JOIN = "\ue0fe"
_TEAMS = re.compile(r"teams\.(?:microsoft|live|cloud\.microsoft)", re.IGNORECASE)
_RULE = re.compile("(_{20,})")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if tag == "a" and any(name == "href" and _TEAMS.search(v or "") for name, v in attrs):
            self.parts.append(_JOIN)
        self._edge(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        self._edge(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._edge(tag)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)

    def _edge(self, tag: str) -> None:
        if tag not in _INLINE:
            self.parts.append(" ")


def one_line(text: str) -> str:
    return " ".join(text.split())


def plain(body: Body) -> str:
    """The body as one line of text, without the block that Teams puts between two rules."""
    text = _stripped(body.content) if body.kind is BodyKind.HTML else body.content
    text = one_line(_UNSEEN.sub("", text))
    return one_line(_without_teams(text).replace(_JOIN, ""))


def _without_teams(text: str) -> str:
    """Cuts each stretch that leads to a meeting, with the rules on either side of it."""
    first, *rest = _RULE.split(text)
    kept = [first]
    while rest:
        rule, between, *rest = rest
        if rest and (_JOIN in between or _TEAMS.search(between)):
            _, between, *rest = rest
            rule = " "
        kept += [rule, between]
    return "".join(kept)


def _stripped(markup: str) -> str:
    parser = _Text()
    # The parser raises on a marked section it has no name for; none of them shows text.
    parser.feed(_MARKED_SECTION.sub("", markup))
    parser.close()
    return "".join(parser.parts)
