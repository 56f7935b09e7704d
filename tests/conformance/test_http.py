"""HTTP functions: what reaches them, and what becomes of their answers and failures."""

from collections.abc import Iterator

import pytest

from tests.conformance.client import Host, Json


def shown(web: Host, method: str = "GET", path: str = "show/x", **more: Json) -> Json:
    """Call the function that returns what it was given."""
    response = web.function(method, path, **more)
    assert response.status_code == 200
    return response.json()


class TestRequest:
    def test_a_function_gets_method_url_query_and_headers(self, web: Host) -> None:
        seen = shown(web, "PUT", "show/x?one=1&two=a%20b&none=", headers={"X-Mine": "yes"})
        assert (seen["method"], seen["function"]) == ("PUT", "show")
        assert seen["url"] == f"{web.url}{web.prefix}show/x?one=1&two=a%20b&none="
        assert seen["params"] == {"one": "1", "two": "a b"}
        assert seen["headers"]["x-mine"] == "yes"

    def test_the_keys_of_the_query_ignore_case_and_their_values_are_joined(self, web: Host) -> None:
        """[S]"""
        assert shown(web, path="show/x?One=1&one=&ONE=2")["params"] == {"One": "1,2"}

    def test_route_values_are_texts_and_absent_ones_are_left_out(self, web: Host) -> None:
        assert shown(web, path="show/7")["route"] == {"a": "7"}
        assert shown(web, path="show/7/b%20c")["route"] == {"a": "7", "b": "b c"}

    def test_each_invocation_has_its_id(self, web: Host) -> None:
        assert shown(web)["invocation"] != shown(web)["invocation"]

    def test_a_function_gets_the_trace_of_the_request(self, web: Host) -> None:
        """A host that traces may put a span of its own between: the trace is the same."""
        trace = "0af7651916cd43dd8448eb211c80319c"
        seen = shown(web, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert seen["trace"].split("-")[1] == trace


class TestBody:
    def test_it_arrives_as_bytes(self, web: Host) -> None:
        assert shown(web, "POST", content="böse \U0001f600".encode())["body"] == "böse \U0001f600"

    def test_without_one_it_is_empty(self, web: Host) -> None:
        assert shown(web, "POST")["body"] == ""

    def test_the_methods_do_not_matter(self, web: Host) -> None:
        for method in ("PUT", "PATCH", "DELETE"):
            assert shown(web, method, content=b"text")["body"] == "text"

    def test_it_may_have_a_megabyte(self, web: Host) -> None:
        assert web.function("POST", "length", content=b"x" * 1_000_000).text == "1000000"

    def test_one_of_unknown_length_arrives_empty(self, web: Host) -> None:
        """[S] A chunked body is handed on only where host.json asks for it."""

        def chunks() -> Iterator[bytes]:
            yield b"some"
            yield b"thing"

        assert web.function("POST", "length", content=chunks()).text == "0"


class TestAnswer:
    @pytest.mark.parametrize(
        ("route", "code", "kind", "content"),
        [
            ("text", 200, "text/plain", b"plain"),
            ("full", 201, "application/x-bytes", b"\x00\x01"),
            ("problem", 422, "application/json", b'{"no": 1}'),
            ("unicode", 200, "text/plain", "Zürich \U0001f600".encode()),
        ],
    )
    def test_it_becomes_a_response(self, web: Host, route: str, code: int, kind: str, content: bytes) -> None:
        response = web.function("GET", f"answer/{route}")
        assert (response.status_code, response.content) == (code, content)
        assert response.headers["content-type"].partition(";")[0] == kind

    def test_a_text_that_is_json_stays_a_text_and_may_be_written_anew(self, web: Host) -> None:
        """[S]"""
        response = web.function("GET", "answer/json")
        assert (response.status_code, response.json()) == (200, {"a": 1})
        assert response.headers["content-type"].partition(";")[0] == "text/plain"

    def test_a_text_that_is_json_with_a_body_is_a_whole_response(self, web: Host) -> None:
        """[S]"""
        response = web.function("GET", "answer/whole")
        assert (response.status_code, response.text) == (201, "made of a text")
        assert response.headers["x-mine"] == "yes"

    def test_its_headers_and_cookies_arrive(self, web: Host) -> None:
        response = web.function("GET", "answer/full")
        assert response.headers["x-mine"] == "yes"
        first, second = response.headers.get_list("set-cookie")
        assert first.startswith("a=1;")
        assert "httponly" in first.lower()
        assert second.startswith("b=2")
        moved = web.function("GET", "answer/moved")
        assert (moved.status_code, moved.headers["location"]) == (302, "/elsewhere")

    def test_it_may_have_no_body(self, web: Host) -> None:
        response = web.function("GET", "answer/accepted")
        assert (response.status_code, response.content) == (202, b"")

    @pytest.mark.parametrize("route", ["fail/value", "fail/key", "fail-async", "answer/object", "answer/none"])
    def test_a_failure_is_500_without_a_body(self, web: Host, route: str) -> None:
        """[V] in the SDK for a dict and for None, which it cannot make a response of."""
        response = web.function("GET", route)
        assert (response.status_code, response.content) == (500, b"")


class TestRoutes:
    def test_a_function_without_a_route_is_called_by_its_name(self, web: Host) -> None:
        assert web.function("GET", "no_route").text == "by its name"

    def test_functions_are_tried_in_the_order_of_their_names(self, web: Host) -> None:
        """[S] There is no precedence of the more specific route."""
        assert web.function("GET", "order/special").text == "order_a"

    def test_the_method_chooses_among_functions(self, web: Host) -> None:
        assert web.function("POST", "by-method/x").text == "method_a"
        assert web.function("GET", "by-method/x").text == "method_b"
        assert web.function("DELETE", "by-method/x").text == "method_b"
        assert web.function("PUT", "by-method/x").status_code == 404

    def test_a_function_without_methods_takes_all(self, web: Host) -> None:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert web.function(method, "order/x").text == "order_a"
        assert web.function("HEAD", "order/x").status_code == 200

    def test_paths_ignore_case_and_values_keep_theirs(self, web: Host) -> None:
        assert shown(web, path="SHOW/AbC")["route"] == {"a": "AbC"}

    @pytest.mark.parametrize(
        ("value", "answer"),
        [
            ("12", "int 12"),
            ("-3", "int -3"),
            ("99999999999", "rest 99999999999"),
            ("cd2c1638-1638-72d5-1638-deadbeef1638", "guid cd2c1638-1638-72d5-1638-deadbeef1638"),
            ("true", "bool true"),
            ("False", "bool False"),
            ("abc", "short abc"),
            ("abcdef", "alpha abcdef"),
            ("a", "alpha a"),
            ("v12", "regex v12"),
            ("a-b/c", "rest a-b/c"),
        ],
    )
    def test_constraints_choose_among_functions(self, web: Host, value: str, answer: str) -> None:
        """[S]"""
        assert web.function("GET", f"typed/{value}").text == answer

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "only-get"), ("GET", "none"), ("GET", "show"), ("GET", "show/a/b/c")]
    )
    def test_what_no_route_takes_is_404(self, web: Host, method: str, path: str) -> None:
        assert web.function(method, path).status_code == 404

    def test_there_is_nothing_beside_the_prefix(self, web: Host) -> None:
        for path in ("only-get", "api/only-get"):
            assert web.http.get(f"/{path}").status_code == 404
        assert web.http.get("/V1/only-get").text == "got"
