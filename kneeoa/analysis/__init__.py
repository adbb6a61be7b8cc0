"""The statistics of a study: tables of runs -> what they show, and what they cannot."""
