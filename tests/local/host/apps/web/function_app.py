"""HTTP functions that show what reached them, and answer in each way that a function may."""

import asyncio
import json
import threading
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


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
        "trace": context.trace_context.trace_parent,
        "thread": threading.current_thread().name,
        "invocation": context.invocation_id,
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="only-get", methods=["GET"])
async def only_get(req: func.HttpRequest) -> str:
    return threading.current_thread().name


@app.route(route="order/{any}")
def order_a(req: func.HttpRequest) -> str:
    return "order_a"


@app.route(route="order/special")
def order_b(req: func.HttpRequest) -> str:
    return "order_b"


@app.route(route="typed/{number:int}")
def typed_int(req: func.HttpRequest) -> str:
    return f"int {req.route_params['number']}"


@app.route(route="typed/{rest}")
def typed_rest(req: func.HttpRequest) -> str:
    return f"rest {req.route_params['rest']}"


@app.route(route="answer/{kind}")
def answer(req: func.HttpRequest) -> object:
    """Return one of the kinds of results."""
    kind = req.route_params["kind"]
    full = func.HttpResponse(b"\x00\x01", status_code=201, mimetype="application/x-bytes", headers={"X-Mine": "yes"})
    full.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=5")
    full.headers.add("Set-Cookie", "b=2+2")
    whole = json.dumps({"Status": "201", "headers": {"Content-Type": "text/csv"}, "body": [1, "ü"]})
    texts = {"text": "plain", "json": '{"a": 1}', "empty": "", "response": whole}
    return {"none": None, "full": full, "dict": {"a": 1}, **texts}[kind]


@app.route(route="fail/{kind}")
def fail(req: func.HttpRequest) -> str:
    if req.route_params["kind"] == "exit":
        raise SystemExit(3)
    raise ValueError("not my day")


@app.route(route="cancel")
async def cancel(req: func.HttpRequest) -> str:
    raise asyncio.CancelledError


@app.route(route="sleep/async")
async def sleep_async(req: func.HttpRequest) -> str:
    await asyncio.sleep(60)
    return "too late"


@app.route(route="sleep/sync")
def sleep_sync(req: func.HttpRequest) -> str:
    time.sleep(1.5)
    return "too late"
