"""Key Vault's own client against the vault, over TLS and with its checks on."""

import uuid
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)


@pytest.fixture
def name() -> str:
    return f"secret-{uuid.uuid4().hex}"


async def test_a_secret_set_is_read_back(client, name):
    """The value, and no other, comes back."""
    await client.set_secret(name, "the value é")

    assert (await client.get_secret(name)).value == "the value é"


async def test_the_token_is_asked_for_the_announced_resource(client, vault, name):
    """The scope is the resource of the challenge, which the client found fitting the host."""
    await client.set_secret(name, "x")

    assert vault.url.replace("127.0.0.1", "0.0.1") + "/.default" in vault.authority.scopes


async def test_setting_again_makes_a_version_and_keeps_the_old(client, name):
    """Both versions can be read by their ids; without one the newest is read."""
    old = await client.set_secret(name, "one")
    new = await client.set_secret(name, "two")

    assert (await client.get_secret(name)).value == "two"
    assert (await client.get_secret(name, old.properties.version)).value == "one"
    assert (await client.get_secret(name, new.properties.version)).value == "two"


async def test_properties_come_back_as_given(client, name):
    """Tags, content type and both dates survive, to the second."""
    begins, ends = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    await client.set_secret(
        name, "x", tags={"tenant": "a"}, content_type="json", not_before=begins, expires_on=ends
    )
    found = (await client.get_secret(name)).properties

    assert found.tags == {"tenant": "a"}
    assert found.content_type == "json"
    assert (begins, ends) == (found.not_before, found.expires_on)
    assert (found.recovery_level, found.recoverable_days) == ("Recoverable+Purgeable", 90)
    assert found.created_on == found.updated_on


async def test_an_update_changes_only_what_it_names(client, name):
    """The value and the content type stay when only tags are sent."""
    await client.set_secret(name, "x", content_type="json", tags={"a": "1"})
    changed = await client.update_secret_properties(name, tags={"b": "2"})

    assert changed.tags == {"b": "2"}
    assert changed.content_type == "json"
    assert (await client.get_secret(name)).value == "x"


async def test_an_old_version_can_be_updated(client, name):
    """An update by version leaves the newest alone."""
    old = await client.set_secret(name, "one")
    await client.set_secret(name, "two")
    await client.update_secret_properties(name, old.properties.version, content_type="old")

    assert (await client.get_secret(name, old.properties.version)).properties.content_type == "old"
    assert (await client.get_secret(name)).properties.content_type is None


async def test_a_disabled_secret_is_forbidden_until_enabled(client, name):
    """Reading answers 403 SecretDisabled; enabling brings the value back."""
    await client.set_secret(name, "x", enabled=False)
    with pytest.raises(HttpResponseError) as refused:
        await client.get_secret(name)
    await client.update_secret_properties(name, enabled=True)

    assert (refused.value.status_code, refused.value.error.code) == (403, "Forbidden")
    assert refused.value.error.innererror["code"] == "SecretDisabled"
    assert (await client.get_secret(name)).value == "x"


async def test_an_expired_secret_can_still_be_read(client, name):
    """Key Vault's dates inform; they refuse nothing."""
    await client.set_secret(name, "x", expires_on=datetime(2020, 1, 1, tzinfo=UTC))

    assert (await client.get_secret(name)).value == "x"


async def test_an_unknown_secret_is_not_found(client, name):
    """404 SecretNotFound for the name, and for a version that is not there."""
    with pytest.raises(ResourceNotFoundError) as unknown:
        await client.get_secret(name)
    await client.set_secret(name, "x")
    with pytest.raises(ResourceNotFoundError):
        await client.get_secret(name, "0" * 32)

    assert unknown.value.error.code == "SecretNotFound"


async def test_names_ignore_case(client, name):
    """Key Vault compares names without regard to case."""
    await client.set_secret(name, "x")

    assert (await client.get_secret(name.upper())).value == "x"


