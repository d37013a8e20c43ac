"""The mapping file: other names for columns, values, missing codes and units; columns worked out of others."""

from riskmodel.cases.mapping.load import EVERY, CaseMapping, MappingLike, load_mapping

__all__ = ["EVERY", "CaseMapping", "MappingLike", "load_mapping"]
