"""When timers are due: NCRONTAB, lengths of time, and the wall clock of a time zone."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host import timespans
from local.host.errors import SettingsError
from local.host.timers import ncrontab
from local.host.timers.schedule import ScheduleError, parse
from local.host.timers.zone import local_zone

PACIFIC = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 1, 1, tzinfo=UTC)


def due(expression: str, start: str, count: int, zone: ZoneInfo = PACIFIC) -> list[str]:
    """The next times by the wall, each with its offset, after a start in ISO 8601."""
    schedule = parse(expression, zone)
    moment = datetime.fromisoformat(start)
    times = []
    for _ in range(count):
        moment = schedule.next_after(moment)
        times.append(moment.astimezone(zone).strftime("%m-%d %H:%M:%S%z"))
    return times


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", ["01-01 10:05:00+0000", "01-01 10:10:00+0000"]),
        ("30 0 12 * * *", ["01-01 12:00:30+0000", "01-02 12:00:30+0000"]),
        ("*/5 * * * *", ["01-01 10:05:00+0000", "01-01 10:10:00+0000"]),
        ("0 10/20 * * * *", ["01-01 10:10:00+0000", "01-01 10:30:00+0000"]),
        ("0 0 9-17/4 * * *", ["01-01 13:00:00+0000", "01-01 17:00:00+0000"]),
        ("0 0 0 * * MON-FRI", ["01-02 00:00:00+0000", "01-05 00:00:00+0000"]),
        ("0 0 0 * * fri-mon", ["01-02 00:00:00+0000", "01-05 00:00:00+0000"]),
        ("0 0 0 * * 0,wednes", ["01-04 00:00:00+0000", "01-07 00:00:00+0000"]),
        ("0 0 0 1 jan,JUN *", ["06-01 00:00:00+0000", "01-01 00:00:00+0000"]),
        ("0 0 0 13 * FRI", ["02-13 00:00:00+0000", "03-13 00:00:00+0000"]),
        ("0 0 0 29 2 *", ["02-29 00:00:00+0000", "02-29 00:00:00+0000"]),
        ("*/0 0 0 1 1 0", ["01-01 00:00:00+0000", "01-01 00:00:01+0000"]),
    ],
)
def test_an_ncrontab_expression_means_what_it_means_on_azure(expression: str, expected: list[str]) -> None:
    assert due(expression, "2026-01-01T10:00:00+00:00", 2, ZoneInfo("UTC")) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * *", "it has 4 fields, not six or five"),
        ("0 60 * * * *", "its minute is '60': 60 is not within 0 to 59"),
        ("0 0 0 0 * *", "its day is '0'"),
        ("0 0 0 * * 7", "its day of the week is '7'"),
        ("0 0 0 L * *", "its day is 'L'"),
        ("0 0 0 ? * *", r"its day is '\?'"),
        ("0 0 0 * * 5#2", "its day of the week is '5#2'"),
        ("0 5, * * * *", "its minute is '5,'"),
        ("0 */x * * * *", "'x' is not a step"),
        ("0 0 0 30 2 *", "no date ever matches it"),
        ("00:00:00", "the length of time is zero"),
        ("-00:01:00", "neither a length of time"),
        ("", "neither a length of time"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(expression: str, why: str) -> None:
    with pytest.raises(ScheduleError, match=why):
        parse(expression, UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:05:00", timedelta(minutes=5)),
        ("1:30", timedelta(minutes=90)),
        ("2.12:00:00", timedelta(days=2, hours=12)),
        ("00:00:00.25", timedelta(milliseconds=250)),
        ("3", timedelta(days=3)),
        ("24:00:00", timedelta(days=24)),
        ("1:2:3:4", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("00:60:00", None),
        ("soon", None),
        ("9999999999", None),
    ],
)
def test_lengths_of_time_are_read_as_dotnet_reads_them(text: str, span: timedelta | None) -> None:
    assert timespans.parse(text) == span


def test_a_constant_schedule_is_due_its_length_after_the_moment_before() -> None:
    assert due("01:30:00", "2026-01-01T10:00:00+00:00", 2, ZoneInfo("UTC")) == [
        "01-01 11:30:00+0000",
        "01-01 13:00:00+0000",
    ]


def test_a_schedule_through_the_day_runs_in_both_hours_when_the_clock_is_put_back() -> None:
    times = due("0 */30 * * * *", "2026-11-01T00:45:00-07:00", 5)
    assert [text.removeprefix("11-01 ") for text in times] == [
        "01:00:00-0700",
        "01:30:00-0700",
        "01:00:00-0800",
        "01:30:00-0800",
        "02:00:00-0800",
    ]


def test_a_certain_time_of_day_runs_once_when_the_clock_is_put_back() -> None:
    assert due("0 30 1 * * *", "2026-10-31T12:00:00-07:00", 2) == ["11-01 01:30:00-0700", "11-02 01:30:00-0800"]
    assert due("0 30 1 * * *", "2026-11-01T01:10:00-08:00", 1) == ["11-02 01:30:00-0800"]


def test_an_hour_of_a_schedule_that_is_not_shown_twice_is_kept_when_the_clock_is_put_back() -> None:
    assert due("0 0 0-1,5 * * *", "2026-11-01T00:30:00-07:00", 3) == [
        "11-01 01:00:00-0700",
        "11-01 01:00:00-0800",
        "11-01 05:00:00-0800",
    ]


def test_what_is_due_in_the_hour_left_out_runs_an_hour_later_by_the_wall() -> None:
    assert due("0 30 2 * * *", "2026-03-07T12:00:00-08:00", 2) == ["03-08 03:30:00-0700", "03-09 02:30:00-0700"]
    assert due("0 */30 * * * *", "2026-03-08T01:45:00-08:00", 2) == ["03-08 03:00:00-0700", "03-08 03:30:00-0700"]


@given(
    moment=st.integers(0, 2 * 366 * 86400 * 1000).map(lambda number: START + timedelta(milliseconds=number)),
    expression=st.sampled_from(["*/7 * * * * *", "0 */30 * * * *", "0 30 1 * * *", "0 0 */2 * * *", "0 30 2 * * SUN"]),
    zone=st.sampled_from([PACIFIC, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]),
)
def test_the_next_time_is_later_and_nothing_lies_between(moment: datetime, expression: str, zone: ZoneInfo) -> None:
    schedule = parse(expression, zone)
    following = schedule.next_after(moment)
    assert following > moment
    if following - moment > timedelta(milliseconds=1):
        halfway = moment + (following - moment) / 2
        assert schedule.next_after(halfway) == following


@pytest.mark.parametrize(
    ("expression", "is_frequent"),
    [
        ("*/10 * * * * *", True),
        ("0 * * * * *", False),
        ("*/10 * 9 * * *", False),
        ("* * * * *", False),
        ("00:00:59", True),
        ("00:01:00", False),
    ],
)
def test_more_often_than_every_minute_is_frequent(expression: str, is_frequent: bool) -> None:
    assert parse(expression, UTC).is_frequent is is_frequent


def test_an_expression_is_written_without_what_crons_differ_in() -> None:
    assert str(ncrontab.parse("10/25 * 1-3 * feb-jan mon")) == "10,35 * 1,2,3 * 1,2 1"


def test_the_zone_is_that_of_the_setting_of_azure_or_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert local_zone() == ZoneInfo("Asia/Tokyo")
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "Europe/Berlin")
    assert local_zone() == ZoneInfo("Europe/Berlin")
    monkeypatch.setenv("WEBSITE_TIME_ZONE", "Eastern Standard Time")
    with pytest.raises(SettingsError, match="WEBSITE_TIME_ZONE is 'Eastern Standard Time', which is no time zone"):
        local_zone()


def test_without_a_setting_the_zone_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBSITE_TIME_ZONE", raising=False)
    monkeypatch.delenv("TZ", raising=False)
    time.tzset()
    now = datetime.now(UTC)
    assert now.astimezone(local_zone()).utcoffset() == now.astimezone().utcoffset()
