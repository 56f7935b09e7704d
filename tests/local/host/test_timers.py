"""Timer triggers: what runs when, what is remembered between hosts, and what functions are told."""

import asyncio
import dataclasses
import json
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient

from local.host.app import index
from local.host.errors import HostError
from local.host.invoke import Invoker
from local.host.outputs import NoOutputs
from local.host.server import running
from local.host.settings import host_id
from local.host.timers import status as statuses
from local.host.timers.listener import TimerListener
from local.host.timers.monitor import CONTAINER
from local.host.timers.schedule import parse
from local.host.timers.status import Status
from tests.local.host.conftest import DEADLINE_SECONDS, POLL_SECONDS

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOURLY = "0 0 * * * *"


class FakeClock:
    """A clock that stands still until somebody sleeps; `jumps` are done when their time comes."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now
        self.sleeps: list[float] = []
        self.jumps: list[tuple[datetime, datetime]] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)
        if self.jumps and self.time >= self.jumps[0][0]:
            self.time = self.jumps.pop(0)[1]
        await asyncio.sleep(0)


class FakeMonitor:
    """A monitor in memory, which fails as often as it is told to."""

    def __init__(self, kept: Status | None = None, failures: int = 0) -> None:
        self.kept = kept
        self.failures = failures

    async def read(self, function: str) -> Status | None:
        self._fail()
        return self.kept

    async def write(self, function: str, status: Status) -> None:
        self._fail()
        self.kept = status

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ServiceRequestError("nobody there")


class Bench:
    """A timer function, its listener, and what it has been called with."""

    def __init__(self, schedule: str = HOURLY, runs: int = 3, **trigger: Any) -> None:
        self.clock = FakeClock()
        self.monitor: FakeMonitor | None = FakeMonitor()
        self.calls: list[tuple[datetime, Any]] = []
        self.during: Callable[[int], Coroutine[Any, Any, None]] | None = None
        self._schedule = schedule
        self._runs = runs
        self._over = asyncio.Event()
        app = func.FunctionApp()

        @app.timer_trigger(arg_name="timer", schedule=schedule, **trigger)
        async def tick(timer: func.TimerRequest) -> None:
            self.calls.append((self.clock.now(), timer))
            if len(self.calls) >= self._runs:
                self._over.set()
            if self.during is not None:
                await self.during(len(self.calls))

        self.function = index(app, Path.cwd()).functions[0]

    def run(self) -> list[str]:
        """Run the listener until the function has been called often enough; returns when it was, by the clock."""
        asyncio.run(self._listen())
        return [when.strftime("%H:%M:%S") for when, _ in self.calls[: self._runs]]

    async def _listen(self) -> None:
        invoker = Invoker(Path.cwd(), None, "", NoOutputs())
        listener = TimerListener(self.function, parse(self._schedule, UTC), UTC, self.monitor, invoker, self.clock)
        ended: list[asyncio.Task[None]] = []
        listener.start(ended.append)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._over.wait()
            listener.stop()
            await listener.close()
        invoker.close()
        assert all(task.cancelled() or task.exception() is None for task in ended)


def test_a_function_runs_when_it_is_due_and_not_before() -> None:
    assert Bench().run() == ["13:00:00", "14:00:00", "15:00:00"]


def test_a_constant_schedule_counts_from_the_beginning_of_the_last_run() -> None:
    bench = Bench("00:20:00")

    async def takes_a_while(_: int) -> None:
        bench.clock.time += timedelta(minutes=5)

    bench.during = takes_a_while
    assert bench.run() == ["12:20:00", "12:40:00", "13:00:00"]


def test_a_run_that_takes_too_long_is_followed_by_one_run_at_once_not_by_all_it_missed() -> None:
    bench = Bench(runs=3)

    async def takes_hours(number: int) -> None:
        if number == 1:
            bench.clock.time += timedelta(hours=3, minutes=30)

    bench.during = takes_hours
    assert bench.run() == ["13:00:00", "16:30:00", "17:00:00"]
    assert not any(timer.past_due for _, timer in bench.calls)


def test_runs_never_overlap() -> None:
    bench = Bench("00:00:01", runs=5)
    running_now = [0]

    async def slow(_: int) -> None:
        running_now[0] += 1
        assert running_now[0] == 1
        for _ in range(20):
            await asyncio.sleep(0)
        bench.clock.time += timedelta(seconds=10)
        running_now[0] -= 1

    bench.during = slow
    bench.run()


def test_an_exception_does_not_stop_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()

    async def broken(_: int) -> None:
        raise RuntimeError("broken on purpose")

    bench.during = broken
    assert bench.run() == ["13:00:00", "14:00:00", "15:00:00"]
    assert caplog.text.count("RuntimeError: broken on purpose") == 3


def test_a_first_run_is_told_that_there_was_none_and_a_second_when_that_was() -> None:
    bench = Bench(runs=2)
    bench.run()
    first, second = (timer.schedule_status for _, timer in bench.calls)
    assert first["Last"] == "0001-01-01T00:00:00+00:00"
    assert first["Next"] == "2026-05-01T13:00:00+00:00"
    assert second == {
        "Last": "2026-05-01T13:00:00+00:00",
        "Next": "2026-05-01T14:00:00+00:00",
        "LastUpdated": "2026-05-01T13:00:00+00:00",
    }
    assert [timer.schedule for _, timer in bench.calls] == [{"AdjustForDST": True}] * 2


def test_without_a_monitor_there_is_no_status_and_nothing_is_past_due() -> None:
    bench = Bench("00:10:00", runs=1)
    bench.monitor = None
    assert bench.run() == ["12:10:00"]
    (_, timer) = bench.calls[0]
    assert (timer.schedule_status, timer.past_due, timer.schedule) == ({}, False, {"AdjustForDST": False})


def test_what_was_missed_while_no_host_ran_runs_once_at_start() -> None:
    bench = Bench(runs=2)
    bench.monitor = FakeMonitor(Status(NOON - timedelta(hours=5), NOON - timedelta(hours=4), NOON - timedelta(hours=5)))
    assert bench.run() == ["12:00:00", "13:00:00"]
    assert [timer.past_due for _, timer in bench.calls] == [True, False]
    assert bench.calls[0][1].schedule_status["Next"] == "2026-05-01T08:00:00+00:00"


def test_a_status_of_another_schedule_is_no_reason_to_run_at_once() -> None:
    bench = Bench(runs=1)
    bench.monitor = FakeMonitor(
        Status(NOON - timedelta(hours=5), NOON - timedelta(minutes=277), NOON - timedelta(hours=5))
    )
    assert bench.run() == ["13:00:00"]
    assert not bench.calls[0][1].past_due


def test_run_on_startup_runs_at_once_and_is_not_past_due() -> None:
    bench = Bench(runs=2, run_on_startup=True)
    assert bench.run() == ["12:00:00", "13:00:00"]
    assert [timer.past_due for _, timer in bench.calls] == [False, False]


def test_a_timer_waits_for_the_storage_that_remembers_it_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(runs=1)
    bench.monitor = FakeMonitor(failures=4)
    assert bench.run() == ["13:00:00"]
    assert caplog.text.count("The timer begins when its status can be read") == 1


def test_storage_that_goes_away_later_does_not_stop_the_schedule() -> None:
    bench = Bench(runs=4)
    monitor = bench.monitor = FakeMonitor()

    async def go_away(number: int) -> None:
        monitor.failures = 2 if number == 1 else monitor.failures

    bench.during = go_away
    assert bench.run() == ["13:00:00", "14:00:00", "15:00:00", "16:00:00"]


def test_a_machine_that_sleeps_over_several_runs_makes_up_for_them_with_one() -> None:
    bench = Bench(runs=3)
    bench.clock.jumps = [(NOON + timedelta(minutes=30), NOON + timedelta(hours=4, minutes=10))]
    assert bench.run() == ["16:10:00", "17:00:00", "18:00:00"]


def test_a_clock_that_is_set_back_does_not_silence_a_timer() -> None:
    """A run at 13:00 by a clock that was a year ahead must not be the last one for a year."""
    bench = Bench(runs=3)
    year = timedelta(days=365)
    bench.clock.jumps = [
        (NOON + timedelta(minutes=30), NOON + year),
        (NOON + year + timedelta(minutes=10), NOON + timedelta(minutes=10)),
    ]
    bench.run()
    hours = [timedelta(hours=1), timedelta(hours=2)]
    assert [when for when, _ in bench.calls] == [NOON + year, *(NOON + hour for hour in hours)]


def test_a_clock_corrected_by_seconds_does_not_make_a_timer_run_twice() -> None:
    bench = Bench(runs=2)

    async def step_back(_: int) -> None:
        bench.clock.time -= timedelta(seconds=2)

    bench.during = step_back
    assert bench.run() == ["13:00:00", "14:00:00"]


def test_no_sleep_is_longer_than_the_clock_may_go_unwatched() -> None:
    bench = Bench("1.00:00:00", runs=1)
    bench.run()
    assert max(bench.clock.sleeps) <= 10.0


def test_a_run_that_began_early_counts_as_the_one_it_was_due_for() -> None:
    before = Status(None, NOON, NOON)
    early = NOON - timedelta(milliseconds=5)
    schedule = parse(HOURLY, UTC)
    assert statuses.after_run(before, schedule, early, as_scheduled=True).next == NOON + timedelta(hours=1)
    assert statuses.after_run(before, schedule, early, as_scheduled=False).next == NOON


def test_a_status_written_by_the_real_host_is_read() -> None:
    text = (
        '{"Last":"0001-01-01T00:00:00","Next":"2026-05-01T14:00:00.1234567+02:00","LastUpdated":"2026-05-01T10:00:00Z"}'
    )
    read = statuses.read(text, UTC)
    assert read == Status(None, NOON.replace(microsecond=123456), NOON - timedelta(hours=2))
    for wrong in ("[]", "{}", "x", '{"Last":1,"Next":2,"LastUpdated":3}'):
        with pytest.raises(ValueError, match=r".+"):
            statuses.read(wrong, UTC)


@pytest.fixture(name="site")
def _site(azurite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a site of its own, whose AzureWebJobsStorage is the emulator."""
    site = f"site{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    monkeypatch.setenv("WEBSITE_SITE_NAME", site)
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "UTC")
    return site


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def timer_app(schedule: str, calls: list[Any]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.schedule(arg_name="timer", schedule=schedule)
    def nightly(timer: func.TimerRequest) -> None:
        calls.append(timer)

    return app


def test_a_host_runs_what_the_host_before_it_has_missed(azurite: str, site: str) -> None:
    calls: list[Any] = []
    far_hour = (datetime.now(UTC).hour + 12) % 24
    schedule = f"0 0 {far_hour} * * *"
    with BlobServiceClient.from_connection_string(azurite) as service:
        blob = service.get_blob_client(CONTAINER, f"timers/{site}/Host.Functions.nightly/status")
        with running(timer_app(schedule, calls)):
            until(blob.exists)
        assert calls == []
        kept = json.loads(blob.download_blob().readall())
        missed = datetime.fromisoformat(kept["Next"]) - timedelta(days=1)
        before = missed - timedelta(hours=1)
        kept |= {"Last": before.isoformat(), "Next": missed.isoformat(), "LastUpdated": before.isoformat()}
        blob.upload_blob(json.dumps(kept), overwrite=True)
        with running(timer_app(schedule, calls)):
            until(lambda: bool(calls))
            until(lambda: json.loads(blob.download_blob().readall())["Last"] != kept["Last"])
    assert calls[0].past_due
    assert calls[0].schedule_status == kept
    with running(timer_app(schedule, calls)):
        pass
    assert len(calls) == 1


def test_a_host_without_storage_runs_timers_and_says_once_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    monkeypatch.setenv("HOW_OFTEN", "* * * * * *")
    calls: list[str] = []
    app = timer_app(HOURLY, [])

    @app.timer_trigger(arg_name="timer", schedule="%HOW_OFTEN%")
    async def often(timer: func.TimerRequest) -> None:
        calls.append("often")

    @app.timer_trigger(arg_name="timer", schedule=HOURLY, run_on_startup=True)
    def at_start(timer: func.TimerRequest) -> None:
        calls.append("at start")

    with running(app):
        until(lambda: {"often", "at start"} <= set(calls))
    assert caplog.text.count("AzureWebJobsStorage is not set") == 1


def test_a_function_that_runs_when_the_host_stops_may_end_and_is_remembered(azurite: str, site: str) -> None:
    begun, may_end = threading.Event(), threading.Event()
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule=HOURLY, run_on_startup=True)
    def slow(timer: func.TimerRequest) -> None:
        begun.set()
        may_end.wait(DEADLINE_SECONDS)

    with running(app):
        assert begun.wait(DEADLINE_SECONDS)
        threading.Timer(0.2, may_end.set).start()
    with BlobServiceClient.from_connection_string(azurite) as service:
        blob = service.get_blob_client(CONTAINER, f"timers/{site}/Host.Functions.slow/status")
        assert not json.loads(blob.download_blob().readall())["Last"].startswith("0001")


