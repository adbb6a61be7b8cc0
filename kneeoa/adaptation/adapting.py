"""Graded films and the published networks -> everything that a profile says. Writes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kneeoa.adaptation import figures, lines
from kneeoa.adaptation.folds import Refit, folds_of, refit
from kneeoa.adaptation.gathering.graded import GradedFilms
from kneeoa.adaptation.gathering.joined import kept_together
from kneeoa.errors import DataError
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.framing import FOUND, WHOLE, Framing
from kneeoa.graders.grading import Graders
from kneeoa.graders.profile import Head
from kneeoa.graders.published import PublishedModel
from kneeoa.graders.serving import Grader
from kneeoa.graders.together import FOLDER, Member, both_ways, combine
from kneeoa.graders.weights import read_weights
from kneeoa.metrics import conformal, rules
from kneeoa.metrics.calibration import cross_entropy, softmax
from kneeoa.wording import counted

LEVEL = 0.9
"""Of the sets, where the card of a network has none."""
LEAST_PATIENTS = 10
_BATCH = 16
"""Films, each with its mirror image, that a network sees at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A published network, ready to be refitted: what its last layer sees, and the layer."""

    architecture: str
    features: np.ndarray
    published: Head
    temperature: float


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation:
    """What was learnt from graded films.

    Attributes
    ----------
    films : the films it was learnt from
    fold : (N,) int
    networks, refits : by the SHA-256 of the network's file
    before, after : by answer (``mobilenet``, ``resnet50``, ``together``): probabilities ``(N, 5)``
        as published, and out of fold
    answers : by answer: headline rule and sets, their threshold from all films out of fold
    figures : by answer; see `kneeoa.adaptation.figures.compared`
    answering : how the networks' logits become the answers
    framing : what of a film is graded: what serves these films better, out of fold
    homes : by answer: what it said, as published, of films at home; see `lines`
    better : whether the paired difference in cross-entropy is clear of 0, of the last answer
    """

    films: GradedFilms
    fold: np.ndarray
    networks: dict[str, Network]
    refits: dict[str, Refit]
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]
    answers: dict[str, AnswerRule]
    figures: dict[str, figures.Figures]
    answering: "Answering"
    framing: Framing = FOUND
    homes: dict[str, lines.Home] = field(default_factory=dict)

    @property
    def deciding(self) -> str:
        """The answer that decides whether it is better: both together where that is published."""
        return list(self.after)[-1]

    @property
    def better(self) -> bool:
        """Whether cross-entropy fell by more than chance explains."""
        high = self.figures[self.deciding]["cross_entropy"]["difference"][2]
        return high is not None and high < 0

    @property
    def worse(self) -> bool:
        """Whether cross-entropy rose by more than chance explains."""
        low = self.figures[self.deciding]["cross_entropy"]["difference"][1]
        return low is not None and low > 0

    @property
    def habit(self) -> tuple[str, ...]:
        """Which lines the films' readers draw elsewhere than those at home, in sentences."""
        films, home = self.films, self.homes.get(self.deciding)
        published = self.before[self.deciding].argmax(axis=1)
        at_home = home.by(rules.MOST_PROBABLE) if home else None
        return lines.habit(films.grades, published, films.patient_ids, at_home)

    @property
    def lines_said(self) -> tuple[str, ...]:
        """What is to be said of where the films' readers draw the lines, in sentences."""
        if self.deciding not in self.homes:
            return (lines.NOT_COMPARED,)
        return (*self.habit, *lines.in_words(self.lines)) or (lines.NOWHERE,)

    @property
    def framing_said(self) -> str:
        """What of a film is graded under the profile, in a sentence."""
        if self.framing == WHOLE:
            return (
                "Under this profile the whole film is graded, stretched to a square, where its "
                "knee fills it as in these films: out of fold that did better here than the box "
                "that is found on each."
            )
        return "Under this profile films are framed as published: by the box that is found on each."

    @property
    def lines(self) -> pd.DataFrame:
        """Where these readers draw the lines, see `kneeoa.adaptation.lines.lines`."""
        name, films = self.deciding, self.films
        rule = self.answers[name]
        before, after = rule.grades(self.before[name]), rule.grades(self.after[name])
        home = self.homes.get(name)
        at_home = home.by(rule.rule) if home else None
        return lines.lines(films.grades, before, after, films.patient_ids, at_home)


def _unheard(share: float) -> None:
    """Tell nobody."""


def adapt(
    films: GradedFilms,
    graders: Graders,
    *,
    seed: int = 0,
    told: Callable[[float], object] = _unheard,
) -> Adaptation:
    """Learn from `films` how their readers grade; `graders` are taken as published.

    `seed` draws the folds. The same films in the same order give the same profile. `told` hears
    which share of the films the networks have seen, in [0, 1].
    """
    ways = 1 if films.whole is None else 2
    networks = networks_of(films, graders, told=lambda share: told(share / ways))
    films = kept_together(films, next(iter(networks.values())).features)
    rules_of, answering = graders.under(None).rules, _answers_by(graders)
    boxed = learn(films, networks, answering, rules_of, seed=seed)
    boxed = replace(boxed, homes=lines.home_of(graders))
    if films.whole is None:
        return boxed
    whole = networks_of(
        replace(films, images=films.whole), graders, told=lambda share: told((1 + share) / 2)
    )
    # Before is as the published networks read: by the boxes.
    by_whole_film = learn(films, whole, answering, rules_of, seed=seed, before=boxed.before)
    if _loss(by_whole_film) < _loss(boxed):
        return replace(by_whole_film, framing=WHOLE, homes=boxed.homes)
    return boxed


