"""Group sessions: a teacher shows films, a class votes; who may do what, and when.

A group's state goes ``waiting``, then film by film ``voting, closed, told``, and at last ``ended``.
A film that was closed stays so wherever the session goes: only *voting* asked for opens it again,
and a film that was told not even that. Times are given by the caller, in UTC.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Engine, Row, delete, select, update

from kneeoa.errors import DataError
from kneeoa.store import audit, tables
from kneeoa.store.codes import new_code, read_code
from kneeoa.store.database import StoreError, forget_log, insert_into, reading, writing
from kneeoa.store.turns import in_turn
from kneeoa.store.values import each_of, read_exam
from kneeoa.store.votes import (
    MOST_A_CLIENT,
    Participant,
    has_votes,
    join,
    new_token,
    participants,
    rejoin,
    remove_participant,
    tally,
    vote,
    vote_of,
    voted,
    votes_of,
)
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam

__all__ = [
    "MOST_A_CLIENT",
    "Group",
    "Participant",
    "State",
    "change_group",
    "damaged_groups",
    "delete_group",
    "find_group",
    "groups",
    "join",
    "new_token",
    "open_group",
    "participants",
    "rejoin",
    "remove_participant",
    "shown_positions",
    "tally",
    "vote",
    "vote_of",
    "voted",
    "votes_of",
    "votes_of_all",
]

CODE_LENGTH = 6

State = Literal["waiting", "voting", "closed", "told", "ended"]
_FROM = {
    "voting": {"waiting", "closed"},
    "closed": {"voting"},
    "told": {"voting", "closed"},
    "ended": {"waiting", "voting", "closed", "told"},
}
"""From which states each can be reached at the same film."""
_GONE = "This session was deleted. Open a new one."
_DAMAGED = "What is kept of this session is damaged and cannot be read. Open a new one."


@dataclass(frozen=True, slots=True)
class Group:
    """A group session as it stands.

    Attributes
    ----------
    position : of the film, from 0
    round : counts the session's changes
    seconds : how long voting on a film is open at most; None: until the teacher closes it
    voting_since : when voting was last opened, by a window that told the time
    left_out : films of the exam's file that could not be given
    """

    group_id: int
    code: str
    exam: Exam
    state: State
    position: int
    round: int
    opened_at: datetime
    seconds: float | None = None
    voting_since: datetime | None = None
    left_out: int = 0


def open_group(
    db: Engine, exam: Exam, now: datetime, *, seconds: float | None = None, left_out: int = 0
) -> Group:
    """Return a new group that waits at its first film, with a code that no other has.

    `seconds` are those for a film; None: no limit. Of an exam from a file, `left_out` films could
    not be given.
    """
    table = tables.teaching_group
    text = exams.to_json(exam)
    kept = read_exam(text)
    start: dict[str, Any] = {
        "exam": text,
        "state": "waiting",
        "position": 0,
        "round": 0,
        "opened_at": now,
        "seconds": seconds,
        "left_out": left_out,
    }
    with writing(db) as connection:
        while True:
            code = new_code(CODE_LENGTH)
            row = insert_into(db, table).values(code=code, **start)
            new = row.on_conflict_do_nothing(index_elements=["code"]).returning(table.c.id)
            group_id = connection.scalar(new)
            if group_id is not None:
                return Group(group_id, code, kept, "waiting", 0, 0, now, seconds, left_out=left_out)


def find_group(db: Engine, code: str) -> Group:
    """Return the group that has `code`, in whatever case; raise `StoreError` where none has."""
    table = tables.teaching_group
    has_code = table.c.code == read_code(code)
    with reading(db) as connection:
        readable = each_of(connection, select(table).where(has_code), _group)
        if not readable and connection.scalar(select(table.c.id).where(has_code)):
            raise StoreError(_DAMAGED)
    if not readable:
        raise StoreError("No session has this code. Check it letter by letter, or ask the teacher.")
    return readable[0]


def groups(db: Engine) -> list[Group]:
    """Return the groups that can be read, the newest first; `damaged_groups` are the others."""
    table = tables.teaching_group
    with reading(db) as connection:
        return each_of(connection, select(table).order_by(table.c.id.desc()), _group)


def damaged_groups(db: Engine) -> list[int]:
    """Return the ids of groups that cannot be read, as after a change by another program."""
    table = tables.teaching_group
    whole = {group.group_id for group in groups(db)}
    with reading(db) as connection:
        return [number for number in connection.scalars(select(table.c.id)) if number not in whole]


def votes_of_all(db: Engine) -> pd.DataFrame:
    """Return the votes of all groups that have ended, as from `votes_of`, those of no grade out."""
    ended = [group for group in groups(db) if group.state == "ended"]
    votes = [votes_of(db, group.group_id) for group in ended]
    return pd.concat([votes_of(db, -1), *votes], ignore_index=True).dropna(subset="grade")


def delete_group(db: Engine, group_id: int, *, client: str, now: datetime) -> None:
    """Delete a group with its participants and votes, for good; the log says that `client` did."""
    table = tables.teaching_group
    with writing(db) as connection:
        gone = delete(table).where(table.c.id == group_id).returning(table.c.code)
        if (code := connection.scalar(gone)) is not None:
            audit.note(connection, "session deleted", client=client, now=now, about=code)
    forget_log(db)


def change_group(
    db: Engine,
    group: Group,
    *,
    state: State | None = None,
    position: int | None = None,
    now: datetime | None = None,
) -> Group:
    """Return the group after going to the film at `position`, or to another state at this one.

    Going to a film opens voting on it, or shows it closed or told where it was before. `group` is
    what the teacher's window shows. Voting that is opened at `now` may close by itself
    (`kneeoa.store.voting`); without a time it does not.

    Raises `StoreError` where another window has gone on meanwhile, or a step cannot be taken.
    """
    if (position is None) is (state is None) and state != "voting":
        raise ValueError(f"Expected a position or a state. Received: {position} and {state}.")
    table, film = tables.teaching_group, tables.group_film
    with writing(db) as connection:
        # Votes wait for this lock, and it for those that are being written.
        in_turn(connection, group.group_id, shared=False)
        is_group = table.c.id == group.group_id
        lock = select(table.c.id).where(is_group).with_for_update()
        if connection.scalar(lock) is None:
            raise StoreError(_GONE)
        readable = each_of(connection, select(table).where(is_group), _group)
        if not readable:
            raise StoreError(_DAMAGED)
        kept = readable[0]
        if (kept.state, kept.position, kept.round) != (group.state, group.position, group.round):
            raise StoreError(
                "Another window has gone on with this session. This one shows it as it is now: "
                "look again, then go on."
            )
        to = kept.position if position is None else position
        is_film = (film.c.group_id == group.group_id) & (film.c.position == to)
        row = connection.execute(select(film.c.told, film.c.closed).where(is_film)).first()
        before = _state_of(row)
        after = _next_state(kept, state if position is None else None, to, before)
        if after in ("voting", "closed", "told"):
            marks: dict[str, Any] = {"told": after == "told", "closed": after != "voting"}
            if (
                after == "voting"
                and before == "closed"
                and has_votes(connection, kept.group_id, to)
            ):
                marks["again"] = True
            mark = insert_into(db, film).values(group_id=group.group_id, position=to, **marks)
            keys = ["group_id", "position"]
            connection.execute(mark.on_conflict_do_update(index_elements=keys, set_=marks))
        since = now if after == "voting" else None
        changed: dict[str, Any] = {
            "state": after,
            "position": to,
            "round": kept.round + 1,
            "voting_since": since,
        }
        connection.execute(update(table).where(table.c.id == group.group_id).values(changed))
    return replace(kept, **changed)


def _state_of(film: Row | None) -> State:
    """Return in which state a film is gone to; None: it was not shown before."""
    if film is None:
        return "voting"
    return "told" if film.told else "closed" if film.closed else "voting"


def _next_state(now: Group, state: State | None, to: int, before: State) -> State:
    if now.state == "ended":
        raise StoreError("This session has ended. Open a new one.")
    if state is None:
        if to not in range(len(now.exam.films)):
            raise StoreError(f"Expected film 1 to {len(now.exam.films)}. Received: {to + 1}.")
        return before
    if now.state not in _FROM.get(state, ()):
        raise StoreError(
            f"Expected a step that can follow on '{now.state}' at this film. Received: '{state}'. "
            "Go to another film, or end the session."
        )
    return state


def shown_positions(db: Engine, group_id: int) -> list[int]:
    """Return the positions of the films on which voting was ever opened, in order."""
    film = tables.group_film
    shown = select(film.c.position).where(film.c.group_id == group_id).order_by(film.c.position)
    with reading(db) as connection:
        return list(connection.scalars(shown))


def _group(row: Row) -> Group:
    exam = read_exam(row.exam)
    if row.state not in tables.STATES or row.position not in range(len(exam.films)):
        raise DataError("Expected one of the films of the session, and what is done with it.")
    if row.code != read_code(row.code) or not isinstance(row.opened_at, datetime):
        raise DataError("Expected a session's code, and when it was opened.")
    # What another program wrote there closes no vote.
    seconds = row.seconds if isinstance(row.seconds, float) and row.seconds > 0 else None
    return Group(
        row.id,
        row.code,
        exam,
        row.state,
        row.position,
        row.round,
        row.opened_at,
        seconds,
        row.voting_since,
        row.left_out,
    )
