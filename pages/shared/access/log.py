"""The audit log on a page, for whoever has a key."""

import streamlit as st

from kneeoa.store import audit
from pages.shared import cached


def show(about: str = "Session, learner or case") -> None:
    """Show who signed in, deleted or took along what, and when."""
    with st.expander("Log of sign-ins, deletions and exports", on_change="rerun", key="log") as log:
        if log.open:
            st.dataframe(
                audit.entries(cached.store()),
                column_config={
                    "happened_at": st.column_config.DatetimeColumn(
                        "When (UTC)", format="YYYY-MM-DD HH:mm:ss"
                    ),
                    "event": "What",
                    "client": "From",
                    "about": about,
                },
                hide_index=True,
            )
            st.caption("No name, film or key stands in it. The last 500 entries are shown.")
