"""An operator finds each parameter on the page, and what the page says can be set is read."""

from pathlib import Path

import pytest

from tests.infra import parameters
from tests.infra.parameters import AZD, FILES, MAIN, PAGE, SERVICE, slips

ROOT = Path(__file__).parents[2]
TEXTS = {name: (ROOT / name).read_text() for name in FILES}


def test_parameters_agree():
    """main.bicep, service.bicep, the files for azd, dev and prod, and docs/deploy.md."""
    assert slips(TEXTS) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (MAIN, "param fixedAddress bool", "param fixedIp bool", "has the parameter fixedIp"),
        (MAIN, "param fixedAddress bool", "param fixedIp bool", "disagree on the parameter fixedAddress"),
        (MAIN, "    fixedAddress: fixedAddress\n", "", "does not hand fixedAddress on"),
        (SERVICE, "param fixedAddress bool = false\n", "", "has the parameter fixedAddress"),
        (SERVICE, "pollSeconds int = 300", "pollSeconds int = 600", "pollSeconds is 300 by"),
        (AZD, "'CALBRIDGE_FIXED_ADDRESS'", "'CALBRIDGE_FIXED_IP'", "how azd sets fixedAddress"),
        (AZD, "'CALBRIDGE_FIXED_ADDRESS'", "'CALBRIDGE_FIXED_IP'", "names CALBRIDGE_FIXED_ADDRESS"),
        ("infra/prod.bicepparam", "param deleteLock", "param lock", "prod.bicepparam sets lock"),
        (PAGE, "| `fixedAddress` |", "| `fixedIp` |", "disagree on the parameter fixedIp"),
        (MAIN, "output CALBRIDGE_VAULT_NAME", "output CALBRIDGE_VAULT", "speaks of CALBRIDGE_VAULT_NAME"),
    ],
)  # fmt: skip
def test_a_slip_is_found(file, old, new, said):
    """Each place, changed alone."""
    assert old in TEXTS[file]

    changed = TEXTS | {file: TEXTS[file].replace(old, new)}

    assert [line for line in slips(changed) if said in line]


PROMISED = {
    "infra/modules/app.bicep": [
        "name: 'FC1'",
        "alwaysReady: alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []",
        "triggers: { http: { perInstanceConcurrency: httpConcurrency } }",
        "type: 'UserAssigned'\n",
        "  name: 'scm'\n  properties: { allow: false }",
        "  name: 'ftp'\n  properties: { allow: false }",
        "httpsOnly: true",
        "outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true }",
    ],
    "infra/modules/storage.bicep": [
        "allowSharedKeyAccess: false",
        "allowBlobPublicAccess: false",
        "minimumTlsVersion: 'TLS1_2'",
        "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'",
        "logs: [{ category: 'StorageWrite', enabled: true }]",
    ],
    "infra/modules/vault.bicep": [
        "enableRbacAuthorization: true",
        "enablePurgeProtection: true",
        "enableSoftDelete: true",
        "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'",
        "logs: [{ categoryGroup: 'audit', enabled: true }]",
    ],
    "infra/modules/monitoring.bicep": ["DisableLocalAuth: true", "disableLocalAuth: true"],
    "infra/modules/registration.bicep": ["subject: principalId"],
    "infra/modules/network.bicep": ["natGateway: fixedAddress ? { id: gateway.id } : null"],
}


@pytest.mark.parametrize(
    ("file", "text"), [(file, text) for file, texts in PROMISED.items() for text in texts]
)
def test_what_the_page_promises_is_made(file, text):
    """Nothing else would say so if one of these were gone: all of them are valid either way."""
    assert text in (ROOT / file).read_text()


def test_the_identity_has_no_role_that_the_page_does_not_name():
    """Each role is given by its id; Blob Data Owner, Queue and Table Data Contributor, Secrets
    Officer (for operators of one secret alone), Metrics Publisher.
    """
    given = {
        found
        for file in (ROOT / "infra").rglob("*.bicep")
        for found in parameters.ROLE.findall(file.read_text())
    }

    assert given == set(parameters.ROLES)
