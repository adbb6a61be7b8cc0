"""What the localiser finds and what the gate refuses, measured; from the localiser's card."""

from typing import Any

import streamlit as st

from pages.shared.boundary import escaped

KINDS = {
    "ankle_foot": "ankle or foot",
    "chest": "chest",
    "ct_mr": "CT or MR slice",
    "dental": "teeth",
    "document_drawing": "document or drawing",
    "elbow_forearm": "elbow or forearm",
    "hand_wrist": "hand or wrist",
    "hip_femur": "hip or femur",
    "knee_lateral": "knee from the side",
    "knee_skyline": "kneecap from above",
    "lower_leg": "lower leg",
    "photo": "photograph",
    "shoulder_humerus": "shoulder or upper arm",
    "spine": "spine",
}


def show_gate(card: dict[str, Any]) -> None:
    """Show how well knees are told from other pictures, and what that costs."""
    if not (metrics := card.get("metrics")):  # not measured yet
        return
    others, knees = metrics["not_knees_held_out"], metrics["val"]["refusals"]
    st.subheader("Which films are graded at all")
    st.markdown(
        "Two small networks of their own and some rules find the knees in a film and say whether "
        "it is one: a frontal knee, upright, whole, with its joint on the film. What they refuse "
        "gets no grade unless the reader asks for one; of a negative the positive is graded.\n"
        f"- Of {others['pictures']} pictures of other things, held back from their training, they "
        f"refuse {others['refused']} ({others['refused'] / others['pictures']:.0%}); area under "
        f"the ROC curve against validation knees {others['auroc_against_val']:.4f}.\n"
        f"- Of {knees['films']} validation knees they refuse {knees['refused']}."
        + _on_test(metrics.get("test"))
        + "".join(
            f"\n- {line}"
            for line in [*_elsewhere(metrics), *_close_ups(metrics), *_spoilt(metrics)]
        )
    )
    st.table(
        [
            {
                "Picture of": KINDS.get(kind) or escaped(kind),
                "Refused": f"{counts['refused']} of {counts['pictures']}",
            }
            for kind, counts in others["by_kind"].items()
        ],
        border="horizontal",
        width="content",
    )


def _on_test(test):
    if test is None:
        return ""
    cost = ""
    if before := test.get("grades_of_crops"):
        after = test["grades_with_localiser"]
        cost = (
            " As this dashboard grades, each framed anew by the box that it finds, the accuracy "
            f"of both networks together on them is {after['accuracy']:.1%}. Framed as the data "
            f"set has them, as all other figures are measured, it is {before['accuracy']:.1%}."
        )
    refusals = test["refusals"]
    return f"\n- Of {refusals['films']} test knees they refuse {refusals['refused']}.{cost}"


def _elsewhere(metrics):
    measured = metrics.get("elsewhere", {})
    if single := measured.get("graded"):
        counts = single["refusals"]
        yield (
            f"Of {counts['films']} films of one knee from another hospital they refuse "
            f"{counts['refused']}."
        )
    if both := measured.get("graded-bilateral"):
        yield (
            f"Of {both['refusals']['films']} films of two knees from there they find both in "
            f"{both['split_in_two']}."
        )


def _close_ups(metrics):
    parts = metrics.get("parts_of_not_knees_held_out")
    if parts and parts["pictures"]:
        yield (
            f"Of {parts['pictures']:,} close-ups cut at random from pictures of other things, such "
            "as a finger's joint, which all else takes for knees, the second network refuses "
            f"{parts['refused'] / parts['pictures']:.0%}."
        )


def _spoilt(metrics):
    for place, whose in (("val", "validation knees"), ("elsewhere", "the other hospital's films")):
        if measured := metrics.get("spoilt", {}).get(place):
            (known, refused), (apart, of_these) = (
                (
                    sum(counts["pictures"] for counts in measured[group].values()),
                    sum(counts["refused"] for counts in measured[group].values()),
                )
                for group in ("trained_on", "kept_apart")
            )
            yield (
                f"Of {known:,} pictures of {whose} that were spoilt on purpose (the joint missing "
                "or painted over, two knees in one, rows moved, grey values folded) they refuse "
                f"{refused / known:.0%}; of {apart:,}, spoilt in ways that no training showed, "
                f"{of_these / apart:.0%}."
            )
