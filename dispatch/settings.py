"""Settings: read once from the environment (or a `.env` file), refused at start when they make no sense."""

import ipaddress
import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.errors import Unfit

CHECKOUT = Path(__file__).resolve().parent.parent

DATABASE_SCHEMES = {"sqlite", "postgresql"}
REDIS_SCHEMES = {"redis", "rediss", "unix"}


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
    trusted_proxies: str = Field(default="", validation_alias=_named("DESK110_TRUSTED_PROXIES"))
    metrics_port: int = Field(default=0, ge=0, le=65535, validation_alias=_named("DESK110_METRICS_PORT"))
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias=_named("DESK110_LOG_LEVEL")
    )

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises `Unfit` with a sentence that names the setting and says what is wrong with it. The value
        itself is not repeated: it may be a secret.
        """
        try:
            return cls()
        except ValidationError as error:
            raise Unfit(" ".join(_sentence(dict(entry)) for entry in error.errors())) from None

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        def fill(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        fill("home", self.home.expanduser().resolve())
        if not self.database_url:
            fill("database_url", f"sqlite:///{self.home}/desk110.db")
        if not self.media_url:
            fill("media_url", f"file://{self.home}/media")
        if not self.citizen_origin:
            fill("citizen_origin", f"http://{self.host}:{self.citizen_port}")
        if not self.console_origin:
            fill("console_origin", f"http://{self.host}:{self.console_port}")
        self._check_addresses()
        self._check_production()
        return self

    def _check_addresses(self) -> None:
        if urlsplit(self.database_url).scheme not in DATABASE_SCHEMES:
            raise ValueError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
        if self.redis_url and urlsplit(self.redis_url).scheme not in REDIS_SCHEMES:
            raise ValueError("REDIS_URL must begin with redis://, rediss:// or unix://.")
        if self.citizen_port == self.console_port:
            raise ValueError(
                "DESK110_CITIZEN_PORT and DESK110_CONSOLE_PORT must differ: the two apps are two networks."
            )
        for name, origin in (
            ("DESK110_CITIZEN_ORIGIN", self.citizen_origin),
            ("DESK110_CONSOLE_ORIGIN", self.console_origin),
        ):
            for part in origin.split(","):
                parts = urlsplit(part.strip())
                if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
                    raise ValueError(
                        f"{name} must be an origin such as https://110.example.cn, without a path."
                    )

    def _check_production(self) -> None:
        if self.demo:
            if not self._loopback and not self.demo_public:
                raise ValueError(
                    "DESK110_DEMO=1 with DESK110_HOST on a public address would let anyone sign in with the demo "
                    "password; set DESK110_DEMO=0, or DESK110_DEMO_PUBLIC=1 if that is truly meant."
                )
            return
        if not self.sms_url:
            raise ValueError(
                "DESK110_SMS_URL must name the gateway that sends phone codes (or set DESK110_DEMO=1)."
            )
        if not self.verifier_url:
            raise ValueError(
                "DESK110_VERIFIER_URL must name the service that verifies identities (or set DESK110_DEMO=1)."
            )
        if self.limits == "off":
            raise ValueError("DESK110_LIMITS=off is for benchmarks in demo mode; use field.")

    @property
    def _loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

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


def _origins(setting: str) -> frozenset[str]:
    origins = {part.strip() for part in setting.split(",")}
    # On loopback people type either name; both are this machine.
    aliases = {origin.replace("//127.0.0.1", "//localhost") for origin in origins}
    return frozenset(origins | aliases)


def _sentence(error: dict[str, object]) -> str:
    """One sentence of an operator's language for one pydantic error, without the value."""
    message = str(error["msg"]).removeprefix("Value error, ")
    place = error["loc"]
    name = str(place[0]) if isinstance(place, tuple) and place else ""
    return f"{name}: {message}." if name and not message.startswith(name) else message
