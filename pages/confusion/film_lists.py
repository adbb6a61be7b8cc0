"""Films on the confusion page: those of the chosen cell, those worth a second look, as tables."""

from collections.abc import Mapping

import streamlit as st

from kneeoa.analysis import confusions, film_cards
from kneeoa.networks import DISPLAY_NAME, pair_of
from kneeoa.wording import counted
from pages.confusion import contact_sheet, sources
from pages.confusion.sources import CARDS, Shown, named
from pages.shared import boundary, kept, table_view
from pages.shared.research import cached_runs

FILM, LISTED_FILM = "film", "listed_film"
"""What stands in the address for the film that is open: of the cell, and of a list."""
GRADES = {f"p{grade}": grade for grade in range(5)}
MOST_ROWS = 10
"""Runs beyond these are scrolled."""
MOST_APART = 100
"""Of the films on which the networks disagree, as many are listed."""
ANSWERS = "answers = {name: confusions.mean_answers(by_run) for name, by_run in runs.items()}"
FILM_COLUMNS = {
    "image_id": "Film",
    "patient_id": "Patient",
    "true_grade": "Reference KL",
    "runs_here": "Runs in the cell",
    "runs": "Of runs",
}
EVERY, BOTH = "all", "both"
AGREEING = "agreeing"
"""What stands in the address for the films of a cell that are shown: `EVERY`, or of `BOTH`."""
LISTS = {"wrong": "All runs get them wrong", "apart": "The networks disagree most"}


def show_cell(selection, shown: Shown, cell: tuple[str, int, int]) -> None:
    """Show the films of a cell as a contact sheet, the surest first, or those of both networks."""
    name, true, given = cell
    films = shown.films[name]
    pair = pair_of(shown.films)
    cards = film_cards.of_cell(films, true, given)
    st.markdown(film_cards.cell_sentence(films, named(name), true, given))
    whose = [name]
    if len(pair) < 2 or not cards:
        st.markdown(film_cards.below_sentence(len(cards)))
    else:
        by_both = film_cards.of_cell(films, true, given, also=[shown.films[n] for n in pair])
        words = {EVERY: f"All {len(cards)}", BOTH: f"Both networks say so: {len(by_both)}"}
        line = st.container(horizontal=True, vertical_alignment="center")
        of_both = (
            kept.one(
                line.segmented_control,
                "Which of these films",
                words,
                AGREEING,
                format_func=words.get,
                required=True,
                label_visibility="collapsed",
            )
            == BOTH
        )
        several = any(len(shown.films[network]) > 1 for network in pair)
        line.markdown(
            film_cards.below_sentence(
                len(cards), len(by_both) if of_both else None, several=several
            )
        )
        if of_both:
            cards, whose = by_both, list(dict.fromkeys([name, *pair]))
    st.caption(CARDS[shown.source])
    _show_sheet(selection, cards, {network: shown.runs[network] for network in whose}, FILM)


def _both(shown):
    """Return both networks where the sheet above has the films of both alone; else none."""
    pair = pair_of(shown.films)
    return pair if len(pair) == 2 and kept.chosen(AGREEING) == BOTH else []


def show_run_answers(runs: sources.Films, image_id: str, names: Mapping[str, str]) -> None:
    """Show what each run, of these `names`, says of a film; the published models do beside it."""
    for name, by_run in runs.items():
        if list(by_run) == [sources.PUBLISHED]:
            continue
        st.markdown(f"**{named(name)}, the runs above**")
        table = film_cards.of_film(by_run, image_id)
        with st.container(height=380 if len(table) > MOST_ROWS else "content", border=False):
            st.html(_answers_html(table, names))


def _answers_html(table, names):
    head = "".join(f"<th>KL {grade}</th>" for grade in GRADES.values())
    rows = "".join(
        f"<tr><td>{boundary.as_html(names.get(row['run'], row['run']))}</td>"
        f"<td><b>KL {row['predicted']}</b></td>"
        + "".join(
            f'<td class="kl-share" style="--share:{row[column]:.0%}">{row[column]:.0%}</td>'
            for column in GRADES
        )
        + "</tr>"
        for row in table.to_dict("records")
    )
    return f'<table class="kl-answers"><tr><th>Run</th><th></th>{head}</tr>{rows}</table>'


