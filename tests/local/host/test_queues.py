"""Queue triggers and queue outputs, against the storage emulator: what functions get, and what becomes of messages."""

import asyncio
import base64
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient
from azure.storage.queue.aio import QueueClient as AsyncQueueClient

from local.host.app import index
from local.host.errors import HostError
from local.host.queues import messages
from local.host.queues.lease import VISIBILITY_SECONDS, Lease
from local.host.queues.settings import QueueSettings
from local.host.server import running
from local.host.settings import HostSettings
from local.host.storage import connection_string
from tests.local.host.conftest import DEADLINE_SECONDS, POLL_SECONDS

Received = list[func.QueueMessage]


@pytest.fixture(name="service")
def _service(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueueServiceClient]:
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    with QueueServiceClient.from_connection_string(azurite) as service:
        yield service


@pytest.fixture(name="queue")
def _queue(service: QueueServiceClient) -> Iterator[QueueClient]:
    """A queue of the test's own."""
    queue = service.get_queue_client(f"q{uuid.uuid4().hex}")
    queue.create_queue()
    with queue:
        yield queue


def until(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def put(queue: QueueClient, *bodies: str | bytes) -> None:
    for body in bodies:
        queue.send_message(base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode())


def bodies(queue: QueueClient) -> list[str]:
    """The bodies of what is in a queue and visible, which stays there; empty if there is no such queue."""
    try:
        return [base64.b64decode(message.content).decode() for message in queue.peek_messages(32)]
    except ResourceNotFoundError:
        return []


def count(queue: QueueClient) -> int:
    """How many messages a queue has, those that are being worked on included."""
    return int(queue.get_queue_properties().approximate_message_count or 0)


def poison_of(service: QueueServiceClient, queue: QueueClient) -> QueueClient:
    return service.get_queue_client(f"{queue.queue_name}-poison")


def consumer(name: str, body: Callable[[func.QueueMessage], object], **trigger: Any) -> func.FunctionApp:
    """An app with one function, which a queue triggers."""
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name=name, connection="AzureWebJobsStorage", **trigger)
    def consume(message: func.QueueMessage) -> None:
        body(message)

    return app


def settings(**changes: Any) -> HostSettings:
    return HostSettings(queues=QueueSettings(**changes))


def test_a_function_gets_each_message_with_all_that_is_known_of_it_and_done_means_deleted(queue: QueueClient) -> None:
    received: Received = []
    put(queue, "hällo", '{"a": 1}')
    with running(consumer(queue.queue_name, received.append)):
        until(lambda: len(received) == 2 and count(queue) == 0)
    first = min(received, key=lambda message: message.get_body() != "hällo".encode())
    assert first.get_body().decode() == "hällo"
    assert first.id
    assert first.pop_receipt
    assert first.dequeue_count == 1
    assert first.insertion_time is not None
    assert first.time_next_visible is not None
    assert first.expiration_time is not None
    assert first.insertion_time < first.time_next_visible < first.expiration_time
    other = next(message for message in received if message is not first)
    assert other.get_json() == {"a": 1}


def test_the_queue_may_be_a_setting_and_so_may_the_account_under_its_short_name(
    azurite: str, queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: Received = []
    monkeypatch.setenv("MY_QUEUE", queue.queue_name.upper())
    monkeypatch.setenv("AzureWebJobsElsewhere", azurite)
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name="%MY_QUEUE%", connection="Elsewhere")
    async def consume(message: func.QueueMessage) -> None:
        received.append(message)

    with running(app):
        put(queue, "x")
        until(lambda: received)


