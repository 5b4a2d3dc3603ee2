"""The script for administrators, as a grammar of PowerShell reads it: nobody sees it run here.

The grammar takes bare words in a list (`Format-Table Name, Id`) for an error, which PowerShell does
not: such words are quoted in the script.
"""

import re
from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from shared.onboarding.scoping import ROLES, Scoping, check_group, script
from shared.store.records import Reach

PARSER = Parser(Language(tree_sitter_powershell.language()))
APP = "11111111-0000-4000-8000-000000000003"
PRINCIPAL = "22222222-0000-4000-8000-000000000004"
SCRIPTS = [
    Scoping(APP, principal, group, reach)
    for principal in ("", PRINCIPAL)
    for group in ("pilot@contoso.example", "o'neill@contoso.example", APP)
    for reach in ROLES
]
GROUPS = st.from_regex(r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9-]+\.[a-z]+", fullmatch=True)

# (Microsoft Learn: the reference of ExchangePowerShell, of Microsoft.Graph.Authentication and of
# Microsoft.Graph.Applications)
PARAMETERS = {
    "Connect-ExchangeOnline": {"ShowBanner"},
    "Get-Group": {"Identity"},
    "Get-ManagementRoleAssignment": {"RoleAssignee"},
    "New-ManagementRoleAssignment": {"App", "Role", "CustomResourceScope"},
    "Remove-ManagementRoleAssignment": {"Identity", "Confirm"},
    "Get-ManagementScope": {"Identity"},
    "New-ManagementScope": {"Name", "RecipientRestrictionFilter"},
    "Set-ManagementScope": {"Identity", "RecipientRestrictionFilter"},
    "Remove-ManagementScope": {"Identity", "Confirm"},
    "Get-ServicePrincipal": {"Identity"},
    "New-ServicePrincipal": {"AppId", "ObjectId", "DisplayName"},
    "Remove-ServicePrincipal": {"Identity", "Confirm"},
    "Test-ServicePrincipalAuthorization": {"Identity", "Resource"},
    "Connect-MgGraph": {"NoWelcome", "Scopes"},
    "Get-MgServicePrincipal": {"Filter", "All"},
    "Get-MgServicePrincipalAppRoleAssignment": {"ServicePrincipalId", "All"},
    "Remove-MgServicePrincipalAppRoleAssignment": {"ServicePrincipalId", "AppRoleAssignmentId"},
    "Where-Object": set[str](),
    "ForEach-Object": set[str](),
    "Out-Null": set[str](),
    "Format-Table": set[str](),
    "Read-Host": set[str](),
}
OF_ALL = {"ErrorAction"}
# PowerShell's own. (about_Automatic_Variables)
AUTOMATIC = {"$_", "$true", "$false", "$null"}


def parsed(text: str) -> Node:
    return PARSER.parse(text.encode()).root_node


def within(node: Node, kind: str = "") -> Iterator[Node]:
    """In the order in which they stand."""
    if kind in {"", node.type}:
        yield node
    for child in node.children:
        yield from within(child, kind)


def text_of(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def faults(text: str) -> list[str]:
    found = within(parsed(text))
    return [f"line {one.start_point.row + 1}" for one in found if one.is_error or one.is_missing]


def assigned(root: Node) -> dict[str, Node]:
    """By the variable: what stands right of the sign."""
    found = within(root, "assignment_expression")
    return {text_of(one.children[0]): one.children[-1] for one in found}


@pytest.mark.parametrize("scoping", SCRIPTS)
def test_it_is_powershell(scoping):
    assert faults(script(scoping)) == []


def test_the_grammar_misses_no_bracket():
    """Of any that is left out it says so: it would tell of a script that does not parse."""
    whole = script(SCRIPTS[0])
    brackets = [one for one in within(parsed(whole)) if one.type in {"{", "}", "(", ")", "["}]

    assert len(brackets) > 40
    for one in brackets:
        data = whole.encode()
        assert faults((data[: one.start_byte] + data[one.end_byte :]).decode()), one.start_point


# A look at a whole tree takes its time.
@settings(max_examples=20)
@given(group=GROUPS)
def test_a_group_is_one_literal(group):
    """Whatever of a mail address is a sign in PowerShell; nothing else of the script changes."""
    check_group(group)
    root = parsed(script(Scoping(APP, "", group, Reach.READ)))
    value = assigned(root)["$Group"]
    plain = assigned(parsed(script(SCRIPTS[0])))

    assert not root.has_error
    assert [text_of(one) for one in within(value, "string_literal")] == [text_of(value)]
    assert re.sub("''", "'", text_of(value)[1:-1]) == group
    assert [text_of(one) for name, one in assigned(root).items() if name != "$Group"] == [
        text_of(one) for name, one in plain.items() if name != "$Group"
    ]


@pytest.mark.parametrize("principal", ["", PRINCIPAL])
def test_no_variable_is_read_before_it_is_set(principal):
    """PowerShell would take one that is misspelt for nothing at all, and go on."""
    root = parsed(script(Scoping(APP, principal, "pilot@contoso.example", Reach.READ)))
    known, unknown = set(AUTOMATIC), list[str]()
    setting = {
        one.start_byte
        for kind in ("left_assignment_expression", "script_parameter", "foreach_statement")
        for holder in within(root, kind)
        for one in [next(within(holder, "variable"))]
    }
    for one in within(root, "variable"):
        if one.start_byte in setting:
            known.add(text_of(one))
        elif text_of(one) not in known:
            unknown.append(f"{text_of(one)} in line {one.start_point.row + 1}")

    assert unknown == []
    assert known > {"$Undo", "$Group", "$Scope", "$Role", "$ObjectId", "$Where"}


def test_each_command_takes_the_parameters_it_is_given():
    """Exchange and Graph know them by these names; -Confirm and switches beside their colon."""
    wrong, seen = list[str](), set[str]()
    for command in within(parsed(script(SCRIPTS[0])), "command"):
        (name,) = [text_of(one) for one in command.children if one.type == "command_name"]
        given_to = {
            text_of(one).lstrip("-").rstrip(":")
            for one in within(command, "command_parameter")
            if enclosing(one) == command
        }
        seen.add(name)
        if unknown := given_to - PARAMETERS.get(name, set()) - OF_ALL:
            wrong.append(f"{name}: {unknown}")

    assert wrong == []
    assert seen == set(PARAMETERS)


def enclosing(node: Node) -> Node | None:
    """The command that a parameter is of: one may stand in a block of another."""
    above = node.parent
    while above is not None and above.type != "command":
        above = above.parent
    return above
