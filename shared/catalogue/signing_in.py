"""What can be wrong with who came back from Microsoft, and with how far they got."""

from shared.catalogue.cause import Cause, FixedBy

SIGN_IN = (
    Cause(
        "consent-pending",
        409,
        "The consent is on its way",
        "The organisation's consent was given, but it has not yet reached every part of "
        "Microsoft's service.",
        FixedBy.MICROSOFT,
        "Wait a few minutes: the link finishes by itself. Opening it again later does no harm.",
    ),
    Cause(
        "sign-in-unfinished",
        503,
        "This could not be finished just now",
        "Microsoft's sign-in, or a service in which the agreement is kept, did not answer. "
        "Nothing was lost, and the link works as it did before.",
        FixedBy.MICROSOFT,
        "Nothing: the person goes on with the same link, as soon as what did not answer is back.",
    ),
    Cause(
        "wrong-account",
        403,
        "This is not the account that was asked for",
        "The link was made for another account than the one that signed in; nothing of it was "
        "stored.",
        FixedBy.USER,
        "Open the link again and choose the account that the link was made for.",
    ),
    Cause(
        "personal-account",
        403,
        "This is a personal Microsoft account",
        "Only accounts of an organisation have a calendar that can be connected.",
        FixedBy.USER,
        "Sign in with the work or school account.",
    ),
    Cause(
        "guest-account",
        403,
        "The account is a guest here",
        "A guest's mailbox belongs to the organisation that the guest comes from.",
        FixedBy.USER,
        "Sign in with an account of this organisation, or have your own organisation connect the "
        "calendar.",
    ),
    Cause(
        "organisation-taken",
        409,
        "The organisation is connected already",
        "Another customer of the application is bound to this organisation in Microsoft 365, and "
        "one organisation belongs to one customer.",
        FixedBy.VENDOR,
        "Use the customer that has it, or disconnect and remove that customer first.",
    ),
    Cause(
        "shared-mailbox",
        403,
        "This is a shared mailbox or a room",
        "It signed in itself, but it is no person's mailbox; its password may end at any time.",
        FixedBy.TENANT_ADMIN,
        "Connect it by the organisation's consent, or by an account that it is shared with; or "
        "have the application make a link for this very account.",
    ),
    Cause(
        "mailbox-perhaps-shared",
        409,
        "This may be a shared mailbox or a room",
        "The account has no licence for a mailbox, which a person's needs and a shared mailbox, a "
        "room or equipment does not. It is connected all the same.",
        FixedBy.TENANT_ADMIN,
        "There is nothing to do where it is a person's own calendar. Else connect it by the "
        "organisation's consent, or by an account that it is shared with: its password may end at "
        "any time.",
    ),
    Cause(
        "account-unknown",
        403,
        "The account does not exist",
        "Entra has no account of this name; it may have been deleted or renamed.",
        FixedBy.USER,
        "Check the spelling, or choose another account.",
    ),
    Cause(
        "sign-in-failed",
        403,
        "The sign-in failed",
        "Name or password were wrong, the password has expired, or the account is locked for a "
        "while.",
        FixedBy.USER,
        "Sign in to Microsoft 365 as usual and change the password if it asks for that; then open"
        " the link again.",
    ),
    Cause(
        "sign-in-interrupted",
        403,
        "The sign-in was interrupted",
        "The session on the sign-in page was lost or belonged to another account.",
        FixedBy.USER,
        "Close other Microsoft pages, let the browser keep cookies, and open the link again.",
    ),
    Cause(
        "sign-in-unexplained",
        403,
        "Microsoft refused the sign-in",
        "Microsoft gave a number that is not in our list.",
        FixedBy.USER,
        "Open the link again. If the same number comes back, give it to your administrator "
        "together with the time and the correlation id that Microsoft shows.",
    ),
    Cause(
        "conditional-access",
        403,
        "A rule of the organisation blocks the sign-in",
        "A conditional access policy does not let this device, place or application in.",
        FixedBy.TENANT_ADMIN,
        "Sign in from a device and place that the organisation accepts, or exempt the application"
        " in Entra, under conditional access.",
    ),
    Cause(
        "cross-tenant-blocked",
        403,
        "The organisations do not let each other in",
        "A cross-tenant access policy of one of the two organisations forbids this sign-in.",
        FixedBy.TENANT_ADMIN,
        "Allow the application in Entra, under cross-tenant access settings, or use an account of"
        " the organisation itself.",
    ),
    Cause(
        "service-missing",
        403,
        "The organisation lacks a service that is needed",
        "A service that the application works with is not part of the organisation's "
        "subscription, or was switched off.",
        FixedBy.TENANT_ADMIN,
        "Subscribe to or enable Exchange Online for the organisation, then open the link again.",
    ),
)
