"""How her own grades agree with the networks', and with the reference where there is one."""

import contextlib
from collections.abc import Collection

import pandas as pd
import streamlit as st

from kneeoa.charts import teaching as charts
from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from kneeoa.store.cases import agreement as figures
from kneeoa.store.cases.agreement import BLOCK, COLUMNS, LEAST, Against, Compared
from kneeoa.wording import counted
from pages.cases import columns, saved_actions
from pages.cases.session import actions
from pages.shared import cached, session_films, table_view
from pages.shared.cases import own_grades, saved, states
from pages.shared.patients import who
from pages.shared.rows import component as rows

_LEARNT, _ALONE = "learnt", "alone"
"""Columns beside those of `COLUMNS`: whether the profile had learnt from the film, and whether she
has seen no answer of the networks."""
_BESIDE = (_LEARNT, _ALONE, "row", "film", "side", "answer")
"""All of these: then which row to open (empty: the answer waits), and how that is worded."""
DIFFERING = (
    rows.Column("film", "Film", "main"),
    rows.Column("side", "Side"),
    rows.Column("mine", "My grade", "grade"),
    rows.Column("networks", "Their one grade", "grade"),
    rows.Column("range", "Their range"),
    rows.Column("apart", "Apart", "number"),
    rows.Column("when", "Graded"),
)
_SHARES = "With its 95% interval (Wilson's); the knees of a patient count as one."
WHEN = {True: "before theirs was seen", False: "with theirs in sight"}


def show() -> None:
    """Show the figures and how they went, or how to come to some."""
    if saved.is_on() and not saved.is_open():
        st.markdown("Your grades are kept with the saved cases; the list has a key.")
        saved.show_sign_in()
        return
    graded, drawn = of_saved() if saved.is_open() else of_session()
    compared = figures.comparisons(graded)
    unsaved = of_unsaved(set(graded["knee"])) if saved.is_open() else 0
    learnt, alone = (int(graded[name].sum()) for name in (_LEARNT, _ALONE))
    whose = f" under the initials {saved.reader()}" if saved.is_open() and saved.reader() else ""
    st.markdown(
        f"Your own grades{'' if saved.is_open() else ' of this session'}{whose}, beside what the "
        "networks said: their one grade, also where the list shows a range. Only a grade from "
        "before you saw their answer tells how far you and they agree: choose *after my grade* "
        "beside *My grade* on Read. A reference is known of films of the data set that this "
        "dashboard runs with. What the networks say under a profile has lines of its own."
    )
    if drawn:
        st.caption(f"Left out: {counted(drawn, 'knee')} of synthetic demo films.")
    if learnt:
        st.caption(
            f"{counted(learnt, 'knee')} left out of what the networks say: the profile that they "
            "followed learnt from these very films."
        )
    if unsaved:
        st.caption(f"Not counted: {counted(unsaved, 'knee')} that you graded and did not save.")
    if alone:
        st.caption(
            f"Not compared with the networks: {counted(alone, 'knee')} of which you have seen no "
            "answer of theirs, because it waits or they gave none."
        )
    if not compared and (learnt or drawn or unsaved or alone):
        return
    if not compared:
        st.info(
            "You have graded no knee yet. Press 0 to 4 beside a film on Read; from "
            f"{LEAST} knees on there are figures here."
        )
        return
    table_view_of(compared)
    say_learnt(graded)
    show_differing(graded)
    show_over_time(graded)


def say_learnt(graded: pd.DataFrame) -> None:
    """Say where the networks may have learned from the very films that they are compared on."""
    with contextlib.suppress(KneeOAError):  # a data set that is gone is said where films are read
        if graded["reference"].notna().any() and cached.teaching_set().may_be_learnt:
            st.caption(
                "The data set that the reference is of has no val or test films: the networks may "
                "have learned from these, and then agree with the reference too well."
            )


