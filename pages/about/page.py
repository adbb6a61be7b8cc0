"""The about page: intended use, data, training, measured performance, limits; from the cards."""

import os

import streamlit as st

from kneeoa import __version__
from kneeoa.analysis import findings
from kneeoa.analysis.claim import verdict
from kneeoa.graders.together import made_of
from kneeoa.graders.training_words import training_sentence
from kneeoa.grades import GRADES
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.store.cases import settings
from kneeoa.wording import listed
from pages.about import gate, joint_space, map_trust
from pages.shared import attribution, boundary, cached, style
from pages.shared.cases import saved


def by_split(named) -> list[dict]:
    """Return cards by the models' names in groups: those of one split stand together."""
    splits = dict.fromkeys(card["split_hash"] for card in named.values())
    return [
        {name: card for name, card in named.items() if card["split_hash"] == split}
        for split in splits
    ]


def show_performance(cards, named) -> None:
    """Show what was measured on the test films, with intervals, next to the paper's claim."""
    st.subheader("Measured performance")
    groups = by_split(named)
    if len(groups) > 1:
        st.markdown(
            "The models learnt from different splits or films. Each table is of one split's test "
            "films: figures of two tables do not compare with each other."
        )
    for group in groups:
        _show_figures({name: card["metrics"]["test"] for name, card in group.items()})
    for name, card in cards.items():
        test = card["metrics"]["test"]
        accuracy, interval = test["values"]["accuracy"], test["intervals_95"]["accuracy"]
        if None not in interval:
            st.markdown("- " + boundary.escaped(verdict(name, accuracy, tuple(interval))))


def _show_figures(measured) -> None:
    """Show the figures of models of one split, and on which test films they were measured."""
    any_model = next(iter(measured.values()))
    st.markdown(
        f"On {any_model['knees']} test knees of {any_model['patients']} patients, none of whom "
        "was seen in training. In brackets: 95% bootstrap interval over patients."
    )
    st.table(findings.performance_rows(measured), border="horizontal", width="content")
    st.caption(findings.calibration_sentence(_on_test_films(measured)))
    grades = ", ".join(f"KL {int(g)}: {sum(any_model['confusion'][int(g)])}" for g in GRADES)
    majority = max(sum(row) for row in any_model["confusion"]) / any_model["knees"]
    st.caption(
        f"Test knees per grade: {grades}. Always giving the commonest grade scores {majority:.1%}."
    )


def _on_test_films(names):
    """Return the probabilities of both together, else of a network, of those on the test films."""
    files = {DISPLAY_NAME[name]: file for name, file in cached.published_files().items()}
    file = cached.together_file() if TOGETHER in names else None
    file = file or next(files[name] for name in names if name in files)
    films = cached.predictions(file)
    return films.loc[films["split"] == "test", PROBABILITY_COLUMNS].to_numpy()


def show_training(cards, together) -> None:
    """Show how each published network came about."""
    st.subheader("How the networks were trained")
    for card in cards.values():
        name, _, sentence = training_sentence(card).partition(": ")
        # What stands in a card is text, be it a path or the name of a machine.
        st.markdown(f"- {name}: {boundary.escaped(sentence.replace('`', ''))}")
    if together:
        st.markdown(f"- **{TOGETHER}**: {made_of(together, cards.values())}.")


def show_data(named) -> None:
    """Show where the films came from, their licence and how they were split."""
    groups = by_split(named)
    attribution.show(named)
    for group in groups:
        if len(groups) > 1:
            st.markdown(f"Of {listed(list(group), 'and')}:")
        _show_split(next(iter(group.values())))


def _show_split(card) -> None:
    # The card of both together has no counts: nearly always a network has the same split.
    if "counts" in card:
        st.table(
            [
                {"Split": split}
                | {f"KL {int(g)}": by_grade.get(str(int(g)), 0) for g in GRADES}
                | {"All": sum(by_grade.values())}
                for split, by_grade in card["counts"].items()
            ],
            border="horizontal",
            width="content",
        )
    st.caption(f"Split hash {boundary.escaped(card['split_hash'][:16])}")


def show_limits() -> None:
    """Show what the networks are for and what they cannot do."""
    st.subheader("Intended use and limits")
    st.markdown(
        "For research and for teaching KL grading. Not a medical device: no decision about a "
        "patient may rest on it.\n"
        "- Films that are no frontal knee are refused, but not all of them (below). Nothing "
        "notices a fracture, a tumour or another disease.\n"
        "- The networks learned from one study's films (OAI, adults aged 45 to 79 at enrolment) "
        "and its readers. Films of other hospitals may be graded worse, and readers elsewhere "
        "draw the lines between grades elsewhere.\n"
        "- KL 1 (doubtful) is the grade on which human readers agree least, and so do the "
        "networks.\n"
        "- Grad-CAM shows where a network found evidence, coarsely (7 x 7 cells). It does not "
        "show that the evidence is right; how well it shows what the network uses is measured "
        "below.\n"
        "- Films are held in memory for the session. None is written to disk or logs unless a "
        "reader saves a case, a report is sent to an archive, or films are pushed into a folder, "
        "which the owner of the server must have turned on."
        + (f" {settings.how_films_lie(os.environ)}" if saved.is_on() else "")
    )


style.apply_style()
st.title("About")
st.caption(f"Version {__version__}. What changed in each: CHANGELOG.md.")
with boundary.refusals_shown():
    published = cached.cards()
    named = attribution.named_cards()
    show_limits()
    show_performance(published, named)
    gate.show_gate(cached.graders().localiser.card)
    map_trust.show_map_trust()
    joint_space.show_joint_space()
    show_training(published, cached.together_card())
    attribution.show_signature()
    show_data(named)
