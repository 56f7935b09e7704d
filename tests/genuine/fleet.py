"""Several hosts on one task hub, with a load balancer before them, as an app that has scaled out."""

import itertools
from dataclasses import dataclass, field

import httpx

from tests import functions_host
from tests.e2e.stack import API, Stack

RETIRE_SECONDS = 60.0
"""How long a host may take to stop in order, on a busy machine."""


@dataclass
class Fleet(Stack):
    """A stack with hosts that come and go. Requests go to each of those at work in turn.

    `at_work` has their names. Safe to use from several threads, as long as one thread alone lets hosts come and go.
    """

    at_work: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def api(self) -> httpx.Client:
        return self._balanced

    def __post_init__(self) -> None:
        self._balanced = httpx.Client(base_url=f"http://fleet{API}", timeout=60, transport=Balancer(self))

    def start_host(self) -> None:
        """Let a host come, and wait until it answers."""
        self.join(f"host-{next(self._numbers)}")

    def join(self, *names: str) -> None:
        """Let hosts come, or come back, at the same time, and wait until they answer."""
        for name in names:
            self.begin_to_join(name)
        for name in names:
            self.await_join(name)

    def begin_to_join(self, name: str) -> None:
        """Start a host, and don't wait."""
        self.launch_host(name, *(("--instance", name) if functions_host.IS_GENUINE else ()))

    def await_join(self, name: str) -> None:
        """Wait until a host answers; from then on it gets requests."""
        self.await_host(name)
        self.at_work = [*self.at_work, name]

    def kill(self, name: str) -> None:
        """Let a host crash; for a moment requests still go to it."""
        self.kill_host(name)
        self.at_work = [each for each in self.at_work if each != name]

    def retire(self, name: str) -> None:
        """Stop a host in order; it gets no more requests."""
        self.at_work = [each for each in self.at_work if each != name]
        self.children[name].stop(RETIRE_SECONDS)
        assert self.children[name].exit_status == 0, self.log(name)

    def call_timer(self, function: str) -> None:
        """Let a timer ring on every host at the same moment, which Azure's lock of timers would not allow."""
        for name in self.at_work:
            run = httpx.post(f"{self.urls[name]}/admin/functions/{function}", json={"input": ""})
            assert run.status_code == 202, run.text

    def stop(self) -> None:
        self._balanced.close()
        super().stop()


class Balancer(httpx.BaseTransport):
    """Sends each request to the next host; where nobody listens, to the one after it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._turns = itertools.count()
        self._http = httpx.HTTPTransport(limits=httpx.Limits(max_connections=200))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        turn, at_work = next(self._turns), self._fleet.at_work
        for each in range(len(at_work)):
            url = httpx.URL(self._fleet.urls[at_work[(turn + each) % len(at_work)]])
            request.url = request.url.copy_with(host=url.host, port=url.port)
            try:
                return self._http.handle_request(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError("no host is at work", request=request)

    def close(self) -> None:
        self._http.close()
