"""Your own films: graded films in, what they teach the networks, and a profile to read with."""

import streamlit as st

from kneeoa.wording import counted
from pages.own_films import as_published, contact_sheet, findings, outcome, shelf, sources, work
from pages.shared import boundary, style
from pages.shared.profiles import strip


def show_head() -> None:
    """Show what this is, which profile is in use, and the way to others."""
    title, load = st.columns([6, 1.4], vertical_alignment="bottom")
    title.title("Your own films")
    with load:
        shelf.show_shelf()
    st.markdown(
        "Readers elsewhere draw the lines between grades elsewhere. Fifty to a hundred films that "
        "yours graded teach the networks how they do; the figures say by how much, on films that "
        "were not learnt from. For research and teaching; not a medical device."
    )
    shelf.show_refusal()
    strip.show()


def show_films(own: work.Work) -> None:
    """Show the sheet, and what was learnt once it was asked for."""
    st.subheader("The films")
    if own.adaptation is None:
        contact_sheet.show_sheet(own)
    else:
        # Looked through before; the figures are what is looked for now.
        with st.expander(f"The {counted(len(own.chosen), 'film')} learnt from"):
            contact_sheet.show_sheet(own)
    st.button("Take other films", on_click=work.forget, key="own_other")
    st.subheader("How the networks do on these films")
    as_published.show(own)
    st.subheader("Before and after")
    outcome.show_learning(own)
    if own.adaptation is None:
        return
    outcome.show_verdict(own.adaptation)
    outcome.show_profile(own)
    outcome.show_figures(own.adaptation)
    findings.show_lines(own)
    findings.show_disagreements(own)
    findings.show_curve(own)


style.apply_style()
with boundary.refusals_shown():
    show_head()
    own = work.current()
    if own is None:
        sources.show_sources()
    else:
        show_films(own)
