"""The identity provider that people may sign in by: OpenID Connect Core 1.0, the authorization code flow with PKCE.

It proves who somebody is and nothing else: what they may do is the account's. Of its metadata (OpenID Connect Discovery
1.0) the addresses are taken, of its keys those that sign with `ALGORITHMS`. Nothing of an exchange is logged but how it
failed.
"""

import base64
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dispatch.accounts import LONGEST_SUBJECT
from dispatch.errors import Unfit
from dispatch.settings import Settings

# It would log every address it calls, query and all, at INFO.
logging.getLogger("httpx2").setLevel(logging.WARNING)

# Signatures of a key pair alone: with a shared secret or none, whoever reads along could sign.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
TIMEOUT_S: Final = 5.0
LEEWAY_S: Final = 30
KEPT_S: Final = 3600.0
# An unknown key makes its keys be fetched anew, no more often than this.
ANEW_S: Final = 30.0
LONGEST_ANSWER: Final = 256 * 1024
# What the library lets out of tokens and keys that are none: of numbers without end and nesting without bottom, too.
UNFIT: Final = (JoseError, ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class ProviderFailed(Exception):
    """Nobody is proved by it; the message says in a word why, and holds nothing of what was exchanged."""


@dataclass(frozen=True, slots=True)
class Proved:
    """Who somebody is to the provider, and by what means they showed it (`amr`, RFC 8176)."""

    subject: str
    means: frozenset[str]


class Provider:
    """One issuer, and this console as its client."""

    def __init__(self, issuer: str, client_id: str, secret: str) -> None:
        self._issuer, self._client_id, self._secret = issuer, client_id, secret
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)
        self._metadata: Mapping[str, Any] = {}
        self._metadata_at = float("-inf")
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The one that the settings name. Raises `Unfit` for a file without a secret."""
        if not settings.oidc_issuer or settings.oidc_secret_file is None:
            return None
        try:
            secret = settings.oidc_secret_file.read_text("ascii").strip()
        except (OSError, ValueError):
            secret = ""
        if not secret or not secret.isprintable():
            raise Unfit("DESK110_OIDC_SECRET_FILE must hold the secret on one line, in ASCII.")
        return cls(settings.oidc_issuer, settings.oidc_client_id, secret)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def address(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where somebody's browser goes to prove who they are. Raises `ProviderFailed`."""
        endpoint = self._endpoint(await self._found(), "authorization_endpoint")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": redirect_uri,
                "scope": "openid",
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge.decode(),
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    async def proved(self, code: str, redirect_uri: str, nonce: str, verifier: str) -> Proved:
        """Who has come back with this code. Raises `ProviderFailed`."""
        endpoint = self._endpoint(await self._found(), "token_endpoint")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        methods = self._metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if isinstance(methods, list) and "client_secret_basic" in methods:
            # RFC 6749, 2.3.1: each is form-encoded before it becomes a user name and a password.
            pair = ":".join(urlencode({"": part})[1:] for part in (self._client_id, self._secret))
            headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        else:
            form["client_secret"], headers = self._secret, {}
        answer = await self._fetch("POST", endpoint, data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("no_token")
        return self._read(await self._verified(token), nonce)

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that one of the provider's keys has signed."""
        for anew in (False, True):
            keys = await self._signing_keys(anew=anew)
            try:
                return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            except UNFIT:
                # It may have taken a new key since; that of no known key is asked once more.
                if anew:
                    break
        raise ProviderFailed("token_unsigned")

    def _read(self, claims: Mapping[str, Any], nonce: str) -> Proved:
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            rules.validate(dict(claims))
        except UNFIT:
            raise ProviderFailed("token_unfit") from None
        # OpenID Connect Core 1.0, 3.1.3.7: of a token for several, it says who asked for it.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise ProviderFailed("token_unfit")
        subject, means = claims["sub"], claims.get("amr", [])
        if (
            not isinstance(subject, str)
            or not subject.isprintable()
            or not 0 < len(subject) <= LONGEST_SUBJECT
        ):
            raise ProviderFailed("token_unfit")
        if not isinstance(means, list):
            raise ProviderFailed("token_unfit")
        return Proved(subject, frozenset(one for one in means if isinstance(one, str)))

    async def _found(self) -> Mapping[str, Any]:
        if time.monotonic() - self._metadata_at > KEPT_S:
            found = await self._fetch("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise ProviderFailed("another_issuer")
            self._metadata, self._metadata_at = found, time.monotonic()
        return self._metadata

    async def _signing_keys(self, *, anew: bool) -> KeySet:
        age = time.monotonic() - self._keys_at
        if self._keys is None or age > KEPT_S or (anew and age > ANEW_S):
            found = await self._fetch("GET", self._endpoint(await self._found(), "jwks_uri"))
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # checked by the library
            except UNFIT:
                raise ProviderFailed("keys_unfit") from None
            self._keys_at = time.monotonic()
        return self._keys

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """An address of the metadata: over TLS, or on this machine where the issuer is."""
        address = metadata.get(name)
        try:
            parts = urlsplit(address) if isinstance(address, str) else None
        except ValueError:
            raise ProviderFailed("metadata_unfit") from None
        here = parts is not None and parts.scheme == "http" and parts.hostname in LOOPBACK
        if parts is None or not (
            parts.scheme == "https" or (here and urlsplit(self._issuer).hostname in LOOPBACK)
        ):
            raise ProviderFailed("metadata_unfit")
        return str(address)

    async def _fetch(self, method: str, address: str, **rest: Any) -> Mapping[str, Any]:
        try:
            async with self._client.stream(method, address, **rest) as answer:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise ProviderFailed("too_long")
                if answer.status_code != 200:
                    raise ProviderFailed(f"status_{answer.status_code}")
                found = orjson.loads(body)
        except httpx2.HTTPError:
            raise ProviderFailed("away") from None
        except httpx2.InvalidURL:
            raise ProviderFailed("metadata_unfit") from None
        except orjson.JSONDecodeError:
            raise ProviderFailed("broken") from None
        if not isinstance(found, dict):
            raise ProviderFailed("broken")
        return found
