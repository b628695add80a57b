"""Settings: read once from the environment (or a `.env` file), refused at start when they make no sense."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import SplitResult, quote, urlsplit

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.errors import Unfit

CHECKOUT = Path(__file__).resolve().parent.parent

DATABASE_SCHEMES = {"sqlite", "postgresql"}
REDIS_SCHEMES = {"redis", "rediss", "redis+cluster", "unix"}
MEDIA_SCHEMES = {"file", "s3"}
DEFAULT_PORTS = {"http": 80, "https": 443}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def _named(name: str) -> AliasChoices:
    """The setting's name in the environment, and the only one: a field's own name (HOME, HOST) means others."""
    return AliasChoices(name)


class Settings(BaseSettings):
    """Everything an operator can set. `Settings.load()` is the only way in for a running process."""

    model_config = SettingsConfigDict(
        env_file=os.environ.get("DESK110_ENV_FILE", str(CHECKOUT / ".env")), extra="ignore", frozen=True
    )

    home: Path = Field(default=CHECKOUT / "var", validation_alias=_named("DESK110_HOME"))
    database_url: str = Field(default="", validation_alias=_named("DATABASE_URL"))
    redis_url: str = Field(default="", validation_alias=_named("REDIS_URL"))
    media_url: str = Field(default="", validation_alias=_named("DESK110_MEDIA_URL"))
    host: str = Field(default="127.0.0.1", validation_alias=_named("DESK110_HOST"))
    citizen_port: int = Field(default=8110, ge=1, le=65535, validation_alias=_named("DESK110_CITIZEN_PORT"))
    console_port: int = Field(default=8111, ge=1, le=65535, validation_alias=_named("DESK110_CONSOLE_PORT"))
    citizen_origin: str = Field(default="", validation_alias=_named("DESK110_CITIZEN_ORIGIN"))
    console_origin: str = Field(default="", validation_alias=_named("DESK110_CONSOLE_ORIGIN"))
    limits: Literal["field", "demo", "off"] = Field(
        default="field", validation_alias=_named("DESK110_LIMITS")
    )
    demo: bool = Field(default=False, validation_alias=_named("DESK110_DEMO"))
    demo_public: bool = Field(default=False, validation_alias=_named("DESK110_DEMO_PUBLIC"))
    identity_required: Literal["never", "second_report", "always"] = Field(
        default="second_report", validation_alias=_named("DESK110_IDENTITY_REQUIRED")
    )
    sms_url: str = Field(default="", validation_alias=_named("DESK110_SMS_URL"))
    sms_secret_file: Path | None = Field(default=None, validation_alias=_named("DESK110_SMS_SECRET_FILE"))
    verifier_url: str = Field(default="", validation_alias=_named("DESK110_VERIFIER_URL"))
    verifier_secret_file: Path | None = Field(
        default=None, validation_alias=_named("DESK110_VERIFIER_SECRET_FILE")
    )
    wechat_appid: str = Field(default="", validation_alias=_named("DESK110_WECHAT_APPID"))
    wechat_secret_file: Path | None = Field(
        default=None, validation_alias=_named("DESK110_WECHAT_SECRET_FILE")
    )
    wechat_url: str = Field(
        default="https://api.weixin.qq.com", validation_alias=_named("DESK110_WECHAT_URL")
    )
    wechat_received_template: str = Field(
        default="", validation_alias=_named("DESK110_WECHAT_RECEIVED_TEMPLATE")
    )
    wechat_received_fields: str = Field(
        default="character_string1=number,thing2=desk,time3=at",
        validation_alias=_named("DESK110_WECHAT_RECEIVED_FIELDS"),
    )
    words: Path | None = Field(default=None, validation_alias=_named("DESK110_WORDS"))
    operator_name: str = Field(default="", max_length=200, validation_alias=_named("DESK110_OPERATOR_NAME"))
    operator_contact: str = Field(
        default="", max_length=500, validation_alias=_named("DESK110_OPERATOR_CONTACT")
    )
    tiles_url: str = Field(default="", validation_alias=_named("DESK110_TILES_URL"))
    tiles_crs: Literal["wgs84", "gcj02", "bd09"] = Field(
        default="wgs84", validation_alias=_named("DESK110_TILES_CRS")
    )
    tiles_attribution: str = Field(default="", validation_alias=_named("DESK110_TILES_ATTRIBUTION"))
    trusted_proxies: str = Field(default="", validation_alias=_named("DESK110_TRUSTED_PROXIES"))
    second_factor: Literal["", "optional", "offices", "everybody"] = Field(
        default="", validation_alias=_named("DESK110_SECOND_FACTOR")
    )
    oidc_issuer: str = Field(default="", validation_alias=_named("DESK110_OIDC_ISSUER"))
    oidc_client_id: str = Field(default="", max_length=255, validation_alias=_named("DESK110_OIDC_CLIENT_ID"))
    oidc_secret_file: Path | None = Field(default=None, validation_alias=_named("DESK110_OIDC_SECRET_FILE"))
    metrics_port: int = Field(default=0, ge=0, le=65535, validation_alias=_named("DESK110_METRICS_PORT"))
    heads_every_s: int = Field(default=600, ge=1, validation_alias=_named("DESK110_HEADS_EVERY_S"))
    retention_every_s: int = Field(default=3600, ge=1, validation_alias=_named("DESK110_RETENTION_EVERY_S"))
    canary_every_s: int | None = Field(
        default=None, ge=0, le=3600, validation_alias=_named("DESK110_CANARY_EVERY_S")
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias=_named("DESK110_LOG_LEVEL")
    )

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises `Unfit` with a sentence that names the setting and says what is wrong with it. The value
        itself is not repeated: it may be a secret.
        """
        named = os.environ.get("DESK110_ENV_FILE")
        if named and not Path(named).exists():
            raise Unfit("DESK110_ENV_FILE names a file that does not exist.")
        try:
            return cls()
        except ValidationError as error:
            raise Unfit(" ".join(_sentence(dict(entry)) for entry in error.errors())) from None
        except UnicodeDecodeError:
            raise Unfit("The .env file must be text in UTF-8.") from None

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        def fill(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        fill("home", self.home.expanduser().resolve())
        if not self.database_url:
            fill("database_url", f"sqlite:///{self.home}/desk110.db")
        if not self.media_url:
            fill("media_url", f"file://{quote(str(self.home))}/media")
        if not (self.host == "localhost" or _address(self.host)):
            raise ValueError("DESK110_HOST must be an IP address of this machine, or localhost.")
        if not self.second_factor:
            fill("second_factor", "optional" if self.demo else "offices")
        if self.canary_every_s is None:
            fill("canary_every_s", 0 if self.demo else 30)
        if not self.citizen_origin:
            fill("citizen_origin", _origin_of(self.host, self.citizen_port))
        if not self.console_origin:
            fill("console_origin", _origin_of(self.host, self.console_port))
        self._check_addresses()
        self._check_origins()
        self._check_tiles()
        self._check_gateway("DESK110_SMS", self.sms_url, self.sms_secret_file)
        self._check_gateway("DESK110_VERIFIER", self.verifier_url, self.verifier_secret_file)
        self._check_oidc()
        self._check_wechat()
        self._check_production()
        return self

    def _check_addresses(self) -> None:
        database = _parts("DATABASE_URL", self.database_url)
        if database.scheme not in DATABASE_SCHEMES or database.path.strip("/") in {"", ":memory:"}:
            raise ValueError(
                "DATABASE_URL must begin with sqlite:/// and a file, or postgresql:// and a database."
            )
        if self.redis_url:
            redis = _parts("REDIS_URL", self.redis_url)
            if redis.scheme not in REDIS_SCHEMES or not (
                redis.path if redis.scheme == "unix" else redis.hostname
            ):
                raise ValueError(
                    "REDIS_URL must begin with redis://, rediss:// or redis+cluster:// and a host, "
                    "or unix:// and a path."
                )
        if _parts("DESK110_MEDIA_URL", self.media_url).scheme not in MEDIA_SCHEMES:
            raise ValueError("DESK110_MEDIA_URL must begin with file:/// or s3://.")
        if self.citizen_port == self.console_port:
            raise ValueError(
                "DESK110_CITIZEN_PORT and DESK110_CONSOLE_PORT must differ: the two apps are two networks."
            )
        if self.metrics_port in {self.citizen_port, self.console_port}:
            raise ValueError("DESK110_METRICS_PORT must be a port of its own.")
        if not all(_network(part) for part in _listed(self.trusted_proxies)):
            raise ValueError(
                "DESK110_TRUSTED_PROXIES must be IP addresses or networks with commas between; whoever is trusted "
                "says where requests come from, so it cannot be everyone."
            )

    def _check_origins(self) -> None:
        for name, origins in (
            ("DESK110_CITIZEN_ORIGIN", self.citizen_origin),
            ("DESK110_CONSOLE_ORIGIN", self.console_origin),
        ):
            for origin in _listed(origins) or [""]:
                parts = _parts(name, origin)
                # Compared with what browsers send, letter by letter: another way to write it would fit nothing.
                if origin != _as_browsers_write(parts):
                    raise ValueError(
                        f"{name} must be an origin as browsers write it, such as https://110.example.cn: in small "
                        "letters, without a path and without the scheme's own port."
                    )
                if not self.demo and parts.scheme != "https" and not _loopback(parts.hostname or ""):
                    raise ValueError(
                        f"{name} must begin with https://: over http:// anyone on the way could read the sessions."
                    )

    def _check_tiles(self) -> None:
        if not self.tiles_url:
            return
        parts = _parts("DESK110_TILES_URL", self.tiles_url)
        # It becomes part of the page's Content-Security-Policy: one host, plainly written.
        plain = re.fullmatch(r"[a-z0-9.-]+(:\d+)?", parts.netloc)
        if not plain or _as_browsers_write(parts) != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(
                "DESK110_TILES_URL must be the address of one host, such as "
                "https://tiles.example.cn/{z}/{x}/{y}.png, in small letters and without {s}."
            )
        if not all(self.tiles_url.count(place) == 1 for place in ("{z}", "{x}", "{y}")):
            raise ValueError("DESK110_TILES_URL must say where {z}, {x} and {y} stand.")
        if not self.demo and parts.scheme != "https":
            raise ValueError("DESK110_TILES_URL must begin with https://.")

    def _check_gateway(self, name: str, url: str, secret_file: Path | None) -> None:
        if not url:
            return
        if secret_file is None:
            raise ValueError(
                f"{name}_SECRET_FILE must name the file of secrets that {name}_URL is called with."
            )
        from dispatch.gateways import GatewaySecrets, check_address  # slow to import, and seldom needed

        try:
            check_address(url)
        except Unfit as unfit:
            raise ValueError(f"{name}_URL: {unfit}") from None
        try:
            GatewaySecrets.read(secret_file, f"{name}_SECRET_FILE")
        except Unfit as unfit:
            raise ValueError(str(unfit)) from None

    def _check_oidc(self) -> None:
        if not self.oidc_issuer:
            return
        parts = _parts("DESK110_OIDC_ISSUER", self.oidc_issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname or "")):
            raise ValueError("DESK110_OIDC_ISSUER must begin with https://.")
        if parts.query or parts.fragment:
            raise ValueError("DESK110_OIDC_ISSUER must be the issuer's address alone.")
        if not self.oidc_client_id:
            raise ValueError("DESK110_OIDC_CLIENT_ID must say by which name the issuer knows this console.")
        if self.oidc_secret_file is None or not self.oidc_secret_file.is_file():
            raise ValueError(
                "DESK110_OIDC_SECRET_FILE must name the file of the secret that the issuer gave."
            )

    def _check_wechat(self) -> None:
        if not self.wechat_appid:
            return
        if self.wechat_secret_file is None:
            raise ValueError("DESK110_WECHAT_SECRET_FILE must name the file of the mini program's AppSecret.")
        from dispatch.gateways import check_address  # slow to import, and seldom needed
        from dispatch.wechat import WechatSecret

        try:
            check_address(self.wechat_url)
            WechatSecret.read(self.wechat_appid, self.wechat_secret_file, "DESK110_WECHAT_SECRET_FILE")
        except Unfit as unfit:
            raise ValueError(str(unfit).replace("The gateway's address", "DESK110_WECHAT_URL")) from None
        if not re.fullmatch(r"wx[0-9a-f]{16}", self.wechat_appid):
            raise ValueError(
                "DESK110_WECHAT_APPID must be the mini program's AppID: wx and 16 letters or digits."
            )
        if not all(what in {"number", "desk", "at"} for what in self.wechat_fields.values()):
            raise ValueError(
                "DESK110_WECHAT_RECEIVED_FIELDS must say which field of the template holds number, desk, at, such as "
                "character_string1=number,thing2=desk,time3=at."
            )

    def _check_production(self) -> None:
        if self.demo:
            if not _loopback(self.host) and not self.demo_public:
                raise ValueError(
                    "DESK110_DEMO=1 with DESK110_HOST on a public address would let anyone sign in with the demo "
                    "password; set DESK110_DEMO=0, or DESK110_DEMO_PUBLIC=1 if that is truly meant."
                )
            if self.limits == "off" and not _loopback(self.host):
                raise ValueError("DESK110_LIMITS=off is for benchmarks on loopback; use demo or field.")
            return
        if not self.sms_url:
            raise ValueError(
                "DESK110_SMS_URL must name the gateway that sends phone codes (or set DESK110_DEMO=1)."
            )
        if not self.verifier_url:
            raise ValueError(
                "DESK110_VERIFIER_URL must name the service that verifies identities (or set DESK110_DEMO=1)."
            )
        # 个人信息保护法 17 (1) 1: who processes, by name, and how to reach them.
        if not self.operator_name.strip():
            raise ValueError(
                "DESK110_OPERATOR_NAME must name the office that runs this, for the notice on /law."
            )
        if not self.operator_contact.strip():
            raise ValueError("DESK110_OPERATOR_CONTACT must say how people reach the office named on /law.")
        if self.limits != "field":
            raise ValueError(
                "DESK110_LIMITS must be field: the others are for drills and benchmarks in a demo."
            )

    @property
    def sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

    @property
    def tiles_origin(self) -> str:
        """The origin that the map's tiles come from; empty without tiles."""
        return (_as_browsers_write(urlsplit(self.tiles_url)) or "") if self.tiles_url else ""

    @property
    def wechat_fields(self) -> dict[str, str]:
        """The fields of the template that tells 已接收, each with what it holds: `number`, `desk` or `at`."""
        parts = (part.partition("=") for part in _listed(self.wechat_received_fields))
        return {name.strip(): what.strip() for name, _, what in parts}

    @property
    def citizen_origins(self) -> frozenset[str]:
        """The exact origins that the citizen app takes cookies from."""
        return _origins(self.citizen_origin)

    @property
    def console_origins(self) -> frozenset[str]:
        """The exact origins that the console app takes cookies from."""
        return _origins(self.console_origin)

    @property
    def secure_cookies(self) -> bool:
        """Cookies are marked Secure unless the origin is plain http (a demo on loopback)."""
        return all(origin.startswith("https://") for origin in self.citizen_origins | self.console_origins)


