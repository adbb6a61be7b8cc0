"""Values on their way in and out: what may be written, and text that is an exam again."""

from functools import lru_cache

from kneeoa.store.database import StoreError
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam


@lru_cache(maxsize=64)
def read_exam(text: str) -> Exam:
    """Return the exam of a text; a class asks for the same one each second."""
    return exams.from_json(text)


def grade_of(value: int) -> int:
    """Return a KL grade as a plain int; raise `StoreError` for anything else."""
    if value not in range(5):
        raise StoreError(f"Expected a KL grade from 0 to 4. Received: {value}.")
    return int(value)
