"""The class of a group session: who takes part, and how they vote."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Engine, delete, exists, func, select
from sqlalchemy.exc import IntegrityError

from kneeoa.store import audit, tables
from kneeoa.store.codes import read_code
from kneeoa.store.database import StoreError, forget_log, insert_into, reading, writing
from kneeoa.store.turns import in_turn
from kneeoa.store.values import grade_of, read_exam
from kneeoa.wording import as_seen, entered

LONGEST_NICKNAME, MOST_PARTICIPANTS = 24, 200
MOST_A_CLIENT = 60
"""Places of a class that one client can have: a class may sit behind one router."""
_NOT_THERE = "You are not, or no longer, part of this session. Join it again with its code."


@dataclass(frozen=True, slots=True)
class Participant:
    """Who votes in a group: a nickname, and the token by which her browser is known."""

    participant_id: int
    group_id: int
    nickname: str
    token: str


_PEOPLE = select(*(tables.participant.c[name] for name in ("id", "group_id", "nickname", "token")))


def new_token() -> str:
    """Return what a browser can be known by, which nobody guesses."""
    return secrets.token_hex(16)


def join(
    db: Engine,
    code: str,
    nickname: str,
    now: datetime,
    *,
    token: str = "",
    client: str = "",
    most_a_client: int = MOST_A_CLIENT,
) -> Participant:
    """Return a new participant of the group that has `code`.

    Who comes again with the `token` that she joined by is the one she was: a browser that did not
    hear of it asks twice. Without one she is given one.

    `client` tells one client from others, and of them each gets at most `most_a_client` places; an
    empty one is not counted.

    Raises `StoreError` where there is none, it has ended or is full, or the nickname is taken or
    not one of 1 to 24 letters.
    """
    name = entered(nickname, LONGEST_NICKNAME, "a nickname", error=StoreError)
    if not name:
        raise StoreError(
            f"Expected a nickname of 1 to {LONGEST_NICKNAME} letters. Choose another one."
        )
    group, person = tables.teaching_group, tables.participant
    token = token or new_token()
    try:
        with writing(db) as connection:
            # Locked, so that two who join at once are both counted.
            group_row = connection.execute(
                select(group.c.id, group.c.state)
                .where(group.c.code == read_code(code))
                .with_for_update()
            ).first()
            if group_row is None:
                raise StoreError("No session has this code. Check it letter by letter.")
            if group_row.state == "ended":
                raise StoreError("This session has ended. Ask the teacher for a new code.")
            here = (person.c.group_id == group_row.id) & (person.c.token == token)
            if (row := connection.execute(_PEOPLE.where(here)).first()) is not None:
                return Participant(*row)
            count = select(func.count()).where(person.c.group_id == group_row.id)
            if connection.scalars(count).one() >= MOST_PARTICIPANTS:
                raise StoreError(f"This session is full: {MOST_PARTICIPANTS} take part.")
            from_here = count.where(person.c.client == client)
            if client and connection.scalars(from_here).one() >= most_a_client:
                raise StoreError(
                    f"From this network {most_a_client} take part already, which is as many as "
                    "may. Tell the teacher, who can remove others or start the server for more."
                )
            new = {
                "group_id": group_row.id,
                "nickname": name,
                "nickname_key": as_seen(name),
                "token": token,
                "joined_at": now,
                "client": client,
            }
            participant_id = connection.scalar(person.insert().values(new).returning(person.c.id))
    except IntegrityError:
        raise StoreError(
            f"The nickname {name} is taken in this session. Choose another. If it is yours, from "
            "another device, go on there, or ask the teacher to remove it with its votes."
        ) from None
    return Participant(participant_id, group_row.id, name, token)


def rejoin(db: Engine, code: str, token: str) -> Participant:
    """Return the participant whose browser has `token`; raise `StoreError` where there is none."""
    group, person = tables.teaching_group, tables.participant
    # What stands in an address is anyone's; PostgreSQL refuses text that is none.
    if token.isascii() and token.isalnum():
        mine = (group.c.code == read_code(code)) & (person.c.token == token)
        with reading(db) as connection:
            row = connection.execute(_PEOPLE.join(group).where(mine)).first()
        if row is not None:
            return Participant(*row)
    raise StoreError(_NOT_THERE)


def participants(db: Engine, group_id: int) -> list[Participant]:
    """Return who takes part, in the order of joining."""
    person = tables.participant
    with reading(db) as connection:
        rows = connection.execute(
            _PEOPLE.where(person.c.group_id == group_id).order_by(person.c.id)
        )
        return [Participant(*row) for row in rows]


def remove_participant(
    db: Engine,
    group_id: int,
    participant_id: int,
    *,
    client: str,
    now: datetime,
    event: audit.Event = "learner removed from a session",
) -> None:
    """Remove someone from a group, with all her votes; the audit log says that `client` did."""
    person, group = tables.participant, tables.teaching_group
    is_member = (person.c.id == participant_id) & (person.c.group_id == group_id)
    with writing(db) as connection:
        if connection.execute(delete(person).where(is_member)).rowcount:
            code = connection.scalar(select(group.c.code).where(group.c.id == group_id))
            audit.note(connection, event, client=client, now=now, about=code or "")
    forget_log(db)


def vote(db: Engine, participant: Participant, position: int, grade: int, now: datetime) -> None:
    """Keep a vote on the film at `position` instead of the one before.

    When it returns, the vote counts; once voting is closed, none is added. Raises `StoreError`
    where it is closed on this film, or the participant was removed.
    """
    group, person = tables.teaching_group, tables.participant
    key = {
        "group_id": participant.group_id,
        "position": position,
        "participant_id": participant.participant_id,
    }
    kept: dict[str, Any] = {"grade": grade_of(grade), "voted_at": now}
    mine = (person.c.id == participant.participant_id) & (group.c.id == participant.group_id)
    names = ("state", "position", "seconds", "voting_since", "round")
    try:
        with writing(db) as connection:
            # Closing waits until this vote is in; a vote behind it sees that it is closed.
            in_turn(connection, participant.group_id, shared=True)
            group_row = connection.execute(
                select(*(group.c[name] for name in names))
                .join(person)
                .where(mine)
                .with_for_update(read=True, of=group)
            ).first()
            if group_row is None:
                raise StoreError(_NOT_THERE)
            if (group_row.state, group_row.position) != ("voting", position):
                raise StoreError("Voting on this film is closed. Wait for the next one.")
            if group_row.seconds and group_row.voting_since:
                end = group_row.voting_since + timedelta(seconds=group_row.seconds)
                if now > end:  # closed, though no window has looked yet
                    raise StoreError("The time to vote on this film is over: voting is closed.")
            kept["round"] = group_row.round
            row = insert_into(db, tables.vote).values(**key, **kept)
            connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=kept))
    except IntegrityError:
        raise StoreError(_NOT_THERE) from None


def vote_of(
    db: Engine, participant: Participant, position: int, *, in_round: int | None = None
) -> int | None:
    """Return the participant's grade of the film at `position`, or None; `in_round` alone."""
    kept = tables.vote
    mine = kept.c.participant_id == participant.participant_id
    is_film = at_film(participant.group_id, position, in_round=in_round)
    with reading(db) as connection:
        return connection.scalar(select(kept.c.grade).where(is_film, mine))


