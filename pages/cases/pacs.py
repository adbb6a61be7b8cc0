"""The archive's part of the case list: films from it and pushed here, reports back to it."""

import streamlit as st

from pages.cases import pacs_inbox, pacs_outbox, pacs_query
from pages.shared import boundary, kept
from pages.shared.pacs.running import running


def show() -> None:
    """Show what the owner configured, nothing where that is nothing.

    To be called only where the case list is open to who looks: it shows patients' names.
    """
    now = running()
    for problem in now.problems:
        st.warning(boundary.escaped(problem))
    parts = {}
    if now.pacs.servers:
        parts["From the archive"] = pacs_query.show
    if now.inbox is not None:
        parts["Pushed here"] = pacs_inbox.show
    if now.pacs.takers:
        parts["Sent to the archive"] = pacs_outbox.show
    if not parts:
        return
    # Kept, so that who comes back from Read stands where she was.
    chosen = kept.one(
        st.segmented_control,
        "Archive",
        list(parts),
        "archive",
        required=True,
        label_visibility="collapsed",
    )
    with boundary.refusals_shown():
        parts[chosen]()
