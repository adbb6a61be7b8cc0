"""Voting that closes by itself: decided by what is kept, whichever window looks first."""

from datetime import datetime

from sqlalchemy import Engine, func, select

from kneeoa.store import closing, tables
from kneeoa.store.database import StoreError, reading
from kneeoa.store.group import Group, change_group, find_group
from kneeoa.store.votes import at_film


def closes_at(db: Engine, group: Group) -> datetime | None:
    """Return when voting on the film of `group` closes by itself, as things stand; None: not."""
    if group.state != "voting" or group.voting_since is None:
        return None
    person, vote = tables.participant, tables.vote
    counts = at_film(group.group_id, group.position, in_round=counting_round(db, group))
    with reading(db) as connection:
        joined = connection.scalars(
            select(func.count()).select_from(person).where(person.c.group_id == group.group_id)
        ).one()
        voted, last = connection.execute(
            select(func.count(), func.max(vote.c.voted_at)).where(counts)
        ).one()
    # Come back to, a film stays open as long as if the last vote had just come.
    last = last and max(last, group.voting_since)
    return closing.closes_at(
        group.voting_since, seconds=group.seconds, joined=joined, voted=voted, last_vote=last
    )


def counting_round(db: Engine, group: Group) -> int | None:
    """Return whose votes count on the film that `group` is at; None: those of all rounds.

    Only votes from before voting was opened again do not: they were shown.
    """
    film = tables.group_film
    is_film = (film.c.group_id == group.group_id) & (film.c.position == group.position)
    with reading(db) as connection:
        is_again = connection.scalar(select(film.c.again).where(is_film))
    return group.round if is_again else None


def look(db: Engine, code: str, now: datetime) -> tuple[Group, datetime | None]:
    """Return the group that has `code` as it stands `now`, and when its voting closes by itself.

    Voting whose end has come is closed by this. Raises `StoreError` as `find_group` does.
    """
    group = find_group(db, code)
    closes = closes_at(db, group)
    if closes is None or now < closes:
        return group, closes
    try:
        return change_group(db, group, state="closed", now=now), None
    except StoreError:  # another window was first
        return find_group(db, code), None