def test_a_message_whose_function_fails_is_tried_again_and_then_put_with_the_poison(
    service: QueueServiceClient, queue: QueueClient
) -> None:
    counts = []

    def fail(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        raise RuntimeError("broken on purpose")

    put(queue, "bad")
    with running(consumer(queue.queue_name, fail), settings=settings(max_dequeue_count=3)):
        until(lambda: bodies(poison_of(service, queue)) == ["bad"] and count(queue) == 0)
    assert counts == [1, 2, 3]


def test_a_message_that_was_tried_too_often_already_is_not_tried_again(
    service: QueueServiceClient, queue: QueueClient
) -> None:
    """By a host that died each time, say."""
    received: Received = []
    put(queue, "bad")
    for _ in range(2):
        (message,) = queue.receive_messages(max_messages=1)
        queue.update_message(message.id, pop_receipt=message.pop_receipt, visibility_timeout=0)
    with running(consumer(queue.queue_name, received.append), settings=settings(max_dequeue_count=2)):
        until(lambda: bodies(poison_of(service, queue)) == ["bad"] and count(queue) == 0)
    assert received == []


def test_a_message_that_failed_is_not_seen_before_the_visibility_timeout(queue: QueueClient) -> None:
    tries: list[float] = []

    def fail_once(_: func.QueueMessage) -> None:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise RuntimeError("broken on purpose")

    put(queue, "later")
    with running(
        consumer(queue.queue_name, fail_once), settings=settings(visibility_timeout=2.0, max_polling_interval=0.2)
    ):
        until(lambda: len(tries) == 2 and count(queue) == 0)
    assert tries[1] - tries[0] >= 1


def test_the_message_is_invisible_while_its_function_runs(queue: QueueClient) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_: func.QueueMessage) -> None:
        begun.set()
        may_end.wait(DEADLINE_SECONDS)

    put(queue, "mine")
    with running(consumer(queue.queue_name, slow)):
        assert begun.wait(DEADLINE_SECONDS)
        assert count(queue) == 1
        assert bodies(queue) == []
        may_end.set()
        until(lambda: count(queue) == 0)


def test_what_is_not_in_base64_goes_to_the_poison_as_it_is(
    service: QueueServiceClient, queue: QueueClient, caplog: pytest.LogCaptureFixture
) -> None:
    received: Received = []
    queue.send_message("plain text, not base64")
    with running(consumer(queue.queue_name, received.append)):
        poison = poison_of(service, queue)
        until(lambda: count(queue) == 0)
        assert [message.content for message in poison.peek_messages()] == ["plain text, not base64"]
    assert received == []
    assert "not in base64" in caplog.text
    assert "plain text" not in caplog.text


def test_with_message_encoding_none_texts_are_taken_and_sent_as_they_are(
    write_app: Callable[..., Path], service: QueueServiceClient, queue: QueueClient
) -> None:
    copy = service.get_queue_client(f"{queue.queue_name}-copy")
    body = f"""
@app.queue_trigger(arg_name="message", queue_name="{queue.queue_name}", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="$return", queue_name="{copy.queue_name}", connection="AzureWebJobsStorage")
def forward(message: func.QueueMessage):
    return message.get_body().decode() + "!"
"""
    host = {"version": "2.0", "extensions": {"queues": {"messageEncoding": "none"}}}
    queue.send_message("plain & <simple>")
    with running(write_app(body, host)):
        until(lambda: count(queue) == 0)
    with copy:
        assert [message.content for message in copy.peek_messages()] == ["plain & <simple>!"]


def test_bytes_reach_a_function_that_asks_for_them_and_only_that(
    service: QueueServiceClient, queue: QueueClient
) -> None:
    received: Received = []
    put(queue, b"\xff\x00")
    with running(consumer(queue.queue_name, received.append), settings=settings(max_dequeue_count=1)):
        until(lambda: count(queue) == 0)
    assert received == []
    (message,) = poison_of(service, queue).receive_messages(max_messages=1)
    queue.send_message(message.content)
    with running(consumer(queue.queue_name, received.append, data_type=func.DataType.BINARY)):
        until(lambda: count(queue) == 0)
    assert received[0].get_body() == b"\xff\x00"


