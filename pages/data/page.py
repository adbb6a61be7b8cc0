"""The data page: where the films are from, who is in which split, and the same check at home."""

from pathlib import Path

import streamlit as st

from kneeoa.adaptation import allowed
from kneeoa.data.dataset import read_dataset
from kneeoa.records import lineage
from kneeoa.wording import counted
from pages.shared import attribution, boundary, cached, style, table_view
from pages.shared.access import offered
from pages.shared.research import run_selection

UNREADABLE_SHOWN = 20
"""Unreadable films that are named before they are counted."""


def show_splits(selection) -> None:
    """Show each split that the chosen runs were trained on, and what was checked of it."""
    hashes = selection.finished.groupby("split_hash", sort=False)
    st.subheader("Which patients are in which part")
    if len(hashes) > 1:
        st.warning(
            f"These runs stand on {len(hashes)} different splits: their figures do not compare."
        )
    for split_hash, rows in hashes:
        row = rows.iloc[0]
        record = selection.archive.records[row["folder"], row["run_id"]]
        st.markdown(f"**Split {boundary.escaped(split_hash[:16])}**, {counted(len(rows), 'run')}")
        with boundary.refusals_shown():
            split = lineage.read(Path(row["folder"]), split_hash)
            if split is None:
                table_view.show_table(
                    lineage.recorded_counts(record),
                    f"counts_{split_hash[:8]}",
                    "from pathlib import Path\nfrom kneeoa.records import lineage, results\n\n"
                    f"run = Path({row['folder']!r}, 'runs', {row['run_id']!r})\n"
                    "print(lineage.recorded_counts(results.read_record(run)))",
                    height="content",
                )
                st.info(
                    "Who is in it was not kept beside these runs, so nothing can be checked here. "
                    "Runs trained from now on keep it."
                )
            else:
                _show_lineage(row["folder"], split)


def _show_lineage(folder, split):
    _show_checks(lineage.checks(split), split.facts.get("warnings", ()))
    read = (
        "from pathlib import Path\nfrom kneeoa.records import lineage\n\n"
        f"split = lineage.read(Path({folder!r}), {split.split_hash!r})\n"
    )
    table_view.show_table(
        lineage.counts(split.table),
        f"split_{split.split_hash[:8]}",
        f"{read}print(lineage.checks(split))\nprint(lineage.counts(split.table))",
        height="content",
    )
    with st.expander(f"Every one of the {len(split.table):,} films, with its part and its grade"):
        table_view.show_table(
            split.table, f"films_{split.split_hash[:8]}", f"{read}print(split.table)", height=300
        )
    _show_facts(split.facts)


def _show_facts(facts):
    """Show how films were divided, and which were left out and why, as `Lineage` has it."""
    sentences = (
        [f"Division of the films: {facts['split_from']}."] if facts.get("split_from") else []
    )
    sentences += [f"Left out: {sentence}" for sentence in facts.get("ignored", ())]
    unreadable = [f"{file}: {why}" for file, why in facts.get("unreadable", {}).items()]
    sentences += [f"Unreadable: {sentence}" for sentence in unreadable[:UNREADABLE_SHOWN]]
    if (more := len(unreadable) - UNREADABLE_SHOWN) > 0:
        sentences.append(f"Unreadable: {more:,} more, {len(unreadable):,} films in all.")
    if not unreadable and facts:
        sentences.append("Every film could be read.")
    st.markdown("\n".join(f"- {boundary.escaped(sentence)}" for sentence in sentences))


def _show_checks(checks, warnings):
    # What bends the checks beneath stands with them: they are of patients as they are named.
    if warnings:
        st.warning("  \n".join(map(boundary.escaped, warnings)))
    for show, held in ((st.error, False), (st.success, True)):
        sentences = [boundary.escaped(check.sentence) for check in checks if check.holds == held]
        if sentences:
            show("  \n".join(sentences))


def show_own_check() -> None:
    """Let the reader check a data set in the folders that the server's owner named."""
    st.subheader("Check a data set")
    places = cached.offered().data_sets
    with st.form("own", border=False):
        where, button = st.columns([5, 1], vertical_alignment="bottom")
        with where:
            label = offered.choose(
                "A folder on this server, train|val|test/0..4 or 0..4",
                places,
                key="own",
                help="Folders below those in KNEEOA_DATASET and KNEEOA_OWN_FILMS. On the command "
                "line `python -m train data DIR` does the same with any folder, or with a CSV.",
            )
        asked = button.form_submit_button("Check", width="stretch", disabled=not places)
    if not asked or label is None:
        return
    folder = places[label].folder
    with boundary.refusals_shown(), st.spinner("Decoding the films, once"):
        allowed.check_links(places[label])
        dataset = read_dataset(folder, check=False)
        for sentence in dataset.problems:
            st.error(boundary.escaped(sentence))
        if not dataset.problems:
            st.success("It can be trained on.")
        split = lineage.Lineage(dataset.split_hash, dataset.table, lineage.facts_of(dataset))
        _show_checks(lineage.checks(split)[1:], dataset.warnings)
        table_view.show_table(
            lineage.counts(dataset.table),
            "own",
            "from pathlib import Path\nfrom kneeoa.records import lineage\n"
            "from kneeoa.data.dataset import read_dataset\n\n"
            f"dataset = read_dataset(Path({str(folder)!r}), check=False)\n"
            "print(lineage.counts(dataset.table))",
            height="content",
        )
        _show_facts(split.facts)


style.apply_style()
st.title("Data")
with boundary.refusals_shown():
    attribution.show(attribution.named_cards())
    selection = run_selection.choose(split=False)
    if selection is not None:
        show_splits(selection)
    show_own_check()
