"""Calls the API as its callers do: through the routes of the blueprints, in the order in which the host tries them."""

import asyncio
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import azure.functions as func
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from shared.delivery.outbox import Outbox
from shared.requests.image_requests import Parsed, parse_image_request
from tests.builders import GOLDEN, NOW, ORG, PROVIDER, SUBNET, SUBSCRIPTION, TENANT
from tests.fakes import FakeCatalogStore, FakeImageProvider, FakeSecretStore
from triggers.blueprints import HTTP_TRIGGERS

HOST = "https://catalog.example"
PASSWORD = "Correct-Horse-7-Battery"
_WRITING = {"POST", "PUT"}


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def findings(self) -> set[tuple[str, str | None]]:
        """The codes of a problem, each with the place it is about."""
        return {(error["code"], error.get("pointer", error.get("parameter"))) for error in self.json["errors"]}


@dataclass
class FakeDurableClient:
    """Keeps what is started; raises `failure` if there is one."""

    started: list[tuple[str, str, Any]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    """What was raised: the instance, and the event's name."""
    failure: Exception | None = None
    """What every call raises."""
    once: Exception | None = None
    """What the next start raises, and none after it."""
    answer_lost: bool = False
    """Whether that start happens all the same."""

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> str:
        once, self.once = self.once, None
        if self.failure:
            raise self.failure
        if once and not self.answer_lost:
            raise once
        self.started.append((str(name), instance_id, json.loads(json.dumps(client_input))))
        if once:
            raise once
        return instance_id

    async def get_status(self, instance_id: str) -> DurableOrchestrationStatus:
        if self.failure:
            raise self.failure
        there = instance_id in {each for _, each, _ in self.started}
        return DurableOrchestrationStatus(runtimeStatus="Running" if there else None)

    async def raise_event(self, instance_id: str, event_name: str) -> None:
        if self.failure:
            raise self.failure
        self.events.append((instance_id, str(event_name)))


@dataclass(frozen=True)
class Route:
    name: str
    methods: frozenset[str]
    template: str
    handler: Callable[..., Any]

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern, path.strip("/"), re.IGNORECASE)
        return found.groupdict() if found and method in self.methods else None


def _routes() -> list[Route]:
    """Every route, in the order of function names, as the Functions host tries them."""
    builders = [builder for blueprint in HTTP_TRIGGERS for builder in blueprint._function_builders]
    functions = [builder.build(func.AuthLevel.FUNCTION) for builder in builders]
    found = []
    for function in functions:
        trigger = function.get_trigger()
        handler = function.get_user_function()
        handler = getattr(handler, "client_function", handler)  # without the SDK's parsing of its client
        methods = frozenset(str(method.value) for method in trigger.methods)
        found.append(Route(function.get_function_name(), methods, trigger.route, handler))
    return sorted(found, key=lambda route: route.name.lower())


ROUTES = _routes()


@dataclass
class Api:
    """Calls the handlers as the Functions host does."""

    catalog: FakeCatalogStore
    secrets: FakeSecretStore
    images: FakeImageProvider
    client: FakeDurableClient = field(default_factory=FakeDurableClient)
    outbox: Outbox = field(default_factory=Outbox)

    def request(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None, **params: str
    ) -> Answer:
        """Send a request; `body` is bytes, or something to send as JSON. Function arguments are query parameters."""
        parts = urlsplit(url)
        query = {**dict(parse_qsl(parts.query)), **params}
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if method in _WRITING else {}
        for route in ROUTES:
            values = route.match(method, parts.path)
            if values is not None:
                break
        else:
            raise AssertionError(f"no route for {method} {parts.path}")
        request = func.HttpRequest(
            method,
            f"{HOST}{parts.path}",
            headers={**kind, **(headers or {})},
            params={name: value for name, value in query.items() if value},
            route_params={name: unquote(value) for name, value in values.items()},
            body=sent,
        )
        return self.call(route.handler, request)

    def call(self, handler: Callable[..., Any], request: func.HttpRequest) -> Answer:
        if inspect.iscoroutinefunction(handler):
            response = asyncio.run(handler(req=request, client=self.client))
        else:
            response = handler(req=request)
        return Answer(response.status_code, dict(response.headers), response.get_body())

    def get(self, path: str, **params: str) -> Answer:
        return self.request("GET", f"/imagemgmt/v1/{path}", None, None, **{"org_id": ORG, **params})

    def post(self, body: Any, headers: Mapping[str, str] | None = None, **params: str) -> Answer:
        return self.request("POST", "/imagemgmt/v1/images", body, headers, **params)

    def copy(self, body: Any = None, headers: Mapping[str, str] | None = None, **params: str) -> Answer:
        return self.post(copy_body() if body is None else body, headers, action="copy-existing-image", **params)

    def created(self, **overrides: Any) -> Mapping[str, Any]:
        """The answer to a creation that was accepted."""
        answer = self.post(import_body(**overrides))
        assert answer.status == 202, answer.content
        content: Mapping[str, Any] = answer.json
        return content


