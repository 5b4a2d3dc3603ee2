"""What the vault refuses, in Key Vault's codes and statuses."""


class VaultError(Exception):
    """An answer other than success. `inner` is the narrower code under `innererror`."""

    def __init__(self, status: int, code: str, message: str, inner: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner

    def body(self) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def bad_parameter(message: str) -> VaultError:
    return VaultError(400, "BadParameter", message)


def secret_not_found(name: str) -> VaultError:
    return VaultError(
        404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault."
    )


def deleted_secret_not_found(name: str) -> VaultError:
    return VaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def secret_disabled() -> VaultError:
    message = "Operation get is not allowed on a disabled secret."
    return VaultError(403, "Forbidden", message, "SecretDisabled")


def deleted_but_recoverable(name: str) -> VaultError:
    message = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be "
        "reused; in this state, the secret can only be recovered or purged."
    )
    return VaultError(409, "Conflict", message, "ObjectIsDeletedButRecoverable")


def being_deleted(name: str) -> VaultError:
    message = f"Secret {name} is currently being deleted."
    return VaultError(409, "Conflict", message, "ObjectIsBeingDeleted")


def being_recovered(name: str) -> VaultError:
    message = f"Secret {name} is currently being recovered."
    return VaultError(409, "Conflict", message, "ObjectIsBeingRecovered")


def already_exists(name: str) -> VaultError:
    message = f"A secret named {name} already exists in this key vault."
    return VaultError(409, "Conflict", message)
