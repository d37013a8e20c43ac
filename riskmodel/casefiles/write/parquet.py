"""Parquet output, in row groups of one size."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq

from riskmodel.casefiles.write.arrow_rows import GROUP, ArrowRows


class ParquetRows(ArrowRows):
    """Rows as Parquet."""

    def open_writer(self, file: Any, schema: Any) -> Any:
        return pq.ParquetWriter(file, schema, compression="zstd")

    def write_group(self, writer: Any, group: Any) -> None:
        writer.write_table(group, row_group_size=GROUP)