def import_body(**overrides: Any) -> dict[str, Any]:
    """A body as real clients send it, without any oddity; a value of ... leaves the field out."""
    body: dict[str, Any] = {
        "assetDetails": {
            "data": {
                "publisher": "MicrosoftWindowsDesktop",
                "offer": "windows-11",
                "sku": "win11-24h2-avd",
                "version": "latest",
            },
            "options": {"createPublicIp": False},
            "type": "AZURE_VM_IN_RG",
            "vmInfo": {"username": "builder", "password": list(PASSWORD)},
        },
        "gpuType": "NONE",
        "orgId": ORG,
        "os": "Windows 11 Enterprise multi-session, 24H2",
        "osType": "WVD",
        "providerInstanceId": PROVIDER,
        "providerLabel": "AZURE",
        "sourceStreamType": "AZURE_MARKET_PLACE",
        "streamName": "Windows-11",
        "streamDescription": "For the design team",
        "versionDescription": "The first",
        "versionSource": "0.0",
        "versionType": "MAJOR",
    } | overrides
    return {name: value for name, value in body.items() if value is not ...}


def with_details(**overrides: Any) -> dict[str, Any]:
    """An import body with other `assetDetails`."""
    details = import_body()["assetDetails"] | overrides
    return import_body(assetDetails={name: value for name, value in details.items() if value is not ...})


def with_data(**overrides: Any) -> dict[str, Any]:
    """An import body with other `assetDetails.data`."""
    data = import_body()["assetDetails"]["data"] | overrides
    return with_details(data={name: value for name, value in data.items() if value is not ...})


def with_administrator(**overrides: Any) -> dict[str, Any]:
    """An import body with another `assetDetails.vmInfo`."""
    info = import_body()["assetDetails"]["vmInfo"] | overrides
    return with_details(vmInfo={name: value for name, value in info.items() if value is not ...})


def copy_body(**overrides: Any) -> dict[str, Any]:
    """The body of a copy, without any oddity; a value of ... leaves the field out."""
    details = {"type": "AZURE_IMAGE_IN_SIG", "data": {"imageVersionId": GOLDEN.id}}
    return import_body(**({"assetDetails": details, "sourceStreamType": "AZURE_SIG"} | overrides))


def with_copy_details(**overrides: Any) -> dict[str, Any]:
    """The body of a copy with other `assetDetails`."""
    details = copy_body()["assetDetails"] | overrides
    return copy_body(assetDetails={name: value for name, value in details.items() if value is not ...})


def with_copy_data(**overrides: Any) -> dict[str, Any]:
    """The body of a copy with other `assetDetails.data`."""
    data = copy_body()["assetDetails"]["data"] | overrides
    return with_copy_details(data={name: value for name, value in data.items() if value is not ...})


def with_copy_options(**options: Any) -> dict[str, Any]:
    """The body of a copy with these `assetDetails.options`."""
    return with_copy_details(options=options)


def parse(body: Mapping[str, Any], **options: Any) -> Parsed:
    """What a body is read as at the time of the tests."""
    return parse_image_request(body, now=NOW, **options)


def findings(body: Mapping[str, Any], **options: Any) -> set[tuple[str, str | None]]:
    """The codes of what is wrong with a body, each with the place it is about."""
    found = parse(body, **options).findings
    return {(finding.code, finding.parameter if finding.pointer is None else finding.pointer) for finding in found}


def provider_body(**overrides: Any) -> dict[str, Any]:
    """The body of a PUT of a provider instance; a value of ... leaves the field out."""
    body = {
        "displayName": "Desktops",
        "providerLabel": "AZURE",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "region": "East US",
        "subnetId": SUBNET,
        "rdpSourceAddressRanges": ["10.0.0.0/8"],
        "vmSizes": {"none": "Standard_D4s_v5"},
        "allowPublicIp": False,
        "marketplaceTermsConsent": None,
    } | overrides
    return {name: value for name, value in body.items() if value is not ...}
