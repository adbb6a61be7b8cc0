"""What single attributes of a DICOM header say, by meaning; `kneeoa.films.dicom.facts` asks all."""
