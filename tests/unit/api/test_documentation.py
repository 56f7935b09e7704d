"""docs/api.md, the README and the samples keep up with the code."""

import json
import re
from pathlib import Path

import pytest

from shared import errors
from shared.findings import Code
from shared.problems import Problem, problem_of
from tests.builders import NOW
from tests.unit.api.client import ROUTES, Api, findings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", list(Code), ids=str)
def test_every_code_is_documented(code: Code):
    assert f"`{code}`" in PAGE


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
        errors.NotFound("x"): 404,
        errors.AlreadyExists("x", "key"): 409,
        errors.Changed("x"): 409,
        errors.IllegalTransition("x"): 409,
        errors.StoreUnavailable("x"): 503,
        errors.SecretUnavailable("x"): 503,
        errors.TransientError("Code", "x"): 503,
        errors.PermanentError("Code", "x"): 502,
    }
    for error, status in samples.items():
        problem = problem_of(error)
        assert isinstance(problem, Problem)
        assert problem.status == status
        assert problem.body("/", NOW)["title"]
    assert problem_of(errors.CatalogError("x")) is None
