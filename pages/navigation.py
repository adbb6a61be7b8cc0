"""The main script: the rooms and their pages, and which of them one is in."""

from pathlib import Path

import streamlit as st

from pages.shared import attribution, live, style
from pages.shared.cases import arrivals, own_grades, unsaved
from pages.shared.leaving import at_stake
from pages.shared.patients import named

ROOMS = {
    # Without a name of their own, these stand in the menu itself, before the rooms.
    "": {"reading": "Read", "cases": "Cases", "about": "About"},
    "Learn": {"atlas": "Atlas", "practice": "Practice", "join": "Join", "teach": "Teach"},
    "Research": {
        "runs": "Runs",
        "results": "Results",
        "confusion": "Confusion",
        "data": "Data",
        "robustness": "Robustness",
        "own_films": "Your own films",
    },
}
START = "reading"

pages = {
    room: [
        st.Page(
            f"{name}/page.py",
            title=title,
            url_path="" if name == START else name,
            default=name == START,
        )
        for name, title in names.items()
    ]
    for room, names in ROOMS.items()
}
page = st.navigation(pages, position="top")
st.set_page_config(
    page_title=f"{page.title} - Knee reading room",
    page_icon=str(Path(__file__).parents[1] / "assets" / "icon.png"),
    layout="wide",
)
# A closed room would not show which of its pages this is.
item = 1 + len(pages[""])
for room in list(pages)[1:]:
    if page in pages[room]:
        style.mark_room(item, page.title)
    item += 1
attribution.show_warning()
unsaved.keep_up(on_read=page == pages[""][0])
unsaved.show()
arrivals.take_arrivals()
own_grades.keep_asked()
named.keep_asked()
with live.begun_last():
    page.run()
unsaved.has_been_said()
at_stake.ask_first()