def as_published(
    films: GradedFilms, graders: Graders, *, told: Callable[[float], object] = _unheard
) -> tuple[GradedFilms, dict[str, np.ndarray]]:
    """Return what the published networks say of `films`; nothing is learnt.

    The films come back with one patient where they are alike (`kept_together`); beside them are, by
    answer (``mobilenet``, ``resnet50``, ``together``), probabilities ``(N, 5)``.
    """
    networks = networks_of(films, graders, told=told)
    films = kept_together(films, next(iter(networks.values())).features)
    return films, _answers_by(graders)(_published_logits(networks))


def _published_logits(networks: Mapping[str, Network]) -> dict[str, np.ndarray]:
    return {
        digest: network.features @ network.published.kernel + network.published.bias
        for digest, network in networks.items()
    }


def _loss(adaptation: Adaptation) -> float:
    return cross_entropy(adaptation.films.grades, adaptation.after[adaptation.deciding])


def networks_of(
    films: GradedFilms, graders: Graders, *, told: Callable[[float], object] = _unheard
) -> dict[str, Network]:
    """Run each network once over the films and their mirror images; by SHA-256."""
    members = graders.together.members if graders.together else ()
    every: dict[str, PublishedModel | Member] = {
        model.weights_hash: model for model in graders.published.values()
    }
    every |= {member.weights_hash: member for member in members}
    networks = {}
    for number, (digest, model) in enumerate(every.items()):

        def of_all(share: float, number: int = number) -> None:
            told((number + share) / len(every))

        pooled = _pooled(Grader(model.file), films.images, of_all)
        stored = read_weights(model.file)
        head = Head(stored["grade/kernel"], stored["grade/bias"])
        networks[digest] = Network(model.architecture, pooled, head, model.temperature)
    return networks


def _pooled(grader: Grader, images: np.ndarray, told: Callable[[float], object]) -> np.ndarray:
    """Return ``(2, N, C)`` of the films and their mirror images, a batch at a time."""
    parts = []
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        parts.append(grader.pooled(both_ways(batch)).reshape(2, len(batch), -1))
        told((start + len(batch)) / len(images))
    return np.concatenate(parts, axis=1)


Answering = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""Logits ``(2, N, 5)`` of each network -> probabilities ``(N, 5)`` of each answer."""


def learn(
    films: GradedFilms,
    networks: dict[str, Network],
    answering: Answering,
    published_rules: dict[str, AnswerRule | None],
    *,
    seed: int = 0,
    before: dict[str, np.ndarray] | None = None,
) -> Adaptation:
    """Do what `adapt` does, from what the networks' last layers see.

    `before` is what the published networks say of these films, where they see others of them.
    """
    grades, patients = films.grades, films.patient_ids
    if len(set(patients)) < LEAST_PATIENTS:
        received = f"{counted(len(films), 'film')} of {counted(len(set(patients)), 'patient')}"
        raise DataError(
            f"Expected films of at least {LEAST_PATIENTS} patients. Received {received}: with "
            "fewer it cannot be told how well the habit is learnt."
        )
    fold = folds_of(grades, patients, seed=seed)
    # One thread: these products are so small that threads wait for each other far longer than they
    # compute (2 s against a minute for 180 films on two busy cores).
    with threadpool_limits(1, user_api="blas"):
        refits = {
            digest: refit(network.features, grades, network.published, network.temperature, fold)
            for digest, network in networks.items()
        }
    before = before or answering(_published_logits(networks))
    after = answering({digest: network.logits for digest, network in refits.items()})
    answers, measured = {}, {}
    for name, probabilities in after.items():
        rule = published_rules[name] or AnswerRule(rules.MOST_PROBABLE, LEVEL, 1.0)
        threshold = conformal.calibrate(probabilities, grades, patients, rule.level)
        answers[name] = AnswerRule(rule.rule, rule.level, threshold)
        out_of_fold = figures.sets_out_of_fold(probabilities, grades, patients, fold, rule)
        measured[name] = figures.compared(
            grades,
            patients,
            (before[name], rule.sets(before[name])),
            (probabilities, out_of_fold),
            rule=rule.rule,
        )
    return Adaptation(films, fold, networks, refits, before, after, answers, measured, answering)


def _answers_by(graders: Graders) -> Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Return how the logits of `graders`' networks become the probabilities that are shown."""
    alone = {name: (m.weights_hash, m.temperature) for name, m in graders.published.items()}
    together = graders.together

    def answering(logits: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # A network alone sees the film as it is; both together its mirror image, too.
        answers: dict[str, np.ndarray] = {
            name: softmax(logits[digest][0], t) for name, (digest, t) in alone.items()
        }
        if together:
            members = together.members
            views = np.stack([softmax(logits[m.weights_hash], m.temperature) for m in members])
            weights = np.array([member.weight for member in members])
            temperature = together.card["calibration"]["temperature"]
            answers[FOLDER] = combine(views, weights, temperature)
        return answers

    return answering