def voted(db: Engine, group_id: int, position: int, *, in_round: int | None = None) -> int:
    """Return how many have voted on the film at `position`; `in_round` alone, where given."""
    is_film = at_film(group_id, position, in_round=in_round)
    with reading(db) as connection:
        return connection.scalars(select(func.count()).where(is_film)).one()


def has_votes(connection: Connection, group_id: int, position: int) -> bool:
    """Return whether anybody has voted on the film at `position`."""
    return connection.scalar(select(exists().where(at_film(group_id, position)))) is True


def tally(db: Engine, group_id: int, position: int) -> list[int]:
    """Return how many gave each grade, 0 to 4, to the film at `position`."""
    grade = tables.vote.c.grade
    counts = select(grade, func.count()).where(at_film(group_id, position)).group_by(grade)
    with reading(db) as connection:
        votes_by_grade: dict[int, int] = dict(map(tuple, connection.execute(counts)))
    return [votes_by_grade.get(grade, 0) for grade in range(5)]


def at_film(group_id: int, position: int, *, in_round: int | None = None) -> ColumnElement[bool]:
    """Return what holds of the votes on the film at `position`; `in_round` alone, if at all."""
    vote = tables.vote.c
    is_film = (vote.group_id == group_id) & (vote.position == position)
    return is_film if in_round is None else is_film & (vote.round == in_round)


def votes_of(db: Engine, group_id: int) -> pd.DataFrame:
    """Return who voted how: a row for each participant and film shown, as `readers` takes it.

    Columns ``position, image_id, reference, participant`` (the nickname)``, participant_id``,
    ``grade`` (Int64, empty: no vote) and ``again`` (whether voting was opened again, the first
    votes shown before it), by position, then in the order of joining.
    """
    film, person, kept, group = (
        tables.group_film,
        tables.participant,
        tables.vote,
        tables.teaching_group,
    )
    theirs = (
        (kept.c.group_id == film.c.group_id)
        & (kept.c.position == film.c.position)
        & (kept.c.participant_id == person.c.id)
    )
    rows = (
        select(film.c.position, person.c.nickname, person.c.id, kept.c.grade, film.c.again)
        .join_from(film, person, person.c.group_id == film.c.group_id)
        .outerjoin(kept, theirs)
        .where(film.c.group_id == group_id)
        .order_by(film.c.position, person.c.id)
    )
    with reading(db) as connection:
        exam = connection.scalar(select(group.c.exam).where(group.c.id == group_id))
        votes = connection.execute(rows).all()
    films = read_exam(exam).films if exam else ()
    whole = [
        (position, films[position].image_id, films[position].grade, nickname, number, grade, again)
        for position, nickname, number, grade, again in votes
    ]
    return pd.DataFrame(whole, columns=list(_COLUMNS)).astype(_COLUMNS)


_COLUMNS = {
    "position": "int64",
    "image_id": "str",
    "reference": "int64",
    "participant": "str",
    "participant_id": "int64",
    "grade": "Int64",
    "again": "bool",
}