async def test_lists_go_on_over_pages_without_values(client, vault):
    """Every secret is listed once, however small the page, and none with its value."""
    names = {f"listed-{number}-{uuid.uuid4().hex}" for number in range(7)}
    for name in names:
        await client.set_secret(name, "x")
    pages = client.list_properties_of_secrets(max_page_size=3).by_page()
    sizes, found = [], []
    async for page in pages:
        items = [item async for item in page]
        sizes.append(len(items))
        found += [item.name for item in items]

    assert names <= set(found)
    assert len(found) == len(set(found))
    assert {3} == set(sizes[:-1])
    assert "value" not in vault.ask("GET", "/secrets").json()["value"][0]


async def test_all_versions_are_listed_with_their_ids(client, name):
    """One entry per version, each naming its own."""
    set_ids = {(await client.set_secret(name, str(n))).properties.version for n in range(3)}
    listed = {v.version async for v in client.list_properties_of_secret_versions(name)}

    assert set_ids == listed


async def test_a_deleted_secret_is_gone_but_recoverable(client, name):
    """It cannot be read or set; it is among the deleted; recovering brings it back."""
    await client.set_secret(name, "x")
    deleted = await client.delete_secret(name)
    with pytest.raises(ResourceNotFoundError):
        await client.get_secret(name)
    with pytest.raises(ResourceExistsError) as taken:
        await client.set_secret(name, "y")
    listed = [item.name async for item in client.list_deleted_secrets()]
    await client.recover_deleted_secret(name)

    assert taken.value.error.innererror["code"] == "ObjectIsDeletedButRecoverable"
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 90
    assert name in listed
    assert (await client.get_secret(name)).value == "x"


async def test_a_purged_secret_is_gone_for_good(client, name):
    """Its name is free again and the old versions are no more."""
    old = await client.set_secret(name, "x")
    await client.delete_secret(name)
    await client.purge_deleted_secret(name)
    with pytest.raises(ResourceNotFoundError):
        await client.get_deleted_secret(name)
    await client.set_secret(name, "y")
    with pytest.raises(ResourceNotFoundError):
        await client.get_secret(name, old.properties.version)

    assert (await client.get_secret(name)).value == "y"


async def test_a_backup_restores_every_version(client, name):
    """After a purge the backup brings back old and new; it does not show the value."""
    old = await client.set_secret(name, "the-old-value")
    await client.set_secret(name, "two")
    backup = await client.backup_secret(name)
    with pytest.raises(ResourceExistsError):
        await client.restore_secret_backup(backup)
    await client.delete_secret(name)
    await client.purge_deleted_secret(name)
    await client.restore_secret_backup(backup)

    assert b"the-old-value" not in backup
    assert (await client.get_secret(name)).value == "two"
    assert (await client.get_secret(name, old.properties.version)).value == "the-old-value"


async def test_a_foreign_backup_is_refused(client):
    """What this vault did not seal it does not open."""
    with pytest.raises(HttpResponseError) as refused:
        await client.restore_secret_backup(b"not a backup")

    assert (refused.value.status_code, refused.value.error.code) == (400, "BadParameter")


async def test_a_value_of_25_kilobytes_fits_and_one_byte_more_does_not(client, name):
    """The limit is Key Vault's 25 KB, in bytes."""
    await client.set_secret(name, "x" * 25_600)
    with pytest.raises(HttpResponseError) as refused:
        await client.set_secret(name, "x" * 25_599 + "é")

    assert (refused.value.status_code, refused.value.error.code) == (400, "BadParameter")
    assert len((await client.get_secret(name)).value) == 25_600


@pytest.mark.parametrize("version", ["7.4", "7.5", "7.6", "2025-07-01"])
async def test_older_api_versions_are_served(vault, name, version):
    """A client that is pinned to an older version works alike."""
    async with vault.client(api_version=version) as client:
        await client.set_secret(name, "x")

        assert (await client.get_secret(name)).value == "x"
