"""The host app's part of a body in Outlook: a marked section, with people's own text around it.

The section is an element with an id, and two named anchors inside it at its ends. Either is
enough to find it again; where both were lost the body has no section. Markup comes from whoever
edits the event, so all of this takes linear time.
"""

import html
import re
from dataclasses import dataclass

from shared.calendar.event import Body, BodyKind
from shared.calendar.text import retagged

_WORD = "calbridge"
_OPEN = f'<div id="{_WORD}-section">'
_BEGIN = f'<a id="{_WORD}-begin" name="{_WORD}-begin"></a>'
_END = f'<a id="{_WORD}-end" name="{_WORD}-end"></a>'
_ROOTS = {"html", "head", "body"}


def _tag(element: str, part: str) -> str:
    """An opening tag of ours; Outlook on the web puts `x_` before names it did not give."""
    named = rf"(?:id|name)\s*=\s*[\"']?(?:x_){{0,9}}{_WORD}-{part}\b"
    return rf"<{element}\b[^<>]*\b{named}[^<>]*>"


_BEGINS = re.compile(_tag("a", "begin") + r"(?:\s*</a\s*>)?", re.IGNORECASE)
_ENDS = re.compile(_tag("a", "end") + r"(?:\s*</a\s*>)?", re.IGNORECASE)
_SECTION = re.compile(_tag("div", "section"), re.IGNORECASE)
_DIVS = re.compile(r"<(?P<closes>/)?div\b[^<>]*>", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_ADDRESS = re.compile(r"(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    has_anchors: bool = True


def inside(markup: str) -> str | None:
    """The content of the section; None where there is none."""
    span = _span(markup)
    return None if span is None else markup[span.start : span.end]


def laid(body: Body, current: str = "") -> str:
    """`current` with the wanted body as its section's content; the section alone where
    `current` has none, and nothing at all where nothing is wanted.
    """
    content, span = _content(body), _span(current)
    if span is not None:
        within = content if span.has_anchors else f"{_BEGIN}{content}{_END}"
        return f"{current[: span.start]}{within}{current[span.end :]}"
    return f"{_OPEN}{_BEGIN}{content}{_END}</div>" if content.strip() else ""


def _span(markup: str) -> _Span | None:
    """Where the content begins and ends, by the anchors or else by the element."""
    if _WORD not in markup.lower():
        return None
    begin = _BEGINS.search(markup)
    end = _ENDS.search(markup, begin.end()) if begin else None
    if begin and end:
        return _Span(begin.end(), end.start())
    section = _SECTION.search(markup)
    return _element(markup, section.end()) if section else None


def _element(markup: str, start: int) -> _Span | None:
    """From behind an opening div to the tag that closes it."""
    depth = 1
    for tag in _DIVS.finditer(markup, start):
        depth += -1 if tag["closes"] else 1
        if not depth:
            return _Span(start, tag.start(), has_anchors=False)
    return None


def _content(body: Body) -> str:
    """The body as a piece of markup that leaves nothing open and has no marks of its own."""
    return from_text(body.content) if body.kind is BodyKind.TEXT else retagged(body.content, _bare)


def _bare(name: str, tag: str) -> str:
    if name in _ROOTS:
        return " "
    if not any(mark.search(tag) for mark in (_BEGINS, _ENDS, _SECTION)):
        return tag
    slash = "/" if tag.startswith("</") else ""
    return f"<{slash}{name}>" if name else "<!---->"


def from_text(text: str) -> str:
    """As markup that shows lines, runs of spaces and addresses as the text has them."""
    pieces = _ADDRESS.split(text)
    shown = [_linked(one) if n % 2 else _escaped(one) for n, one in enumerate(pieces)]
    return "".join(shown)


def _linked(address: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(address, quote=False)}</a>'


def _escaped(text: str) -> str:
    return _LINE_END.sub("<br>", html.escape(text, quote=False).replace("  ", "&nbsp; "))
