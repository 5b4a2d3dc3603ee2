"""A script for the organisation's administrator: limits an app to the mailboxes of one group.

Exchange Online's RBAC for Applications: the app gets a role of Exchange's over a scope, and loses
the permission that Entra gave it over all mailboxes, as the two add up. (Microsoft: "Role Based
Access Control for Applications in Exchange Online")
"""

import re
from dataclasses import dataclass

from shared.custody.grant import is_guid, principal_in
from shared.errors import Problem, Reconnect, Refused, TryAgain
from shared.services import Services
from shared.store.records import Connection, ConnectionKind, Reach

ROLES = {
    # Exchange has no role for free and busy times alone: this is the least of its roles.
    Reach.FREE_BUSY: "Application Calendars.Read",
    Reach.READ: "Application Calendars.Read",
    Reach.READ_WRITE: "Application Calendars.ReadWrite",
}
# PowerShell takes the curly ones for straight ones. (about_Quoting_Rules)
_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LONGEST = 320


@dataclass(frozen=True, slots=True)
class Scoping:
    """`app` is the client id, `principal` the object id of the enterprise application in the
    organisation ("" where no token has told it), `group` a mail address or an object id.
    """

    app: str
    principal: str
    group: str
    reach: Reach


def check_group(group: str) -> None:
    """Raises Refused."""
    if len(group) > LONGEST or not (_MAIL.fullmatch(group) or is_guid(group)):
        detail = "group must be the mail address or the Entra object id of a group."
        raise Refused(Problem("invalid-request", detail, "/group"))


def check_reach(reach: Reach) -> None:
    """Raises Refused."""
    if reach not in ROLES:
        detail = "Rooms are not scoped by Exchange; reach must be free_busy, read or read_write."
        raise Refused(Problem("invalid-request", detail, "/reach"))


def script(scoping: Scoping) -> str:
    """PowerShell. What is the caller's stands in it as literals only."""
    given = {
        "AppId": scoping.app,
        "Group": scoping.group,
        "Role": ROLES[scoping.reach],
        "Scope": f"Calbridge {scoping.app}",
    }
    principal = _literal(scoping.principal) if scoping.principal else _LOOK_UP
    values = "\n".join(f"${name} = {_literal(value)}" for name, value in given.items())
    return f"{_HEAD}\n{values}\n{_CONNECT}\n$ObjectId = {principal}\n{_BODY}"


def _literal(text: str) -> str:
    return "'" + _QUOTES.sub(r"\1\1", text) + "'"


_LOOK_UP = "(Get-MgServicePrincipal -Filter \"appId eq '$AppId'\").Id"

_HEAD = """\
# Limits the calendar app to the mailboxes of one group: Exchange's RBAC for Applications.
# Run it as an Exchange administrator who may also administer applications in Entra. It needs
#   Install-Module ExchangeOnlineManagement
#   Install-Module Microsoft.Graph.Applications
# and may be run again. To take it all back: run it with -Undo.
param([switch]$Undo)
$ErrorActionPreference = 'Stop'
"""

_CONNECT = """
Connect-ExchangeOnline -ShowBanner:$false
Connect-MgGraph -NoWelcome -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'
"""

_BODY = """
# -- Undo: afterwards the app reaches no mailbox until an administrator consents again.
if ($Undo) {
    Get-ManagementRoleAssignment -RoleAssignee $ObjectId -ErrorAction SilentlyContinue |
        Where-Object { $_.CustomResourceScope -eq $Scope } |
        Remove-ManagementRoleAssignment -Confirm:$false
    if (Get-ManagementScope -Identity $Scope -ErrorAction SilentlyContinue) {
        Remove-ManagementScope -Identity $Scope -Confirm:$false
    }
    if (Get-ServicePrincipal -Identity $ObjectId -ErrorAction SilentlyContinue) {
        Remove-ServicePrincipal -Identity $ObjectId -Confirm:$false
    }
    return
}

# -- 1. Exchange gets to know the app. The object id is that of the ENTERPRISE application.
if (-not (Get-ServicePrincipal -Identity $ObjectId -ErrorAction SilentlyContinue)) {
    New-ServicePrincipal -AppId $AppId -ObjectId $ObjectId -DisplayName 'Calbridge' | Out-Null
}

# -- 2. The scope: direct members of the group. Members of groups inside it are not in it.
$Name = (Get-Group -Identity $Group).DistinguishedName.Replace("'", "''")
$Filter = "MemberOfGroup -eq '$Name'"
if (Get-ManagementScope -Identity $Scope -ErrorAction SilentlyContinue) {
    Set-ManagementScope -Identity $Scope -RecipientRestrictionFilter $Filter
} else {
    New-ManagementScope -Name $Scope -RecipientRestrictionFilter $Filter | Out-Null
}

# -- 3. The role, over this scope alone.
$Assigned = Get-ManagementRoleAssignment -RoleAssignee $ObjectId -ErrorAction SilentlyContinue |
    Where-Object { $_.CustomResourceScope -eq $Scope }
$Assigned | Where-Object { $_.Role -ne $Role } | Remove-ManagementRoleAssignment -Confirm:$false
if (-not ($Assigned | Where-Object { $_.Role -eq $Role })) {
    New-ManagementRoleAssignment -App $ObjectId -Role $Role -CustomResourceScope $Scope | Out-Null
}

# -- 4. Takes back what Entra has granted over all mailboxes: the two grants add up, so with it the
#       scope would limit nothing. Other permissions (users, rooms) stay.
$Graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$Calendars = $Graph.AppRoles | Where-Object { $_.Value -like 'Calendars.*' }
Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $ObjectId -All |
    Where-Object { $_.ResourceId -eq $Graph.Id -and $Calendars.Id -contains $_.AppRoleId } |
    ForEach-Object {
        Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $ObjectId `
            -AppRoleAssignmentId $_.Id
    }

# -- 5. What Exchange says of a mailbox inside and one outside. This answers at once; the app
#       notices after 30 minutes (if it was idle) to 2 hours. Then ask for a proof by the API.
foreach ($Where in 'inside', 'outside') {
    $Mailbox = Read-Host "A mailbox $Where the group (empty: none)"
    if ($Mailbox) {
        Test-ServicePrincipalAuthorization -Identity $ObjectId -Resource $Mailbox |
            Format-Table 'RoleName', 'GrantedPermissions', 'AllowedResourceScope', 'InScope'
    }
}
"""


async def scoping_of(
    services: Services, connection: Connection, group: str, reach: Reach
) -> Scoping:
    """Raises Refused for a grant that no scope limits."""
    if connection.kind is not ConnectionKind.ORGANISATION:
        detail = "Only an organisation's connection can be limited to some of its mailboxes."
        raise Refused(Problem("invalid-request", detail))
    app = connection.client or services.settings.client_id
    return Scoping(app, await _principal(services, connection), group, reach)


async def _principal(services: Services, connection: Connection) -> str:
    """The app's own tokens name its enterprise application; without one the script looks it up."""
    try:
        return principal_in((await services.tokens.token(connection)).value)
    except (Reconnect, TryAgain):
        return ""
