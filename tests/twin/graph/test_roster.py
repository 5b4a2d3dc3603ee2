"""The directory: users told as they change, groups, and who may read them."""

from dataclasses import replace

import pytest

from tests.twin.stage import TENANT, Stage

EVENTUAL = {"ConsistencyLevel": "eventual"}


async def _people(stage: Stage, link: str) -> tuple[list[tuple[str, str]], str]:
    """Who a round tells of: id and reason of removal, or none."""
    items, link = await stage.round(link)
    return [(i["id"], i.get("@removed", {}).get("reason", "")) for i in items], link


async def test_a_first_round_tells_everybody_page_by_page(stage: Stage) -> None:
    stage.switches.directory_page_size = 2

    found, link = await _people(stage, "/users/delta?$select=displayName")

    assert {i for i, _ in found} == {stage.ada.id, stage.bob.id, stage.room.id}
    assert (await _people(stage, link))[0] == []


async def test_a_later_round_tells_what_changed(stage: Stage) -> None:
    """Soft deletion is `changed`, for good `deleted`, and who comes back is told as new."""
    _, link = await _people(stage, "/users/delta")
    eve = stage.person("eve")
    stage.ada.enabled = False
    stage.world.soft_delete(stage.bob.id)
    second, link = await _people(stage, link)
    stage.world.restore(stage.bob.id)
    stage.world.remove_person(eve.id)
    third, link = await _people(stage, link)

    assert set(second) == {(eve.id, ""), (stage.ada.id, ""), (stage.bob.id, "changed")}
    assert set(third) == {(stage.bob.id, ""), (eve.id, "deleted")}
    assert (await _people(stage, link))[0] == []


async def test_a_round_may_begin_with_now_and_keep_to_some_users(stage: Stage) -> None:
    now = f"/users/delta?$deltatoken=latest&$filter=id eq '{stage.ada.id}'&$select=mail"
    nobody, link = await _people(stage, now)
    stage.ada.mail = "ada.new@contoso.test"
    stage.bob.mail = "bob.new@contoso.test"

    items, _ = await stage.round(link)

    assert nobody == []
    assert items == [{"id": stage.ada.id, "mail": "ada.new@contoso.test"}]


async def test_a_token_lives_seven_days(stage: Stage) -> None:
    stage.clock.freeze()
    _, link = await _people(stage, "/users/delta")
    stage.clock.advance(7 * 86_400)
    _, link = await _people(stage, link)

    stage.clock.advance(7 * 86_400 + 1)

    assert await stage.refused("GET", link) == (410, "syncStateNotFound")


@pytest.mark.parametrize("option", ["$top=5", "$filter=mail eq 'x'", "$expand=manager"])
async def test_delta_takes_few_options(stage: Stage, option: str) -> None:
    assert (await stage.refused("GET", f"/users/delta?{option}"))[0] == 400


async def test_members_of_nested_groups_are_found_once(stage: Stage) -> None:
    roster = stage.world.roster
    inner = roster.create_group(TENANT, "Inner", members=[stage.ada.id])
    outer = roster.create_group(TENANT, "Outer", members=[inner.id, stage.ada.id, stage.bob.id])
    inner.members.append(outer.id)

    direct = await stage.get(f"/groups/{outer.id}/members")
    deep = f"/groups/{outer.id}/transitiveMembers/microsoft.graph.user"
    everybody = await stage.get(f"{deep}?$count=true&$select=mail&$top=1", **EVENTUAL)
    rest = await stage.get(everybody["@odata.nextLink"], **EVENTUAL)

    assert [m["@odata.type"] for m in direct["value"]] == [
        "#microsoft.graph.group",
        "#microsoft.graph.user",
        "#microsoft.graph.user",
    ]
    mails = [u["mail"] for page in (everybody, rest) for u in page["value"]]
    assert sorted(mails) == ["ada@contoso.test", "bob@contoso.test"]
    assert await stage.refused("GET", deep) == (400, "Request_UnsupportedQuery")


async def test_groups_are_found_by_name(stage: Stage) -> None:
    made = stage.world.roster.create_group(TENANT, "Sales", mail="sales@contoso.test")
    stage.world.roster.create_group(TENANT, "Other")

    (found,) = (await stage.get("/groups?$filter=startsWith(displayName,'Sa')"))["value"]
    shown = await stage.get(f"/groups/{made.id}?$select=mail")

    assert (found["id"], shown["mail"]) == (made.id, "sales@contoso.test")
    assert (await stage.refused("GET", f"/groups/{stage.ada.id}"))[0] == 404


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/users", "User.ReadBasic.All"),
        ("/users/delta", "User.Read.All"),
        ("/groups", "GroupMember.Read.All"),
        ("/organization", "Organization.Read.All"),
    ],
)
async def test_the_directory_asks_for_permissions(stage: Stage, path: str, role: str) -> None:
    stage.caller = replace(stage.caller, roles=frozenset({"Calendars.ReadWrite"}))
    assert await stage.refused("GET", path) == (403, "Authorization_RequestDenied")

    stage.caller = replace(stage.caller, roles=frozenset({role}))

    await stage.get(path)


async def test_basic_profiles_are_all_that_their_permission_shows(stage: Stage) -> None:
    stage.caller = replace(stage.caller, roles=frozenset({"User.ReadBasic.All"}))

    shown = await stage.get(f"/users/{stage.ada.id}?$select=mail,accountEnabled")

    assert (shown["mail"], shown["accountEnabled"]) == ("ada@contoso.test", None)


async def test_a_proxy_address_is_searched_with_an_advanced_query(stage: Stage) -> None:
    dora = stage.person("dora", aliases=["d@contoso.test"])
    query = "/users?$filter=proxyAddresses/any(p:p eq 'smtp:d@contoso.test')"
    assert await stage.refused("GET", query) == (400, "Request_UnsupportedQuery")

    (found,) = (await stage.get(f"{query}&$count=true", **EVENTUAL))["value"]
    stage.switches.proxy_filter_needs_eventual = False

    assert found["id"] == dora.id
    assert (await stage.get(query))["value"][0]["id"] == dora.id


@pytest.mark.parametrize("either", ["{} or {}", "({1} or {0})"])
async def test_a_person_is_found_by_any_address_in_one_question(stage: Stage, either) -> None:
    dora = stage.person("dora", aliases=["d@contoso.test"])
    test = either.format("proxyAddresses/any(p:p eq 'smtp:d@contoso.test')", "mail eq 'none'")

    answer = await stage.get(f"/users?$filter={test}&$count=true", **EVENTUAL)

    assert [found["id"] for found in answer["value"]] == [dora.id]


async def test_users_are_told_apart_by_type_and_licence(stage: Stage) -> None:
    stage.person("gus").user_type = "Guest"
    stage.person("lou", licensed=False)
    query = "/users?$filter=userType ne 'Guest' and assignedLicenses/$count ne 0&$count=true"

    answer = await stage.get(query, **EVENTUAL)

    assert answer["@odata.count"] == 3
