"""Personal fields sealed one by one, and blind indexes to find them again.

A sealed value is bytes: version (1), key id (4), nonce (12), AES-256-GCM ciphertext and tag. Version and key
id are authenticated, and so is the place where the value belongs, `table.column.row`: moved to another row or
column it does not open. An equal value seals to different bytes each time, so look-ups go by `index`.

Nonces are random: rotate a key long before 2**32 values are sealed with it (NIST SP 800-38D, 8.3).
"""

import hmac
import os
import unicodedata
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.keys import KEY_ID_BYTES, KeyPaths, KeyRing, load_field_keys, load_index_key

VERSION = b"\x01"
NONCE_BYTES, TAG_BYTES = 12, 16
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES
OVERHEAD_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES

IndexedColumn = Literal["phone", "id_number", "openid", "search", "recovery", "challenge", "browser"]


class Unopenable(Exception):
    """A sealed value does not open; the message names its place and the reason, nothing of the value."""


class FieldCipher:
    """Seals with the current key, opens with any known one. Safe to share between threads."""

    def __init__(self, ring: KeyRing, index_key: bytes) -> None:
        self._head = VERSION + ring.current
        self._ciphers = {VERSION + name: AESGCM(key) for name, key in ring.keys.items()}
        self._current = self._ciphers[self._head]
        self._index_key = index_key

    @classmethod
    def load(cls, paths: KeyPaths) -> "FieldCipher":
        """From the key files. Raises `Unfit`."""
        return cls(load_field_keys(paths), load_index_key(paths))

    @property
    def head(self) -> bytes:
        """What begins every value that is sealed with the current key: version and key id."""
        return self._head

    @property
    def current(self) -> str:
        """The current key's id in hex."""
        return self._head[len(VERSION) :].hex()

    def seal(self, table: str, column: str, row: UUID, text: str) -> bytes:
        """The text sealed for this one place; `OVERHEAD_BYTES` longer than its UTF-8."""
        nonce = os.urandom(NONCE_BYTES)
        try:
            plain = text.encode()
        except UnicodeEncodeError:  # would carry the text with it
            raise ValueError(f"{table}.{column}: a lone surrogate is no character") from None
        return (
            self._head
            + nonce
            + self._current.encrypt(nonce, plain, self._place(self._head, table, column, row))
        )

    def open(self, table: str, column: str, row: UUID, blob: bytes) -> str:
        """What was sealed for this place. Raises `Unopenable`: unknown key, changed bytes, another place."""
        head, nonce, sealed = (
            blob[:HEAD_BYTES],
            blob[HEAD_BYTES : HEAD_BYTES + NONCE_BYTES],
            blob[HEAD_BYTES + NONCE_BYTES :],
        )
        cipher = self._ciphers.get(head)
        if cipher is None or len(blob) < OVERHEAD_BYTES:
            raise Unopenable(f"{table}.{column} of {row}: not sealed with a key that is known here")
        try:
            return cipher.decrypt(nonce, sealed, self._place(head, table, column, row)).decode()
        except InvalidTag:
            raise Unopenable(f"{table}.{column} of {row}: changed, or sealed for another place") from None

    def resealed(self, table: str, column: str, row: UUID, blob: bytes) -> bytes | None:
        """The value under the current key, or None when it is already so. Raises `Unopenable`."""
        if blob.startswith(self._head):
            return None
        return self.seal(table, column, row, self.open(table, column, row, blob))

    def index(self, column: IndexedColumn, value: str) -> bytes:
        """32 bytes, equal for equal values of this column and telling nothing without the key.

        `phone` wants E.164 (`phones.normalise`), `id_number` an `IdentityNumber.value`, `openid` its bytes in hex,
        since its case matters; `search` takes any words. Width, spaces and case do not matter.
        """
        plain = "".join(unicodedata.normalize("NFKC", value).split()).upper()
        return hmac.digest(self._index_key, f"desk110 index\0{column}\0{plain}".encode(), "sha256")

    @staticmethod
    def _place(head: bytes, table: str, column: str, row: UUID) -> bytes:
        return head + f"{table}.{column}.{row}".encode()
