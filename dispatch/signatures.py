"""Signatures beside what they sign: a detached JWS (RFC 7515, appendix F) over Ed25519, with the key of receipts.

`typ` says what was signed (RFC 8725, 3.11): nothing signed as one thing passes for another, nor for a receipt.
Anyone verifies with `/.well-known/jwks.json`: signed are the header part, a dot, and the payload in base64url.
"""

import json
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.receipts import ALGORITHM, Jwks, base64url, from_base64url, key_id, public_key

HEADS: Final = "desk110-heads"
BUNDLE: Final = "desk110-bundle"

LONGEST: Final = 1024


class Seal:
    """Signs one kind of thing."""

    def __init__(self, key: Ed25519PrivateKey, typ: str) -> None:
        self._key = key
        header = {"alg": ALGORITHM, "kid": key_id(key.public_key()), "typ": typ}
        self._header = base64url(json.dumps(header, separators=(",", ":")).encode())

    def sign(self, payload: bytes) -> str:
        """`<header>..<signature>`."""
        return f"{self._header}..{base64url(self._key.sign(_signed(self._header, payload)))}"


def fits(payload: bytes, signature: str, typ: str, keys: Jwks) -> bool:
    """Whether it is our signature of this kind over these very bytes."""
    try:
        header_part, between, signature_part = signature[:LONGEST].split(".")
        header = json.loads(from_base64url(header_part))
        if between or set(header) != {"alg", "kid", "typ"}:
            return False
        if header["alg"] != ALGORITHM or header["typ"] != typ:
            return False
        key = next(key for key in keys["keys"] if key["kid"] == header["kid"])
        public_key(key).verify(from_base64url(signature_part), _signed(header_part, payload))
    except (ValueError, TypeError, StopIteration, InvalidSignature, RecursionError):
        return False
    return True


def _signed(header_part: str, payload: bytes) -> bytes:
    return f"{header_part}.{base64url(payload)}".encode()
