"""What can be said of pausing and ending, and of other calendar providers."""

from shared.catalogue.cause import Cause, FixedBy

LIVES = (
    Cause(
        "calendar-paused",
        409,
        "The calendar is paused",
        "The application paused it: nothing is read from it or written to it.",
        FixedBy.VENDOR,
        "Resume the calendar; what was written meanwhile is kept, and goes out then.",
    ),
    Cause(
        "connection-paused",
        409,
        "The connection is paused",
        "The application paused it: nothing is read from its calendars or written to them.",
        FixedBy.VENDOR,
        "Resume the connection; what was written meanwhile is kept, and goes out then.",
    ),
    Cause(
        "tenant-paused",
        409,
        "The customer is paused",
        "The application paused it: nothing is read from its calendars or written to them.",
        FixedBy.VENDOR,
        "Resume the tenant; what was written meanwhile is kept, and goes out then.",
    ),
    Cause(
        "tenant-disconnecting",
        409,
        "The customer is being erased",
        "The tenant is disconnected and all that is kept of it is erased.",
        FixedBy.VENDOR,
        "Read the receipt; once it is ended the same id can be created anew.",
    ),
    Cause(
        "tenant-not-confirmed",
        400,
        "Erasing a customer takes a confirmation",
        "The request does not repeat the id of the tenant that is to be erased.",
        FixedBy.VENDOR,
        "Send the tenant's id once more, as confirm in the query.",
    ),
    Cause(
        "receipt-unknown",
        404,
        "The receipt is unknown",
        "Nothing was ended under a receipt with this id.",
        FixedBy.VENDOR,
        "Take the id from the answer to the request that ended it.",
    ),
    Cause(
        "other-provider-active",
        409,
        "Another calendar provider is active",
        "The application has declared that the calendars are kept with another provider, and "
        "only one can be active at a time.",
        FixedBy.VENDOR,
        "Switch the other provider off first, then declare that none is active.",
    ),
    Cause(
        "microsoft-connected",
        409,
        "Microsoft 365 is connected",
        "Only one calendar provider can be active at a time, and calendars in Microsoft 365 are "
        "being synced.",
        FixedBy.VENDOR,
        "Pause or disconnect them first.",
    ),
)
