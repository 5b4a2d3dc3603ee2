"""What can be wrong with connecting many mailboxes at once."""

from shared.catalogue.cause import Cause, FixedBy

ROLLOUTS = (
    Cause(
        "rollout-unknown",
        404,
        "There is no such rollout",
        "The tenant has no rollout with this id.",
        FixedBy.VENDOR,
        "List the rollouts of the tenant.",
    ),
    Cause(
        "rollout-cancelled",
        409,
        "The rollout was cancelled",
        "A rollout that was cancelled does not go on.",
        FixedBy.VENDOR,
        "Start another rollout; what is connected already is found to be so.",
    ),
    Cause(
        "group-unknown",
        404,
        "There is no such group",
        "The organisation's directory has no group with this object id, or has it no more.",
        FixedBy.TENANT_ADMIN,
        "Look up the group's object id in Entra.",
    ),
    Cause(
        "directory-denied",
        403,
        "The directory may not be read",
        "Finding people or the members of a group takes a permission that was not granted.",
        FixedBy.TENANT_ADMIN,
        "Grant User.Read.All, and for groups GroupMember.Read.All, by a new organisation consent "
        "link; or give the mailboxes as a list.",
    ),
    Cause(
        "mailbox-unknown",
        404,
        "Nobody of this name is in the directory",
        "The account was deleted, or the name is no user principal name, address or object id.",
        FixedBy.TENANT_ADMIN,
        "Correct the name, or leave the mailbox out.",
    ),
    Cause(
        "mailbox-unlicensed",
        404,
        "The account has no licence with a mailbox",
        "Microsoft 365 gives a calendar only to accounts that have Exchange Online.",
        FixedBy.TENANT_ADMIN,
        "Give the account a licence with Exchange Online; its mailbox is there within a day. A "
        "calendar that was synced before goes on by itself within an hour of that.",
    ),
    Cause(
        "mailbox-on-premises",
        404,
        "The mailbox is not in Exchange Online",
        "The account has a licence, but its mailbox is on the organisation's own servers, or is "
        "inactive.",
        FixedBy.TENANT_ADMIN,
        "Move the mailbox to Exchange Online. A calendar that was synced before goes on by "
        "itself within an hour of that.",
    ),
    Cause(
        "mailbox-inactive",
        404,
        "The mailbox is not there yet, or not any more",
        "The account has a licence, but Exchange Online opens no mailbox for it: the licence is "
        "new and the mailbox not made yet, or it is inactive or was deleted.",
        FixedBy.TENANT_ADMIN,
        "Look at the account's mailbox in the Exchange admin centre; with a new licence, wait up "
        "to a day. A calendar that was synced before goes on by itself within an hour of its "
        "mailbox being back.",
    ),
    Cause(
        "mailbox-not-personal",
        409,
        "The mailbox is no person's own",
        "Shared mailboxes, rooms and equipment are connected only where they are asked for by "
        "name.",
        FixedBy.VENDOR,
        "Name the mailbox in a rollout of a list, or connect it by itself.",
    ),
    Cause(
        "account-is-guest",
        409,
        "The account is a guest",
        "Its mailbox belongs to another organisation.",
        FixedBy.USER,
        "Connect the calendar under the organisation that the person is from.",
    ),
    Cause(
        "left-group",
        409,
        "The person is no longer in the group",
        "The mailbox was connected because its owner was a member of a group, and is so no more.",
        FixedBy.TENANT_ADMIN,
        "Add the person to the group, or connect the mailbox by itself.",
    ),
)
