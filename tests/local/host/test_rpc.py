"""The durable client's RPC: a listener of its own, for nothing else."""

import socket

import httpx
import pytest

from local.host.server import RPC_PORT, running
from tests.local.host.conftest import APPS


@pytest.mark.parametrize(
    "path", ["/call/start_new", "/admin/host/status", "/runtime/webhooks/durabletask/instances", "/"]
)
def test_the_rpc_port_answers_rpc_alone(path: str) -> None:
    with running(APPS / "client") as host:
        assert httpx.post(f"{host.rpc_url}{path}", json={}).status_code == 404
        assert httpx.get(f"{host.rpc_url}/DurableTask/instances/").json() == []


def test_the_public_port_has_no_rpc() -> None:
    with running(APPS / "client") as host:
        assert httpx.get(f"{host.url}/durabletask/instances/").status_code == 404
        assert httpx.get(f"{host.url}/runtime/rpc/durabletask/instances/").status_code == 404


def test_a_taken_rpc_port_is_no_reason_to_fail() -> None:
    """Two hosts on one machine, or whatever else is there."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if other.connect_ex(("127.0.0.1", RPC_PORT)):
            other.bind(("127.0.0.1", RPC_PORT))
            other.listen()
        with running(APPS / "client") as host:
            assert not host.rpc_url.endswith(f":{RPC_PORT}")
            answer = httpx.post(f"{host.url}/call/start_new", json={"orchestration_function_name": "echo"}).json()
            assert set(answer) == {"result"}
