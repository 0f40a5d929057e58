"""Ports of this machine that the commands' servers listen on."""

from __future__ import annotations

import errno
import os
import socket

from shared.errors import UserError

LOCAL = "127.0.0.1"


class PortError(UserError):
    """A server can't listen on a port. The message says why, and how to choose another."""


def listen(port: int) -> socket.socket:
    """A socket that listens on a port of this machine, and of no network; 0 takes a free one. Raises PortError."""
    if not 0 <= port <= 65535:  # a check of our own: create_server would leave its socket open
        raise PortError(f"{port} is not a port: they go from 0 (any free one) to 65535")
    try:
        return socket.create_server((LOCAL, port))
    except OSError as error:
        reason = "something else listens there" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        raise PortError(f"can't listen on port {port} of {LOCAL}: {reason}. Choose another with --port") from None
