from dataclasses import replace

import pytest

from shared.custody.vault import identity_for_vault
from tests.unit.api.stage import build_stage


@pytest.mark.parametrize(
    ("named", "of_storage", "used"),
    [("a", "b", "a"), ("", "b", "b"), ("", "", None)],
)
def test_the_vault_is_reached_by_whichever_identity_there_is(named, of_storage, used):
    """With a certificate for Entra there is still the identity of storage to reach the vault by."""
    settings = replace(
        build_stage().services.settings, managed_identity=named, storage_identity=of_storage
    )

    assert identity_for_vault(settings) == used
