"""Reports on their way to the archive: what waits and why, what was refused, what arrived."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kneeoa.wording import counted
from pages.cases import away
from pages.shared import boundary, cached, clients, live, table_view
from pages.shared.pacs.running import running

if TYPE_CHECKING:
    from kneeoa.pacs.outbox import Entry

LOOK_SECONDS = 4.0
MOST_SHOWN = 20
"""Of those that are not there yet; the others are counted."""
_STATES = {"waiting": "waits for", "sending": "is being sent to", "failed": ":red[was refused] by"}


def show() -> None:
    """Show the outbox, and look again by itself."""
    live.every(LOOK_SECONDS, _look)


def _look() -> None:
    from kneeoa.pacs import outbox

    with boundary.refusals_shown():
        entries, counts = outbox.entries(cached.store()), outbox.counts(cached.store())
        open_entries = [entry for entry in entries if entry.state != "sent"]
        sent = [entry for entry in entries if entry.state == "sent"]
        if not entries:
            st.caption("No report was sent yet. In Read, a report can be sent to the archive.")
            return
        st.markdown(summary(counts))
        if len(open_entries) > 1:
            st.button("Try all now", key="outbox_all", on_click=_retry, args=[None])
        for entry in open_entries[:MOST_SHOWN]:
            _show_open(entry)
        unsent = sum(counts.values()) - counts.get("sent", 0)
        if unsent > MOST_SHOWN:
            st.caption(f"And {unsent - MOST_SHOWN} more.")
        if sent:
            with st.expander("Which are there"):
                _show_sent(sent)
                if counts.get("sent", 0) > len(sent):
                    st.caption(f"The last {len(sent)} are shown.")


def summary(counts: Mapping[str, int]) -> str:
    """Return how many entries wait, were refused, and are there, in a sentence."""
    waiting = counts.get("waiting", 0) + counts.get("sending", 0)
    failed = counts.get("failed", 0)
    parts = [
        f"{waiting} on the way" if waiting else "",
        f"{failed} refused" if failed else "",
        f"{counts.get('sent', 0)} in the archive",
    ]
    return ", ".join(filter(None, parts)) + "."


def _show_open(entry: "Entry") -> None:
    with st.container(border=True):
        text, again, discard = st.columns([5, 1, 1], vertical_alignment="center")
        about = f", {entry.about}" if entry.about else ""
        gone = entry.server not in {taker.name for taker in running().pacs.takers}
        why = "This archive is no longer in the settings." if gone else entry.said
        when = ""
        if entry.state == "waiting" and entry.tries:
            when = f" Tried {counted(entry.tries, 'time')}; next at {entry.next_at:%H:%M} UTC."
        text.markdown(
            f"**{boundary.escaped(entry.kind + about)}** {_STATES[entry.state]} "
            f"{boundary.escaped(entry.server)}, since {entry.put_at:%Y-%m-%d %H:%M} UTC.  \n"
            f"{boundary.escaped(why + when)}"
        )
        busy = entry.state == "sending" and not gone
        again.button(
            boundary.told_apart("Try now", entry.kind + about),
            key=f"outbox_try_{entry.entry_id}",
            on_click=_retry,
            args=[[entry.entry_id]],
            disabled=busy or gone,
            width="stretch",
        )
        away.ask(
            discard,
            boundary.told_apart("Discard", entry.kind + about),
            [] if busy else [entry.entry_id],
            key=f"outbox_away_{entry.entry_id}",
            words=lambda _: "This report is deleted here and never sent.",
            sure="Discard now",
            on_sure=_discard,
        )


def _show_sent(sent: "list[Entry]") -> None:
    rows = [
        (
            entry.sent_at and entry.sent_at.replace(tzinfo=None, microsecond=0),
            entry.kind,
            entry.about,
            entry.server,
        )
        for entry in sent
    ]
    table = pd.DataFrame(rows, columns=["Sent (UTC)", "Kind", "Of", "Archive"])
    st.dataframe(
        table,
        column_config={"Sent (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        hide_index=True,
        placeholder="",
    )
    table_view.show_csv(table, "reports_sent")


def _retry(only: list[int] | None) -> None:
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    with boundary.refusals_shown():
        outbox.retry(cached.store(), utc_now(), only)
        running().wake()


def _discard(entry_ids: list[int]) -> None:
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    with boundary.refusals_shown():
        for entry_id in entry_ids:
            outbox.discard(cached.store(), entry_id, utc_now())
        clients.note("report to an archive discarded")