def _parts(name: str, address: str) -> SplitResult:
    """The parts of an address. What the library says of a bad one repeats it, and it may hold a password."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{name} is not an address that can be read.") from None
    return parts


def _origin_of(host: str, port: int) -> str:
    """What a browser on this machine calls an app that listens there."""
    host = EVERYWHERE.get(host, host)
    return (
        _as_browsers_write(urlsplit(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"))
        or ""
    )


def _as_browsers_write(parts: SplitResult) -> str | None:
    """The origin in its one form (RFC 6454, 6.2); None when it has none."""
    host = parts.hostname
    if parts.scheme not in DEFAULT_PORTS or not host or not host.isascii():
        return None
    if ":" in host:
        host = f"[{host}]"
    port = parts.port if parts.port != DEFAULT_PORTS[parts.scheme] else None
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> bool:
    """Whether it is an address or a network, and not all there are."""
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False


def _loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _listed(setting: str) -> list[str]:
    return [part.strip() for part in setting.split(",") if part.strip()]


def _origins(setting: str) -> frozenset[str]:
    origins = set(_listed(setting))
    # On loopback people type either name; both are this machine.
    aliases = {origin.replace("//127.0.0.1", "//localhost") for origin in origins}
    return frozenset(origins | aliases)


def _sentence(error: dict[str, object]) -> str:
    """One sentence of an operator's language for one pydantic error, without the value."""
    message = str(error["msg"]).removeprefix("Value error, ")
    place = error["loc"]
    name = str(place[0]) if isinstance(place, tuple) and place else ""
    return f"{name}: {message}." if name and not message.startswith(name) else message
