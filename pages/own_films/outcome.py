"""Before and after, out of fold: figures, matrices, and what to do with the profile."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from kneeoa.adaptation import figures, writing
from kneeoa.adaptation.adapting import Adaptation, adapt
from kneeoa.analysis import operating
from kneeoa.charts import confusion, trust
from kneeoa.graders.profile import unpack_profile
from kneeoa.graders.profiles.record import check_name
from kneeoa.metrics import agreement
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.wording import counted
from pages.own_films.work import Work
from pages.shared import boundary, cached, clients, table_view
from pages.shared.profiles import in_use

PYTHON = """
from pathlib import Path
from kneeoa.adaptation.adapting import adapt
from kneeoa.adaptation.films import framed_by, open_films
from kneeoa.adaptation.listing import list_films
from kneeoa.graders.grading import Graders

graders = Graders()
films = open_films(*list_films(Path("FOLDER")), framing=framed_by(graders.localiser))
adaptation = adapt(films, graders)
"""


def show_learning(work: Work) -> None:
    """Show the button that learns; learn when it is pressed."""
    button, explanation = st.columns([1.4, 5], vertical_alignment="center")
    asked = button.button(
        "Learn from these films",
        key="own_learn",
        type="primary",
        disabled=bool(work.lacking),
        width="stretch",
    )
    explanation.caption(
        "Only the last layer of each network is fitted anew, so the maps stay exact. What is said "
        "of a film is said by networks that did not learn from its patient."
    )
    if asked:
        with boundary.refusals_shown():
            films = work.gathered
            bar = st.progress(0.0, text="The networks look at the films")
            learnt = adapt(
                films, cached.graders(), told=lambda share: bar.progress(share, text=_doing(share))
            )
            work.adaptation = replace(learnt, films=learnt.films.without_pictures())
            work.curve, work.used = None, ""
            # The sheet above is drawn anew at once, closed: else the next press would move it all.
            st.rerun()


def _doing(share):
    if share < 1:
        return f"The networks look at the films, {share:.0%}"
    return "Learning how your readers grade"


def show_verdict(adaptation: Adaptation) -> None:
    """Say in a sentence whether it is better, and what else there is to know."""
    films = adaptation.films
    figures_of = adaptation.figures[adaptation.deciding]
    before, after, more = (
        figures_of["answer_accuracy"][part] for part in ("before", "after", "difference")
    )
    change, low, high = more
    points = figures.in_words((change, None, None), "+.0f", factor=100, unit=" points")
    if low is not None and high is not None:
        points += f", 95% interval {100 * low:+.0f} to {100 * high:+.0f}"
    accuracy = (
        f"{counted(len(films), 'film')} of {counted(len(set(films.patient_ids)), 'patient')}: "
        f"{before[0]:.0%} right as published, {after[0]:.0%} adapted "
        f"({points})."
    )
    if adaptation.better:
        change, low, high = figures_of["cross_entropy"]["difference"]
        probable = (
            "Your readers' grades are more probable to the adapted networks, by more than chance "
            f"explains (cross-entropy {change:+.2f}, {low:+.2f} to {high:+.2f})."
        )
        if more[1] is not None and more[1] > 0:
            st.success(f"**Better than as published.** {accuracy} {probable}")
        else:
            st.info(
                "**Its probabilities are better than as published; that it is right more often is "
                f"not shown.** {accuracy} {probable}"
            )
    elif adaptation.worse:
        st.error(
            f"**Worse than as published.** {accuracy}  \n"
            f"{boundary.escaped(writing.not_better(adaptation))}"
        )
    else:
        st.warning(
            f"**Not shown to be better.** {accuracy}  \n"
            f"{boundary.escaped(writing.not_better(adaptation))}"
        )
    left_out = (
        f"{counted(films.unusable, 'film')} could not be used, {films.by_reader} left out by you."
    )
    for note in (left_out, adaptation.framing_said, *films.notes):
        st.caption(boundary.escaped(note))


def show_profile(work: Work) -> None:
    """Let the reader name the profile, use it in this session, and take it along."""
    adaptation = work.adaptation
    name_field, use, download, _ = st.columns([2.2, 1.4, 1.4, 1], vertical_alignment="bottom")
    name = name_field.text_input(
        "Name of the profile", value=_name_of(work.source), key="own_name", max_chars=80
    )
    if adaptation is None:
        return
    anyway = adaptation.better or st.checkbox(
        "Make the profile although it is worse than as published; each reading will say so"
        if adaptation.worse
        else "Make the profile although it is not shown to be better; each reading will say so",
        key="own_anyway",
    )
    with boundary.refusals_shown():
        check_name(name)
        if use.button(
            "Use in this session", key="own_use", disabled=not anyway, width="stretch",
            help="Readings follow it until you go back to the published networks.",
        ):  # fmt: skip
            profile = unpack_profile(_packed(adaptation, name))
            in_use.use(profile)
            work.used = profile.digest
            st.rerun()
        download.download_button(
            "Download (ZIP)",
            clients.noted("profile exported", lambda: _packed(adaptation, name)),
            file_name=f"{_slug(name)}.zip",
            mime="application/zip",
            on_click="ignore",
            key="own_download",
            disabled=not anyway,
            width="stretch",
            help="Figures, weights and predictions; no pixels, no names. It can be mailed.",
        )
        # The line that says so everywhere stands at the page's head, out of sight from here.
        if (followed := in_use.current()) is not None and followed.digest == work.used:
            st.caption(
                f"In use: readings follow **{boundary.escaped(followed.name)}** from now on, until "
                "you go back to the published networks."
            )


def _packed(adaptation, name):
    files = writing.profile_files(adaptation, name=name, now=datetime.now(UTC), anyway=True)
    return writing.packed(files, _slug(name))


def _name_of(source):
    printable = "".join(c for c in source.removesuffix(".zip") if c.isprintable())
    return printable[:80].strip() or "My readers"


def _slug(name):
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "profile"


def show_figures(adaptation: Adaptation) -> None:
    """Show before and after side by side, of the answer that the reader chooses."""
    answer = st.segmented_control(
        "Answer of",
        list(adaptation.figures),
        default=adaptation.deciding,
        format_func=lambda name: DISPLAY_NAME.get(name, TOGETHER),
        required=True,
        key="own_answer",
    )
    parts_by_figure = adaptation.figures[answer]
    table_view.show_table(
        pd.DataFrame(
            {
                "": figures.NAMES[name],
                "As published": _cell(name, parts["before"]),
                "Adapted, out of fold": _cell(name, parts["after"]),
                "Difference": _cell(name, parts["difference"], sign="+"),
            }
            for name, parts in parts_by_figure.items()
        ),
        "before_after",
        f"{PYTHON}print(adaptation.figures[{answer!r}])",
        download=_numbers(parts_by_figure),
        width="stretch",
        height="content",
    )
    st.caption(
        "95% intervals over patients; the difference is paired, on the same films. Where every "
        "draw of these films gave the same there is none: another film might give another."
    )
    grades = adaptation.films.grades
    for column, (title, shares) in zip(
        st.columns(2, gap="large"),
        (
            ("As published", adaptation.before[answer]),
            ("Adapted, out of fold", adaptation.after[answer]),
        ),
        strict=True,
    ):
        with column:
            name = title.split(",")[0].replace(" ", "_").lower()
            st.markdown(f"**{title}**, most probable grade")
            counts = agreement.confusion_matrix(grades, shares.argmax(axis=1)).astype(float)
            table_view.show_figure(
                confusion.confusion_figure(counts, by="counts", axes=confusion.OWN, height=330),
                f"confusion_{name}",
            )
            st.markdown("How often it is right at each confidence")
            table_view.show_figure(reliability_of(answer, grades, shares), f"reliability_{name}")


def reliability_of(answer: str, grades: np.ndarray, shares: np.ndarray) -> go.Figure:
    """Return how often an answer is right at each confidence.

    Parameters
    ----------
    answer : a key of `Adaptation.figures`: a network, or both together
    grades : (N,) int in 0-4, the readers'
    shares : (N, 5), the probabilities of the answer
    """
    films = pd.DataFrame(np.asarray(shares, float), columns=PROBABILITY_COLUMNS)
    table = operating.reliability(films.assign(error=shares.argmax(axis=1) - grades), bins=5)
    network = answer if answer in DISPLAY_NAME else TOGETHER
    return trust.reliability_figure({network: table}, height=320)


def _numbers(parts_by_figure):
    ends = ("value", "low", "high")
    return pd.DataFrame(
        {"figure": name}
        | {
            f"{part}_{end}": value
            for part, values in parts.items()
            for end, value in zip(ends, values, strict=True)
        }
        for name, parts in parts_by_figure.items()
    )


def _cell(name, ends, sign=""):
    if name in figures.SHARES:
        unit = " points" if sign else "%"
        return figures.in_words(ends, f"{sign}.1f", factor=100, unit=unit)
    return figures.in_words(ends, f"{sign}.3f")
