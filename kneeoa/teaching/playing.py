"""A practice session as it is played: what a key does, and which film comes next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kneeoa.grades import GRADES
from kneeoa.teaching.exam import Exam, ExamFilm
from kneeoa.teaching.swayed import Round

LOWEST, HIGHEST = int(GRADES[0]), int(GRADES[-1])


@dataclass(frozen=True, slots=True)
class Given:
    """What was said to a film; see `kneeoa.teaching.answers` for one without a `grade`.

    ``first_grade`` came before the network's answer was seen. `is_final` is False for that grade
    alone, as long as the film is thought over.
    """

    position: int
    grade: int | None
    first_grade: int | None
    seconds: float | None
    is_final: bool = True


@dataclass(slots=True)
class Play:
    """The state of a session in play.

    Times are readings of a clock that only goes forward, in seconds.

    Attributes
    ----------
    rounds : by image id, where the network's answer has a part; empty: plain practice
    tells : whether each film is resolved at once
    limit : seconds for each film, or None
    done : positions that are answered
    stage : ``grade`` (the learner looks), ``again`` (she has seen the network's answer after hers),
        ``told`` (the film is resolved)
    """

    exam: Exam
    rounds: Mapping[str, Round] = field(default_factory=dict)
    tells: bool = True
    limit: float | None = None
    done: set[int] = field(default_factory=set)
    position: int = 0
    stage: Literal["grade", "again", "told"] = "grade"
    choice: int | None = None
    first: int | None = None
    shown_at: float | None = None
    is_stopped: bool = False
    is_behind: bool = False
    """Whether more, less or something else is kept of the session: it must be taken up anew."""

    def __post_init__(self) -> None:
        """Go to the first film that is not answered yet."""
        self._go_on()

    def think_again(self, position: int, first: int, shown_at: float | None) -> None:
        """Go on with the film at `position`, where her first grade stands and cannot be changed."""
        if position in self.done:
            return
        self.position, self.stage, self.shown_at = position, "again", shown_at
        self.first = self.choice = first

    @property
    def is_over(self) -> bool:
        """Whether every film is answered and the last one looked at, or the session stopped."""
        return self.is_stopped or self.position >= len(self.exam.films)

    @property
    def film(self) -> ExamFilm:
        """The film on the screen."""
        return self.exam.films[self.position]

    @property
    def round(self) -> Round | None:
        """How the network's answer to this film is shown, or None in plain practice."""
        return self.rounds.get(self.film.image_id)

    @property
    def shows_network(self) -> bool:
        """Whether the network's answer is on the screen before the film is resolved."""
        when = self.round.when if self.round else "never"
        return (when == "before" and self.stage == "grade") or self.stage == "again"

    def look(self, at: float) -> None:
        """Start the film's clock, if it does not run yet."""
        if self.shown_at is None:
            self.shown_at = at

    def left(self, at: float) -> float | None:
        """Return the seconds that are left for this film, or None without a limit."""
        if self.limit is None or self.stage == "told" or self.shown_at is None:
            return None
        return max(0.0, self.limit - (at - self.shown_at))

    def press(self, keys: Collection[int | str], at: float) -> Given | None:
        """Do what `keys` ask for, which came at once: in which order, nobody knows.

        Parameters
        ----------
        keys : grades to mark, ``lower``, ``higher`` and ``confirm``
        at : the clock's reading, in seconds

        Returns
        -------
        What is to be kept, if the keys leave no doubt about it: one grade that is marked before or
        among them, and no step, which could have been pressed twice. Otherwise the learner has to
        see the mark first and confirm it again.
        """
        grades = sorted(key for key in keys if key in GRADES)
        steps = [step for key, step in (("lower", -1), ("higher", 1)) if key in keys]
        for grade in grades:
            self.choose(grade)
        for step in steps:
            self.move(step)
        clear = len(grades) <= 1 and not steps
        return self.confirm(at) if "confirm" in keys and clear else None

    def choose(self, grade: int) -> None:
        """Mark a grade; it counts when it is confirmed or time is up."""
        if self.stage != "told":
            self.choice = grade

    def move(self, step: int) -> None:
        """Mark the next grade up or down; the first step comes in from the end."""
        if self.choice is None:
            self.choose(LOWEST if step > 0 else HIGHEST)
        else:
            self.choose(min(HIGHEST, max(LOWEST, self.choice + step)))

    def confirm(self, at: float) -> Given | None:
        """Take the marked grade; return it, for it is to be kept.

        Where the network's answer comes after the first one, the learner may think again.
        """
        if self.choice is None or self.stage == "told":
            return None
        if self.stage == "grade" and self.round and self.round.when == "after":
            self.first, self.stage = self.choice, "again"
            # Kept before the network's answer is shown: whatever comes then, it stands.
            return Given(self.position, None, self.first, self._seconds(at), is_final=False)
        return self._end(at)

    def time_up(self, at: float) -> Given | None:
        """Take what is marked, or nothing, as the answer; None while there is time left."""
        left = self.left(at)
        return self._end(at) if left is not None and left <= 0 else None

    def leave_out(self) -> Given:
        """Go on from a film that cannot be shown: a first grade is all there is of an answer."""
        given = Given(self.position, self.first, self.first, None)
        self.done.add(self.position)
        self._go_on()
        return given

    def proceed(self) -> None:
        """Go from a film that is resolved to the next one."""
        if self.stage == "told":
            self._go_on()

    def _end(self, at: float) -> Given:
        given = Given(self.position, self.choice, self.first, self._seconds(at))
        self.done.add(self.position)
        if self.tells:
            self.stage = "told"
        else:
            self._go_on()
        return given

    def _seconds(self, at: float) -> float | None:
        return None if self.shown_at is None else at - self.shown_at

    def _go_on(self) -> None:
        self.stage, self.choice, self.first, self.shown_at = "grade", None, None, None
        while self.position in self.done:
            self.position += 1
