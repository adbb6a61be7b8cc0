"""What a group session keeps of a learner: her votes, to take along or to delete."""

import streamlit as st

from kneeoa.spreadsheet import csv_text
from kneeoa.store import group as store
from pages.shared import cached, clients


def show_votes(mine) -> None:
    """Show the learner's votes on every film that was shown, and let her take them along.

    Not before the session has ended: they stand beside the reference.
    """
    columns = ["position", "image_id", "reference", "grade", "again"]
    table = mine[columns].assign(position=mine["position"] + 1)
    again = sorted(table.loc[table["again"], "position"])
    if again:
        named = ", ".join(map(str, again))
        st.caption(
            f"Voting was opened again after the votes were shown: film {named}. What counts is the "
            "vote that stood at the end."
        )
    with st.expander("Film by film"):
        st.table(
            [
                {
                    "Film": row.position,
                    "Reference": f"KL {row.reference}",
                    "You": "no vote" if row.grade != row.grade else f"KL {row.grade:.0f}",
                }
                | ({"Voting": "opened again" if row.again else ""} if again else {})
                for row in table.astype({"grade": float}).itertuples()
            ],
            border="horizontal",
            width="content",
        )
    content = csv_text(table.rename(columns={"position": "film"}))
    st.download_button(
        "My votes (CSV)",
        clients.noted("own votes exported", lambda: content),
        file_name="my-votes.csv",
        mime="text/csv",
        on_click="ignore",
    )


def show_way_out(participant, forget) -> None:
    """Let the learner delete her nickname and votes; ``forget()`` is called once it is done."""
    with st.popover("Leave"):
        st.markdown("Your nickname and all your votes in this session are deleted for good.")
        if st.button(":red[Leave and delete]", key="leave_session"):
            store.remove_participant(
                cached.store(),
                participant.group_id,
                participant.participant_id,
                event="learner left a session",
                **clients.now_here(),
            )
            forget()
            st.rerun()
