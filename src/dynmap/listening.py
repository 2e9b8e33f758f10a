"""Listening sockets, bound before anything else so that what is wrong with a port is one clear line."""

from __future__ import annotations

import errno
import socket
from typing import Final

from dynmap.config import joined
from dynmap.errors import StartupError
from dynmap.hosts import address_of

_BACKLOG: Final = 2048
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def listen(host: str, port: int, flag: str, hint: str) -> socket.socket:
    """A socket that listens at host:port (port 0: any that is free), for children to inherit.

    Raises StartupError that names the port and `flag`; `hint` says what to do when the port is taken.
    """
    where = f"{flag} {joined(host, port)}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise StartupError(f'there is no host "{host}": {_reason(error)}', where=where) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _explained(error, host, port, where, hint) from error
    listener.setblocking(False)
    return listener


def is_of_this_machine(host: str) -> bool:
    """Whether what listens at a host is reached from this machine only. What is no host, `listen` explains."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return True
    addresses = [address_of(str(address[0])) for *_, address in found]
    return all(address is not None and address.is_loopback for address in addresses)


def reachable(listener: socket.socket) -> tuple[str, int]:
    """The host and port at which this machine itself reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    return _WILDCARDS.get(host, host), port


def _explained(error: OSError, host: str, port: int, where: str, hint: str) -> StartupError:
    match error.errno:
        case errno.EADDRINUSE:
            return StartupError(f"port {port} is in use by another program", where=where, hint=hint)
        case errno.EACCES | errno.EPERM:
            below = "ports below 1024 need root or CAP_NET_BIND_SERVICE" if port < 1024 else hint
            return StartupError(f"not allowed to listen on port {port}", where=where, hint=below)
        case errno.EADDRNOTAVAIL:
            hint = "0.0.0.0 stands for all of them"
            return StartupError(f"{host} is not an address of this machine", where=where, hint=hint)
        case _:
            return StartupError(f"can't listen on port {port}: {_reason(error)}", where=where, hint=hint)


def _reason(error: OSError | UnicodeError) -> str:
    return getattr(error, "strerror", None) or str(error)
