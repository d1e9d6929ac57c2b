"""Whether a zstd file is whole: DuckDB reads a truncated one without a word.

Only the frame and block headers are walked (RFC 8878, section 3.1); nothing is decompressed.
"""

from pathlib import Path
from typing import BinaryIO

from orchestration.ingest.errors import LoadError

_MAGIC = 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_RLE = 1


def check_complete(path: Path) -> None:
    """Walk all frames.

    Raises:
        LoadError: the file is cut off or no zstd file; the message says so.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        while stream.tell() < size:
            _frame(stream)
        if stream.tell() > size:
            raise LoadError("the zstd file is truncated; deliver it again")


def _frame(stream: BinaryIO) -> None:
    magic = _number(stream, 4)
    if magic in _SKIPPABLE:
        stream.seek(_number(stream, 4), 1)
        return
    if magic != _MAGIC:
        raise LoadError("not a zstd file, or a damaged one; deliver it again")
    descriptor = _number(stream, 1)
    single_segment = descriptor >> 5 & 1
    content_size = (1 if single_segment else 0, 2, 4, 8)[descriptor >> 6]
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    stream.seek((0 if single_segment else 1) + dictionary + content_size, 1)
    last = False
    while not last:
        header = _number(stream, 3)
        last = bool(header & 1)
        stream.seek(1 if header >> 1 & 3 == _RLE else header >> 3, 1)
    if descriptor >> 2 & 1:
        stream.seek(4, 1)  # checksum


def _number(stream: BinaryIO, count: int) -> int:
    data = stream.read(count)
    if len(data) < count:
        raise LoadError("the zstd file is truncated; deliver it again")
    return int.from_bytes(data, "little")
