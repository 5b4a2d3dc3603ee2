import ast
import re
from pathlib import Path

from openapi_spec_validator import validate

from shared.api.app import create_app
from shared.catalogue import CAUSES
from shared.custody import aadsts
from tests.unit.api.stage import build_stage

ROOT = Path(__file__).parents[3]


async def test_the_description_is_valid_openapi():
    """The published document is OpenAPI 3.1, as the specification's validator has it."""
    document = create_app(lambda: build_stage().services).openapi()

    validate(document)
    assert document["openapi"].startswith("3.1")


async def test_every_operation_tells_its_problems():
    """Each operation names its key, and its 4xx as application/problem+json."""
    document = create_app(lambda: build_stage().services).openapi()

    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path in {"/v1/health", "/v1/health/ready"}:
                assert operation["security"] == []
                continue
            assert operation["security"]
            for status in ("400", "401", "404", "413", "503"):
                content = operation["responses"][status]["content"]
                assert set(content) == {"application/problem+json"}


async def test_every_type_that_is_delivered_is_described():
    """Each change type the product writes is one of the document's webhooks."""
    document = create_app(lambda: build_stage().services).openapi()
    written = set()
    for source in (ROOT / "shared").rglob("*.py"):
        written |= set(re.findall(r'"(calbridge\.[a-z]+\.[a-z_]+)"', source.read_text()))

    assert written == set(document["webhooks"])


def test_every_code_in_use_is_in_the_catalogue():
    """No Problem or Reconnect is raised with a code the catalogue does not explain."""
    unknown = {
        (source.name, code)
        for folder in ("shared", "functions")
        for source in (ROOT / folder).rglob("*.py")
        for code in _codes(ast.parse(source.read_text()))
        if code not in CAUSES
    }

    assert unknown == set()


def test_every_answer_of_entra_is_in_the_catalogue():
    """Each cause that Entra's errors are given is explained."""
    assert {*aadsts.CAUSES.values(), *aadsts.WORDS.values()} <= set(CAUSES)


def test_every_cause_says_what_to_do():
    """No entry lacks a text, and its status is one of an error."""
    for code, cause in CAUSES.items():
        assert code == cause.code
        assert all((cause.title, cause.meaning, cause.remedy))
        assert 400 <= cause.status < 600


def _codes(tree: ast.Module) -> set[str]:
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Problem", "Reconnect"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
