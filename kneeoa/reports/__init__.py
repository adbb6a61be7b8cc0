"""One report of one knee: as text, JSON, PDF, DICOM Structured Report and Secondary Capture.

`content` is what a report says, `making` makes it of a reading, `exports` names and writes its
files: `as_text`, `as_json`, `as_pdf`, `structured_report` and `secondary_capture`, of what is in
`dicom`. `deidentify` takes the patient out of a film, `burned_in` finds text in its pixels.
"""
