"""Which of Graph's fields to write: those that changed, and no others (every one may mail)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shared.calendar.digest import differing
from shared.calendar.event import FIELDS, Body, BodyKind, Event
from shared.graph.mapping import graph_from_event
from shared.graph.section import from_text, inside, laid

RULE = r"_{20,}"
JOIN = re.compile(r"teams\.(?:microsoft|live|cloud\.microsoft)", re.IGNORECASE)
NEAR = 500
"""Characters: searching a whole body for open tags takes quadratic time on a hostile one."""
_OPENED = re.compile(r"(?:<(?:div|span|p)\b[^<>]*>\s*)+\Z", re.IGNORECASE)
_CLOSED = re.compile(r"(?:\s*</(?:div|span|p)\s*>)+", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How one mailbox is written to: the IANA zone its whole days lie in, and whether a body is
    put into a section of its own or takes the place of all there is.
    """

    zone: str = "UTC"
    section: bool = True


PLAIN = Manner()


def plan(
    old: Event | None, new: Event, current_html: str = "", manner: Manner = PLAIN
) -> dict[str, Any]:
    """The PATCH (or, without `old`, the whole body) that turns `old` into `new`.

    `current_html` is the whole body as it stands in Outlook, unless `old` has it: what people
    wrote around the section is kept, and so is the Teams block, because an online meeting whose
    body loses the block stops being one.
    """
    fields = FIELDS if old is None else differing(old, new)
    return patch_of(old, new, fields, current_html, manner)


def patch_of(
    old: Event | None,
    new: Event,
    fields: Iterable[str],
    current_html: str,
    manner: Manner = PLAIN,
) -> dict[str, Any]:
    """The named fields of `new`; `current_html` as in `plan`."""
    patch = graph_from_event(new, fields, manner.zone)
    if "body" in patch:
        patch["body"] = _written_body(new.body, current_html or html_of(old), manner)
    return patch


def _written_body(body: Body, current: str, manner: Manner) -> dict[str, str]:
    block = teams_block(current)
    if manner.section:
        markup = laid(body, current if inside(current) is not None else "")
        kind = "html" if markup or block else body.kind.value
        return {"contentType": kind, "content": _with_block(markup, block)}
    if block:
        return {"contentType": "html", "content": with_block(body, block)}
    return {"contentType": body.kind.value, "content": body.content}


def html_of(event: Event | None) -> str:
    return event.body.content if event and event.body.kind is BodyKind.HTML else ""


def teams_block(markup: str) -> str:
    """From one rule of underscores to the next, with a link to the meeting between; or ""."""
    rules = list(re.finditer(RULE, markup))
    for first, last in pairwise(rules):
        if JOIN.search(markup, first.end(), last.start()):
            return _whole_tags(markup, first.start(), last.end())
    return ""


def with_block(body: Body, block: str) -> str:
    """The wanted body as HTML with the block at its end; once, if it is there already."""
    return _with_block(
        from_text(body.content) if body.kind is BodyKind.TEXT else body.content, block
    )


def _with_block(markup: str, block: str) -> str:
    if not block or teams_block(markup):
        return markup
    end = _BODY_END.search(markup)
    at = end.start() if end else len(markup)
    return f"{markup[:at]}<br>{block}{markup[at:]}"


def _whole_tags(markup: str, start: int, end: int) -> str:
    """The block begins and ends inside elements; take in the tags that open right before it
    and close right behind it.
    """
    before = _OPENED.search(markup[max(0, start - NEAR) : start])
    behind = _CLOSED.match(markup[end : end + NEAR])
    opened = before.group() if before else ""
    return opened + markup[start:end] + (behind.group() if behind else "")
