"""What the shapes of the API share."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Words = dict[str, Any]


_MAILBOX = re.compile(
    r"[^\s@/\\?#%]+@[^\s@/\\?#%]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    model_config = ConfigDict(extra="allow")


def names_mailbox(value: str) -> str:
    """It becomes part of a URL of Graph's."""
    if not _MAILBOX.fullmatch(value):
        raise ValueError("must be a user principal name or an Entra object id")
    return value


ActingUser = Annotated[str, Field(max_length=320), AfterValidator(names_mailbox)]
