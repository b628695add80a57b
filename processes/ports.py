"""Whether a port can be had, asked before anything is started."""

import socket

from dispatch.errors import Unfit


def check_port(host: str, port: int, setting: str) -> None:
    """Raises `Unfit`, naming the setting, when nothing can listen on `port` of `host`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise Unfit(
                f"Port {port} on {host} cannot be had ({error.strerror}). "
                f"Stop the program that has it, or set {setting} to another port."
            ) from None
