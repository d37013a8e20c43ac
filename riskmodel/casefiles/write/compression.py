"""Compressed CSV: bytes on their way to a file, gzipped or zstandard."""

from __future__ import annotations

import io
import zlib
from typing import Any

from riskmodel.outputs.streams import Bytes, Sink

_CHUNK = 1 << 20  # fed to a compressor in equal pieces, so that its output depends on the content alone
_LEVEL = 4


class SinkFile(io.RawIOBase):
    """A sink as the file object that a compressor writes to."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._sink.write(data)
        return len(data)


class GzipSink:
    """Gzips what is written to it; ``finish`` completes the archive. No time stamp is written."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._compressor = zlib.compressobj(_LEVEL, wbits=31)
        self._pending = bytearray()

    def _compress(self, data: Bytes) -> None:
        self._sink.write(self._compressor.compress(data))

    def write(self, data: Bytes) -> None:
        self._pending += data
        done = len(self._pending) // _CHUNK * _CHUNK
        with memoryview(self._pending) as view:
            for start in range(0, done, _CHUNK):
                self._compress(view[start : start + _CHUNK])
        del self._pending[:done]

    def finish(self) -> None:
        self._compress(self._pending)
        self._sink.write(self._compressor.flush())


class PlainSink:
    """What is not compressed, with an end like the others."""

    def __init__(self, sink: Sink) -> None:
        self.write = sink.write

    def finish(self) -> None:
        """Nothing is pending."""


class ZstdSink(GzipSink):
    """The same with zstandard."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        import pyarrow as pa

        self._stream: Any = pa.CompressedOutputStream(pa.PythonFile(SinkFile(sink), mode="w"), "zstd")

    def _compress(self, data: Bytes) -> None:
        self._stream.write(data)

    def finish(self) -> None:
        self._compress(self._pending)
        self._stream.close()


def compressed(sink: Sink, name: str) -> GzipSink | PlainSink:
    """A compressor before the sink where the name of the output asks for one."""
    kind = {"gz": GzipSink, "zst": ZstdSink}.get(name.rpartition(".")[2].lower(), PlainSink)
    return kind(sink)
