from __future__ import annotations

import os
import socket

import pytest

from shared.command_line.ports import PortError, listen


def test_a_port_of_this_machine_only() -> None:
    with listen(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_port_in_use_is_said_to_be() -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortError, match=rf"port {port} of 127.0.0.1: something else listens there. Choose another"):
            listen(port)


def test_what_is_not_a_port() -> None:
    with pytest.raises(PortError, match="65536 is not a port"):
        listen(65536)


def test_a_port_that_may_not_be_used_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_address: object) -> socket.socket:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(PortError, match=r"port 80 of 127.0.0.1: Permission denied. Choose another"):
        listen(80)
