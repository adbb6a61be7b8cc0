"""How the published models' grade follows from their probabilities, and what other rules cost."""

import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.analysis.published import grade_rules
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.wording import counted
from pages.shared import boundary, cached
from pages.shared.research.run_selection import SPLITS

RULES = (
    "- **Most probable**: the grade with the largest probability. It is right most often.\n"
    "- **Median**: the lowest grade up to which half of the probability lies. It is off by the "
    "fewest grades.\n"
    "- **Mean**: the mean of the five grades, each weighted by its probability, rounded. It is off "
    "by the fewest squared grades, which kappa counts."
)


def show(split: str) -> None:
    """Show the three rules on the published models' films of `split`, and which one is ours."""
    films = {
        DISPLAY_NAME[name]: confusions.graded(table, split)
        for name, table in cached.published_predictions().items()
    }
    together = cached.together_predictions()
    if together is not None:
        films[TOGETHER] = confusions.graded(together, split)
    films = {name: table for name, table in films.items() if len(table)}
    if not films:
        return
    st.subheader("How a grade is chosen")
    st.markdown(
        "A network gives five probabilities, one a grade; one grade follows by a rule. Each of "
        "three rules is the best answer to another question:\n" + RULES
    )
    card = cached.together_card() or next(iter(cached.cards().values()))
    if answer := card.get("answer"):
        st.markdown(boundary.escaped(grade_rules.chosen_sentence(answer)))
    tables = {
        name: cached.of_films(grade_rules.rule_table, graded) for name, graded in films.items()
    }
    st.table(grade_rules.rows_in_words(tables), border="horizontal")
    graded = next(iter(films.values()))
    st.caption(
        f"The published models, not the runs above, on their {counted(len(graded), 'graded film')} "
        f"of the {SPLITS[split]} set, {counted(graded['patient_id'].nunique(), 'patient')}. In "
        "brackets: 95% bootstrap interval over patients."
        + (
            ""
            if split == "test"
            else " The rule was chosen on these very films: its figures here flatter it."
        )
    )
    name, table = list(tables.items())[-1]
    costs = "\n".join(
        f"- {boundary.escaped(sentence)}" for sentence in grade_rules.cost_sentences(table)
    )
    st.markdown(f"**What each costs**, {name.lower() if name == TOGETHER else name}:\n{costs}")
