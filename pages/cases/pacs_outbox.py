"""Reports on their way to the archive: what waits and why, what was refused, what arrived."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kneeoa.wording import counted
from pages.shared import boundary, clients, live
from pages.shared.pacs.running import running

if TYPE_CHECKING:
    from kneeoa.pacs.outbox import Entry

LOOK_SECONDS = 4.0
MOST_SHOWN = 20
"""Of those that are not there yet; the others are counted."""
_STATES = {"waiting": "waits for", "sending": "is being sent to", "failed": "was refused by"}


def show() -> None:
    """Show the outbox, and look again by itself."""
    live.every(LOOK_SECONDS, _look)


def _look() -> None:
    from kneeoa.pacs import outbox

    with boundary.refusals_shown():
        entries, counts = outbox.entries(running().store()), outbox.counts(running().store())
        open_ones = [one for one in entries if one.state != "sent"]
        sent = [one for one in entries if one.state == "sent"]
        if not entries:
            st.caption("No report was sent yet. In Read, a report can be sent to the archive.")
            return
        st.markdown(summary(counts))
        if len(open_ones) > 1:
            st.button("Try all now", key="outbox_all", on_click=_retry, args=[None])
        for one in open_ones[:MOST_SHOWN]:
            _show_open(one)
        unsent = sum(counts.values()) - counts.get("sent", 0)
        if unsent > MOST_SHOWN:
            st.caption(f"And {unsent - MOST_SHOWN} more.")
        if sent:
            with st.expander(f"{counted(counts.get('sent', 0), 'report')} in the archive"):
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


def _show_open(one: "Entry") -> None:
    with st.container(border=True):
        said, again, away = st.columns([5, 1, 1], vertical_alignment="center")
        about = f", {one.about}" if one.about else ""
        gone = one.server not in {taker.name for taker in running().pacs.takers}
        why = "This archive is no longer in the settings." if gone else one.said
        when = ""
        if one.state == "waiting" and one.tries:
            when = f" Tried {counted(one.tries, 'time')}; next at {one.next_at:%H:%M} UTC."
        said.markdown(
            f"**{boundary.escaped(one.kind + about)}** {_STATES[one.state]} "
            f"{boundary.escaped(one.server)}, since {one.put_at:%Y-%m-%d %H:%M} UTC.  \n"
            f"{boundary.escaped(why + when)}"
        )
        busy = one.state == "sending" and not gone
        again.button(
            "Try now",
            key=f"outbox_try_{one.entry_id}",
            on_click=_retry,
            args=[[one.entry_id]],
            disabled=busy or gone,
            width="stretch",
        )
        with away.popover("Discard", disabled=busy, width="stretch"):
            st.markdown("This report is deleted here and never sent.")
            st.button(
                "Discard now",
                key=f"outbox_away_{one.entry_id}",
                type="primary",
                on_click=_discard,
                args=[one.entry_id],
            )


def _show_sent(sent: "list[Entry]") -> None:
    rows = [
        (one.sent_at and one.sent_at.replace(tzinfo=None), one.kind, one.about, one.server)
        for one in sent
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Sent", "Kind", "Of", "Archive"]),
        column_config={
            "Sent": st.column_config.DatetimeColumn("Sent (UTC)", format="YYYY-MM-DD HH:mm")
        },
        hide_index=True,
        placeholder="",
    )


def _retry(only: list[int] | None) -> None:
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    with boundary.refusals_shown():
        outbox.retry(running().store(), utc_now(), only)
        running().wake()


def _discard(entry_id: int) -> None:
    from kneeoa.pacs import outbox
    from kneeoa.pacs.sender import utc_now

    with boundary.refusals_shown():
        outbox.discard(running().store(), entry_id, utc_now())
        clients.note("report to an archive discarded")
