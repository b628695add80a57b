"""Key material from files: made once at set-up, afterwards only read.

A key that is missing or damaged is never made anew by itself: what was sealed with it would be lost.
`Unfit` says which file it is and why. In `<home>/keys/` (0700) stand, unless a setting names another file:

| file | mode | holds |
|---|---|---|
| `field-keys.json` | 0600 | AES-256 keys by id, one of them current; the others open what they sealed |
| `index-key.json` | 0600 | the one HMAC key of the blind indexes |
| `receipt-key.pem` | 0600 | the Ed25519 key that signs receipts (PKCS 8); the citizen side does without it |
| `receipts.public.json` | 0644 | the JWKS of all keys that ever signed receipts |
| `receipt-key.next.pem` | 0600 | amid a rotation: the key that will sign, already among the public ones |
"""

import base64
import hashlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from dispatch.errors import Unfit
from dispatch.receipts import Jwks, jwks, key_id, parse_jwks

KEY_BYTES = 32
KEY_ID_BYTES = 4
SECRET, PUBLIC = 0o600, 0o644


@dataclass(frozen=True, slots=True)
class KeyPaths:
    """Where the keys of an installation stand. A path given by a setting is only read, never written."""

    folder: Path
    field_keys: Path
    index_key: Path
    receipt_key: Path
    receipt_public: Path

    @classmethod
    def under(
        cls,
        home: Path,
        *,
        field_keys: Path | None = None,
        index_key: Path | None = None,
        receipt_key: Path | None = None,
        receipt_public: Path | None = None,
    ) -> "KeyPaths":
        """The paths below `home`, but for those given."""
        folder = home / "keys"
        return cls(
            folder,
            field_keys or folder / "field-keys.json",
            index_key or folder / "index-key.json",
            receipt_key or folder / "receipt-key.pem",
            receipt_public or folder / "receipts.public.json",
        )

    def owned(self, path: Path) -> bool:
        """Whether the file is the installation's own, not one that a setting names."""
        return path.parent == self.folder

    @property
    def owns_any(self) -> bool:
        """Whether any file is the installation's own."""
        return any(map(self.owned, (self.field_keys, self.index_key, self.receipt_key, self.receipt_public)))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """32-byte keys by their id; `current` seals, all open. An id is four bytes of the key's own digest."""

    current: bytes
    keys: dict[bytes, bytes] = field(repr=False)


def set_up(paths: KeyPaths, *, old_data: bool) -> None:
    """Make what is not there, all at once or not at all, and check what is.

    `old_data` tells that the database already holds sealed data: then nothing is made, and a missing folder
    is refused. Several processes may do this at once; one wins, and the others take its keys. Raises `Unfit`.
    """
    if paths.owns_any and not any(paths.folder.glob("*")):
        if old_data:
            raise Unfit(
                f"The keys in {paths.folder} are missing, but the database holds data sealed with them. "
                "Restore the folder from its backup; new keys could not open that data."
            )
        _make(paths)
    load_field_keys(paths)
    load_index_key(paths)
    load_receipt_key(paths)


def _make(paths: KeyPaths) -> None:
    paths.folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".keys-", dir=paths.folder.parent))  # 0700
    try:
        if paths.owned(paths.field_keys):
            _write(made / paths.field_keys.name, _ring_text(_ring_of(os.urandom(KEY_BYTES))), SECRET)
        if paths.owned(paths.index_key):
            _write(made / paths.index_key.name, _ring_text(_ring_of(os.urandom(KEY_BYTES))), SECRET)
        signing = Ed25519PrivateKey.generate() if paths.owned(paths.receipt_key) else _signing_key(paths)
        if paths.owned(paths.receipt_key):
            pem = signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write(made / paths.receipt_key.name, pem, SECRET)
        if paths.owned(paths.receipt_public):
            public = json.dumps(jwks([signing.public_key()]), indent=2).encode()
            _write(made / paths.receipt_public.name, public, PUBLIC)
        _sync(made)
        try:
            made.rename(
                paths.folder
            )  # fails when another set-up was first: a folder with files is never replaced
            _sync(paths.folder.parent)
        except OSError:
            if not any(paths.folder.glob("*")):
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def load_field_keys(paths: KeyPaths) -> KeyRing:
    """The keys that seal and open fields. Raises `Unfit`."""
    return _ring(paths, paths.field_keys, "field keys")


