"""Archives without DICOMweb: reports sent by the classic C-STORE."""
