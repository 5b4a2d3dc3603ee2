import azure.functions as func
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from functions._asgi import call, scope_of


def request(url, method="GET", body=b"", headers=None):
    return func.HttpRequest(method, url, headers=headers or {}, params={}, body=body)


async def echo(scope, receive, send):
    seen = Request(scope, receive)
    answer = {
        "method": seen.method,
        "path": scope["path"],
        "query": seen.url.query,
        "body": (await seen.body()).decode(),
        "header": seen.headers.get("x-given"),
    }
    await JSONResponse(answer, 418, {"x-made": "yes"})(scope, receive, send)


async def test_an_application_gets_the_request_and_its_answer_goes_back():
    """Method, path, query, headers and body arrive; status, headers and body return."""
    answer = await call(
        echo,
        request("https://x/v1/a?b=%20c", "PUT", "gr\u00fcn".encode(), {"x-given": "1"}),
    )

    assert answer.status_code == 418
    assert answer.headers["x-made"] == "yes"
    assert answer.get_body().decode() == (
        '{"method":"PUT","path":"/v1/a","query":"b=%20c","body":"gr\u00fcn","header":"1"}'
    )


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://x/v1/a%2Fb/c", "/v1/a%2Fb/c"),
        ("https://x/v1/a%40b%3Ac", "/v1/a@b:c"),
        ("https://x/v1/%C3%BC", "/v1/\u00fc"),
    ],
)
def test_an_encoded_slash_does_not_split_a_segment(url, path):
    """Encoded characters are decoded, but for the slash, which would change the route."""
    assert scope_of(request(url))["path"] == path


async def test_an_exception_of_the_application_escapes():
    """A bug is for the host to see."""

    async def broken(_scope, _receive, _send):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await call(broken, request("https://x/v1/a"))
