"""Many instances at once: lists, filters, pages, and purging. Each test keeps to instances of its own."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.client import CONTINUATION, NO_MORE, Host

FAR = "2999-01-01T00:00:00Z"


@pytest.fixture(name="prefix")
def _prefix() -> str:
    return f"list-{uuid.uuid4().hex}-"


def ids(control: Host, prefix: str, **query: str) -> list[str]:
    """Return the ends of the ids of all listed instances, in order of the ids."""
    pages = control.pages("instances", instanceIdPrefix=prefix, **query)
    return sorted(each["instanceId"].removeprefix(prefix) for page in pages for each in page)


def completed(control: Host, prefix: str, *names: str) -> None:
    for name in names:
        control.start("echo", {"n": name}, f"{prefix}{name}").completed()


@pytest.fixture(name="waiting")
def _waiting(control: Host, prefix: str) -> Iterator[str]:
    instance = control.start("one_event", instance_id=f"{prefix}waiting").reaches("Running")
    yield "waiting"
    instance.send("Go")
    instance.completed()


def test_a_list_shows_what_a_status_shows(control: Host, prefix: str) -> None:
    completed(control, prefix, "one")
    (body,) = next(control.pages("instances", instanceIdPrefix=prefix))
    single = control.instance(f"{prefix}one").get().json()
    for each in (body, single):
        each.pop("historyEvents", None)
    assert body == single
    (body,) = next(control.pages("instances", instanceIdPrefix=prefix, showInput="false"))
    assert body["input"] is None


def test_a_path_may_end_with_a_slash(control: Host, prefix: str) -> None:
    """The SDK's client asks so."""
    completed(control, prefix, "one")
    assert len(control.api("GET", f"instances/?instanceIdPrefix={prefix}").json()) == 1


def test_it_is_filtered_by_status(control: Host, prefix: str, waiting: str) -> None:
    completed(control, prefix, "one")
    assert ids(control, prefix) == ["one", waiting]
    assert ids(control, prefix, runtimeStatus="Completed") == ["one"]
    assert ids(control, prefix, runtimeStatus="Running") == [waiting]
    assert ids(control, prefix, runtimeStatus="Running,Completed") == ["one", waiting]
    assert ids(control, prefix, runtimeStatus="Failed,Terminated,Canceled") == []


def test_it_is_filtered_by_time_of_creation(control: Host, prefix: str) -> None:
    completed(control, prefix, "one")
    hour = timedelta(hours=1)
    before, after = ((datetime.now(UTC) + each).strftime("%Y-%m-%dT%H:%M:%SZ") for each in (-hour, hour))
    assert ids(control, prefix, createdTimeFrom=before, createdTimeTo=after) == ["one"]
    assert ids(control, prefix, createdTimeFrom=before) == ["one"]
    assert ids(control, prefix, createdTimeFrom=after) == []
    assert ids(control, prefix, createdTimeTo=before) == []


def test_it_comes_in_pages(control: Host, prefix: str) -> None:
    """How full a page is, is for the host to say; `top` is the most it may hold."""
    names = ["a", "b", "c", "d", "e"]
    completed(control, prefix, *names)
    pages = list(control.pages("instances", instanceIdPrefix=prefix, top="2"))
    assert all(len(page) <= 2 for page in pages)
    assert sorted(each["instanceId"].removeprefix(prefix) for page in pages for each in page) == names


@pytest.mark.parametrize("query", ["createdTimeFrom=yesterday", "runtimeStatus=Unheard", "top=x", "top=1.5"])
def test_what_can_not_be_read_is_ignored(control: Host, prefix: str, query: str) -> None:
    """Seen on Durable extension 3.19; hosts may refuse it."""
    completed(control, prefix, "one")
    response = control.api("GET", f"instances?instanceIdPrefix={prefix}&{query}")
    assert response.status_code in (200, 400)
    assert response.status_code == 400 or len(response.json()) == 1


def test_the_last_page_has_no_token(control: Host, prefix: str) -> None:
    """It is empty, or not there at all; seen on Durable extension 3.19."""
    completed(control, prefix, "one")
    response = control.api("GET", f"instances?instanceIdPrefix={prefix}&top=1")
    assert response.headers.get(CONTINUATION, "") in NO_MORE


def test_nothing_found_is_an_empty_list(control: Host, prefix: str) -> None:
    response = control.api("GET", f"instances?instanceIdPrefix={prefix}")
    assert (response.status_code, response.json()) == (200, [])


def test_a_purged_instance_is_gone(control: Host, prefix: str) -> None:
    completed(control, prefix, "one")
    instance = control.instance(f"{prefix}one")
    response = instance.purge()
    assert (response.status_code, response.json()) == (200, {"instancesDeleted": 1})
    assert instance.get().status_code == 404
    assert instance.purge().status_code == 404
    assert ids(control, prefix) == []


class TestPurgeBySeveral:
    def test_it_needs_a_time_of_creation(self, control: Host) -> None:
        """Seen on Durable extension 3.19."""
        assert control.api("DELETE", "instances?createdTimeFrom=yesterday").status_code == 400
        assert control.api("DELETE", "instances").status_code == 400
        assert control.api("DELETE", "instances?runtimeStatus=Completed").status_code == 400

    def test_nothing_to_delete_is_404(self, control: Host) -> None:
        assert control.api("DELETE", f"instances?createdTimeFrom={FAR}").status_code == 404

    def test_it_deletes_what_has_ended_in_that_time_and_status(self, control: Host, prefix: str, waiting: str) -> None:
        """The window is as narrow as the API shows times; what else ended in it is forgotten as well."""
        completed(control, prefix, "one")
        created: list[str] = []
        for name in ("two", "three"):
            instance = control.start("one_event", instance_id=f"{prefix}{name}").reaches("Running")
            instance.tell("terminate")
            created.append(instance.ended()["createdTime"])
        end = datetime.fromisoformat(created[1]) + timedelta(seconds=1)
        window = {"createdTimeFrom": created[0], "createdTimeTo": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        assert control.api("DELETE", "instances", params=window | {"runtimeStatus": "Canceled"}).status_code == 404
        response = control.api("DELETE", "instances", params=window | {"runtimeStatus": "Terminated"})
        assert response.status_code == 200
        assert response.json()["instancesDeleted"] >= 2
        assert ids(control, prefix) == ["one", waiting]
