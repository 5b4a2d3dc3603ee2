"""What can be wrong with what the app itself depends on."""

from shared.catalogue.cause import Cause, FixedBy

READINESS = (
    Cause(
        "settings-wrong",
        503,
        "The settings are not right",
        "A setting is missing or wrong, so nothing can be done; the log names each of them.",
        FixedBy.VENDOR,
        "Correct the settings that the log of the function app names, and start it again.",
    ),
    Cause(
        "tables-not-answering",
        503,
        "The tables do not answer",
        "Table storage did not answer in time, or does not let the app in.",
        FixedBy.VENDOR,
        "Look at the storage account: its state, its firewall, and the role "
        "'Storage Table Data Contributor' of the app's identity.",
    ),
    Cause(
        "queues-not-answering",
        503,
        "The queues do not answer",
        "Queue storage did not answer in time, or does not let the app in.",
        FixedBy.VENDOR,
        "Look at the storage account: its state, its firewall, and the role "
        "'Storage Queue Data Contributor' of the app's identity.",
    ),
    Cause(
        "vault-not-answering",
        503,
        "The vault does not answer",
        "Key Vault did not answer in time, or does not let the app in: no token can be read.",
        FixedBy.VENDOR,
        "Look at the vault: its state, its firewall, and the role 'Key Vault Secrets Officer' "
        "of the app's identity.",
    ),
    Cause(
        "entra-not-answering",
        503,
        "Entra does not answer",
        "The app could not get the proof of itself, or Entra did not answer in time.",
        FixedBy.MICROSOFT,
        "Wait; if it lasts, look at the app's identity or certificate, at what its network lets "
        "out, and at Microsoft's service health.",
    ),
)
