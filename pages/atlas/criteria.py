"""The atlas in words and in a drawing: the grades' signs, their variants, how readers agree."""

import re
from html import escape
from pathlib import Path

import streamlit as st

from kneeoa.grades import GRADES
from kneeoa.teaching import atlas
from pages.shared import kept

DRAWINGS = Path(__file__).parent / "drawings"
"""A right knee of each grade as SVG, in the colour of the text around it: large with the signs
named, small the joint alone."""
STYLE = """
<style>
.kl-atlas {width: 100%; border-collapse: collapse; font-size: .95rem; line-height: 1.35;}
.kl-atlas :is(th, td) {text-align: left; vertical-align: top; font-weight: 400;
  padding: .4rem .7rem .4rem 0 !important; border: none !important;}
.kl-atlas tbody tr {border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent);}
.kl-atlas thead th {vertical-align: bottom;}
.kl-atlas thead b {font-size: 1.05rem;}
.kl-atlas tbody th {font-weight: 600;}
.kl-atlas small {display: block; font-weight: 400; opacity: .75; font-size: .84rem;}
.kl-atlas .here {background: color-mix(in srgb, #2b93a1 13%, transparent);}
.kl-atlas .grade {width: 16.4%; padding-left: .6rem !important;}
.kl-atlas svg {display: block; margin-bottom: .3rem;}
.kl-wide {overflow-x: auto;}
.kl-drawn .kl-mark, .kl-drawn ol {display: none;}
@media (max-width: 640px) {
  /* The names would be too small to read: numbers on the drawing, what they mean below it. */
  .kl-drawn {overflow: hidden;}
  .kl-drawn > svg {width: 136% !important; margin: 0 -18%; max-width: none;}
  .kl-drawn .kl-sign {display: none;}
  .kl-drawn .kl-mark {display: inline; font-size: 34px; font-weight: 650;}
  .kl-drawn .kl-part {font-size: 25px; fill-opacity: .8;}
  .kl-drawn ol {display: block; margin: .4rem 0 0; font-size: .95rem; line-height: 1.5;}
  .kl-wide .kl-atlas {min-width: 36rem;}
  .kl-wide .kl-atlas :is(tbody, thead) th:first-child {position: sticky; left: 0;
    background: Canvas;}
}
</style>
"""


def choose_grade(place=st):
    """Show the choice of a grade, the same in every part and in the URL; return it."""
    grades = {int(grade): grade for grade in GRADES}
    chosen = kept.one(
        place.segmented_control,
        "Grade",
        grades,
        "grade",
        default=2,
        required=True,
        format_func=lambda grade: grades[grade].label,
    )
    return grades[chosen]


def show() -> None:
    """Show the grade that is chosen, then all five side by side, then the variants."""
    st.html(STYLE)
    picture, words = st.columns([1.75, 1], gap="large", vertical_alignment="top")
    with words:
        grade = choose_grade()
        st.markdown(f"### {grade.label}: {grade.text}\n{grade.criteria}")
        for step in atlas.steps_of(grade):
            st.markdown(
                f"**KL {int(step.low)} or KL {int(step.high)}?** {step.question}  \n"
                f":small[{step.decides}]"
            )
    with picture:
        _show_drawn(numbered(drawing(grade)), "kl-drawn")
        st.caption(
            "A drawing, not a film: a right knee from the front, its signs plainer than on film."
        )
    st.subheader("The five grades, sign by sign")
    _show_drawn(_signs_table(grade), "kl-wide")
    st.caption(f"After {_cited(atlas.KELLGREN_1957)}, in our own words.")
    variants, agreement = st.columns([1.9, 1], gap="large")
    with variants:
        st.subheader("Where a word decides")
        _show_drawn(_variants_table(), "kl-wide")
        st.caption(
            f"{_cited(atlas.SCHIPHOF_2008)} found five descriptions in large studies, all called "
            "by the same name. Say which one you grade by."
        )
    with agreement:
        st.subheader("How well readers agree")
        st.markdown(
            "Moderately, and better after training together: one grade apart is common among "
            "careful readers."
        )
        for fact in (*atlas.AGREEMENT, atlas.OTHER_WAYS):
            st.markdown(f"- {fact.text} ({_cited(fact.source)})")
    with st.expander("Sources"):
        st.markdown("\n".join(f"- {_reference(source)}" for source in atlas.SOURCES))


def drawing(grade, size="large"):
    """Return the drawing of a knee of `grade` as an ``<svg>`` element."""
    return (DRAWINGS / f"kl-{int(grade)}-{size}.svg").read_text("utf-8")


_TEXT = re.compile(r"<text (?P<how>[^>]*)>(?P<words>[^<]*)</text>")


def numbered(svg: str) -> str:
    """Return a large drawing that has a number beside each sign, then what the numbers mean.

    Which of names and numbers are shown is for `STYLE` to say. A sign's name is bold, and what the
    grade asks of it stands below; the parts of the knee are fainter.
    """
    signs: list[str] = []

    def marked(text):
        how, words = text["how"], text["words"]
        if "fill-opacity" in how:
            return f'<text class="kl-part" {how}>{words}</text>'
        mark = ""
        if "font-weight" in how:
            signs.append(f"<b>{words}</b>")
            mark = f'<text class="kl-mark" {how}>{len(signs)}</text>'
        else:
            signs[-1] += f": {words}"
        return f'<text class="kl-sign" {how}>{words}</text>{mark}'

    drawn = _TEXT.sub(marked, svg)
    return f"{drawn}<ol>{''.join(f'<li>{sign}</li>' for sign in signs)}</ol>"


def _show_drawn(html, name):
    # st.html takes drawings out; this leaves them in. Nothing in them comes from a user.
    st.markdown(f'<div class="{name}">{html}</div>', unsafe_allow_html=True)


def _signs_table(chosen):
    heads = "".join(
        f'<th class="grade{_here(grade, chosen)}">{drawing(grade, "small")}'
        f"<b>{grade.label}</b> {grade.text}</th>"
        for grade in GRADES
    )
    rows = "".join(
        f"<tr><th>{escape(sign.name)}<small>{escape(sign.where)}</small></th>"
        + "".join(
            f'<td class="grade{_here(grade, chosen)}">{escape(sign.at[grade])}</td>'
            for grade in GRADES
        )
        + "</tr>"
        for sign in atlas.SIGNS
    )
    return (
        f'<table class="kl-atlas"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _here(grade, chosen):
    return " here" if grade == chosen else ""


def _variants_table():
    rows = "".join(
        f"<tr><th>{escape(variant.name)}<small>{escape(variant.used_by)}</small></th>"
        f"<td>{escape(variant.doubtful)}</td><td>{escape(variant.minimal)}</td>"
        f"<td>{escape(variant.consequence)}<small>{escape(variant.source.short)}</small></td></tr>"
        for variant in atlas.VARIANTS
    )
    return (
        '<table class="kl-atlas"><thead><tr><th>Description</th><th>KL 1 is</th><th>KL 2 is</th>'
        f"<th>So</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _cited(source):
    return f"[{source.short}](https://doi.org/{source.doi})" if source.doi else source.short


def _reference(source):
    citation = f"{source.authors}. {source.title}. {source.journal} ({source.year})."
    return (
        f"{citation} [doi {source.doi}](https://doi.org/{source.doi})" if source.doi else citation
    )