def test_no_more_messages_are_worked_on_at_a_time_than_host_json_allows(queue: QueueClient) -> None:
    """A batch of four is taken when one message or none is left: five at most, and more than one."""
    state = {"now": 0, "most": 0, "done": 0}
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name=queue.queue_name, connection="AzureWebJobsStorage")
    async def consume(message: func.QueueMessage) -> None:
        state["now"] += 1
        state["most"] = max(state["now"], state["most"])
        await asyncio.sleep(0.02)
        state["now"] -= 1
        state["done"] += 1

    put(queue, *map(str, range(20)))
    with running(app, settings=settings(batch_size=4, new_batch_threshold=1)):
        until(lambda: state["done"] == 20 and count(queue) == 0)
    assert 1 < state["most"] <= 5


def test_a_queue_that_does_not_exist_is_waited_for_and_the_log_says_so_once(
    service: QueueServiceClient, caplog: pytest.LogCaptureFixture
) -> None:
    received: Received = []
    queue = service.get_queue_client(f"q{uuid.uuid4().hex}")
    with queue, running(consumer(queue.queue_name, received.append), settings=settings(max_polling_interval=0.1)):
        until(lambda: "The queue does not exist" in caplog.text)
        time.sleep(0.3)
        queue.create_queue()
        put(queue, "first")
        until(lambda: received)
    assert caplog.text.count("The queue does not exist") == 1


def test_storage_that_is_away_leaves_the_host_alone_and_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        key = base64.b64encode(b"canary-key").decode()
        monkeypatch.setenv("AzureWebJobsStorage", f"AccountName=a;AccountKey={key};QueueEndpoint={endpoint};")
        app = consumer("somewhere", lambda _: None)

        @app.route(route="hello")
        def hello(req: func.HttpRequest) -> str:
            return "hello"

        with running(app, settings=settings(max_polling_interval=0.1)) as host:
            until(lambda: "The queue does not answer" in caplog.text)
            time.sleep(0.3)
            assert httpx.get(f"{host.url}/api/hello").text == "hello"
    assert caplog.text.count("The queue does not answer") == 1
    assert key not in caplog.text


def test_messages_that_are_worked_on_when_the_host_stops_are_finished(queue: QueueClient) -> None:
    begun, done = threading.Event(), []

    def slow(_: func.QueueMessage) -> None:
        begun.set()
        time.sleep(0.3)
        done.append(True)

    put(queue, "x")
    with running(consumer(queue.queue_name, slow)):
        assert begun.wait(DEADLINE_SECONDS)
    assert done == [True]
    assert count(queue) == 0


def test_messages_that_take_longer_than_the_host_waits_are_visible_again(
    queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.host.server.GRACE_SECONDS", 0.1)
    begun = threading.Event()
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name=queue.queue_name, connection="AzureWebJobsStorage")
    async def endless(message: func.QueueMessage) -> None:
        begun.set()
        await asyncio.sleep(3600)

    put(queue, "unfinished")
    with running(app):
        assert begun.wait(DEADLINE_SECONDS)
        assert bodies(queue) == []
    assert bodies(queue) == ["unfinished"]


class FakeClock:
    """A clock whose sleepers are woken by the test."""

    def __init__(self) -> None:
        self.asleep: list[float] = []
        self.wake = asyncio.Event()

    def now(self) -> Any:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        self.asleep.append(seconds)
        await self.wake.wait()
        self.wake.clear()


def test_the_hold_on_a_message_is_renewed_half_way_and_its_last_receipt_is_the_one_used(
    azurite: str, queue: QueueClient
) -> None:
    async def renewed() -> float:
        client = AsyncQueueClient.from_connection_string(azurite, queue.queue_name)
        async with client, asyncio.timeout(DEADLINE_SECONDS):
            message = await client.receive_message(visibility_timeout=5)
            assert message is not None
            clock = FakeClock()
            lease = Lease(client, message, clock)
            async with lease.kept():
                for rounds in range(1, 3):
                    while len(clock.asleep) < rounds:
                        await asyncio.sleep(POLL_SECONDS)
                    clock.wake.set()
                while len(clock.asleep) < 3:
                    await asyncio.sleep(POLL_SECONDS)
            await lease.delete()
            return max(clock.asleep)

    put(queue, "x")
    assert asyncio.run(renewed()) == VISIBILITY_SECONDS / 2
    assert count(queue) == 0


