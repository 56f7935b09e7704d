"""Route templates: which paths they take, and which of them are refused."""

from pathlib import Path

import azure.functions as func
import pytest

from local.host.app import HTTP_TRIGGER, index
from local.host.errors import AppError
from local.host.routes import Route, build, decoded_path


def routes(*templates: str, prefix: str = "", methods: list[str] | None = None) -> tuple[Route, ...]:
    app = func.FunctionApp()
    for number, template in enumerate(templates):

        def handle(req: func.HttpRequest) -> str:
            return ""

        handle.__name__ = f"f{number}"
        app.route(route=template, methods=methods)(handle)
    return build(index(app, Path()).of(HTTP_TRIGGER), prefix)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("a/b", "/a/b", {}),
        ("a/b", "/A/B", {}),
        ("a/b", "/a", None),
        ("a/b", "/a/b/c", None),
        ("a/{x}", "/a/1", {"x": "1"}),
        ("a/{x}", "/a", None),
        ("a/{x?}", "/a", {}),
        ("a/{x?}", "/a/1", {"x": "1"}),
        ("a/{x:int?}", "/a", {}),
        ("a/{x:int?}", "/a/b", None),
        ("a/{*rest}", "/a/b/c", {"rest": "b/c"}),
        ("a/{*rest}", "/a", {}),
        ("a/{**rest}", "/a/b/c", {"rest": "b/c"}),
        ("a/{x}-{y}.json", "/a/1-2.json", {"x": "1", "y": "2"}),
        ("a/{x}-{y}.json", "/a/12.json", None),
        ("{x:int}", "/-12", {"x": "-12"}),
        ("{x:int}", "/2147483648", None),
        ("{x:long}", "/2147483648", {"x": "2147483648"}),
        ("{x:alpha}", "/abc", {"x": "abc"}),
        ("{x:alpha}", "/ab1", None),
        ("{x:bool}", "/True", {"x": "True"}),
        ("{x:bool}", "/1", None),
        ("{x:guid}", "/0f8fad5b-d9cb-469f-a165-70867728950e", {"x": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
        ("{x:guid}", "/0f8fad5b", None),
        ("{x:decimal}", "/1.5", {"x": "1.5"}),
        ("{x:datetime}", "/2026-01-31", {"x": "2026-01-31"}),
        ("{x:datetime}", "/today", None),
        ("{x:length(2)}", "/ab", {"x": "ab"}),
        ("{x:length(2)}", "/abc", None),
        ("{x:length(2,3)}", "/abc", {"x": "abc"}),
        ("{x:minlength(2)}", "/a", None),
        ("{x:maxlength(2)}", "/abc", None),
        ("{x:min(5)}", "/4", None),
        ("{x:max(5)}", "/5", {"x": "5"}),
        ("{x:range(1,5)}", "/6", None),
        ("{x:min(5)}", "/9223372036854775808", None),
        ("{x:INT}", "/5", {"x": "5"}),
        ("{x:decimal}", "/1,000.", {"x": "1,000."}),
        ("{x:double}", "/.5e-3", {"x": ".5e-3"}),
        ("{x:double}", "/1,e", None),
        ("{x:guid}", "/0f8fad5bd9cb469fa16570867728950e", {"x": "0f8fad5bd9cb469fa16570867728950e"}),
        ("{x:guid}", "/0f8fad5b-d9cb469fa165-70867728950e", None),
        ("{x:required}", "/a", {"x": "a"}),
        ("{*x:file}", "/a.b/c.txt", {"x": "a.b/c.txt"}),
        ("{*x:file}", "/a.b/c", None),
        ("{*x:nonfile}", "/a.b/c.", {"x": "a.b/c."}),
        ("{*x:nonfile}", "/c.txt", None),
        ("a/{x=5}", "/a", {"x": "5"}),
        ("a/{x=5}", "/a/6", {"x": "6"}),
        ("a/{x:int=5}", "/a", {"x": "5"}),
        ("a/{x:int=5}", "/a/b", None),
        (r"{x:regex(^a=\d$)}", "/a=1", {"x": "a=1"}),
        ("{x:int:min(5)}", "/7", {"x": "7"}),
        (r"{x:regex(^\d{{3}}$)}", "/123", {"x": "123"}),
        (r"{x:regex(^\d{{3}}$)}", "/1234", None),
        (r"{x:regex(^(a/b|c)$)}", "/c", {"x": "c"}),
    ],
)
def test_a_template_takes_the_paths_that_aspnet_takes(template: str, path: str, values: dict[str, str] | None) -> None:
    (route,) = routes(template)
    assert route.match("GET", path) == values


def test_the_prefix_stands_before_every_route() -> None:
    (route,) = routes("a", prefix="v1/api")
    assert route.match("GET", "/v1/api/a") == {}
    assert route.match("GET", "/a") is None


def test_a_route_takes_its_methods_only() -> None:
    (route,) = routes("a", methods=["GET", "PUT"])
    assert route.match("PUT", "/a") == {}
    assert route.match("POST", "/a") is None


@pytest.mark.parametrize(
    "template",
    [
        "admin/x",
        "RUNTIME/x",
        "administrators",
        "a/{x",
        "a/x}",
        "{x:nothing}",
        "{x:length(a)}",
        "{x:regex(()}",
        "{1x}",
        "a{x?}",
    ],
)
def test_an_unusable_template_is_refused_with_the_functions_name(template: str) -> None:
    with pytest.raises(AppError, match="f0"):
        routes(template)


def test_a_prefix_does_not_make_a_kept_word_free() -> None:
    """As on the real host, which looks at the function's own route."""
    with pytest.raises(AppError, match="f0: the route runtimes/x begins"):
        routes("runtimes/x", prefix="api")
    (route,) = routes("x", prefix="administration")
    assert route.match("GET", "/administration/x") == {}


def test_two_functions_cannot_share_a_template_and_a_method() -> None:
    with pytest.raises(AppError, match="f0 and f1 share the route A"):
        routes("a", "A")


@pytest.mark.parametrize(
    ("raw", "path"), [(b"/", ""), (b"/a/", "/a"), (b"/a%20b", "/a b"), (b"/a%2fb", "/a%2Fb"), (b"/%C3%BC", "/ü")]
)
def test_a_path_is_decoded_once_and_keeps_an_escaped_slash(raw: bytes, path: str) -> None:
    assert decoded_path(raw) == path
