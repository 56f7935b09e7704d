"""Which ports a run gets."""

import socket
from pathlib import Path

from local.run.ports import HOST, USUAL, choose_ports, free_ports


def test_a_free_port_is_kept_and_a_taken_one_is_replaced() -> None:
    """The wanted port is given if nobody listens on it, another one if somebody does."""
    with socket.create_server((HOST, 0)) as listener:
        taken = listener.getsockname()[1]
        free = free_ports({"a": 0})["a"]
        ports = free_ports({"free": free, "taken": taken})

    assert ports["free"] == free
    assert ports["taken"] not in (0, free, taken)


def test_no_port_is_given_twice() -> None:
    """Names that want the same port get different ones."""
    wanted = free_ports({"a": 0})["a"]

    assert len(set(free_ports({"a": wanted, "b": wanted, "c": 0, "d": 0}).values())) == 4


def test_resource_manager_comes_back_where_it_was(tmp_path: Path) -> None:
    """Its port is remembered, since operations under way have URLs with it; the others' are not."""
    memory = tmp_path / "ports.json"
    first = choose_ports(memory, usual=False)

    assert choose_ports(memory, usual=False)["arm"] == first["arm"]
    assert first.keys() == USUAL.keys()


def test_a_broken_memory_is_forgotten(tmp_path: Path) -> None:
    """What a killed run wrote half does not stop the next one."""
    memory = tmp_path / "ports.json"
    memory.write_text('{"arm"')

    assert choose_ports(memory, usual=False)["arm"] > 0
