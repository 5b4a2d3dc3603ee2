"""Documents to start from: one for each of the five products, as they behave.

What a preset says is what a product's own integration is known for, limitations included; the
better behaviour is the default of `Policy`, and any line can be said otherwise by the tenant.
The numbers are those of the statements the line serves.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_STRIVEN: dict[str, Any] = {
    "direction": "both",  # S1, S16
    "import_new": "tentative",  # S17
    "backfill": "none",  # S11: what was there before comes once it is edited
    "forward_only": True,  # S11: what is past never does
    "series_out": "occurrences",  # S22
    "lead_days": 30,  # S22
    "series_in": "first_only",  # S23
    "participants": "invite",  # S20
    "invitations": "outlook",  # S25: an invitation for each occurrence
}

_CHARITYLOG: dict[str, Any] = {
    "direction": "off",  # C10: a project switches itself on, by "direction": "to_outlook" (C1)
    "import_new": "none",  # C1
    "backfill": "none",  # C7
    "forward_only": True,  # C7
    "participants": "copies",  # C3, C4: each assigned person's own calendar, and nobody is mailed
    "invitations": "none",  # C1
    "require_calendar_rights": True,  # C3, C12
    "default_minutes": 0,  # C13: a sliver; a project's planned duration is its default_minutes
}

_CLEAR_REVIEW: dict[str, Any] = {
    "direction": "both",  # R3, R4
    "import_new": "none",  # R14
    "backfill": "none",  # R15
    "series_out": "series",  # R15
    "series_in": "series",  # R15
    "owners": {"subject": "app"},  # R25
    "deletion": "keep_protected",  # R31: one with notes stays
    "participants": "invite",  # R16
    "invitations": "outlook",  # R17
    "mail_pause_seconds": 0,  # R17: every edit mails
    "share_prompts": False,  # R18
    "share_notes": False,  # R23
    "private_events": "busy_only",  # R19
    "window_ahead_days": 730,  # R32
    "hidden_after_days": 730,  # R32: kept, and hidden until it comes near
}

_CLEARCOMPANY: dict[str, Any] = {
    "direction": "both",  # K11, K16
    "import_new": "confirmed",  # K12
    "backfill": "future",  # K16, K17
    "import_free": False,  # K12: busy only, unless the tenant says true
    "privacy": "busy_only",  # K13: unless the tenant says full
    "participants": "invite",  # K11
    "invitations": "outlook",  # K11
}

_CALVEN: dict[str, Any] = {
    "direction": "both",  # V1, V11
    "import_new": "confirmed",  # V11
    "backfill": "future",  # V11
    "privacy": "busy_only",  # V11: a floor plan needs no titles
    "participants": "invite",  # V7: a room is booked by inviting it
    "invitations": "outlook",  # V7
    "deletion": "cancel",  # V7: a booking that its user cancels in Outlook is cancelled
}

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "striven": _STRIVEN,
        "charitylog": _CHARITYLOG,
        "clear_review": _CLEAR_REVIEW,
        "clearcompany": _CLEARCOMPANY,
        "calven": _CALVEN,
    }
)
