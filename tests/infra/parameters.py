"""What an operator may choose: the parameters of infra/, how azd sets them, and the page on them."""

import re
from collections.abc import Iterator, Mapping

MAIN, SERVICE, AZD = "infra/main.bicep", "infra/service.bicep", "infra/main.bicepparam"
PAGE, SETTINGS = "docs/deploy.md", "shared/settings.py"
FILES = (MAIN, SERVICE, AZD, "infra/dev.bicepparam", "infra/prod.bicepparam", PAGE, SETTINGS)

OF_MAIN = {"resourceGroupName"}
OF_SERVICE = {"tags", "firstApiKey", "firstSigningKey"}
BY_AZD = {"AZURE_RESOURCE_GROUP"}
"""A name of azd's own that is no parameter."""

ROLES = {
    "00000003-0000-0000-c000-000000000000": "no role: Microsoft Graph",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
ROLE = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")
_PARAMETER = re.compile(r"^param (\w+) [^=\n]+?(?: = (.+))?$", re.MULTILINE)
_SET = re.compile(r"^param (\w+) = (.+)$", re.MULTILINE)
_VARIABLE = re.compile(r"readEnvironmentVariable\('(\w+)'")
_OUTPUT = re.compile(r"^output ([A-Z_]+) ", re.MULTILINE)
_WORD = re.compile(r"\b(?:CALBRIDGE|AZURE)_[A-Z_]+\b")
_CODE = re.compile(r"`(\w+)`")


def slips(texts: Mapping[str, str]) -> list[str]:
    return [*_between_files(texts), *_defaults(texts), *_of_azd(texts), *_on_the_page(texts)]


def _between_files(texts: Mapping[str, str]) -> Iterator[str]:
    main, service = dict(_PARAMETER.findall(texts[MAIN])), dict(_PARAMETER.findall(texts[SERVICE]))
    for name in sorted((main.keys() - OF_MAIN) ^ (service.keys() - OF_SERVICE)):
        yield f"only one of {MAIN} and {SERVICE} has the parameter {name}"
    for name in sorted(main.keys() - OF_MAIN):
        if not re.search(rf"^ {{4}}{name}: {name}$", texts[MAIN], re.MULTILINE):
            yield f"{MAIN} does not hand {name} on"
    for file in FILES:
        for name, _ in _SET.findall(texts[file]) if file.endswith("param") else ():
            if name not in main:
                yield f"{file} sets {name}, which {MAIN} does not take"


def _defaults(texts: Mapping[str, str]) -> Iterator[str]:
    service = dict(_PARAMETER.findall(texts[SERVICE]))
    for name, default in _PARAMETER.findall(texts[MAIN]):
        if default and name not in OF_MAIN and service.get(name) != default:
            yield f"{name} is {default} by {MAIN} and {service.get(name)} by {SERVICE}"


def _rows(texts: Mapping[str, str]) -> dict[str, str]:
    """By parameter, what the page says of its name for azd."""
    table = texts[PAGE].partition("\n## Parameters\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {name: cell[1] for cell in cells for name in _CODE.findall(cell[0])}


def _on_the_page(texts: Mapping[str, str]) -> Iterator[str]:
    named = {name for name, _ in _PARAMETER.findall(texts[MAIN])}
    for name in sorted(named ^ _rows(texts).keys()):
        yield f"{PAGE} and {MAIN} disagree on the parameter {name}"
    known = {*_OUTPUT.findall(texts[MAIN]), *_VARIABLE.findall(texts[AZD]), *BY_AZD}
    known |= set(_WORD.findall(texts[SETTINGS]))
    known |= {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"}
    for name in sorted(set(_WORD.findall(texts[PAGE])) - known):
        yield f"{PAGE} speaks of {name}, which neither azd, {MAIN} nor the app knows"


def _of_azd(texts: Mapping[str, str]) -> Iterator[str]:
    set_by = {name: set(_VARIABLE.findall(value)) for name, value in _SET.findall(texts[AZD])}
    told: dict[str, set[str]] = {}
    for name, cell in _rows(texts).items():
        told[name] = set(_WORD.findall(cell))
    for name in sorted(set_by.keys() | told.keys()):
        if not set_by.get(name, set()) <= told.get(name, set()):
            yield f"{PAGE} does not say how azd sets {name}"
    every = set().union(*set_by.values())
    for name in sorted(set().union(*told.values()) - every):
        yield f"{PAGE} names {name}, which {AZD} does not read"
