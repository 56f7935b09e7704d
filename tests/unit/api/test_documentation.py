"""docs/api.md, the README and the samples keep up with the code."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from shared.errors import azure, catalogue, services
from shared.models.base import Model
from shared.models.cloud_event import CloudEvent, EventError, EventType, StatusChange
from shared.requests.findings import Code
from shared.requests.problems import Problem, problem_of
from shared.signatures import signature, signing_key
from tests.builders import NOW
from tests.unit.api.client import ROUTES, Api, findings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _wire(kind: type[Model]) -> list[str]:
    return [str(field.alias) for field in kind.model_fields.values()]


@pytest.mark.parametrize("code", list(Code), ids=str)
def test_every_code_is_documented(code: Code):
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("name", [*EventType, *_wire(CloudEvent), *_wire(StatusChange), *_wire(EventError)])
def test_every_part_of_an_event_is_documented(name: str):
    section = PAGE[PAGE.index("## Events") : PAGE.index("## Errors")]
    assert f'"{name}"' in section or f"`{name}`" in section


def test_the_page_tells_how_to_verify_a_signature():
    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program is not None
    names: dict[str, Any] = {}
    exec(program[1], names)  # noqa: S102 - it is our own documentation
    secret, now = "whsec_" + "a" * 32, int(time.time())

    def is_genuine(body: bytes, moment: int, given: str = secret) -> bool:
        signed = signature(signing_key(given), "id", moment, b"{}")
        headers = {"webhook-id": "id", "webhook-timestamp": str(moment), "webhook-signature": f"v1,other {signed}"}
        return bool(names["is_genuine"](secret, headers, body))

    assert is_genuine(b"{}", now)
    assert not is_genuine(b"{ }", now)
    assert not is_genuine(b"{}", now - 3600)
    assert not is_genuine(b"{}", now, "whsec_" + "b" * 32)


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_every_route_is_documented(route):
    (method,) = route.methods
    path = re.sub(r"\{\w+\}", "{id}", route.template.removeprefix("imagemgmt/v1"))

    assert f"`{method} {path}`" in PAGE


def test_the_example_of_a_copy_is_a_copy_without_oddities():
    example = re.search(r"POST \S+action=copy-existing-image\n.*?\n(\{.*?\n\})", PAGE, re.DOTALL)

    assert example is not None
    assert findings(json.loads(example[1]), action="copy-existing-image", strict=True) == set()


def test_the_sample_of_a_copy_is_a_copy_without_oddities():
    sample = json.loads((ROOT / "samples" / "copy-golden-image.json").read_text(encoding="utf-8"))

    assert findings(sample, action="copy-existing-image", strict=True) == set()


def test_the_readme_tells_what_a_bad_request_is_answered(api: Api):
    """Its answer is cut short by "…"; what it shows of it is in the real one, in that order."""
    example = re.search(r"""-d '(\{[^']*\})'\n(\{"status": 400.*?)\n```""", README, re.DOTALL)
    assert example is not None
    answer = api.post(json.loads(example[1])).json
    told = {name: answer[name] for name in ("status", "detail")}
    told["errors"] = [{name: error[name] for name in ("code", "message", "pointer")} for error in answer["errors"]]

    place = 0
    for part in filter(None, re.split(r"[\s,}\]]*…[\s,}\]]*", " ".join(example[2].split()))):
        place = json.dumps(told).find(part, place)
        assert place >= 0, part


def test_every_error_of_ours_has_an_answer():
    """CatalogError and ProviderError are only the branches of the tree: nobody raises them."""
    samples = {
        catalogue.NotFound("x"): 404,
        catalogue.AlreadyExists("x", "key"): 409,
        catalogue.Changed("x"): 409,
        catalogue.IllegalTransition("x"): 409,
        catalogue.StoreUnavailable("x"): 503,
        services.SecretUnavailable("x"): 503,
        azure.TransientError("Code", "x"): 503,
        azure.PermanentError("Code", "x"): 502,
    }
    for error, status in samples.items():
        problem = problem_of(error)
        assert isinstance(problem, Problem)
        assert problem.status == status
        assert problem.body("/", NOW)["title"]
    assert problem_of(catalogue.CatalogError("x")) is None
