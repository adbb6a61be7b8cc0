"""Notes and tags of runs: to find runs by, and to write where that may be done."""

import os
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from kneeoa.analysis import measuring
from kneeoa.analysis import selection as runs_of
from kneeoa.records import notes
from kneeoa.records.notes import LONGEST_NOTE, MOST_TAGS, Notes
from pages.shared import boundary, clients, kept
from pages.shared.research import cached_runs


def read(selection) -> dict[str, Notes]:
    """Return the notes of the finished runs by label; say which cannot be read."""
    notes_by_label, problems = cached_runs.notes_of(
        tuple((row.label, row.folder, row.run_id) for row in selection.finished.itertuples())
    )
    for problem in problems:
        st.warning(boundary.escaped(problem))
    return notes_by_label


def choose_by(noted: Mapping[str, Notes]) -> list[str] | None:
    """Let the reader find runs by tags and words; return their labels, None for all runs."""
    tags = sorted({tag for run_notes in noted.values() for tag in run_notes.tags}, key=str.casefold)
    if not any(run_notes.note or run_notes.tags for run_notes in noted.values()):
        return None
    by_tag, by_word, _ = st.columns([3, 2, 3], vertical_alignment="bottom")
    wanted = kept.several(
        by_tag.multiselect, "With the tags", tags, "tags", placeholder="Any, or none"
    )
    words = by_word.text_input("With words in the note", key="note_words", max_chars=80)
    if not wanted and not words.strip():
        return None
    return measuring.noted_alike(noted, wanted, words)


def show(selection, noted: Mapping[str, Notes], marked: tuple[str, ...]) -> None:
    """Show the notes of the marked runs, to be changed where that may be done."""
    if not marked:
        st.caption("Mark a run in the table above to read its note, or to keep one with it.")
        return
    names = cached_runs.names(selection.archive)["name"]
    label = kept.one(st.selectbox, "Run", marked, "noted_run", format_func=names.get)
    run = runs_of.finished_runs(selection.archive).set_index("label").loc[label]
    folder = Path(run["folder"], "runs", run["run_id"])
    with boundary.refusals_shown():
        run_notes = noted.get(label) or notes.read(folder)
        why_not = _why_not(folder)
        if why_not:
            _show_only(run_notes)
            st.caption(why_not)
        else:
            _show_form(folder, run_notes, label)


def _why_not(folder):
    if not notes.may_be_written(folder):
        return "This results folder may not be written, so notes cannot be kept here."
    if clients.client() != clients.HERE and not notes.everyone_writes(os.environ):
        return (
            "Notes are written from the machine that runs the dashboard alone, unless its owner "
            "lets everyone do so (docs/settings.md)."
        )
    return ""


def _show_only(run_notes):
    note = boundary.escaped(run_notes.note) or "No note."
    tags = f"  \nTags: {boundary.escaped(', '.join(run_notes.tags))}" if run_notes.tags else ""
    st.markdown(note + tags)


def _show_form(folder, now, label):
    keys = {name: f"{name}_{label}" for name in ("note", "tags", "before")}
    if keys["note"] not in st.session_state:
        # What the form is opened on: its boxes keep what is in them, whatever others keep.
        st.session_state[keys["before"]] = now
    before = st.session_state[keys["before"]]
    changed = now != before
    if changed:
        words = boundary.escaped(notes.in_words(now))
        st.warning(f"Since this form was opened somebody else kept with this run: {words}.")
    with st.form(f"notes_{label}", border=False):
        note = st.text_area("Note", before.note, max_chars=LONGEST_NOTE, key=keys["note"])
        tags = st.text_input(
            f"Tags, up to {MOST_TAGS}, separated by commas",
            ", ".join(before.tags),
            key=keys["tags"],
        )
        asked = st.form_submit_button("Keep with the run")
        if changed:
            st.form_submit_button("Take theirs into the form", on_click=_join, args=(keys, now))
    if asked:
        kept_now = notes.write(folder, note, tags.split(","), before=before)
        st.session_state[keys["before"]] = kept_now
        st.toast(boundary.escaped(f"Kept with {label}."), icon=":material/check:")
        st.rerun()


def _join(keys, theirs):
    ours = st.session_state[keys["note"]], st.session_state[keys["tags"]].split(",")
    note, tags = notes.joined(*ours, theirs)
    st.session_state[keys["note"]], st.session_state[keys["tags"]] = note, ", ".join(tags)
    st.session_state[keys["before"]] = theirs
