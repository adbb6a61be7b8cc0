"""The reader's own grade: by key, before or after she sees what the networks say."""

import streamlit as st

from kneeoa.graders.locating.gate import NOT_A_KNEE
from kneeoa.grades import GRADES, KLGrade
from pages.shared import boundary, kept, keyboard, session_films
from pages.shared.cases import knees, own_grades, saved
from pages.shared.patients import named
from pages.shared.session_films import Film

_NOT_SHOWN, _NOT_TAKEN = "grades_not_shown", "grades_not_taken"
_ASKED, _REFUSED = "grade_asked", "grades_of_refused"


def show(film: Film, knee: int, *, waiting: bool = False) -> None:
    """Show the five grades to choose from, and when the networks' answer is shown.

    `waiting` says that there is an answer that waits for hers.
    """
    place, shown = (film.digest, knee), shown_of(film, knee)
    own = own_grades.of(*place)
    if own_grades.asked_early():
        st.toast("Give your grade first: 0 to 4.")
    for sentence in _of_others(place):
        st.toast(boundary.escaped(sentence), duration="long")
    # Only then: said twice, where she does something else meanwhile, is better than not.
    own_grades.has_been_told()
    for name in (_NOT_TAKEN, _REFUSED, _NOT_SHOWN):
        st.session_state.pop(name, None)
    keyboard.lead()
    with st.container(key="own_grade", gap="xxsmall"):
        row = st.container(
            key="own_grades", horizontal=True, gap="xxsmall", vertical_alignment="center"
        )
        with row:
            st.html("<b>My grade</b>", width="content")
            for grade in GRADES:
                given = ", given" if own.grade == grade else ""
                named_grade = f"my grade {grade.label}, {grade.text}{given}"
                st.button(
                    boundary.told_apart(str(int(grade)), named_grade),
                    key=keyboard.key_for(f"own_{int(grade)}", *shown),
                    shortcut=str(int(grade)),
                    help=f"{grade.label}, {grade.text}. Key {int(grade)}.",
                    type="primary" if own.grade == grade else "secondary",
                    on_click=_press,
                    args=[*shown, int(grade)],
                    width="stretch",
                )
            # Its name is read out; seen is the eye.
            with st.popover(
                "What is shown",
                icon=":material/visibility:",
                help="When the networks' answer is shown, and whether patients are named",
                key="reveal_when",
            ):
                choose_when()
                st.caption(
                    "Knees whose answer you have seen stay open. Where it only stood beside the "
                    "films or in a list it is hidden, but your grade counts as given after it."
                )
                named.choose()
        if sentence := _in_words(own, is_hidden=own_grades.hides(*place)):
            st.html(f'<div class="kl-note kl-quiet">{sentence}</div>')
        if waiting and own_grades.hides(*place):
            st.button(
                "Show the networks' answer",
                key=keyboard.key_for("own_commit", *shown),
                shortcut="Enter",
                type="primary" if own.grade is not None else "secondary",
                on_click=_press,
                args=[*shown, "confirm"],
                width="stretch",
                help="Your grade is kept as it is now, as given before you saw theirs."
                if own.seen_at is None
                else None,
            )


def shown_of(film: Film, knee: int) -> tuple[str, int, int, int]:
    """Return what these grades are of, which the viewer tells once it is on the screen."""
    return film.digest, knee, film.quarters, len(film.frames)


def choose_when() -> None:
    """Let the reader choose when the networks' answers are shown, for the session."""
    kept.one(
        st.segmented_control,
        "Show the networks' answer",
        list(own_grades.WHEN),
        own_grades.REVEAL,
        format_func=own_grades.WHEN.get,
        required=True,
        help="After my grade: nothing of what the networks say is shown before you give yours. "
        "Both are kept.",
    )


def show_hidden() -> None:
    """Say that the networks have answered, and what their answer waits for."""
    st.html(
        '<div class="kl-lead kl-quiet">Both networks have read this knee. Their answer is shown '
        "after yours: press 0 to 4, then Enter.</div>"
    )


def _press(digest, knee, quarters, count, key):
    """Take a key for the knee that it was pressed at, be another one looked at by now.

    A browser has the buttons of a film until those of the next one are there.
    """
    film = session_films.all_films().get(digest)
    # Turned, a film of both knees counts them otherwise.
    if film is not None and (film.quarters, len(film.frames)) == (quarters, count):
        if key != "confirm" and _is_to_be_asked(film, knee, key):
            return
        keyboard.note((own_grades.KEYS, digest, knee), key)
        if key != "confirm":
            _noted(_NOT_SHOWN, {})[digest, knee] = key
    elif key != "confirm":
        _noted(_NOT_TAKEN, []).append(KLGrade(key).label)


def _is_to_be_asked(film, knee, key):
    """Return whether a grade of what is no knee is not taken yet: it is, once given again.

    In a run of films a key is easily for the one before. Who knows better presses it again.
    """
    asked, place = st.session_state.get(_ASKED), (film.digest, knee, key)
    st.session_state[_ASKED] = None
    findings = knees.findings_of(film, knee, knees.frame_of(film, knee))
    is_knee = all(finding.code != NOT_A_KNEE.code for finding in findings)
    if asked == place or is_knee or knees.may_be_graded(film, findings):
        return False
    if own_grades.of(film.digest, knee).grade is not None:
        return False
    saved.keep_until_sign_out(_ASKED, place)
    _noted(_REFUSED, []).append(place)
    return True


def _noted(name, empty):
    """Return what is noted of keys under a name: no other reader is asked or told of it."""
    noted = st.session_state.get(name, empty)
    saved.keep_until_sign_out(name, noted)
    return noted


def _of_others(place) -> list[str]:
    """Return what became of grades that the page turned from before it showed them."""
    state, films, labels = st.session_state, session_films.all_films(), session_films.labels()
    sentences = [
        f"{grade} was not taken: the film that it was given for was removed or turned."
        for grade in state.get(_NOT_TAKEN, ())
    ]
    for digest, _, key in state.get(_REFUSED, ()):
        which = labels.get(digest, "the film")
        sentences.append(
            f"{KLGrade(key).label} was not taken: {which} is refused as no frontal knee. Press "
            f"{key} again beside it to give that all the same; it is compared with no answer."
        )
    for digest, grades in own_grades.came_at_once():
        keys, name = " and ".join(map(str, grades)), labels.get(digest, "a film that is gone")
        sentences.append(
            f"Keys {keys} came at once for {name}: none was taken. Press the one you mean there."
        )
    for (digest, knee), grade in state.get(_NOT_SHOWN, {}).items():
        film = films.get(digest)
        is_kept = own_grades.of(digest, knee).grade == grade
        if film is not None and is_kept and (digest, knee) != place:
            which = f", knee on the {film.frames[knee].name}" if 1 < len(film.frames) > knee else ""
            kept_for = f"{labels[digest]}{which}, which was on the screen"
            sentences.append(f"{KLGrade(grade).label} was kept for {kept_for}.")
    return sentences


def _in_words(own, *, is_hidden):
    """Return her grade, and how it and the networks' answer came after each other."""
    if own.grade is None:
        return ""
    grade = f"My grade: {KLGrade(own.grade).label}"
    if own.seen_at is None:
        return f"{grade}."
    if own.committed is None and is_hidden:
        return f"{grade}. The networks' answer stood beside the films or in a list before."
    if own.committed is None:
        return f"{grade}, given after the networks' answer was in sight."
    if own.committed == own.grade:
        return f"{grade}, given before the networks' answer was in sight."
    before = KLGrade(own.committed).label
    return f"{grade}. Before the networks' answer was in sight: {before}."
