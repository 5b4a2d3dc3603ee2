"""The words of a policy: what each of its choices can be."""

from enum import StrEnum


class Direction(StrEnum):
    """`OFF`: nothing crosses, until a project's or type's policy says otherwise."""

    BOTH = "both"
    TO_OUTLOOK = "to_outlook"
    TO_APP = "to_app"
    OFF = "off"


class Owner(StrEnum):
    """Of one field; an edit by the side that does not own it is reported, and does not cross."""

    APP = "app"
    OUTLOOK = "outlook"
    EITHER = "either"


class Winner(StrEnum):
    """`LATEST`: whoever edited last, by Graph's lastModifiedDateTime and our own clock."""

    OUTLOOK = "outlook"
    APP = "app"
    LATEST = "latest"


class ImportNew(StrEnum):
    """What the host app gets for an event that was made in Outlook."""

    NONE = "none"
    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"


class Backfill(StrEnum):
    """What becomes of events that were there before the calendar was connected. `NONE`: they
    are left alone until somebody edits them. `FUTURE`: those not yet over are imported.
    `WINDOW`: all in the window are.
    """

    NONE = "none"
    FUTURE = "future"
    WINDOW = "window"


class Deletion(StrEnum):
    """What the host app is told when Outlook deletes. `DETACH`: keep it, no longer synced.
    `KEEP_PROTECTED`: the host app decides, and may keep what it protects.
    """

    DELETE = "delete"
    CANCEL = "cancel"
    DETACH = "detach"
    KEEP_PROTECTED = "keep_protected"


class EditAgainstDeletion(StrEnum):
    """What becomes of an event that Outlook edited while the host app deleted it."""

    WRITE_APP = "write_app"
    DELETE_OUTLOOK = "delete_outlook"


class SeriesOut(StrEnum):
    """How a series of the host app gets into Outlook: as one series, or as single events, each
    written `lead_days` ahead.
    """

    SERIES = "series"
    OCCURRENCES = "occurrences"


class Unrepresentable(StrEnum):
    """What becomes of a rule that Outlook cannot hold."""

    REFUSE = "refuse"
    OCCURRENCES = "occurrences"


class SeriesIn(StrEnum):
    """How a series of Outlook gets to the host app."""

    SERIES = "series"
    FIRST_ONLY = "first_only"


class Participants(StrEnum):
    """`INVITE`: the event is in the organiser's calendar, and Exchange invites the others.
    `COPIES`: every connected participant gets an event of their own, without attendees.
    """

    INVITE = "invite"
    COPIES = "copies"


class Invitations(StrEnum):
    """`NONE`: attendees are never written to Outlook, so nobody is ever mailed."""

    OUTLOOK = "outlook"
    NONE = "none"


class Privacy(StrEnum):
    """How much of Outlook's events the host app gets. `NO_CONTENT`: no body, attendees or
    locations. `BUSY_ONLY`: when, and whether busy.
    """

    FULL = "full"
    NO_CONTENT = "no_content"
    BUSY_ONLY = "busy_only"
