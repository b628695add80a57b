"""Sealed fields, blind indexes and the key files they stand on."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from dispatch import keys
from dispatch.cipher import OVERHEAD_BYTES, FieldCipher, Unopenable
from dispatch.errors import Unfit
from dispatch.keys import KeyPaths, KeyRing
from dispatch.receipts import Signer, verify

ROW, OTHER = UUID(int=1), UUID(int=2)
RING = KeyRing(b"\0\0\0\1", {b"\0\0\0\1": b"k" * 32})
CIPHER = FieldCipher(RING, b"i" * 32)
WORDS = "张三"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.uuids())
def test_what_was_sealed_opens_again(text: str, row: UUID) -> None:
    blob = CIPHER.seal("reporter", "name", row, text)
    assert CIPHER.open("reporter", "name", row, blob) == text
    assert len(blob) == len(text.encode()) + OVERHEAD_BYTES


def test_equal_texts_are_sealed_differently() -> None:
    assert CIPHER.seal("reporter", "name", ROW, WORDS) != CIPHER.seal("reporter", "name", ROW, WORDS)


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [("reporter", "name", OTHER), ("reporter", "phone", ROW), ("report", "name", ROW)],
)
def test_a_value_moved_to_another_place_does_not_open(table: str, column: str, row: UUID) -> None:
    blob = CIPHER.seal("reporter", "name", ROW, WORDS)
    with pytest.raises(Unopenable, match=f"{table}.{column} of {row}"):
        CIPHER.open(table, column, row, blob)


def test_a_change_of_any_bit_is_found() -> None:
    blob = CIPHER.seal("reporter", "name", ROW, WORDS)
    for bit in range(len(blob) * 8):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unopenable) as unopenable:
            CIPHER.open("reporter", "name", ROW, bytes(changed))
        assert WORDS not in str(unopenable.value)


def test_a_value_cut_short_does_not_open() -> None:
    blob = CIPHER.seal("reporter", "name", ROW, WORDS)
    for length in range(len(blob)):
        with pytest.raises(Unopenable):
            CIPHER.open("reporter", "name", ROW, blob[:length])


@given(st.binary(max_size=100), st.booleans())
def test_no_bytes_do_worse_than_not_open(blob: bytes, ours: bool) -> None:
    with pytest.raises(Unopenable):
        CIPHER.open("reporter", "name", ROW, b"\1\0\0\0\1" * ours + blob)


def test_another_key_under_the_same_id_does_not_open() -> None:
    stranger = FieldCipher(KeyRing(RING.current, {RING.current: b"x" * 32}), b"i" * 32)
    with pytest.raises(Unopenable):
        stranger.open("reporter", "name", ROW, CIPHER.seal("reporter", "name", ROW, WORDS))


def test_an_exchanged_key_id_is_found_even_when_both_ids_name_the_same_key() -> None:
    twice = FieldCipher(KeyRing(b"\0\0\0\1", {b"\0\0\0\1": b"k" * 32, b"\0\0\0\2": b"k" * 32}), b"i" * 32)
    blob = twice.seal("reporter", "name", ROW, WORDS)
    with pytest.raises(Unopenable):
        twice.open("reporter", "name", ROW, b"\1\0\0\0\2" + blob[5:])


def test_text_that_is_no_unicode_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValueError, match=r"reporter\.name") as error:
        CIPHER.seal("reporter", "name", ROW, WORDS + "\ud800")
    assert WORDS not in str(error.value)
    assert error.value.__cause__ is None


def test_an_index_is_the_same_for_the_same_value_and_differs_by_column_and_key() -> None:
    index = CIPHER.index("phone", "+8613812345678")
    assert len(index) == 32
    assert index == CIPHER.index("phone", " ＋86 138 1234 5678")
    assert CIPHER.index("id_number", "11010519491231002X") == CIPHER.index("id_number", "11010519491231002x")
    others = {
        CIPHER.index("id_number", "+8613812345678"),
        CIPHER.index("phone", "+8613812345679"),
        FieldCipher(RING, b"j" * 32).index("phone", "+8613812345678"),
    }
    assert index not in others
    assert len(others) == 3


def test_threads_share_one_cipher() -> None:
    barrier = threading.Barrier(4)

    def work(row: int) -> bool:
        barrier.wait()
        place = UUID(int=row)
        return all(
            CIPHER.open("t", "c", place, CIPHER.seal("t", "c", place, f"{row}.{n}")) == f"{row}.{n}"
            for n in range(500)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


@pytest.fixture
def paths(tmp_path: Path) -> KeyPaths:
    made = KeyPaths.under(tmp_path / "home")
    keys.set_up(made, old_data=False)
    return made


def test_set_up_makes_keys_that_only_the_owner_can_read(paths: KeyPaths) -> None:
    assert paths.folder.stat().st_mode & 0o777 == 0o700
    for secret in (paths.field_keys, paths.index_key, paths.receipt_key):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in paths.folder.parent.iterdir()] == ["keys"]


def test_set_up_again_changes_nothing(paths: KeyPaths) -> None:
    before = {file: file.read_bytes() for file in paths.folder.iterdir()}
    keys.set_up(paths, old_data=False)
    keys.set_up(paths, old_data=True)
    assert {file: file.read_bytes() for file in paths.folder.iterdir()} == before


def test_several_set_ups_at_once_agree_on_one_set_of_keys(tmp_path: Path) -> None:
    paths = KeyPaths.under(tmp_path)
    barrier = threading.Barrier(8)

    def one(_: int) -> bytes:
        barrier.wait()
        keys.set_up(paths, old_data=False)
        return FieldCipher.load(paths).index("phone", "+8613812345678")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(8)))) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["keys"]


def test_set_up_that_fails_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys, "_write", full)
    with pytest.raises(OSError, match="No space"):
        keys.set_up(KeyPaths.under(tmp_path), old_data=False)
    assert not list(tmp_path.iterdir())


def test_keys_lost_beside_old_data_are_never_made_anew(tmp_path: Path) -> None:
    paths = KeyPaths.under(tmp_path)
    with pytest.raises(Unfit, match="Restore the folder"):
        keys.set_up(paths, old_data=True)
    assert not paths.folder.exists()


@pytest.mark.parametrize("name", ["field_keys", "index_key", "receipt_key", "receipt_public"])
def test_one_missing_key_is_named_and_never_made_anew(paths: KeyPaths, name: str) -> None:
    missing: Path = getattr(paths, name)
    missing.unlink()
    with pytest.raises(Unfit, match=f"{missing.name}.* missing"):
        keys.set_up(paths, old_data=False)
    assert not missing.exists()


def test_the_citizen_side_needs_only_the_public_receipt_keys(paths: KeyPaths) -> None:
    public = keys.load_receipt_public(paths)
    kid = Signer(keys.load_receipt_key(paths)).kid
    paths.receipt_key.unlink()
    assert [key["kid"] for key in keys.load_receipt_public(paths)["keys"]] == [kid]
    assert keys.load_receipt_public(paths) == public


def test_a_key_that_others_can_read_is_refused(paths: KeyPaths) -> None:
    paths.index_key.chmod(0o640)
    with pytest.raises(Unfit, match=r"index-key.json.*0600"):
        keys.load_index_key(paths)


def damaged_rings() -> list[bytes]:
    key = "A" * 43 + "="
    return [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"current": "00"}',
        b'{"current": "00", "keys": []}',
        b'{"current": "00", "keys": {"00": 5}}',
        b'{"current": "00", "keys": {"zz": "' + key.encode() + b'"}}',
        b'{"current": "00000000", "keys": {"00000000": "' + key.encode() + b'"}}',
        b'{"current": ["00000000"], "keys": {}}',
        b"[" * 100_000,
    ]


@pytest.mark.parametrize("content", damaged_rings(), ids=range(11))
def test_a_damaged_key_file_is_refused_with_its_name_and_a_reason(paths: KeyPaths, content: bytes) -> None:
    paths.field_keys.write_bytes(content)
    with pytest.raises(Unfit, match=r"field-keys.json.*cannot be used: ") as unfit:
        FieldCipher.load(paths)
    assert "AAAA" not in str(unfit.value)


def test_a_key_with_one_changed_letter_is_found_before_it_can_seal(paths: KeyPaths) -> None:
    document = json.loads(paths.field_keys.read_bytes())
    [(name, key)] = document["keys"].items()
    document["keys"][name] = ("A" if key[0] != "A" else "B") + key[1:]
    paths.field_keys.write_text(json.dumps(document))
    with pytest.raises(Unfit, match="not the key it was"):
        keys.load_field_keys(paths)


def test_a_signing_key_of_another_kind_or_with_a_password_is_refused(paths: KeyPaths) -> None:
    key = keys.load_receipt_key(paths)
    other = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    for content in (other, locked, b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        paths.receipt_key.write_bytes(content)
        with pytest.raises(Unfit, match=r"receipt-key.pem.*cannot be used"):
            keys.load_receipt_key(paths)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_public_keys_of_another_kind_are_refused(paths: KeyPaths, content: bytes) -> None:
    paths.receipt_public.write_bytes(content)
    with pytest.raises(Unfit, match=r"receipts.public.json.*cannot be used"):
        keys.load_receipt_public(paths)


def test_a_signing_key_whose_public_half_is_not_published_is_refused(paths: KeyPaths, tmp_path: Path) -> None:
    other = KeyPaths.under(tmp_path / "other")
    keys.set_up(other, old_data=False)
    with pytest.raises(Unfit, match="not among them"):
        keys.load_receipt_key(replace(paths, receipt_public=other.receipt_public))


def test_keys_given_by_settings_are_read_and_never_written(paths: KeyPaths, tmp_path: Path) -> None:
    mounted = KeyPaths.under(
        tmp_path / "second",
        field_keys=paths.field_keys,
        index_key=paths.index_key,
        receipt_key=paths.receipt_key,
    )
    paths.receipt_key.chmod(0o444)  # as a platform mounts its secrets
    before = paths.receipt_key.read_bytes()
    keys.set_up(mounted, old_data=False)
    assert [file.name for file in mounted.folder.iterdir()] == ["receipts.public.json"]
    assert keys.load_receipt_public(mounted) == keys.load_receipt_public(paths)
    assert paths.receipt_key.read_bytes() == before


def test_an_installation_whose_keys_are_all_given_needs_no_folder(paths: KeyPaths, tmp_path: Path) -> None:
    home = tmp_path / "third"
    mounted = KeyPaths.under(
        home,
        field_keys=paths.field_keys,
        index_key=paths.index_key,
        receipt_key=paths.receipt_key,
        receipt_public=paths.receipt_public,
    )
    keys.set_up(mounted, old_data=True)
    assert not home.exists()


def test_a_given_key_that_is_missing_stops_set_up_before_anything_is_made(tmp_path: Path) -> None:
    paths = KeyPaths.under(tmp_path / "home", receipt_key=tmp_path / "absent.pem")
    with pytest.raises(Unfit, match=r"absent.pem.*missing"):
        keys.set_up(paths, old_data=False)
    assert not paths.folder.exists()


def test_rotation_opens_the_old_and_seals_with_the_new(paths: KeyPaths) -> None:
    before = FieldCipher.load(paths)
    old = before.seal("reporter", "phone", ROW, "+8613812345678")
    new_key = keys.add_field_key(paths)
    during = FieldCipher.load(paths)
    assert during.resealed("reporter", "phone", ROW, old) is None
    keys.make_current(paths, new_key)
    after = FieldCipher.load(paths)
    fresh = after.resealed("reporter", "phone", ROW, old)
    assert fresh is not None
    assert fresh[1:5].hex() == new_key
    assert after.resealed("reporter", "phone", ROW, fresh) is None
    # A process started between the two steps opens both; one from before the first says what it lacks.
    assert during.open("reporter", "phone", ROW, fresh) == "+8613812345678"
    with pytest.raises(Unopenable, match="known here"):
        before.open("reporter", "phone", ROW, fresh)
    assert after.index("phone", "1") == before.index("phone", "1")
    assert paths.field_keys.stat().st_mode & 0o777 == 0o600
    assert len(list(paths.folder.iterdir())) == 4


def test_a_key_that_is_not_there_cannot_become_current(paths: KeyPaths) -> None:
    with pytest.raises(Unfit, match="hold no key 0badc0de"):
        keys.make_current(paths, "0badc0de")


def test_keys_do_not_show_in_a_repr(paths: KeyPaths) -> None:
    ring = keys.load_field_keys(paths)
    assert repr(ring.keys[ring.current]) not in repr(ring)


def test_what_the_console_signs_the_citizen_side_verifies(paths: KeyPaths) -> None:
    from tests.test_receipts import STATEMENT

    token = Signer(keys.load_receipt_key(paths)).sign(STATEMENT)
    assert verify(token, keys.load_receipt_public(paths)) == STATEMENT
