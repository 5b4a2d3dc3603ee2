"""What of the host app's words goes into the body that Outlook gets."""

import html
from collections.abc import Sequence

from shared.calendar.event import Body, BodyKind
from shared.policy.policy import Policy

_PROMPTS = "Discussion prompts"
_NOTES = "Notes"


def composed(body: Body, prompts: Sequence[str], notes: str, policy: Policy) -> Body:
    """The body with discussion prompts and private notes under headings of their own, as far as
    the policy shares them; else they are no part of it.
    """
    parts = [
        (_PROMPTS, [one for one in prompts if one.strip()] if policy.share_prompts else []),
        (_NOTES, notes.strip().splitlines() if policy.share_notes else []),
    ]
    shown = [(heading, lines) for heading, lines in parts if lines]
    if not shown:
        return body
    if body.kind is BodyKind.HTML:
        return Body(body.content + "".join(_html(*part) for part in shown), body.kind)
    texts = [body.content.rstrip(), *(_text(*part) for part in shown)]
    return Body("\n\n".join(text for text in texts if text), body.kind)


def _text(heading: str, lines: Sequence[str]) -> str:
    mark = "- " if heading == _PROMPTS else ""
    return "\n".join([f"{heading}:", *(f"{mark}{line}" for line in lines)])


def _html(heading: str, lines: Sequence[str]) -> str:
    shown = [html.escape(line, quote=False) for line in lines]
    if heading == _PROMPTS:
        inner = "".join(f"<li>{line}</li>" for line in shown)
        return f"<p><b>{heading}:</b></p><ul>{inner}</ul>"
    return f"<p><b>{heading}:</b></p><p>{'<br>'.join(shown)}</p>"
