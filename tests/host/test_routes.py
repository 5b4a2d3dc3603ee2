"""Route templates as ASP.NET Core reads them."""

import pytest

from local.host.errors import Unusable
from local.host.routes import Route, Template, check_name, find


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("api/items", "/api/items", {}),
        ("api/items", "/API/Items/", {}),
        ("api/items", "/api/items/1", None),
        ("api/items", "/api//items", None),
        ("items/{id}", "/items/Ab c", {"id": "Ab c"}),
        ("items/{id}", "/items", None),
        ("items/{id}", "/items/a/b", None),
        ("items/{id:int}", "/items/-12", {"id": "-12"}),
        ("items/{id:int}", "/items/x", None),
        ("items/{id:int}", "/items/3000000000", None),
        ("items/{id:long}", "/items/3000000000", {"id": "3000000000"}),
        ("items/{id:int:min(5)}", "/items/4", None),
        ("items/{id:int:min(5)}", "/items/5", {"id": "5"}),
        ("items/{id:range(1,3)}", "/items/4", None),
        ("items/{name:alpha}", "/items/a1", None),
        ("items/{name:length(2,3)}", "/items/abcd", None),
        ("items/{name:minlength(2)}", "/items/ab", {"name": "ab"}),
        ("items/{on:bool}", "/items/True", {"on": "True"}),
        ("items/{id:guid}", "/items/7f2d", None),
        (
            "items/{id:guid}",
            "/items/0b9b6a5e-4a0e-4f0e-9c39-0a4c39ee0001",
            {"id": "0b9b6a5e-4a0e-4f0e-9c39-0a4c39ee0001"},
        ),
        (r"items/{id:regex(^\d{{3}}$)}", "/items/123", {"id": "123"}),
        (r"items/{id:regex(^\d{{3}}$)}", "/items/12", None),
        ("items/{id?}", "/items", {}),
        ("items/{id?}", "/items/7", {"id": "7"}),
        ("items/{id:int?}", "/items", {}),
        ("items/{id=9}", "/items", {"id": "9"}),
        ("v1/{*rest}", "/v1/a/b", {"rest": "a/b"}),
        ("v1/{*rest}", "/v1", {}),
        ("v1/{**rest}", "/v1/a/b", {"rest": "a/b"}),
        ("v1/{*rest:regex(^a)}", "/v1/b", None),
        ("{*route}", "/", {}),
        ("/{*route}", "/x/y", {"route": "x/y"}),
        ("files/{name}.{kind}", "/files/a.json", {"name": "a", "kind": "json"}),
        ("v{version:int}/x", "/v2/x", {"version": "2"}),
        ("", "/", {}),
    ],
)
def test_template_matches(template, path, expected):
    """A path fits a template wholly, or it does not; absent optional values are left out."""
    assert expected == Template.parse(template).match(path)


def test_first_in_order_wins():
    """There is no precedence: a parameter listed first hides the literal after it."""
    details = Route("details", Template.parse("items/{id}"))
    listing = Route("listing", Template.parse("items/list"))

    assert (details, {"id": "list"}) == find([details, listing], "GET", "/items/list")
    assert (listing, {}) == find([listing, details], "GET", "/items/list")


def test_method_is_part_of_the_match():
    """A route that does not take the method is passed over, as if it did not exist."""
    reading = Route("reading", Template.parse("items"), frozenset({"GET"}))
    writing = Route("writing", Template.parse("items"), frozenset({"POST"}))

    assert (writing, {}) == find([reading, writing], "POST", "/items")
    assert find([reading, writing], "DELETE", "/items") is None


def test_clash_needs_a_common_method():
    """Same template, ignoring case and outer slashes, clashes only over a shared method."""
    first = Route("a", Template.parse("Items"), frozenset({"GET", "PUT"}))

    assert first.clashes(Route("b", Template.parse("/items/"), frozenset({"PUT"})))
    assert first.clashes(Route("b", Template.parse("items")))
    assert not first.clashes(Route("b", Template.parse("items"), frozenset({"POST"})))


@pytest.mark.parametrize("route", ["admin", "Admin/x", "administration", "runtime/y"])
def test_kept_names_are_refused(route):
    with pytest.raises(Unusable, match="admin or runtime"):
        check_name(route)


@pytest.mark.parametrize("text", ["a/{", "a/{x:nope(1)}", "a/{x:min(z)}", "a/{x:odd}"])
def test_bad_templates_are_refused(text):
    with pytest.raises(Unusable):
        Template.parse(text)
