"""Group sessions: films, states, two windows of one teacher, who joins, who votes."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from kneeoa.store import group as store
from kneeoa.store import tables, votes
from kneeoa.store.database import StoreError, reading
from kneeoa.teaching import readers
from kneeoa.teaching.exam import Exam, ExamFilm

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
BY = {"client": "10.0.0.7", "now": NOW}
EXAM = Exam("", 7, (0, 1, 2), tuple(ExamFilm(f"f{g}", g) for g in range(3)))


@pytest.fixture
def group(db):
    return store.open_group(db, EXAM, NOW)


@pytest.fixture
def three(db, group):
    return [store.join(db, group.code, name, NOW) for name in ("Ann", "Ben", "Cy")]


def go(db, group, *steps):
    """Go to each film (an int) or state in turn."""
    for step in steps:
        where = {"position": step} if isinstance(step, int) else {"state": step}
        group = store.change_group(db, group, **where)
    return group


def test_groups_are_found_by_code_however_it_is_typed(db, group):
    assert (group.state, group.position, group.round) == ("waiting", 0, 0)
    assert len(group.code) == 6
    for typed in (group.code, group.code.lower(), f" {group.code[:3]}-{group.code[3:]} "):
        assert store.find_group(db, typed) == group
    newer = store.open_group(db, EXAM, datetime(2020, 1, 1, tzinfo=UTC))
    assert store.groups(db) == [newer, group]
    with pytest.raises(StoreError, match="No session has this code"):
        store.find_group(db, "\0none")


def test_a_film_is_voted_on_closed_told_and_not_voted_on_again(db, group):
    group = go(db, group, 0, "closed", "voting", "closed", "told", 2, "closed", 0)
    assert (group.state, group.position, group.round) == ("told", 0, 8)
    assert store.find_group(db, group.code) == group
    with pytest.raises(StoreError, match="that can follow on 'told'"):
        go(db, group, "voting")
    # Film 3 was closed and not told: so it still is.
    assert go(db, group, 2).state == "closed"
    assert store.shown_positions(db, group.group_id) == [0, 2]


def test_a_closed_film_stays_closed_until_it_is_voted_on_again_and_is_marked_then(db, group, three):
    # A film that was left while it was open is open still.
    group = go(db, group, 0, 1, 0)
    assert group.state == "voting"
    group = go(db, group, 1)
    store.vote(db, three[0], 1, 2, NOW)
    group = go(db, group, "closed", 2, 1)
    assert group.state == "closed"
    with pytest.raises(StoreError, match="closed"):
        store.vote(db, three[0], 1, 4, NOW)
    assert not store.votes_of(db, group.group_id)["again"].any()
    group = go(db, group, "voting", 2, 1)
    assert group.state == "voting"
    store.vote(db, three[0], 1, 4, NOW)
    group = go(db, group, "told", 0, "closed", "told", "ended")
    table = store.votes_of(db, group.group_id)
    assert table.groupby("position")["again"].all().tolist() == [False, True, False]
    assert store.tally(db, group.group_id, 1) == [0, 0, 0, 0, 1]


def test_a_film_on_which_nobody_had_voted_is_not_voted_on_again(db, group, three):
    group = go(db, group, 0, "closed", "voting")
    store.vote(db, three[0], 0, 4, NOW)
    go(db, group, "told")
    assert not store.votes_of(db, group.group_id)["again"].any()


@pytest.mark.parametrize(
    ("before", "step"),
    [
        ([], "closed"),
        ([], "told"),
        ([0], "voting"),
        ([0], "waiting"),
        ([0], 3),
        ([0], -1),
        ([0, "closed"], "closed"),
        ([0, "ended"], "voting"),
        ([0, "ended"], "ended"),
        (["ended"], 1),
        ([0], "dancing"),
    ],
)
def test_a_step_that_cannot_be_taken_is_refused(db, group, before, step):
    group = go(db, group, *before)
    with pytest.raises(StoreError):
        go(db, group, step)
    assert store.find_group(db, group.code) == group


def test_a_window_that_is_behind_changes_nothing(db, group):
    ahead = go(db, group, 0)
    with pytest.raises(StoreError, match="Another window has gone on"):
        go(db, group, 1)
    # The same film and state again, but not the same moment.
    later = go(db, ahead, "closed", "voting")
    with pytest.raises(StoreError, match="Another window has gone on"):
        go(db, ahead, "told")
    assert store.find_group(db, group.code) == later


def test_nicknames_are_tidied_and_there_once(db, group):
    anna = store.join(db, group.code.lower(), "  An \u00a0 na ", NOW)
    assert anna.nickname == "An na"
    for same in ("an NA", "\uff21n na"):
        with pytest.raises(StoreError, match="is taken"):
            store.join(db, group.code, same, NOW)
    unseen = ("\u3164", "\u200d", "\ufe0f", "\U000e0100", "\u2800\u034f")
    for wrong in ("", " \n", "x" * 25, "a\0b", "a\u202eb", "\ud800", *unseen):
        with pytest.raises(StoreError, match="Expected a nickname"):
            store.join(db, group.code, wrong, NOW)
    other = store.open_group(db, EXAM, NOW)
    assert store.join(db, other.code, "An na", NOW).group_id == other.group_id
    assert store.participants(db, group.group_id) == [anna]


@pytest.mark.parametrize(
    "same",
    ["An\u200dna", "Anna\ufe0f", "An\u034fna", "Anna\u3164", "Anna\u2800", "Anna\U000e0100"],
)
def test_no_two_nicknames_look_the_same(db, group, same):
    store.join(db, group.code, "Anna", NOW)
    # The teacher would remove the wrong one, and her votes are gone for good.
    with pytest.raises(StoreError, match="is taken"):
        store.join(db, group.code, same, NOW)
    other = store.join(db, group.code, "An\u2800na", NOW)  # seen as two words
    with pytest.raises(StoreError, match="is taken"):
        store.join(db, group.code, "An na", NOW)
    assert other.nickname == "An\u2800na"


@pytest.mark.parametrize("between", ["", "\u034f", "\u200d", "\ufe0f", "\u180b"])
def test_an_accent_that_is_held_apart_looks_the_same(db, group, between):
    store.join(db, group.code, "Andr\u00e9", NOW)
    for same in (f"Andre{between}\u0301", f"ANDRE{between}\u0301", "Andr\u00e9\U0001d159"):
        with pytest.raises(StoreError, match="is taken"):
            store.join(db, group.code, same, NOW)
    assert store.join(db, group.code, "Andre", NOW).nickname == "Andre"


def test_a_session_that_is_over_full_or_none_is_not_joined(db, group, monkeypatch):
    with pytest.raises(StoreError, match="No session has this code"):
        store.join(db, "none", "Ann", NOW)
    monkeypatch.setattr(votes, "MOST_PARTICIPANTS", 1)
    ann = store.join(db, group.code, "Ann", NOW)
    with pytest.raises(StoreError, match="full"):
        store.join(db, group.code, "Ben", NOW)
    go(db, group, "ended")
    with pytest.raises(StoreError, match="has ended"):
        store.join(db, group.code, "Cy", NOW)
    assert store.rejoin(db, group.code, ann.token) == ann


def test_only_her_token_and_code_bring_someone_back(db, group, three):
    ann = three[0]
    assert store.rejoin(db, f" {group.code.lower()}", ann.token) == ann
    other = store.open_group(db, EXAM, NOW)
    for code, token in ((other.code, ann.token), (group.code, ""), (group.code, "\0\ud800")):
        with pytest.raises(StoreError, match="not, or no longer"):
            store.rejoin(db, code, token)
    assert len({one.token for one in three}) == 3


def test_who_asks_twice_with_one_token_is_in_once(db, group):
    token = store.new_token()
    ann = store.join(db, group.code, "Ann", NOW, token=token, client="a", most_a_client=1)
    again = store.join(db, group.code, "Ann", NOW, token=token, client="a", most_a_client=1)
    assert again == ann == store.rejoin(db, group.code, token)
    assert store.participants(db, group.group_id) == [ann]
    other = store.open_group(db, EXAM, NOW)
    assert store.join(db, other.code, "Ann", NOW, token=token).group_id == other.group_id


def test_the_last_vote_counts_while_voting_is_open(db, group, three):
    ann, ben, _ = three
    group = go(db, group, 1)
    for grade in (3, 3, 4):
        store.vote(db, ann, 1, grade, NOW)
    store.vote(db, ben, 1, 0, NOW)
    number = group.group_id
    assert store.tally(db, number, 1) == [1, 0, 0, 0, 1]
    assert [store.vote_of(db, one, 1) for one in three] == [4, 0, None]
    assert (store.voted(db, number, 1), store.voted(db, number, 0)) == (2, 0)
    for position, grade in ((0, 1), (2, 1), (1, 5), (1, None)):
        with pytest.raises(StoreError, match=r"closed|KL grade"):
            store.vote(db, ann, position, grade, NOW)
    for state in ("closed", "told", "ended"):
        group = go(db, group, state)
        with pytest.raises(StoreError, match="Voting on this film is closed"):
            store.vote(db, ann, 1, 0, NOW)
    assert store.tally(db, number, 1) == [1, 0, 0, 0, 1]


def test_votes_are_a_row_for_each_participant_and_film_shown(db, group, three):
    ann, ben, _ = three
    group = go(db, group, 2)
    store.vote(db, ann, 2, 1, NOW)
    store.vote(db, ben, 2, 1, NOW)
    go(db, group, 0)
    store.vote(db, ben, 0, 4, NOW)
    table = store.votes_of(db, group.group_id)
    assert list(table.columns) == [
        "position", "image_id", "reference", "participant", "participant_id", "grade", "again",
    ]  # fmt: skip
    assert table["position"].tolist() == [0, 0, 0, 2, 2, 2]
    assert table["image_id"].tolist() == ["f0"] * 3 + ["f2"] * 3
    assert table["reference"].tolist() == [0] * 3 + [2] * 3
    assert table["participant"].tolist() == ["Ann", "Ben", "Cy"] * 2
    assert table["participant_id"].tolist() == [one.participant_id for one in three] * 2
    assert table["grade"].fillna(-1).tolist() == [-1, 4, -1, 1, 1, -1]
    assert str(table["grade"].dtype) == "Int64"
    films = readers.by_film(table)
    assert films["votes"].tolist() == [1, 2]
    assert films["right"].tolist() == [0.0, 0.0]


def test_votes_without_films_or_participants_are_an_empty_table(db, group):
    before = store.votes_of(db, group.group_id)
    go(db, group, 0)
    for table in (before, store.votes_of(db, group.group_id), store.votes_of(db, 999)):
        assert table.empty and str(table["grade"].dtype) == "Int64"


def test_all_votes_are_those_of_groups_that_have_ended(db, group, three):
    ann, *_ = three
    group = go(db, group, 2)
    store.vote(db, ann, 2, 1, NOW)
    assert store.votes_of_all(db).empty
    store.change_group(db, group, state="ended")
    assert store.votes_of_all(db)["grade"].tolist() == [1]


def test_who_is_removed_takes_her_votes_along(db, group, three):
    ann, ben, _ = three
    group = go(db, group, 0)
    store.vote(db, ann, 0, 1, NOW)
    store.vote(db, ben, 0, 1, NOW)
    store.remove_participant(db, 999, ben.participant_id, **BY)  # another group's
    store.remove_participant(db, group.group_id, ann.participant_id, **BY)
    assert store.tally(db, group.group_id, 0) == [0, 1, 0, 0, 0]
    for late in (
        lambda: store.vote(db, ann, 0, 1, NOW),
        lambda: store.rejoin(db, group.code, ann.token),
    ):
        with pytest.raises(StoreError, match="no longer, part"):
            late()
    assert store.join(db, group.code, "Ann", NOW).participant_id != ann.participant_id


def test_a_deleted_group_leaves_nothing(db, group, three):
    group = go(db, group, 0)
    store.vote(db, three[0], 0, 1, NOW)
    store.delete_group(db, group.group_id, **BY)
    with reading(db) as connection:
        for table in set(tables.metadata.tables.values()) - {tables.audit}:
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    with pytest.raises(StoreError, match="was deleted"):
        go(db, group, 1)
    with pytest.raises(StoreError, match="no longer, part"):
        store.vote(db, three[0], 0, 1, NOW)
    assert store.open_group(db, EXAM, NOW).group_id != group.group_id
