"""Instances in each state that an instance can be in."""

import uuid
from collections.abc import Callable

from tests.conformance.client import Host, Instance

Make = Callable[[Host], Instance]


def running(host: Host) -> Instance:
    return host.start("one_event").reaches("Running")


def suspended(host: Host) -> Instance:
    instance = running(host)
    instance.tell("suspend")
    return instance.reaches("Suspended")


def completed(host: Host) -> Instance:
    return host.start("echo", {"a": 1}).reaches("Completed")


def failed(host: Host) -> Instance:
    return host.start("failing").reaches("Failed")


def terminated(host: Host) -> Instance:
    instance = running(host)
    instance.tell("terminate")
    return instance.reaches("Terminated")


def unknown(host: Host) -> Instance:
    return host.instance(f"nobody-{uuid.uuid4().hex}")


STATES: tuple[Make, ...] = (unknown, running, suspended, completed, failed, terminated)
