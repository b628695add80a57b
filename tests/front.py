"""nginx in front of a stack, with the file that is shipped and a certificate of the test's own."""

import getpass
import grp
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dispatch.settings import CHECKOUT
from tests.server import LOOPBACK, Server, free_port, until
from tests.servers import needs
from tests.stack import App

DEPLOY = CHECKOUT / "deploy"
NAME = "localhost"


class Door(App):
    """One side of nginx, where people take an app for."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port

    @property
    def url(self) -> str:
        """As a browser writes it."""
        return f"https://{NAME}:{self.port}"


class Front(Server):
    """A running nginx. `citizen` and `console` are its two sides."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.plain = free_port()
        self.citizen, self.console = Door("citizen", free_port()), Door("console", free_port())
        self.certificate = folder / "certificate.pem"
        self._key = folder / "key.pem"
        _make_certificate(self.certificate, self._key)
        nginx = needs("DESK110_TEST_NGINX", "nginx")
        self.configuration = folder / "nginx.conf"
        command = [nginx, "-e", "stderr", "-c", str(self.configuration), "-g", "daemon off;"]
        super().__init__(command, folder / "nginx.log", death_signal=signal.SIGTERM)

    @property
    def origins(self) -> dict[str, str]:
        """What the processes behind it have to be told."""
        return {
            "DESK110_CITIZEN_ORIGIN": self.citizen.url,
            "DESK110_CONSOLE_ORIGIN": self.console.url,
            "DESK110_TRUSTED_PROXIES": LOOPBACK,
        }

    def configure(
        self, citizens: list[App], consoles: list[App], instead: Mapping[str, str] | None = None
    ) -> None:
        """Fill in the shipped file as docs/operations.md says: by sed, with values in place of the examples. `instead`
        are words of it, each with what shall stand there."""
        for name in ("log", "temp", "run"):
            (self.folder / name).mkdir(exist_ok=True)
        values = {
            "USER": f"{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}",
            "RUN": self.folder / "run",
            "LOG": self.folder / "log",
            "TEMP": self.folder / "temp",
            "DEPLOY": DEPLOY,
            "CITIZEN_NAME": NAME,
            "CITIZEN_ORIGIN": self.citizen.url,
            "CITIZEN_LISTEN": f"{LOOPBACK}:{self.citizen.port}",
            "CITIZEN_LISTEN_PLAIN": f"{LOOPBACK}:{self.plain}",
            "CITIZEN_CERTIFICATE": self.certificate,
            "CITIZEN_KEY": self._key,
            "CITIZEN_SERVERS": _servers(citizens),
            "CONSOLE_NAME": NAME,
            "CONSOLE_LISTEN": f"{LOOPBACK}:{self.console.port}",
            "CONSOLE_CERTIFICATE": self.certificate,
            "CONSOLE_KEY": self._key,
            "CONSOLE_SERVERS": _servers(consoles),
            "CONSOLE_NETWORKS": f"allow {LOOPBACK}; deny all;",
        }
        example = (DEPLOY / "nginx-values.sed").read_text(encoding="utf-8")
        assert set(re.findall(r"s\|@(\w+)@\|", example)) == set(values)
        filled = "".join(f"s|@{name}@|{value}|\n" for name, value in values.items())
        script = self.folder / "nginx-values.sed"
        script.write_text(filled, encoding="utf-8")
        sed = [shutil.which("sed") or "sed", "-f", str(script), str(DEPLOY / "nginx.conf")]
        made = subprocess.run(sed, capture_output=True, text=True, check=True).stdout
        assert not re.findall(r"@[A-Z_]+@", made)
        for words, others in (instead or {}).items():
            assert words in made
            made = made.replace(words, others)
        self.configuration.write_text(made, encoding="utf-8")

    def ready(self) -> bool:
        if not self.running:
            return False
        try:
            self.connection(self.citizen).close()
        except OSError:
            return False
        return True

    def connection(self, door: Door, name: str = NAME) -> ssl.SSLSocket:
        """A line of TLS to one side, with nothing said yet."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        bare = socket.create_connection((LOOPBACK, door.port), timeout=60)
        try:
            return context.wrap_socket(bare, server_hostname=name)
        except BaseException:
            bare.close()
            raise

    def reload(self) -> None:
        """SIGHUP: new workers with the file as it is now; the old ones keep what is open and, once this has returned,
        take nothing new."""
        before = self._workers()
        os.kill(self.pid, signal.SIGHUP)
        until(lambda: bool(now := self._workers()) and not now & before, 60, "new workers of nginx")

    def _workers(self) -> set[int]:
        """Those that take connections."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "args="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = (line.split(maxsplit=2) for line in listed.splitlines())
        return {
            int(pid)
            for pid, parent, words in found
            if parent == str(self.pid) and "shutting down" not in words
        }

    def written(self) -> str:
        """All that it has written down, whatever the file."""
        files = [*(self.folder / "log").iterdir(), self.log]
        return "\n".join(path.read_text(encoding="utf-8") for path in files if path.exists())


def _servers(apps: list[App]) -> str:
    return " ".join(f"server {LOOPBACK}:{app.port} max_fails=1 fail_timeout=2s;" for app in apps)


def _make_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ip_address(LOOPBACK))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, SHA256())
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
