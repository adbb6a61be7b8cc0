"""The atlas: what separates the grades, in words, in a drawing and on films."""

import streamlit as st

from views import (
    _atlas_criteria,
    _atlas_differing,
    _atlas_films,
    _atlas_neighbours,
    _kept,
    _shared,
)

PARTS = {
    "criteria": ("Criteria", _atlas_criteria.show),
    "films": ("Films of a grade", _atlas_films.show),
    "neighbours": ("Neighbouring grades", _atlas_neighbours.show),
    "differing": ("Where they differ", _atlas_differing.show),
}

_shared.apply_style()
name, choice = st.columns([1, 2], vertical_alignment="center")
name.title("Atlas of the grades")
part = _kept.one(
    choice.segmented_control,
    "Part of the atlas",
    PARTS,
    "part",
    required=True,
    format_func=lambda part: PARTS[part][0],
    label_visibility="collapsed",
)
with _shared.refusals_shown():
    PARTS[part][1]()
