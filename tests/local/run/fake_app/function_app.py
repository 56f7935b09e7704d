"""A fake of the image catalog's API, for the tests of `make run`: imports that go as FAKE_OUTCOME says.

complete: three steps, one of them retried; failed: a step fails; stuck: the first step never ends;
crash: the host's process ends during the import. Its state is the file FAKE_STATE.
"""

import json
import os
from pathlib import Path
from typing import Any

import azure.functions as func

STATE = Path(os.environ["FAKE_STATE"])
STEPS = ("Check the request", "Create the virtual machine", "Restart the virtual machine")
POLLS_PER_STEP = 2
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("imagemgmt/v1/provider-instances/{id}", methods=["PUT"])
def put_provider_instance(req: func.HttpRequest) -> func.HttpResponse:
    return _answer({"id": req.route_params["id"]}, status=201)


@app.route("imagemgmt/v1/images", methods=["POST"])
def import_image(req: func.HttpRequest) -> func.HttpResponse:
    body = req.get_json()
    password = body["assetDetails"]["vmInfo"]["password"]
    if not all(len(character) == 1 for character in password):
        return _answer({"errors": [{"code": "BAD_PASSWORD"}]}, status=400)
    imports = _load()
    imports.append({"name": body["streamName"], "polls": 0, "status": "Running"})
    _save(imports)
    number = len(imports) - 1
    url = f"{req.url.partition('/imagemgmt')[0]}/imagemgmt/v1/operations/{number}?org_id={body['orgId']}"
    return _answer({"streamId": str(number)}, status=202, headers={"Operation-Location": url})


@app.route("imagemgmt/v1/images", methods=["GET"])
def list_images(req: func.HttpRequest) -> func.HttpResponse:
    return _answer({"content": [_image(number, entry) for number, entry in enumerate(_load())], "nextLink": None})


@app.route("imagemgmt/v1/images/{id}", methods=["GET"])
def get_image(req: func.HttpRequest) -> func.HttpResponse:
    number = int(req.route_params["id"])
    return _answer(_image(number, _load()[number]))


@app.route("imagemgmt/v1/images/{id}/versions/{version}", methods=["GET"])
def get_version(req: func.HttpRequest) -> func.HttpResponse:
    return _answer({"id": req.route_params["version"], "name": "1.0.0", "status": "IMPORT_COMPLETE"})


@app.route("imagemgmt/v1/images/{id}/versions/{version}/copies/{copy}", methods=["GET"])
def get_copy(req: func.HttpRequest) -> func.HttpResponse:
    return _answer({"id": req.route_params["copy"], "type": "AZURE_VM_IN_RG", "status": "IMPORT_COMPLETE"})


@app.route("imagemgmt/v1/operations", methods=["GET"])
def list_operations(req: func.HttpRequest) -> func.HttpResponse:
    entries = enumerate(_load())
    return _answer({"value": [_operation(number, entry) for number, entry in entries if entry["status"] == "Running"]})


@app.route("imagemgmt/v1/operations/{id}", methods=["GET"])
def get_operation(req: func.HttpRequest) -> func.HttpResponse:
    number, imports = int(req.route_params["id"]), _load()
    entry = imports[number]
    outcome = os.environ["FAKE_OUTCOME"]
    if outcome == "crash":
        os._exit(3)
    if outcome != "stuck" and entry["status"] == "Running":
        entry["polls"] += 1
        if outcome == "failed" and entry["polls"] > POLLS_PER_STEP:
            entry["status"] = "Failed"
        elif entry["polls"] >= POLLS_PER_STEP * len(STEPS):
            entry["status"] = "Succeeded"
    _save(imports)
    return _answer(_operation(number, entry))


def _operation(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    index = min(entry["polls"] // POLLS_PER_STEP, len(STEPS) - 1)
    waiting = entry["status"] == "Running" and entry["polls"] == POLLS_PER_STEP + 1
    error = {"code": "QuotaExceeded", "message": "There are no cores left."}
    return {
        "id": str(number),
        "action": "import",
        "status": entry["status"],
        "step": {"name": f"step-{index}", "title": STEPS[index], "number": index + 1, "count": len(STEPS)},
        "percentComplete": index * 33,
        "etaSeconds": 2,
        "imageId": str(number),
        "versionId": f"version-{number}",
        "assetId": f"asset-{number}",
        "assetStatus": "IMPORT_RETRY_PENDING" if waiting else "DEPLOYING_VM",
        "error": error if entry["status"] == "Failed" else None,
        "retry": {"attempt": 2, "at": "2026-11-23T00:00:00Z", "reason": error} if waiting else None,
        "links": {"retry": f"http://here/operations/{number}/retry"} if entry["status"] == "Failed" else {},
    }


def _image(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    status = {"Running": "IN_PROGRESS", "Succeeded": "IMPORT_COMPLETE", "Failed": "FAILED"}[entry["status"]]
    return {"id": str(number), "name": entry["name"], "status": status}


def _answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(body), status_code=status, headers=headers, mimetype="application/json")


def _load() -> list[dict[str, Any]]:
    return json.loads(STATE.read_text()) if STATE.exists() else []


def _save(imports: list[dict[str, Any]]) -> None:
    STATE.write_text(json.dumps(imports))
