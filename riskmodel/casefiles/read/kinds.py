"""Files that are something else than a case file, known by their first bytes and named for the person who has one."""

from __future__ import annotations

import re

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PARQUET, ARROW_FILE, ARROW_STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SPREADSHEET = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
STATA, SPSS, PORTABLE, TRANSPORT = b"<stata_dta>", (b"$FL2", b"$FL3"), b"SPSSPORT", b"HEADER RECORD*******LIB"
SAS = b"\0" * 12 + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
LOOKED_AT = 512  # bytes

_ITSELF = "that came compressed or on standard input; give the file itself by its name"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (STATA, f"a Stata file {_ITSELF}"),
    *((start, f"an SPSS file {_ITSELF}") for start in SPSS),
    (SAS, f"a SAS data set {_ITSELF}"),
    (TRANSPORT, f"a SAS transport file {_ITSELF}"),
    (b"X\n\0\0\0", 'an R object (.rds); write it with write.csv(x, "cases.csv", row.names = FALSE, na = "")'),
    (b"A\n2\n", 'an R object (.rds); write it with write.csv(x, "cases.csv", row.names = FALSE, na = "")'),
    (b"A\n3\n", 'an R object (.rds); write it with write.csv(x, "cases.csv", row.names = FALSE, na = "")'),
    (b"RDX", 'an R workspace (.RData); write a table with write.csv(x, "cases.csv", row.names = FALSE, na = "")'),
    (ARROW_FILE, f"an Arrow file {_ITSELF}"),
    (ARROW_STREAM, f"an Arrow stream {_ITSELF}"),
    (b"FEA1", "a Feather file of version 1; write it as version 2 (any library of today does) or as Parquet"),
    (b"ORC", "an ORC file; write it as Parquet"),
    (b"Obj\x01", "an Avro file; write it as Parquet"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file; write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database; write the table as CSV (UTF-8)"),
    (b"%PDF-", "a PDF; a case file is a table as CSV or Parquet"),
    (b"{\\rtf", "a document (RTF); save the table as CSV (UTF-8)"),
    (OLD_OFFICE, f"an old Excel workbook or Word document {_ITSELF}"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf", "a 7z archive; use gzip or zstd"),
    (b"BZh", "compressed with bzip2; use gzip or zstd"),
    (b"\xfd7zXZ", "compressed with xz; use gzip or zstd"),
    (b"\x00\x00\xfe\xff", "UTF-32; save it as UTF-8"),
    (b"\xff\xfe\x00\x00", "UTF-32; save it as UTF-8"),
    (b"\xff\xfe", "UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16; save it as UTF-8"),
    (GZIP, "compressed twice with gzip; decompress it once"),
    (ZSTD, "compressed twice; decompress it once"),
    (PARQUET, f"a Parquet file {_ITSELF}"),
)
_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"\s*<(!doctype html|html|head|body|table)\b", re.IGNORECASE),
        "an HTML page (of a server that wanted a login?); a case file is a table as CSV or Parquet",
    ),
    (re.compile(rb"\s*<\?xml\b"), "XML; save the table as CSV (UTF-8)"),
    (
        re.compile(rb'\s*(\{\s*("|\})|\[\s*[\[{"\]0-9])'),
        "JSON; write it as CSV, or give pandas.read_json to model.score (a file of FHIR: give it by its name)",
    ),
)


def other_kind(start: bytes) -> str:
    """What a file with these first bytes is, and what to do with it; nothing where it may be a CSV.

    >>> other_kind(b"%PDF-1.7")
    'a PDF; a case file is a table as CSV or Parquet'
    >>> other_kind(b"case_id,fever")
    ''
    """
    if start.startswith(ZIP):
        return _zipped(start)
    if is_old_stata(start):
        return _STARTS[0][1]
    text = start.removeprefix(b"\xef\xbb\xbf")
    kinds = [kind for signature, kind in _STARTS if start.startswith(signature)]
    kinds += [kind for pattern, kind in _TEXTS if pattern.match(text)]
    kinds += ["UTF-16; save it as UTF-8"] if b"\0" in start[1:4:2] or b"\0" in start[:4:2] else []
    return kinds[0] if kinds else ""


def is_old_stata(start: bytes) -> bool:
    """Whether a file is one of Stata before version 13, by its release, byte order and type."""
    return len(start) > 3 and 110 <= start[0] <= 115 and start[1] in (1, 2) and start[2:4] == b"\x01\x00"


def _zipped(start: bytes) -> str:
    if SPREADSHEET in start[:LOOKED_AT]:
        return f"an OpenDocument sheet {_ITSELF}"
    if b"mimetypeapplication/vnd.oasis.opendocument" in start[:LOOKED_AT]:
        return "an OpenDocument text; save the table as CSV (UTF-8)"
    if b"word/" in start[:LOOKED_AT]:
        return "a Word document; save the table as CSV (UTF-8)"
    if b"xl/" in start[:LOOKED_AT]:
        return f"an Excel workbook {_ITSELF}"
    return "a ZIP archive or a damaged Excel workbook; give the table in it as a file of its own"
