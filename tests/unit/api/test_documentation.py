"""docs/api.md keeps up with the code."""

import re
from pathlib import Path

import pytest

from shared import errors
from shared.findings import Code
from shared.problems import Problem, problem_of
from tests.builders import NOW
from tests.unit.api.client import ROUTES

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", list(Code), ids=str)
def test_every_code_is_documented(code: Code):
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_every_route_is_documented(route):
    (method,) = route.methods
    path = re.sub(r"\{\w+\}", "{id}", route.template.removeprefix("imagemgmt/v1"))

    assert f"`{method} {path}`" in PAGE


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
