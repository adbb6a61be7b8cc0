"""Training of the two knee graders. Imports `kneeoa`, never the pages; nothing imports it."""
