"""Finding a source's files and making each one readable: plain UTF-8 with one kind of line end."""

import codecs
import errno
import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import BinaryIO

from kpi_specs.language.source import Source
from orchestration.ingest.errors import LoadError
from orchestration.ingest.zstd import check_complete

_CHUNK = 1 << 22  # 4 MB
_KINDS = {
    stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A file as it lies on disk."""

    path: Path
    file: str  # relative to the project's root, with forward slashes
    sha256: str  # '' when it cannot be read
    bytes: int
    modified: int = 0  # nanoseconds, as the file system counts them


@dataclass(frozen=True)
class Readable:
    """A file that DuckDB can read as it is."""

    path: Path
    lines: int | None = None  # physical lines in it; None where they were not counted
    compressed: bool = False  # with zstd; DuckDB decompresses it


def find(source: Source, root: Path) -> list[Path]:
    """Files that match the source's glob, by name; folders are left out."""
    if source.path is None:
        return []
    names = sorted(glob(source.path, root_dir=root, recursive=True))
    return [root / found for found in names if not (root / found).is_dir()]


def relative(path: Path, root: Path) -> str:
    """The file's name in the log: relative to the project, so that a moved project stays valid."""
    return Path(os.path.relpath(path, root)).as_posix()


def fingerprint(path: Path, root: Path) -> Found:
    """Hash the file's bytes.

    Raises:
        OSError: the file cannot be read, or is none: a pipe would be waited for without end.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, and only regular files are loaded")
    digest, size, modified = hashlib.sha256(), 0, status.st_mtime_ns
    with path.open("rb") as stream:
        for chunk in _chunks(stream):
            digest.update(chunk)
            size += len(chunk)
    return Found(path, relative(path, root), digest.hexdigest(), size, modified)


def make_readable(path: Path, source: Source, folder: Path) -> Readable:
    """Return the file, or a plain UTF-8 copy of it in `folder`.

    A copy is made where DuckDB would go wrong or give up: gzip (a truncated one is read without a
    word), an encoding other than UTF-8, mixed line ends. Parquet and zstd are read in place.

    Raises:
        LoadError: truncated or damaged compression, undecodable or unknown encoding.
        OSError: the file cannot be read.
    """
    if source.format == "parquet":
        return Readable(path)
    compression = source.options.compression or _compression_by_ending(path)
    if compression == "zstd":
        check_complete(path)
        return Readable(path, compressed=True)
    encoding = codec(source.options.encoding)
    gzipped = compression == "gzip"
    lines, pairs = _count_lines(_bytes(path, gzipped))
    if not gzipped and encoding == "utf-8" and pairs in (0, lines, lines - 1):
        return Readable(path, lines)
    copy = folder / "readable"
    with copy.open("wb") as target:
        for chunk in _decoded(path, gzipped, encoding):
            target.write(chunk)
    with copy.open("rb") as stream:
        lines, _ = _count_lines(_chunks(stream))
    return Readable(copy, lines)


def codec(encoding: str) -> str:
    """Python's name of an encoding.

    Raises:
        LoadError: Python knows no such encoding.
    """
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise LoadError(
            f"options.encoding '{encoding}' is unknown; use a name such as utf-8, latin-1,"
            " cp1252, cp1256 or utf-16"
        ) from None


def _compression_by_ending(path: Path) -> str:
    return {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower(), "none")


def _chunks(stream: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _bytes(path: Path, gzipped: bool) -> Iterator[bytes]:
    if not gzipped:
        with path.open("rb") as stream:
            yield from _chunks(stream)
        return
    try:
        with gzip.open(path, "rb") as stream:
            yield from _chunks(stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LoadError(
            f"the gzip file is truncated or damaged ({error}); deliver it again"
        ) from None


def _count_lines(chunks: Iterator[bytes]) -> tuple[int, int]:
    """Physical lines, and how many of them end with carriage return and line feed."""
    feeds = pairs = 0
    last = b""
    for chunk in chunks:
        feeds += chunk.count(b"\n")
        pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        last = chunk[-1:]
    return feeds + (last not in (b"", b"\n")), pairs


def _decoded(path: Path, gzipped: bool, encoding: str) -> Iterator[bytes]:
    """The file in UTF-8, with line feeds as its only line ends."""
    if encoding == "utf-8":
        # Lines that are not valid UTF-8 stay as they are: DuckDB names each of them.
        yield from _with_line_feeds(_bytes(path, gzipped))
    else:
        yield from _with_line_feeds(_transcoded(_bytes(path, gzipped), encoding))


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Replace CR LF by LF, also where a chunk ends between the two."""
    held = b""
    for chunk in chunks:
        block = held + chunk
        held = b"\r" if block.endswith(b"\r") else b""
        yield block[: len(block) - len(held)].replace(b"\r\n", b"\n")
    yield held


def _transcoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    line = 1
    try:
        for chunk in chunks:
            decoded = decoder.decode(chunk)
            line += decoded.count("\n")
            yield decoded.encode("utf-8")
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError as error:
        raise LoadError(
            f"not {encoding} after line {line} ({error}); set options.encoding of the source to"
            " what the file is written in"
        ) from None
