"""The dashboard's pages: a folder each, thin over `kneeoa`."""