def test_a_timer_whose_schedule_makes_no_sense_is_refused_by_name() -> None:
    with (
        pytest.raises(HostError, match="function nightly: its schedule cannot be read: 'soon' is neither"),
        running(timer_app("soon", [])),
    ):
        raise AssertionError("it runs")


def test_a_timer_whose_schedule_is_a_setting_that_is_missing_is_refused_by_name() -> None:
    with (
        pytest.raises(HostError, match="function nightly names the app setting NO_SUCH_SETTING"),
        running(timer_app("%NO_SUCH_SETTING%", [])),
    ):
        raise AssertionError("it runs")


def test_what_a_timer_returns_goes_nowhere_and_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(runs=1)
    bench.function = dataclasses.replace(bench.function, call=returns_something(bench))
    bench.run()
    assert "function 'tick' without a $return binding returned a non-None value" in caplog.text


def returns_something(bench: Bench) -> Callable[..., Any]:
    original = bench.function.call

    async def tick(timer: func.TimerRequest) -> str:
        await original(timer=timer)
        return "something"

    return tick


def test_the_host_id_is_that_of_the_setting_the_site_or_the_machine_and_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "My-Site-" + "x" * 23 + "-and-more")
    assert host_id(Path("/app")) == "my-site-" + "x" * 23
    monkeypatch.setenv("AzureFunctionsWebHost__hostid", "Mine")
    assert host_id(Path("/app")) == "mine"
    monkeypatch.delenv("AzureFunctionsWebHost__hostid")
    monkeypatch.delenv("WEBSITE_SITE_NAME")
    assert host_id(Path("/app")) == host_id(Path("/app")) != host_id(Path("/other"))
    assert len(host_id(Path("/app" * 40))) <= 32
