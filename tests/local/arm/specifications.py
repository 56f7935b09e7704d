"""Microsoft's own specifications, and whether an answer is what they say.

The files lie beside the checkout, and are of 2023 and 2024. The SDKs send newer api-versions; each is checked against
the file that there is, a stable one before a preview. A newer api-version adds members and takes none away, so that
what the file demands still holds; what it does not know is not looked at.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

Json = dict[str, Any]

FOLDER = Path(__file__).parents[4] / "shared" / "arm-specs" / "specification"
# An answer that a fault rule disturbed says so, and need not be what Azure would send.
DISTURBED = "x-sim-fault"
_BASE = "https://specification/"
_COMMON = "common-types/resource-management/v3/types.json"
_ROLES = "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01"
_ROLES += "/authorization-RoleDefinitionsCalls.json"
# Where Azure itself does not keep to its specification: an image without a plan has one that is null.
_DEVIATIONS = {("VirtualMachineImages_Get", "properties/plan: None is not of type 'object'")}
_PART = re.compile(r"\{(\w[\w-]*)\}")
_VERBS = ("get", "put", "patch", "post", "delete", "head")
# Paths that no file describes, and the definition that an answer of a GET is of, or None for anything.
_UNSPECIFIED = {
    r"/locations/[^/]+/(operations|DiskOperations|capsOperations)/[^/]+$": f"{_COMMON}#OperationStatusResult",
    r"^/subscriptions/.+/Microsoft\.Authorization/permissions$": f"{_ROLES}#PermissionGetResult",
    r"/locations/[^/]+/operationResults/[^/]+$": None,
    r"/subscriptions/[^/]+/operationresults/[^/]+$": None,
    r"/providers/Microsoft\.Network/locations/[^/]+/usages$": None,
    r"/providers/Microsoft\.Compute/snapshots(/|$)": None,
}


@dataclass(frozen=True)
class Answer:
    """One answer as a client saw it; names of headers are lower-case."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    text: str
    query: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation of a specification."""

    method: str
    template: str
    file: str
    document: Json = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The template's path: the parts are names, and a leading one is a whole scope."""
        pieces = _PART.split(self.template.rstrip("/"))
        text = re.escape(pieces[0])
        for index, literal in enumerate(pieces[2::2]):
            text += (".+" if index == 0 and pieces[0] == "/" else "[^/]+") + re.escape(literal)
        return re.compile(text, re.IGNORECASE)

    @property
    def long_running(self) -> bool:
        """Whether it may go on after its first answer."""
        return bool(self.document.get("x-ms-long-running-operation"))

    def pointer(self, *more: str) -> str:
        """The URI of a part of the operation."""
        parts = ("paths", self.template, self.method.lower(), *more)
        return f"{_BASE}{self.file}#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