def test_a_message_that_somebody_else_has_by_now_is_left_to_them(azurite: str, queue: QueueClient) -> None:
    async def lose() -> None:
        client = AsyncQueueClient.from_connection_string(azurite, queue.queue_name)
        async with client:
            message = await client.receive_message(visibility_timeout=600)
            assert message is not None
            lease = Lease(client, message, FakeClock())
            await client.update_message(message.id, pop_receipt=message.pop_receipt, visibility_timeout=0)
            await lease.delete()
            await lease.release(0)

    put(queue, "x")
    asyncio.run(lose())
    assert bodies(queue) == ["x"]


def producer(name: str, body: Callable[..., object]) -> func.FunctionApp:
    """An app with an HTTP function that writes to a queue."""
    app = func.FunctionApp()

    @app.route(route="send", auth_level=func.AuthLevel.ANONYMOUS)
    @app.queue_output(arg_name="out", queue_name=name, connection="AzureWebJobsStorage")
    def send(req: func.HttpRequest, out: func.Out[Any]) -> str:
        body(out)
        return "sent"

    return app


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", ["text"]),
        (b"bytes", ["bytes"]),
        (["a", "b"], ["a", "b"]),
        ('["a", {"b": 1}, 2]', ["a", '{\n  "b": 1\n}', "2"]),
        ('{"b":1}', ['{\n  "b": 1\n}']),
        (func.QueueMessage(body="x"), ['{\n  "id": null,\n  "body": "x"\n}']),
        ("", [""]),
        (None, []),
    ],
)
def test_what_a_function_sets_becomes_messages_as_on_azure(
    service: QueueServiceClient, value: object, sent: list[str]
) -> None:
    queue = service.get_queue_client(f"q{uuid.uuid4().hex}")
    with queue, running(producer(queue.queue_name, lambda out: out.set(value))) as host:
        assert httpx.get(f"{host.url}/api/send").text == "sent"
        assert bodies(queue) == sent


@pytest.mark.parametrize("value", [7, [7], "{not json}"])
def test_what_cannot_be_a_message_fails_the_function(queue: QueueClient, value: object) -> None:
    with running(producer(queue.queue_name, lambda out: out.set(value))) as host:
        assert httpx.get(f"{host.url}/api/send").status_code == 500
    assert bodies(queue) == []


def test_a_function_that_fails_has_sent_nothing(queue: QueueClient) -> None:
    def fail(out: func.Out[str]) -> None:
        out.set("too early")
        assert out.get() == "too early"
        raise RuntimeError("broken on purpose")

    with running(producer(queue.queue_name, fail)) as host:
        assert httpx.get(f"{host.url}/api/send").status_code == 500
    assert count(queue) == 0


def test_one_function_feeds_another_through_a_queue(service: QueueServiceClient, queue: QueueClient) -> None:
    received: Received = []
    app = producer(queue.queue_name, lambda out: out.set(["1", "2", "3"]))

    @app.queue_trigger(arg_name="message", queue_name=queue.queue_name, connection="")
    async def consume(message: func.QueueMessage) -> None:
        received.append(message)

    with running(app) as host:
        assert httpx.get(f"{host.url}/api/send").text == "sent"
        until(lambda: sorted(message.get_body() for message in received) == [b"1", b"2", b"3"])