def table_view_of(compared: list[Compared]) -> None:
    """Show a line for each comparison; why there is no figure stands in its place."""
    lines = pd.DataFrame([_line(comparison) for comparison in compared])
    lines = lines if lines["Note"].any() else lines.drop(columns="Note")
    st.dataframe(
        lines,
        hide_index=True,
        placeholder="",
        column_config={
            "Weighted kappa": st.column_config.NumberColumn(format="%.2f"),
            "95% interval": st.column_config.TextColumn(
                help="Drawn anew by patient; quadratic weights"
            ),
            "Same grade": st.column_config.TextColumn(help=_SHARES),
            "At most one apart": st.column_config.TextColumn(help=_SHARES),
            "In their range": st.column_config.TextColumn(
                help="Grades within the range that the networks left open: yours, or in the last "
                f"lines the reference's. {_SHARES}",
            ),
        },
    )
    table_view.show_csv(lines.round({"Weighted kappa": 2}), "agreement")


def _line(comparison):
    score = comparison.score
    low, high = score.kappa_interval if score else (None, None)
    return {
        "Compared with": comparison.what,
        "Knees": comparison.knees,
        "Weighted kappa": score.kappa if score else None,
        "95% interval": "" if pd.isna(low) else f"{low:.2f} to {high:.2f}",
        "Same grade": _share(comparison, score.accuracy) if score else None,
        "At most one apart": _share(comparison, score.within_one) if score else None,
        "In their range": _share(comparison, comparison.in_range) if score else None,
        "Note": comparison.sentence,
    }


def _share(comparison, share):
    if share is None:
        return ""
    low, high = comparison.interval_of(share)
    return f"{100 * share.value:.0f}% ({100 * low:.0f} to {100 * high:.0f}%)"


def show_differing(graded: pd.DataFrame) -> None:
    """Show the knees in which she and the networks differ, to open them."""
    differing = figures.differing(graded[graded["row"] != ""])
    if differing.empty:
        return
    st.subheader("Where you differ")
    rows.show(
        DIFFERING,
        [_differing_row(knee) for knee in differing.to_dict("records")],
        key="differing_rows",
        label="Knees that you graded otherwise than the networks",
        height="24rem",
        on_open=saved_actions.open_row if saved.is_open() else actions.open_row,
        marks=False,
    )
    st.caption("Arrows choose, Enter opens.")


def _differing_row(knee):
    apart = int(knee["apart"])
    cells = {
        "film": knee["film"],
        "side": columns.SIDES[knee["side"]],
        "mine": KLGrade(int(knee["mine"])).label,
        "networks": KLGrade(int(knee["networks"])).label,
        "range": knee["answer"],
        "apart": f"{apart:+d}",
        "when": WHEN[not pd.isna(knee["committed"])],
    }
    order: dict[str, float | str] = {"apart": float(-abs(apart))}
    return rows.Row(knee["row"], knee["film"], cells, order)


def show_over_time(graded: pd.DataFrame) -> None:
    """Show kappa over time for the comparisons that have two points."""
    progress = {
        f"{figures.WHOM[against]}{figures.under(profile)}, {when}": figures.over_time(
            graded, against, before=before, profile=profile
        )
        for against, profiles in _others(graded)
        for profile in profiles
        for before, when in WHEN.items()
    }
    progress = {words: table for words, table in progress.items() if len(table) > 1}
    if not progress:
        st.caption(f"How it goes over time is drawn from {2 * BLOCK} knees of one kind on.")
        return
    st.subheader("Over time")
    words = st.selectbox("Weighted kappa against the", list(progress), key="agreement_of")
    figure = charts.progress_figure(progress[words], "kappa", step=f"Blocks of {BLOCK} knees")
    table_view.show_figure(figure, "agreement")


def _others(graded) -> list[tuple[Against, list[str | None]]]:
    """Return whom she can be compared with, and under which profiles."""
    return [("networks", list(figures.profiles_of(graded))), ("reference", [None])]


