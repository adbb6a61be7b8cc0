"""The audit log on a page, for whoever has a key."""

import streamlit as st

from kneeoa.store import audit
from pages.shared import cached, table_view


def show(about: str = "Session, learner, case or archive") -> None:
    """Show who signed in, deleted or took along what, and when."""
    with st.expander("Log of sign-ins, deletions and exports", on_change="rerun", key="log") as log:
        if log.open:
            entries = audit.entries(cached.store())
            st.dataframe(
                entries,
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
            table_view.show_csv(entries, "log")
            st.caption("No name, film or key stands in it. The last 500 entries are shown.")
