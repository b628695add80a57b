"""The cutting room, with voice notes: AAC in an MP4 that every browser plays, and how loud it is."""

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatch import recordings
from dispatch.cutting_room import CuttingRoom
from dispatch.errors import Refused
from dispatch.footage import WAVES, Footage
from tests.footage import film, heard, opened, voice, wav
from tests.pictures import jpeg

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def room() -> Iterator[CuttingRoom]:
    made = CuttingRoom("voice")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("codec", "container", "content_type"),
    [
        ("aac", "mp4", "audio/mp4"),
        ("aac", "ipod", "audio/mp4"),
        ("aac", "adts", "audio/aac"),
        ("libopencore_amrnb", "amr", "audio/amr"),
        ("libopencore_amrnb", "3gp", "audio/mp4"),
        ("libopus", "webm", "audio/webm"),
        ("libopus", "ogg", "audio/ogg"),
        ("libmp3lame", "mp3", "audio/mpeg"),
        ("pcm_s16le", "wav", "audio/wav"),
    ],
)
async def test_every_kind_of_voice_note_a_phone_makes_is_cut_in_the_confined_process(
    codec: str, container: str, content_type: str, room: CuttingRoom, tmp_path: Path
) -> None:
    found = await room.develop(_file(tmp_path, voice(codec, container)))
    assert found.content_type == content_type
    assert 2900 < found.duration_ms < 3150
    assert abs(heard(found.play) - 3) < 0.15
    with opened(found.play) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["aac"]
    assert found.play.index(b"moov") < found.play.index(b"mdat")
    assert (found.poster, found.thumb, found.width, found.height) == (b"", b"", None, None)
    assert found.waveform is not None
    assert len(found.waveform) == WAVES
    # It grows louder, so each quarter stands higher than the one before.
    quarters = [sum(found.waveform[at : at + 16]) for at in range(0, WAVES, 16)]
    assert quarters == sorted(quarters)
    assert quarters[0] < quarters[3] / 2


def test_silence_is_a_voice_note_with_a_flat_line() -> None:
    found = _cut(voice("pcm_s16le", "wav", seconds=0.01))
    assert found.duration_ms == 10
    assert found.waveform is not None
    assert len(found.waveform) == WAVES


def test_a_minute_fits_and_more_is_too_long_whatever_its_header_says() -> None:
    assert _cut(wav(60.3)).duration_ms > 60_000
    endless = bytearray(wav(62))
    at = endless.index(b"data") + 4
    endless[at : at + 4] = b"\x00\x10\x00\x00"  # 4 KiB, it says
    for data in (
        wav(61),
        voice("libopus", "webm", seconds=61),
        voice("libopencore_amrnb", "amr", seconds=600),
    ):
        with pytest.raises(Refused, match="voice_too_long") as refused:
            _cut(data)
        assert refused.value.values == {"limit": 60}
    assert _cut(bytes(endless)).duration_ms < 1000  # what its own player would play


BAD: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "words": lambda: "这不是语音".encode(),
    "a photo": jpeg,
    "a video": film,
    "a video with pictures alone": lambda: film(sound=None),
    "a video called audio": lambda: film("libvpx", "webm", sound="libopus"),
    "half an M4A": lambda: voice()[:9000],
    "a head alone": lambda: b"#!AMR\n",
    "a list of files": lambda: b"ffconcat version 1.0\nfile '/etc/hostname'\n",
    "a playlist": lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "no sound": lambda: voice("pcm_s16le", "wav", seconds=0),
    "a codec that is not taken": lambda: voice("flac", "flac"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_voice_note_is_unreadable(name: str, room: CuttingRoom, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="voice_unreadable"):
        await room.develop(_file(tmp_path, BAD[name]()))


async def test_a_damaged_voice_note_is_cut_or_refused(room: CuttingRoom, tmp_path: Path) -> None:
    dice, codes = random.Random(110), set()
    kinds = [("libopencore_amrnb", "amr"), ("libopus", "webm"), ("aac", "mp4"), ("libmp3lame", "mp3")]
    for number in range(16):
        data = bytearray(voice(*kinds[number % 4], seconds=1))
        for _ in range(1 + number * 3):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            found = await room.develop(_file(tmp_path, bytes(data)))
        except Refused as refused:
            codes.add(refused.code)
        else:
            assert heard(found.play) > 0
    assert codes <= {"voice_unreadable", "voice_too_long"}


def _cut(data: bytes) -> Footage:
    return recordings.cut(io.BytesIO(data))


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "came"
    path.write_bytes(data)
    return path
