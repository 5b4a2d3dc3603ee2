"""calendarPermissions: the owner's list, and what of it can be changed."""

from dataclasses import replace

from tests.twin.stage import Stage

HERE = "/users/ada@contoso.test/calendar/calendarPermissions"
BOB = {"emailAddress": {"address": "bob@contoso.test"}, "role": "write"}


async def test_a_calendar_nobody_shared_shows_colleagues_when_it_is_busy(stage: Stage) -> None:
    (everyone,) = (await stage.get(HERE))["value"]

    assert everyone["emailAddress"] == {"name": "My Organization"}
    assert (everyone["role"], everyone["isRemovable"]) == ("freeBusyRead", False)


async def test_a_permission_is_given_changed_and_taken_back(stage: Stage) -> None:
    given = await stage.post(HERE, BOB)
    changed = await stage.patch(f"{HERE}/{given['id']}", {"role": "read"})
    read = await stage.get(f"{HERE}/{given['id']}")
    gone = await stage.request("DELETE", f"{HERE}/{given['id']}")

    assert (given["emailAddress"]["name"], given["role"]) == ("Bob", "write")
    assert changed == read == {**given, "role": "read"}
    assert gone.status_code == 204
    assert len((await stage.get(HERE))["value"]) == 1


async def test_only_a_role_is_updated_and_the_organisation_stays(stage: Stage) -> None:
    (everyone,) = (await stage.get(HERE))["value"]
    at = f"{HERE}/{everyone['id']}"

    for method, body in (
        ("PATCH", {"role": "write", "isRemovable": True}),
        ("PATCH", {"role": "delegateWithPrivateEventAccess"}),
        ("PATCH", {"role": "boss"}),
        ("DELETE", None),
    ):
        assert (await stage.refused(method, at, body))[0] == 400
    assert await stage.refused("GET", f"{HERE}/nobody") == (404, "ErrorItemNotFound")


async def test_who_it_is_shared_with_sees_an_empty_list(stage: Stage) -> None:
    await stage.post(HERE, BOB)
    stage.caller = replace(
        stage.caller,
        user_id=stage.bob.id,
        roles=frozenset(),
        scopes=frozenset({"Calendars.ReadWrite.Shared"}),
    )

    assert (await stage.get(HERE))["value"] == []


async def test_permissions_survive_a_snapshot(stage: Stage) -> None:
    await stage.post(HERE, BOB)
    world = type(stage.world).from_json(stage.world.to_json())

    kept = world.mailboxes[stage.ada.id].default_calendar.permissions
    assert [one["role"] for one in kept] == ["freeBusyRead", "write"]
