"""Another hospital's films: what the published networks do there, and how to check one's own."""

from typing import Any

import streamlit as st

from kneeoa.analysis.published import elsewhere
from kneeoa.wording import counted
from pages.shared import boundary, table_view
from pages.shared.research import own_measured


def show_other_hospitals(card: dict[str, Any]) -> None:
    """Show what was measured where, from the localiser's card, and what to expect elsewhere."""
    st.subheader("Real films of another hospital")
    table = elsewhere.framings(card)
    if table.empty:
        st.caption("The published localiser was not measured on another hospital's films.")
        return
    st.markdown(
        f"{table['films'].iloc[0]} films of one other hospital with two experts' grades, each "
        "grade about as often; no network learned from them. Both together, by their most "
        "probable grade. The networks put these films in much the same order as the experts; but "
        "readers elsewhere draw the lines between grades elsewhere, which fifty graded films of "
        "your own teach."
    )
    table_view.show_table(
        elsewhere.in_words(table),
        "other_hospital",
        "from kneeoa.analysis.published import elsewhere\n"
        "from kneeoa.graders.locating.localiser import Localiser\n\n"
        "print(elsewhere.in_words(elsewhere.framings(Localiser().card)))",
        download=table,
        height="content",
    )
    st.caption(
        "In brackets: 95% interval over films, as if each were of another patient. Some share "
        "one, so that it is too narrow: docs/generalisation.md has some over patients. "
        f"{boundary.escaped(elsewhere.why_no_interval(table))} The two ways to frame are measured "
        "on the same films: a difference of a few points tells little."
    )


def show_own() -> None:
    """Show how the networks do on this session's own films, or the way to find out."""
    st.subheader("Your films")
    kept = own_measured.current()
    if kept is None:
        st.markdown(
            "The same figures for films that your readers graded: a folder on this server or a "
            "ZIP, with sub-folders 0 to 4 or a table of grades. You get accuracy, kappa and more "
            "with intervals over your patients, a matrix for each network, and all of it as a file "
            "to keep. From 25 films on."
        )
    else:
        films = next(iter(kept.evaluation.answers.values()))
        st.markdown(
            f"This is how the networks do on yours: {boundary.escaped(kept.evaluation.source)}, "
            f"{counted(len(films), 'film')} of "
            f"{counted(films['patient_id'].nunique(), 'patient')}."
        )
        own_measured.show_figures(kept)
    st.page_link(
        "own_films/page.py",
        icon=":material/arrow_forward:",
        label="Your own films: measure the networks there, and teach them"
        if kept is None
        else "Your own films: the matrices, the file to keep, and teaching the networks",
    )
    st.caption(
        "What to expect elsewhere: docs/generalisation.md. On the command line: "
        "python -m kneeoa adapt FOLDER --out PROFILE."
    )
