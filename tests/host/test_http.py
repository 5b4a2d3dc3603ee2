"""HTTP functions, seen from outside."""

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import httpx
import pytest

from tests.host.running import RunningHost, run_host, write_app

APP = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def told(req):
    return func.HttpResponse(json.dumps({
        "url": req.url, "method": req.method, "headers": dict(req.headers),
        "params": dict(req.params), "route": dict(req.route_params),
        "body": req.get_body().decode()}), mimetype="application/json")

@app.route(route="echo/{id:int}/{rest?}")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return told(req)

@app.route()
def by_name(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("by name")

@app.route(route="items/{id}")
def details(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("details " + req.route_params["id"])

@app.route(route="items/list")
def listing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("listing")

@app.route(route="files/{*path}")
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.route_params)))

@app.route(route="only", methods=["POST"])
def only_post(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("posted", status_code=201)

@app.route(route="twice", methods=["GET", "PUT"])
def twice_a(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("a")

@app.route(route="Twice", methods=["PUT", "POST"])
def twice_b(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("b")

@app.route(route="administration")
def kept(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("kept")

@app.route(route="guarded", auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")

@app.route(route="master", auth_level=func.AuthLevel.ADMIN)
def master(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")

@app.route(route="off")
def off(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("not so off")

@app.route(route="raises")
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("secret detail")

@app.route(route="gives/{what}")
def gives(req: func.HttpRequest):
    return {"none": None, "dict": {"a": 1}, "text": "plain",
            "envelope": '{"body": "inner", "status": 202}'}[req.route_params["what"]]

@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("c")
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=60")
    response.headers.add("Set-Cookie", "b=2; Expires=Wed, 04 Mar 2026 10:00:00 GMT")
    response.headers["X-Mine"] = "yes"
    return response

waiting = 0

@app.route(route="together")
async def together(req: func.HttpRequest) -> func.HttpResponse:
    global waiting
    waiting += 1
    while waiting < 200:
        await asyncio.sleep(0.01)
    return func.HttpResponse("ok")

@app.route(route="context")
def context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.info("inside %s", context.function_name)
    return func.HttpResponse(context.invocation_id + " " + context.trace_context.trace_parent)
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory) -> Iterator[RunningHost]:
    app = write_app(
        tmp_path_factory.mktemp("http") / "app", APP, imports="import asyncio, json, logging"
    )
    settings = {"AzureWebJobs.off.Disabled": "true"}
    with run_host(app, settings=settings) as running:
        running.ready()
        yield running


@pytest.fixture(scope="module")
def client(host) -> Iterator[httpx.Client]:
    with host.client() as opened:
        yield opened


def test_ready_line_names_port_and_functions(host):
    """Whoever started the host learns where it is and what it runs."""
    assert {"echo", "guarded", "off"} < set(host.ready()["functions"])
    assert host.ready()["port"] > 0


def test_request_as_the_function_sees_it(client):
    """Lower-case header names, repeats joined by commas, empty query values dropped, url as sent."""
    seen = client.post(
        "/api/echo/7/x%20y?a=1&a=2&empty=&Code=z",
        headers=[("X-Twice", "one"), ("X-Twice", "two"), ("Host", "app.example")],
        content=b"hello",
    ).json()

    assert seen["url"] == "http://app.example/api/echo/7/x%20y?a=1&a=2&empty=&Code=z"
    assert seen["method"] == "POST"
    assert seen["headers"]["x-twice"] in {"one,two", "one, two"}
    assert all(name == name.lower() for name in seen["headers"])
    assert seen["params"] == {"a": "1,2", "Code": "z"}
    assert seen["route"] == {"id": "7", "rest": "x y"}
    assert seen["body"] == "hello"


def test_body_without_content_length_arrives_empty(client):
    """A chunked body is not passed on."""
    seen = client.post("/api/echo/7", content=iter([b"chunk"])).json()

    assert "content-length" not in seen["headers"]
    assert seen["body"] == ""


def test_constraint_and_unknown_path_are_not_found(client):
    answers = [client.get("/api/echo/seven"), client.get("/nowhere"), client.get("/echo/7")]

    assert [each.status_code for each in answers] == [404, 404, 404]
    assert answers[0].content == b""


def test_route_defaults_to_the_functions_name(client):
    assert client.get("/api/by_name").text == "by name"
    assert client.get("/API/BY_NAME").text == "by name"


def test_no_route_precedence(client):
    """`details` sorts before `listing`, so its parameter takes the literal's requests."""
    assert client.get("/api/items/list").text == "details list"


def test_catch_all_takes_the_rest(client):
    assert client.get("/api/files/a/b%2Fc/d").json() == {"path": "a/b%2Fc/d"}
    assert client.get("/api/files").json() == {}


def test_wrong_method_is_not_found(client):
    """404, never 405."""
    assert client.get("/api/only").status_code == 404
    assert client.post("/api/only").status_code == 201


def test_second_function_on_a_route_is_dropped(host, client):
    """Same template and a common method: the later one is not loaded, and an error says so."""
    assert client.put("/api/twice").text == "a"
    assert client.post("/api/twice").status_code == 404
    assert "twice_b" not in host.ready()["functions"]
    assert host.said("'twice_b' is not loaded.*twice_a")


def test_kept_routes_are_refused(host, client):
    assert client.get("/api/administration").status_code == 404
    assert host.said("'kept' is not loaded.*admin or runtime")


def test_function_level_takes_function_host_and_master_keys(host, client):
    """Header before query; 401 has no body."""
    keys = host.keys()
    good = [keys["master"], keys["host"]["default"], keys["functions"]["guarded"]["default"]]
    refused = client.get("/api/guarded")

    assert (refused.status_code, refused.content) == (401, b"")
    assert client.get("/api/guarded?code=wrong").status_code == 401
    assert (
        client.get(f"/api/guarded?code={keys['functions']['echo']['default']}").status_code == 401
    )
    for key in good:
        assert client.get("/api/guarded", headers={"x-functions-key": key}).text == "in"
        assert client.get(f"/api/guarded?code={key}").text == "in"
    wrong = {"x-functions-key": "wrong"}
    assert client.get(f"/api/guarded?code={good[0]}", headers=wrong).status_code == 401


def test_admin_level_takes_the_master_key_only(host, client):
    keys = host.keys()

    assert client.get(f"/api/master?code={keys['host']['default']}").status_code == 401
    assert client.get(f"/api/master?code={keys['master']}").text == "in"


def test_disabled_function_is_not_found_but_for_the_master(host, client):
    assert client.get("/api/off").status_code == 404
    assert client.get(f"/api/off?code={host.keys()['master']}").text == "not so off"


def test_exception_is_an_empty_500(host, client):
    answer = client.get("/api/raises")

    assert (answer.status_code, answer.content) == (500, b"")
    assert host.saw(r"Executed 'Functions.raises' \(Failed, Id=[0-9a-f-]+, Duration=\d+ms\)")


@pytest.mark.parametrize("what", ["none", "dict"])
def test_no_response_is_a_500(client, what):
    assert client.get(f"/api/gives/{what}").status_code == 500


def test_text_is_a_body_unless_it_spells_a_response(client):
    assert client.get("/api/gives/text").text == "plain"
    spelt = client.get("/api/gives/envelope")

    assert (spelt.status_code, spelt.text) == (202, "inner")


def test_each_cookie_has_its_own_header(client):
    answer = client.get("/api/cookies")
    first, second = answer.headers.get_list("set-cookie")

    assert answer.headers["x-mine"] == "yes"
    assert first.startswith("a=1")
    assert {"path=/", "httponly", "secure", "samesite=lax", "max-age=60"} < set(first.split("; "))
    assert second == "b=2; expires=Wed, 04 Mar 2026 10:00:00 GMT"


def test_context_has_invocation_and_trace(host, client):
    """The app's own log lines carry the invocation they belong to."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    invocation, trace = client.get("/api/context", headers={"traceparent": parent}).text.split()
    host.saw("inside context")
    line = next(each for each in host.lines if each["message"] == "inside context")

    assert trace == parent
    assert line["invocationId"] == invocation
    host.saw(f"Executing 'Functions.context'.*{invocation}")
    host.saw(rf"Executed 'Functions.context' \(Succeeded, Id={invocation}, Duration=\d+ms\)")


async def test_two_hundred_at_once(host):
    """All are inside the function before the first one ends."""
    async with aiohttp.ClientSession(host.url, connector=aiohttp.TCPConnector(limit=200)) as many:

        async def ask() -> int:
            async with many.get("/api/together") as answer:
                return answer.status

        statuses = await asyncio.gather(*(ask() for _ in range(200)))

    assert statuses == [200] * 200


def test_admin_needs_the_master_key(host, client):
    code = host.keys()["host"]["default"]

    assert client.get("/admin/host/status").status_code == 401
    assert client.get(f"/admin/host/status?code={code}").status_code == 401
    assert client.get("/admin/host/ping").status_code == 200


def test_admin_tells_state_and_functions(host, client):
    key = {"x-functions-key": host.keys()["master"]}
    status = client.get("/admin/host/status", headers=key).json()
    listed = {each["name"]: each for each in client.get("/admin/functions", headers=key).json()}

    assert status["state"] == "Running"
    assert re.fullmatch(r"app-[0-9a-f]{10}", status["id"])
    assert listed["off"]["isDisabled"]
    assert listed["only_post"]["invoke_url_template"] == f"{host.url}/api/only"


def test_keys_outlive_a_restart_and_prefix_may_be_empty(tmp_path):
    """An ASGI app's catch-all works under an empty prefix; keys stay; --no-auth asks for none."""
    code = (
        "web = FastAPI()\n"
        "@web.get('/{path:path}')\n"
        "def anything(path: str): return '/' + path\n"
        "app = func.AsgiFunctionApp(app=web, http_auth_level=func.AuthLevel.FUNCTION)\n"
    )
    empty = {"extensions": {"http": {"routePrefix": ""}}}
    app = write_app(tmp_path / "app", code, empty, "from fastapi import FastAPI")
    with run_host(app) as first, first.client() as asking:
        keys = first.keys()
        assert asking.get("/any/path").status_code == 401
        answer = asking.get("/any/path", headers={"x-functions-key": keys["master"]})
        assert answer.json() == "/any/path"
    with run_host(app, "--no-auth") as second, second.client() as asking:
        assert asking.get("/any/path").status_code == 200
        assert second.keys() == keys


def test_too_many_outstanding_are_turned_away(tmp_path):
    code = (
        "app = func.FunctionApp()\n"
        "@app.route(auth_level=func.AuthLevel.ANONYMOUS)\n"
        "async def slow(req: func.HttpRequest) -> func.HttpResponse:\n"
        "    return func.HttpResponse('done')\n"
    )
    options = {"extensions": {"http": {"maxOutstandingRequests": 0}}}
    app = write_app(tmp_path / "app", code, options)
    with run_host(app) as host, host.client() as asking:
        assert asking.get("/api/slow").status_code == 429