def load_index_key(paths: KeyPaths) -> bytes:
    """The 32-byte key of the blind indexes. Raises `Unfit`."""
    ring = _ring(paths, paths.index_key, "blind-index key")
    if len(ring.keys) != 1:
        raise _damaged(paths.index_key, "blind-index key", "it must hold exactly one key")
    return ring.keys[ring.current]


def load_receipt_key(paths: KeyPaths) -> Ed25519PrivateKey:
    """The key that signs receipts. Raises `Unfit`, also when its public half is not among the public keys."""
    signing = _signing_key(paths)
    kid = key_id(signing.public_key())
    if all(key["kid"] != kid for key in load_receipt_public(paths)["keys"]):
        raise _damaged(
            paths.receipt_public, "public receipt keys", f"the signing key {kid} is not among them"
        )
    return signing


def load_receipt_public(paths: KeyPaths) -> Jwks:
    """The public keys of receipts: all that the citizen side needs. Raises `Unfit`."""
    what = "public receipt keys"
    try:
        return parse_jwks(_read(paths, paths.receipt_public, what, secret=False))
    except ValueError as error:
        raise _damaged(paths.receipt_public, what, str(error)) from None


def add_field_key(paths: KeyPaths) -> str:
    """Rotation, first step: add a new key that opens but does not yet seal. Returns its id.

    Start every process anew before the second step, `make_current`: one that does not know the key could not
    open what others seal with it.
    """
    ring = load_field_keys(paths)
    new = _ring_of(os.urandom(KEY_BYTES))
    _replace(paths.field_keys, _ring_text(KeyRing(ring.current, ring.keys | new.keys)))
    return new.current.hex()


def make_current(paths: KeyPaths, key: str) -> None:
    """Rotation, second step: from the next start on, seal with this key. Raises `Unfit` if it is unknown."""
    ring = load_field_keys(paths)
    if key not in {known.hex() for known in ring.keys}:
        raise Unfit(f"The field keys ({paths.field_keys}) hold no key {key}.")
    _replace(paths.field_keys, _ring_text(KeyRing(bytes.fromhex(key), ring.keys)))


def remove_field_key(paths: KeyPaths, key: str) -> None:
    """Rotation, last step: forget a key that nothing is sealed with any more, which the caller has made sure of.

    Raises `Unfit` if it is unknown or the current one.
    """
    ring = load_field_keys(paths)
    if key not in {known.hex() for known in ring.keys}:
        raise Unfit(f"The field keys ({paths.field_keys}) hold no key {key}.")
    if key == ring.current.hex():
        raise Unfit(f"Key {key} is the one that seals; name another by `desk110 keys seal-with` first.")
    left = {name: known for name, known in ring.keys.items() if name.hex() != key}
    _replace(paths.field_keys, _ring_text(KeyRing(ring.current, left)))


def add_receipt_key(paths: KeyPaths) -> str:
    """Rotation of the signing key, first step: a new one whose public half everybody is told of, and which signs
    nothing yet. Returns its id; the one that already waits, if there is one.

    Start every process anew before the second step, `sign_with_next`: one that does not know the public half calls
    what it signs invalid.
    """
    load_receipt_key(paths)
    waiting = next_receipt_key_path(paths)
    if not waiting.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _replace(waiting, pem)
    public = _pem(paths, waiting).public_key()
    known = load_receipt_public(paths)
    kid = key_id(public)
    if all(one["kid"] != kid for one in known["keys"]):
        # Those of old stay: what they signed is verified with them for ever.
        both = {"keys": [*known["keys"], *jwks([public])["keys"]]}
        _replace(paths.receipt_public, json.dumps(both, indent=2).encode(), PUBLIC)
    return kid


