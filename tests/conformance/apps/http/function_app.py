"""HTTP functions that show what reached them, answer in each way that a function may, and compete for routes."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="conformance", methods=["GET"])
def conformance(req: func.HttpRequest) -> str:
    """Say which app this is."""
    return "http"


@app.route(route="show/{a}/{b?}")
def show(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Return what the function was given."""
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
        "function": context.function_name,
        "invocation": context.invocation_id,
        "trace": context.trace_context.trace_parent,
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="length", methods=["POST"])
def length(req: func.HttpRequest) -> str:
    return str(len(req.get_body()))


@app.route(route="only-get", methods=["GET"])
async def only_get(req: func.HttpRequest) -> str:
    return "got"


@app.route()
def no_route(req: func.HttpRequest) -> str:
    """Has no route: it is called by its name."""
    return "by its name"


# ---- functions that compete: the names say in which order they are tried


@app.route(route="order/{any}")
def order_a(req: func.HttpRequest) -> str:
    return "order_a"


@app.route(route="order/special")
def order_b(req: func.HttpRequest) -> str:
    return "order_b"


@app.route(route="by-method/{any}", methods=["POST"])
def method_a(req: func.HttpRequest) -> str:
    return "method_a"


@app.route(route="by-method/{any}", methods=["GET", "DELETE"])
def method_b(req: func.HttpRequest) -> str:
    return "method_b"


def _typed(req: func.HttpRequest) -> str:
    (name, value), *_ = req.route_params.items()
    return f"{name} {value}"


@app.route(route="typed/{int:int}")
def typed_1(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{guid:guid}")
def typed_2(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{bool:bool}")
def typed_3(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{short:alpha:length(2,4)}")
def typed_4(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{alpha:alpha}")
def typed_5(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{regex:regex(^v\\d+$)}")
def typed_6(req: func.HttpRequest) -> str:
    return _typed(req)


@app.route(route="typed/{*rest}")
def typed_7(req: func.HttpRequest) -> str:
    return _typed(req)


# ---- answers


def _full() -> func.HttpResponse:
    response = func.HttpResponse(
        b"\x00\x01", status_code=201, mimetype="application/x-bytes", headers={"X-Mine": "yes"}
    )
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "b=2")
    return response


@app.route(route="answer/{kind}")
def answer(req: func.HttpRequest) -> object:
    """Return one of the kinds of results."""
    match req.route_params["kind"]:
        case "text":
            return "plain"
        case "json":
            return '{"a": 1}'
        case "whole":
            return json.dumps({"status": 201, "headers": {"x-mine": "yes"}, "body": "made of a text"})
        case "none":
            return None
        case "full":
            return _full()
        case "problem":
            return func.HttpResponse('{"no": 1}', status_code=422, mimetype="application/json")
        case "accepted":
            return func.HttpResponse(status_code=202)
        case "moved":
            return func.HttpResponse(status_code=302, headers={"Location": "/elsewhere"})
        case "unicode":
            return func.HttpResponse("Zürich 😀")
    return {"a": 1}


@app.route(route="fail/{kind}")
def fail(req: func.HttpRequest) -> str:
    raise {"value": ValueError, "key": KeyError}[req.route_params["kind"]]("not my day")


@app.route(route="fail-async")
async def fail_async(req: func.HttpRequest) -> str:
    raise RuntimeError("not my day")