def show_cell_table(selection, shown: Shown, cell: tuple[str, int, int]) -> None:
    """Show the films of a cell as a table, with the mean probabilities of all networks."""
    name, true, given = cell
    films, pair = shown.films[name], _both(shown)
    listed = confusions.in_cell(films, true, given)
    cell_films = confusions.in_cell(films, true, given, also=[shown.films[n] for n in pair])
    answers = {network: confusions.mean_answers(by_run) for network, by_run in shown.films.items()}
    several = any(len(shown.films[network]) > 1 for network in pair)
    below = film_cards.below_sentence(
        len(listed), len(cell_films) if pair else None, several=several
    )
    st.markdown(f"{film_cards.cell_sentence(films, named(name), true, given)} {below}")
    also = f", also=[runs[name] for name in {pair!r}]" if pair else ""
    _show_films(
        selection,
        confusions.with_answers(cell_films, answers),
        f"cell_{DISPLAY_NAME.get(name, 'together')}_{true}_{given}{'_of_both' if pair else ''}",
        [
            *shown.lines,
            ANSWERS,
            f"films = confusions.in_cell(runs[{name!r}], {true}, {given}{also})",
        ],
        {"confidence": f"Probability of KL {given}"},
    )


def show_lists(selection, runs: sources.Films, answers, lines) -> None:
    """Show the films that all get wrong, or those on which the networks disagree most."""
    chosen = kept.one(
        st.segmented_control,
        "Which films",
        LISTS,
        "second_look",
        format_func=LISTS.get,
        required=True,
        label_visibility="collapsed",
    )
    if chosen == "wrong":
        _show_wrong(selection, runs, answers, lines)
    else:
        _show_apart(selection, runs, answers, lines)


def _show_wrong(selection, runs, answers, lines):
    every = confusions.all_runs(runs)
    wrong = confusions.always_wrong(every)
    total = len(next(iter(every.values())))
    st.markdown(
        f"{len(wrong)} of {total} films get the reference grade from none of "
        f"{counted(len(every), 'run')}. Where all agree against the reference, look at the "
        "reference, too."
    )
    _show_sheet(selection, film_cards.of_wrong(wrong), runs, LISTED_FILM)
    columns = ["image_id", "patient_id", "true_grade", "given", "confidence", "mean_error"]
    _show_films(
        selection,
        confusions.with_answers(wrong[columns], answers),
        "always_wrong",
        [
            *lines,
            "films = confusions.always_wrong(confusions.all_runs(runs))",
            f"films = films[{columns!r}]",
        ],
        {
            "given": "Given KL",
            "confidence": "Its mean probability",
            "mean_error": "Mean error (grades)",
        },
    )


def _show_apart(selection, runs, answers, lines):
    pair = pair_of(runs)
    if len(pair) < 2:
        st.caption("Needs runs of both networks.")
        return
    apart = confusions.most_apart(*(answers[name] for name in pair)).head(MOST_APART)
    st.markdown(
        f"The {len(apart)} films on which the mean probabilities of both networks lie furthest "
        f"apart. The given grade on a card is that of the {DISPLAY_NAME[pair[0]]}."
    )
    cards = film_cards.of_apart(apart, (pair[0], pair[1]), answers[pair[0]])
    _show_sheet(selection, cards, runs, LISTED_FILM)
    _show_films(
        selection,
        confusions.with_answers(apart, answers),
        "most_apart",
        [
            *lines,
            f"pair = [answers[name] for name in {pair!r}]",
            f"films = confusions.most_apart(*pair).head({MOST_APART})",
        ],
        {
            "first": f"{DISPLAY_NAME[pair[0]]}, expected KL",
            "second": f"{DISPLAY_NAME[pair[1]]}, expected KL",
            "apart": "Apart (grades)",
        },
    )


def _show_sheet(selection, cards, runs, key):
    names = cached_runs.names(selection.archive)["name"].to_dict()
    contact_sheet.show(
        cards, key, show_answers_of=lambda image_id: show_run_answers(runs, image_id, names)
    )


def _show_films(selection, table, name, lines, columns):
    labels = FILM_COLUMNS | columns
    shown = {
        column: st.column_config.NumberColumn(labels.get(column, _in_words(column)), format="%.2f")
        for column in table.select_dtypes("float").columns
    }
    table_view.show_table(
        table,
        f"{name}_{selection.split}",
        sources.python(selection, lines, "confusions.with_answers(films, answers)"),
        columns=labels | shown,
        height=min(300, 38 + 35 * max(1, len(table))),
    )


def _in_words(column):
    """``MobileNet p2`` is the network's probability of KL 2."""
    network, _, grade = column.rpartition(" p")
    return f"{network}: KL {grade}" if network else column
