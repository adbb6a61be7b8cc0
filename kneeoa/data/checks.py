"""What keeps a data set from being trained on, and what one should know of it, in sentences."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from kneeoa.data.listing import SPLITS, Entry, repeated_ids
from kneeoa.grades import GRADES
from kneeoa.wording import listed

_PARTS = re.compile(r"\d+|[^\W\d_]+")


def problems(
    entries: Sequence[Entry], pixel_hashes: Sequence[str], *, drawn: bool = False
) -> tuple[str, ...]:
    """Return a sentence for each reason not to train on these readable films, the gravest first.

    Where the split was `drawn` just now, nobody is told to draw one.
    """
    help_ = "add some." if drawn else "add some, or split anew with --resplit."
    sentences = [*straddling(entries, pixel_hashes), *repeated_names(entries)]
    per_split = Counter(entry.split for entry in entries)
    empty = [split for split in SPLITS if not per_split[split]]
    patients = len({entry.patient_id for entry in entries})
    if patients < len(SPLITS):
        sentences.append(
            "Expected at least three patients, one for each of train, val and test. "
            f"Received: {patients}."
        )
    elif empty:
        sentences.append(
            "Expected films in each of train, val and test. "
            f"There is none in {listed(empty, 'and')}: {help_}"
        )
    if "train" not in empty and (missing := _missing_grades(entries, "train")):
        sentences.append(
            "Expected films of every KL grade in train. "
            f"There is none of {listed(missing, 'and')}, which could not be learned: {help_}"
        )
    return tuple(sentences)


def straddling(entries: Sequence[Entry], pixel_hashes: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence if a patient, and one if an identical image, stands in two splits."""
    return (*_straddling_patients(entries), *_straddling_images(entries, pixel_hashes))


def repeated_names(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return a sentence if two films have one name, under which tables would mix them up."""
    repeated = list(repeated_ids(entries).items())
    if not repeated:
        return ()
    name, group = repeated[0]
    return (
        f"Expected every film to have a name of its own. Received {name} in "
        f"{' and in '.join(_place(entry) for entry in group)}{_more(len(repeated) - 1, 'names')}. "
        "Remove or rename all but one, or give a CSV with the column image_id.",
    )


def too_many_unreadable(
    reasons: dict[str, str], total: int, max_unreadable: float
) -> tuple[str, ...]:
    """Return a sentence if more than the share `max_unreadable` of the films cannot be read.

    `reasons` says of each unreadable file why.
    """
    if len(reasons) <= max_unreadable * total:
        return ()
    file, reason = next(iter(reasons.items()))
    return (
        f"Expected at most {100 * max_unreadable:.3g}% unreadable films. Received: {len(reasons)} "
        f"of {total}, the first {file}: {reason} Replace them, or raise --max-unreadable.",
    )


def warnings(entries: Sequence[Entry], pixel_hashes: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each thing that does not forbid training but bends what it measures."""
    sentences = []
    for split in SPLITS[1:]:
        missing = _missing_grades(entries, split)
        if 0 < len(missing) < len(GRADES):
            sentences.append(
                f"No film of {listed(missing, 'and')} is in {split}: its metrics leave that out."
            )
    twins = [
        (first, second)
        for first, second in _twins(entries, pixel_hashes)
        if first.split == second.split
    ]
    if twins:
        shown = "; ".join(_pair(*pair) for pair in twins[:3])
        sentences.append(f"Identical images in one split: {shown}{_more(len(twins) - 3, 'pairs')}.")
    return (*sentences, *_alike_patients(entries))


def _straddling_patients(entries: Sequence[Entry]) -> Iterator[str]:
    first: dict[str, Entry] = {}
    straddling: dict[str, Entry] = {}
    for entry in entries:
        if first.setdefault(entry.patient_id, entry).split != entry.split:
            straddling.setdefault(entry.patient_id, entry)
    for patient, entry in list(straddling.items())[:1]:
        yield (
            f"Expected every patient in one split only. Received patient {patient} in "
            f"{_place(first[patient])} and in {_place(entry)}"
            f"{_others(list(straddling)[1:], 'patient')}. Move all films of a patient to one "
            "split, or split anew with --resplit."
        )


def _straddling_images(entries: Sequence[Entry], pixel_hashes: Sequence[str]) -> Iterator[str]:
    pairs = [pair for pair in _twins(entries, pixel_hashes) if pair[0].split != pair[1].split]
    for first, second in pairs[:1]:
        yield (
            "Expected every image in one split only. Received the same pixels in "
            f"{_place(first)} and in {_place(second)}{_more(len(pairs) - 1, 'pairs')}. Remove one "
            "of the two; if they are one patient's, give both the same patient_id in a CSV."
        )


def _twins(entries: Sequence[Entry], pixel_hashes: Sequence[str]) -> Iterator[tuple[Entry, Entry]]:
    """Yield pairs of films with the same pixels: the first of them, and another."""
    first: dict[str, Entry] = {}
    for entry, digest in zip(entries, pixel_hashes, strict=True):
        earlier = first.setdefault(digest, entry)
        if earlier is not entry:
            yield earlier, entry


def _alike_patients(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a sentence if two ids may be one patient's, written in two ways."""
    alike: dict[tuple[str, ...], dict[str, Entry]] = {}
    for entry in entries:
        alike.setdefault(_spelling(entry.patient_id), {}).setdefault(entry.patient_id, entry)
    pairs = [pair for group in alike.values() for pair in pairwise(group.values())]
    if pairs:
        shown = "; ".join(
            f"{first.patient_id} in {_place(first)} and {second.patient_id} in {_place(second)}"
            for first, second in pairs[:3]
        )
        yield (
            "Patients that count as different, but differ in capital letters, leading zeros, "
            f"separators or the encoding alone: {shown}{_more(len(pairs) - 3, 'pairs')}. If two "
            "are one patient, write her one way: divided between splits, she makes figures too "
            "good."
        )


def _spelling(patient: str) -> tuple[str, ...]:
    """Return the words and numbers of a patient's id, however it is written."""
    parts = _PARTS.findall(unicodedata.normalize("NFKC", patient).casefold())
    return tuple(part.lstrip("0") or "0" for part in parts) or (patient,)


def _missing_grades(entries: Sequence[Entry], split: str) -> list[str]:
    grades = {entry.grade for entry in entries if entry.split == split}
    return [grade.label for grade in GRADES if grade not in grades]


def _place(entry: Entry) -> str:
    return f"{entry.split} ({entry.file}, KL {entry.grade})"


def _pair(first: Entry, second: Entry) -> str:
    grades = "" if first.grade == second.grade else f" (KL {first.grade} and KL {second.grade})"
    return f"{first.file} and {second.file}{grades}"


def _others(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:5])
    plural = what if len(names) == 1 else f"{what}s"
    return f", and so {plural} {shown}{_more(len(names) - 5, 'more')}"


def _more(count: int, what: str) -> str:
    if count <= 0:
        return ""
    return f", and {count} more" if what == "more" or count == 1 else f", and {count} more {what}"
