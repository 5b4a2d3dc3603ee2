"""Where the errors of Azure Storage become ours."""

from collections.abc import Generator
from contextlib import contextmanager

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceModifiedError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.errors import Contended, Unavailable

AGAIN_AFTER = 5.0
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_LOST = frozenset(
    {"EntityAlreadyExists", "EntityNotFound", "ResourceNotFound"}
    | {"ConditionNotMet", "UpdateConditionNotSatisfied"}
)


@contextmanager
def translated() -> Generator[None, None, None]:
    """A row that is missing stays azure's ResourceNotFoundError: its meaning is the verb's."""
    try:
        yield
    except (ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
        raise Unavailable(AGAIN_AFTER, "storage did not answer") from error
    except (ResourceExistsError, ResourceModifiedError) as error:
        raise Contended(reason="a row was changed meanwhile") from error
    except ClientAuthenticationError as error:
        if error.response is None:
            raise Unavailable(AGAIN_AFTER, "there is no token for storage") from error
        raise
    except HttpResponseError as error:
        if error.status_code in _BUSY:
            raise Unavailable(_patience(error), "storage is busy") from error
        raise


def code_of(error: HttpResponseError) -> str:
    code: object = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def lost(error: HttpResponseError) -> bool:
    """Whether a transaction failed because a row was not as the caller thought."""
    return error.status_code in {404, 409, 412} and code_of(error) in _LOST


def _patience(error: HttpResponseError) -> float:
    headers: dict[str, str] = getattr(error.response, "headers", {})
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else AGAIN_AFTER