@pytest.mark.parametrize(
    ("environment", "name", "why"),
    [
        ({}, "jobs", "the app setting Where is not set"),
        ({"Where": "nonsense"}, "jobs", "the app setting Where does not hold a storage connection string"),
        ({"Where__accountName": "a"}, "jobs", "Where__accountName asks for a connection by identity"),
        ({"Where": "UseDevelopmentStorage=true"}, "my_jobs", "'my_jobs' is not the name of a queue"),
        ({"Where": "UseDevelopmentStorage=true"}, "my--jobs", "'my--jobs' is not the name of a queue"),
        ({"Where": "UseDevelopmentStorage=true"}, "{id}", "'{id}' is not the name of a queue"),
        ({"Where": "UseDevelopmentStorage=true"}, "%GONE%", "function consume names the app setting GONE"),
    ],
)
def test_a_queue_that_cannot_be_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str, why: str
) -> None:
    for setting, value in environment.items():
        monkeypatch.setenv(setting, value)
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name=name, connection="Where")
    def consume(message: func.QueueMessage) -> None: ...

    with pytest.raises(HostError, match=why), running(app):
        raise AssertionError("it runs")


def test_the_short_form_for_the_emulator_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Short", "UseDevelopmentStorage=true")
    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;" in str(connection_string("Short"))


def test_a_manual_run_gets_its_text_as_a_message_that_was_in_no_queue(queue: QueueClient) -> None:
    function = index(consumer(queue.queue_name, lambda _: None), Path.cwd()).functions[0]
    message = messages.made_by_hand(function.trigger, '{"a": 1}')
    assert message.get_json() == {"a": 1}
    assert (message.id, message.pop_receipt, message.dequeue_count) == (None, None, 0)
    assert message.expiration_time is not None
    assert message.expiration_time.year == 9999


def test_the_queue_for_poison_has_none_itself_and_keeps_what_fails_out_of_sight(service: QueueServiceClient) -> None:
    queue = service.get_queue_client(f"q{uuid.uuid4().hex}-poison")
    failed = threading.Event()

    def fail(_: func.QueueMessage) -> None:
        failed.set()
        raise RuntimeError("broken on purpose")

    queue.create_queue()
    put(queue, "bad")
    with queue, running(consumer(queue.queue_name, fail), settings=settings(max_dequeue_count=1)):
        assert failed.wait(DEADLINE_SECONDS)
    assert count(queue) == 1
    assert bodies(queue) == []
    assert not [each for each in service.list_queues() if each.name == f"{queue.queue_name}-poison"]


def test_an_output_that_fails_is_one_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The storage library's own traceback is over a hundred lines long, and none of them is the app's."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        monkeypatch.setenv("AzureWebJobsStorage", f"AccountName=a;AccountKey=a2V5;QueueEndpoint={endpoint};")
        with running(producer("somewhere", lambda out: out.set("x"))) as host:
            assert httpx.get(f"{host.url}/api/send").status_code == 500
    assert "the output out to the queue somewhere was not taken: ServiceRequestError" in caplog.text
    assert "Traceback" not in caplog.text


def test_timers_and_queues_are_run_by_hand(queue: QueueClient) -> None:
    seen: list[Any] = []
    app = consumer(queue.queue_name, seen.append)

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def yearly(timer: func.TimerRequest) -> None:
        seen.append(timer)

    with running(app) as host:
        for name, text in (("consume", "by hand"), ("yearly", "")):
            response = httpx.post(f"{host.url}/admin/functions/{name}", json={"input": text})
            assert response.status_code == 202
        until(lambda: len(seen) == 2)
    message = next(each for each in seen if isinstance(each, func.QueueMessage))
    timer = next(each for each in seen if each is not message)
    assert message.get_body() == b"by hand"
    assert not timer.past_due
    assert timer.schedule == {"AdjustForDST": True}
    assert count(queue) == 0


def test_what_is_disabled_is_not_triggered(queue: QueueClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobs.consume.Disabled", "true")
    put(queue, "x")
    received: Received = []
    app = consumer(queue.queue_name, received.append)
    ticks: list[Any] = []

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        ticks.append(timer)

    with running(app):
        until(lambda: ticks)
    assert received == []
    assert bodies(queue) == ["x"]