def sign_with_next(paths: KeyPaths) -> str:
    """Rotation of the signing key, second step: from the next start on, sign with the one that waits. Returns its id.

    The old private key is gone with it; its public half stays. Raises `Unfit` when none waits.
    """
    waiting = next_receipt_key_path(paths)
    if not waiting.exists():
        raise Unfit("No new signing key waits; make one by `desk110 keys add-signing`.")
    kid = key_id(_pem(paths, waiting).public_key())
    if all(key["kid"] != kid for key in load_receipt_public(paths)["keys"]):
        raise Unfit("The new signing key is not published yet; run `desk110 keys add-signing` once more.")
    waiting.replace(paths.receipt_key)
    _sync(paths.folder)
    return kid


def next_receipt_key_path(paths: KeyPaths) -> Path:
    """Where the key waits that will sign next."""
    return paths.receipt_key.with_suffix(".next.pem")


def _signing_key(paths: KeyPaths) -> Ed25519PrivateKey:
    return _pem(paths, paths.receipt_key)


def _pem(paths: KeyPaths, path: Path) -> Ed25519PrivateKey:
    what = "receipt signing key"
    try:
        key = load_pem_private_key(_read(paths, path, what), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _damaged(path, what, "it is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged(path, what, "it is not an Ed25519 key")
    return key


def _ring(paths: KeyPaths, path: Path, what: str) -> KeyRing:
    try:
        return _parse_ring(_read(paths, path, what))
    except ValueError as error:
        raise _damaged(path, what, str(error)) from None


def _parse_ring(text: bytes) -> KeyRing:
    """`{"current": "9f86d081", "keys": {"9f86d081": "<32 bytes in base64>"}}`. Messages repeat no key."""
    try:
        document = json.loads(text)
        current, entries = bytes.fromhex(document["current"]), dict(document["keys"])
        keys = {
            bytes.fromhex(name): base64.b64decode(value, validate=True) for name, value in entries.items()
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("it is not the JSON document that set-up writes") from None
    for name, key in keys.items():
        if len(key) != KEY_BYTES or name != _digest_id(key):
            raise ValueError(f"key {name.hex()} is not the key it was when it was made")
    if current not in keys:
        raise ValueError("the key it calls current is not in it")
    return KeyRing(current, keys)


def _ring_of(key: bytes) -> KeyRing:
    return KeyRing(_digest_id(key), {_digest_id(key): key})


def _ring_text(ring: KeyRing) -> bytes:
    keys = {name.hex(): base64.b64encode(key).decode() for name, key in ring.keys.items()}
    return json.dumps({"current": ring.current.hex(), "keys": keys}, indent=2).encode()


def _digest_id(key: bytes) -> bytes:
    """An id that a damaged or exchanged key no longer fits, and that tells nothing of it."""
    return hashlib.sha256(b"desk110 key id\0" + key).digest()[:KEY_ID_BYTES]


def _read(paths: KeyPaths, path: Path, what: str, *, secret: bool = True) -> bytes:
    try:
        # A secret mounted by the platform has the mode that the platform gives it.
        if secret and paths.owned(path) and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unfit(
                f"The {what} ({path}) can be read by other users of this machine: set its mode to 0600."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise Unfit(
            f"The {what} ({path}) are missing." if what.endswith("s") else f"The {what} ({path}) is missing."
        ) from None
    except OSError as error:
        raise Unfit(f"The {what} ({path}) cannot be read: {error.strerror}.") from None


def _damaged(path: Path, what: str, why: str) -> Unfit:
    return Unfit(f"The {what} ({path}) cannot be used: {why}. Restore the file from its backup.")


def _replace(path: Path, content: bytes, mode: int = SECRET) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)  # of one that was killed and had this number
    _write(temporary, content, mode)
    temporary.replace(path)
    _sync(path.parent)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
