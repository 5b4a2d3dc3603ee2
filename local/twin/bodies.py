"""What Exchange makes of the body text it is given."""

import html
import re
import uuid
from functools import lru_cache

_META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
_CONVERTED = (
    '<meta name="Generator" content="Microsoft Exchange Server">\r\n<!-- converted from text -->'
)
_RULE = "_" * 80


def stored_body(content: str, content_type: str) -> str:
    """HTML as Exchange keeps it: wrapped, with its own meta tags and line ends."""
    if not content:
        return ""
    if content_type == "text":
        return _wrap(_from_text(content), _CONVERTED)
    inside = re.search(r"<body[^>]*>(.*)</body>", content, re.IGNORECASE | re.DOTALL)
    return _wrap(inside.group(1).strip("\r\n") if inside else content)


def plain_text(stored: str) -> str:
    """As read with the preference for text."""
    inside = re.sub(r"<head.*?</head>|<!--.*?-->", "", stored, flags=re.IGNORECASE | re.DOTALL)
    lines = re.sub(r"<br\s*/?>|</p>|</div>", "\r\n", inside, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]+>", "", lines)).strip()


def with_names(stored: str, fate: str) -> str:
    """What becomes of ids and names of elements: `kept`, `prefixed` as in Outlook on the web, or
    `lost`.
    """
    if fate == "kept":
        return stored
    put = r"\1x_\2" if fate == "prefixed" else ""
    return re.sub(r"(\s(?:id|name)=\")(?!x_)([^\"]*\")", put, stored)


@lru_cache(maxsize=4096)
def preview(stored: str) -> str:
    return re.sub(r"[ \t]+", " ", plain_text(stored))[:255] if stored else ""


def new_join_url(ical_uid: str) -> str:
    thread = uuid.uuid5(uuid.NAMESPACE_OID, ical_uid).hex
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0"


def with_join_block(stored: str, join_url: str) -> str:
    block = (
        f'<br>\r\n<div style="width:100%"><span>{_RULE}</span></div>\r\n'
        '<div class="me-email-text"><div>Microsoft Teams meeting</div>'
        f'<div><a href="{join_url}" id="meet_invite_block.action.join_link">'
        f"Join the meeting now</a></div></div>\r\n<div>{_RULE}</div>"
    )
    body = stored or _wrap("")
    return body.replace("\r\n</body>", f"{block}\r\n</body>", 1)


def has_join_block(stored: str, join_url: str) -> bool:
    return join_url in html.unescape(stored)


def _wrap(inner: str, more_head: str = "") -> str:
    head = f"{_META}\r\n{more_head}" if more_head else _META
    return f"<html>\r\n<head>\r\n{head}\r\n</head>\r\n<body>\r\n{inner}\r\n</body>\r\n</html>\r\n"


def _from_text(text: str) -> str:
    lines = html.escape(text, quote=False).splitlines()
    inner = "<br>\r\n".join(lines)
    block = f'<div class="PlainText">{inner}</div>'
    return f'<font size="2"><span style="font-size:11pt;">{block}</span></font>'
