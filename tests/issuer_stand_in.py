"""An identity provider for the tests, on loopback: it signs whatever it is told to, rightly or not."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "desk110-console", "a secret of the client's: %&+"


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Issuer:
    """What it knows and does. `claims`: put over those of a good token; None takes one away."""

    address: str
    key: RSAKey = field(default_factory=lambda: new_key("k1"))
    published: list[RSAKey] = field(default_factory=list)
    subject: str = "person-1"
    claims: dict[str, Any] = field(default_factory=dict)
    signed: str = "RS256"  # or: none, HS256
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # by code: what the browser brought
    exchanges: list[str] = field(default_factory=list)  # how each call to the token's address ended
    keys_asked: int = 0

    def code_for(self, query: dict[str, str]) -> str:
        """As if somebody had shown there who they are: the code that the browser is sent back with."""
        code = hashlib.sha256(json.dumps(query).encode()).hexdigest()
        self.asked[code] = query
        return code

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } | self.metadata

    def keys(self) -> dict[str, Any]:
        self.keys_asked += 1
        return {"keys": [key.as_dict(private=False) for key in self.published or [self.key]]}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """RFC 6749, 4.1.3 and RFC 7636, 4.6, as strictly as a good provider."""
        query = self.asked.pop(form.get("code", ""), None)
        pair = "desk110-console:a+secret+of+the+client%27s%3A+%25%26%2B"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        fits = (
            query is not None
            and authorization == f"Basic {base64.b64encode(pair.encode()).decode()}"
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == query["redirect_uri"]
            and query["code_challenge_method"] == "S256"
            and challenge.rstrip(b"=").decode() == query["code_challenge"]
        )
        self.exchanges.append("ok" if fits else "refused")
        if query is None or not fits:
            return 400, {"error": "invalid_grant"}
        at = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": self.subject,
            "exp": at + 300,
            "iat": at,
            "nonce": query["nonce"],
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": self._signed(claims), "access_token": "x", "token_type": "Bearer"}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.signed != "RS256":
            header = {"alg": self.signed, "kid": self.key.kid}
            body = b".".join(_unpadded(json.dumps(one).encode()) for one in (header, claims))
            shared = self.key.as_pem(private=False)  # the public key taken for a secret that both have
            seal = hmac.digest(shared, body, "sha256") if self.signed == "HS256" else b""
            return (body + b"." + _unpadded(seal)).decode()
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def _unpadded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@contextmanager
def issuer() -> Iterator[Issuer]:
    """A provider that runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {"/.well-known/openid-configuration": known.configuration, "/keys": known.keys}
            page = pages.get(urlsplit(self.path).path)
            self._say(*((200, page()) if page else (404, {})))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*known.token(form, self.headers.get("authorization", "")))

        def _say(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
