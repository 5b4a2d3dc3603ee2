"""Where a person may be sent back to: only what the operator has listed."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from shared.errors import Problem, Refused
from shared.settings import is_web_url


def check_return_url(url: str, allowed: tuple[str, ...]) -> None:
    """Raises Refused unless scheme, host and port are a listed URL's, and the path below its."""
    if not any(_below(url, base) for base in allowed):
        raise Refused(
            Problem("return-url-refused", "The return URL is not on the list.", "/return_url")
        )


def _below(url: str, base: str) -> bool:
    if not is_web_url(url) or "\\" in url:
        return False
    given, listed = urlsplit(url), urlsplit(base)
    same_origin = (given.scheme, given.netloc.lower()) == (listed.scheme, listed.netloc.lower())
    if not same_origin or "/.." in given.path:
        return False
    root = listed.path.rstrip("/")
    return (given.path or "/") == (root or "/") or given.path.startswith(f"{root}/")


def with_outcome(url: str, **outcome: str) -> str:
    """`url` with the outcome added to its query, and what was there kept."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *outcome.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
