"""The atlas: what separates the grades, in words, in a drawing and on films."""

import streamlit as st

from pages.atlas import criteria, differing, example_films, neighbours
from pages.shared import boundary, kept, style

PARTS = {
    "criteria": ("Criteria", criteria.show),
    "films": ("Films of a grade", example_films.show),
    "neighbours": ("Neighbouring grades", neighbours.show),
    "differing": ("Where they differ", differing.show),
}

style.apply_style()
name, choice = st.columns([1, 2], vertical_alignment="center")
name.title("Atlas of the grades")
part = kept.one(
    choice.segmented_control,
    "Part of the atlas",
    PARTS,
    "part",
    required=True,
    format_func=lambda part: PARTS[part][0],
    label_visibility="collapsed",
)
with boundary.refusals_shown():
    PARTS[part][1]()