def of_saved() -> tuple[pd.DataFrame, int]:
    """Return what she graded in the saved cases, each film once, in `agreement.COLUMNS`.

    And of how many more knees, which are drawn: they are no patient's, and graded as drawn.
    """
    from kneeoa.store.cases import keeping, readers  # late, as the store itself

    db, reader, graded = cached.store(), saved.reader(), dict[str, tuple]()
    drawn = set[str]()
    cases = keeping.some(db, readers.graded_by(db, reader), reader)  # the newest first
    whose = figures.owners([(case.patient, case.born or "", case.film) for case in cases])
    for case, patient in zip(cases, whose, strict=True):
        for place, knee in enumerate(case.state.knees):
            own, name = case.own(place), f"{case.film}.{place}"
            if own.grade is None:
                continue
            if case.state.drawn:
                drawn.add(name)
                continue
            about = patient, own, knee, (f"{case.case_id}.{place}", case.name)
            if name in graded:  # the film is in two cases
                first, newer, *others = graded[name]
                about = first, newer.joined(own), *others
            graded[name] = about
    return _table([_row(name, *about) for name, about in graded.items()]), len(drawn)


def of_session() -> tuple[pd.DataFrame, int]:
    """Return what she graded in this session, likewise."""
    graded, drawn, labels = [], 0, session_films.labels()
    films = session_films.all_films()
    whose = figures.owners([_marks_of(film) for film in films.values()])
    for (digest, film), patient in zip(films.items(), whose, strict=True):
        for place in range(len(film.frames)):
            own = own_grades.of(digest, place)
            if own.grade is not None and film.drawn:
                drawn += 1
            elif own.grade is not None:
                knee = saved.marked(film, states.state_of(film, place, wait=False))
                name = f"{digest}.{place}"
                graded.append(_row(name, patient, own, knee, (name, labels[digest])))
    return _table(graded), drawn


def _marks_of(film):
    """Return what tells whose a film of the session is, for `agreement.owners`."""
    try:
        visit = who.visit_of(film)
    except KneeOAError:  # said where the film is read
        return "", "", film.digest
    return visit.patient, visit.born, film.digest


def of_unsaved(counted_in: Collection[str]) -> int:
    """Return how many knees of this session she graded that belong to no saved case.

    `counted_in` names the knees that are counted, as ``knee`` of `agreement.COLUMNS` does.
    """
    count = 0
    for digest, film in session_films.all_films().items():
        if film.drawn or saved.case_of(digest) is not None:
            continue
        places = range(len(film.frames))
        graded = [place for place in places if own_grades.of(digest, place).grade is not None]
        if not graded:
            continue
        saved.known(film)  # be it kept as another file: then by the name of that one
        kept_as = own_grades.hers().name(digest)
        count += sum(f"{kept_as}.{place}" not in counted_in for place in graded)
    return count


def _row(name, patient, own, knee, to_open):
    # What the networks say has no part in it before she saw it, and until then her grade is free.
    is_free = own.seen_at is None
    networks_grade, committed = (None, own.grade) if is_free else (knee.said, own.committed)
    when = own.committed_at or own.given_at
    learnt = knee.learnt_from and networks_grade is not None
    if learnt:  # that they agree then says nothing
        networks_grade = None
    theirs = networks_grade, knee.low, knee.high, knee.reference, knee.profile
    row, film = to_open
    row = "" if own.passed and own_grades.waits() else row
    words = row, film, knee.side, knee.answer
    alone = is_free or knee.said is None
    return name, patient, when, own.grade, committed, *theirs, learnt, alone, *words


def _table(rows):
    table = pd.DataFrame(list(rows), columns=[*COLUMNS, *_BESIDE])
    grades = dict.fromkeys(("grade", "committed", "networks", "low", "high", "reference"), "Int64")
    return table.astype({"knee": "str", "patient": "str", "profile": "str", **grades})