class Specifications:
    """All files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._registry: Any = Registry(retrieve=self._retrieve)  # type: ignore[call-arg]
        self._validators: dict[str, Draft4Validator] = {}

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation, the stable ones and the literal ones first."""
        files = [path for path in self._folder.glob("*/resource-manager/**/*.json") if "examples" not in path.parts]
        found = [operation for path in files for operation in self._of(path)]
        return sorted(found, key=_precedence)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a verb on a path is."""
        fitting = (each for each in self.operations if each.method == method and each.pattern.fullmatch(path))
        return next(fitting, None)

    def problems(self, answer: Answer) -> list[str]:
        """What is wrong with an answer, according to its operation."""
        if DISTURBED in answer.headers:
            return []
        operation = self.find(answer.method, answer.path)
        found = self._of_operation(operation, answer) if operation else self._of_the_rest(answer)
        return [f"{answer.method} {answer.path} {answer.status}: {each}" for each in found]

    def check(self, schema: str, document: Any) -> list[str]:
        """What is wrong with a document; `schema` is a URI or the file and name of a definition with '#' between."""
        if not schema.startswith(_BASE):
            file, _, name = schema.partition("#")
            schema = f"{_BASE}{file}#/definitions/{name}"
        if schema not in self._validators:
            self._validators[schema] = Draft4Validator(
                {"$ref": schema}, registry=self._registry, format_checker=FormatChecker()
            )
        errors = self._validators[schema].iter_errors(document)
        return [f"{'/'.join(map(str, error.path))}: {error.message[:300]}" for error in errors]

    def parameters(self, operation: Operation) -> list[Json]:
        """An operation's parameters, with what they refer to in their place."""
        resolver = self._registry.resolver(base_uri=_BASE + operation.file)
        listed = operation.document.get("parameters", [])
        return [resolver.lookup(each["$ref"]).contents if "$ref" in each else each for each in listed]

    def example(self, operation: Operation, reference: str) -> Json | None:
        """One of an operation's examples, or None when it was left out of the folder."""
        path = (self._folder / operation.file).parent / reference
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    def _of_operation(self, operation: Operation, answer: Answer) -> Iterable[str]:
        responses = operation.document["responses"]
        if answer.status >= 400 and str(answer.status) not in responses:
            yield from self._of_error(operation, answer)
            return
        if str(answer.status) not in responses:
            yield f"the status is none of {sorted(responses)}"
            return
        response = responses[str(answer.status)]
        yield from _headers(operation, response, answer)
        if "schema" in response and answer.method != "HEAD":
            body = _parsed(answer.text)
            found = self.check(operation.pointer("responses", str(answer.status), "schema"), body)
            name = operation.document.get("operationId")
            yield from (each for each in found if (name, each) not in _DEVIATIONS)
        elif answer.text:
            yield "there is a body, where there is none to be"

    def _of_error(self, operation: Operation, answer: Answer) -> Iterable[str]:
        if answer.method == "HEAD":
            return
        body = _parsed(answer.text)
        if answer.status == 429 and isinstance(body, dict) and "error" not in body:
            # The compute provider's own throttling, which Azure documents elsewhere, is not wrapped.
            body = {"error": body}
        if "default" in operation.document["responses"]:
            yield from self.check(operation.pointer("responses", "default", "schema"), body)
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict) or not error.get("code") or not error.get("message"):
            yield f"an error without code and message: {answer.text[:200]}"

    def _of_the_rest(self, answer: Answer) -> Iterable[str]:
        # HEAD asks for the existence of whatever has an id.
        if answer.status >= 400 or answer.method == "HEAD":
            return
        for pattern, definition in _UNSPECIFIED.items():
            if re.search(pattern, answer.path, re.IGNORECASE):
                if (
                    definition
                    and answer.status == 200
                    and answer.method == "GET"
                    and "monitor=true" not in answer.query
                ):
                    yield from self.check(definition, _parsed(answer.text))
                return
        yield "no specification knows this operation, and it is not among the exceptions"

    def _of(self, path: Path) -> Iterable[Operation]:
        file = path.relative_to(self._folder).as_posix()
        for template, members in self._contents(file).get("paths", {}).items():
            for verb in _VERBS:
                # A path that is nothing but an id describes everything, and so nothing.
                if verb in members and not re.fullmatch(r"/\{\w+\}", template):
                    yield Operation(verb.upper(), template, file, members[verb])

    def _contents(self, file: str) -> Json:
        text = (self._folder / file).read_text("utf-8")
        document: Json = json.loads(text, object_hook=_as_meant)
        return document

    def _retrieve(self, uri: str) -> Any:
        # Older editions of the common types are not among the files.
        file = re.sub(r"^(common-types/resource-management)/v[12]/", r"\1/v3/", uri.removeprefix(_BASE))
        document = self._contents(file) if (self._folder / file).is_file() else {"definitions": _Anything()}
        return Resource.from_contents(document, default_specification=DRAFT4)


class _Anything(dict[str, Json]):
    """The definitions of a file that is not there: whatever refers to them is not looked at."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __getitem__(self, _name: str) -> Json:
        return {}


def _precedence(operation: Operation) -> tuple[bool, bool, int]:
    template = operation.template
    return "/preview/" in operation.file, template.startswith("/{"), template.count("{")


def _headers(operation: Operation, response: Json, answer: Answer) -> Iterable[str]:
    for name in response.get("headers", {}):
        # Waits of less than a second have only the other header.
        present = name.lower() in answer.headers or (name == "Retry-After" and "retry-after-ms" in answer.headers)
        if not present and (name != "Azure-AsyncOperation" or answer.status in (201, 202)):
            yield f"the header {name} is missing"
    unfinished = operation.long_running and answer.status in (201, 202)
    if unfinished and not {"azure-asyncoperation", "location"} & set(answer.headers):
        yield "nothing says where the operation can be polled"


def _as_meant(schema: Json) -> Json:
    """What the files leave unsaid: a schema with properties is an object's, and some enums are open.

    An enum that is modelled as a string may have other values: the sizes in a file of 2024 end in 2018.
    """
    if schema.get("x-ms-enum", {}).get("modelAsString"):
        schema.pop("enum", None)
    properties = schema.get("properties")
    # Not to be taken for the property that is itself called properties.
    if isinstance(properties, dict) and properties and all(isinstance(each, dict) for each in properties.values()):
        schema.setdefault("type", "object")
    return schema


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return f"no JSON: {text[:80]!r}"
