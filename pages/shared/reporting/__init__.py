"""The report of a knee that this session read."""

from pages.shared.reporting.made import exports_of

__all__ = ["exports_of"]
