"""Key Vault's JSON: bundles and items out, properties in."""

from typing import Any

from local.vault import errors
from local.vault.secrets import MAX_TAGS, RETENTION_DAYS, Secret, Version

MAX_CONTENT_TYPE = 255
MAX_TAG = 512


def attributes(version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "enabled": version.enabled,
        "nbf": version.not_before,
        "exp": version.expires,
        "created": version.created,
        "updated": version.updated,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": RETENTION_DAYS,
    }
    return {name: value for name, value in shown.items() if value is not None}


def item(vault: str, secret: Secret, version: Version, *, with_version: bool) -> dict[str, Any]:
    """A secret without its value, as lists show it."""
    identifier = f"{vault}/secrets/{secret.name}"
    shown: dict[str, Any] = {
        "id": f"{identifier}/{version.id}" if with_version else identifier,
        "attributes": attributes(version),
        "tags": version.tags,
    }
    if version.content_type is not None:
        shown["contentType"] = version.content_type
    return shown


def bundle(vault: str, secret: Secret, version: Version) -> dict[str, Any]:
    return item(vault, secret, version, with_version=True) | {"value": version.value}


def deleted(vault: str, secret: Secret, *, with_version: bool) -> dict[str, Any]:
    return item(vault, secret, secret.latest, with_version=with_version) | {
        "recoveryId": f"{vault}/deletedsecrets/{secret.name}",
        "deletedDate": secret.deleted,
        "scheduledPurgeDate": secret.purged_at,
    }


def properties(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Version` that a body names. Raises BadParameter for a wrong one."""
    found: dict[str, Any] = {}
    if body.get("contentType") is not None:
        found["content_type"] = _content_type(body["contentType"])
    if body.get("tags") is not None:
        found["tags"] = _tags(body["tags"])
    return found | _attributes(body.get("attributes"))


def text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise errors.bad_parameter(f"Property {name} is required and must be a string.")
    return value


def _content_type(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_CONTENT_TYPE:
        raise errors.bad_parameter(
            f"Property contentType must be a string of at most {MAX_CONTENT_TYPE} characters."
        )
    return value


def _tags(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_TAGS:
        raise errors.bad_parameter(f"Property tags must be an object of at most {MAX_TAGS} tags.")
    for part in (*value.keys(), *value.values()):
        if not isinstance(part, str) or len(part) > MAX_TAG:
            raise errors.bad_parameter(
                f"Property tags must hold names and values of at most {MAX_TAG} characters."
            )
    return dict(value)


def _attributes(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.bad_parameter("Property attributes must be an object.")
    found: dict[str, Any] = {}
    if value.get("enabled") is not None:
        found["enabled"] = _boolean("attributes.enabled", value["enabled"])
    for key, name in (("exp", "expires"), ("nbf", "not_before")):
        if value.get(key) is not None:
            found[name] = _seconds(f"attributes.{key}", value[key])
    if found.get("expires", 0) < found.get("not_before", 0) and "expires" in found:
        raise errors.bad_parameter("Property attributes.exp must not be before attributes.nbf.")
    return found


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise errors.bad_parameter(f"Property {name} must be true or false.")
    return value


def _seconds(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise errors.bad_parameter(f"Property {name} must be a time in whole Unix seconds.")
    return value
