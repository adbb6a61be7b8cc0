"""The long run: ``make fuzz``, or ``python -m tests.fuzzing --films 100000 --seed 3``."""

import argparse
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fuzzing.running import Tally, run

_AT_ONCE = 1000
"""Films of one seed: what one of them breaks ends these alone."""


def main() -> int:
    """Read damaged films by the thousand; return 1 where one is neither read nor refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("--films", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    print(f"{options.films} damaged films from seed {options.seed} on.", flush=True)
    began, whole, broken = time.monotonic(), Tally(), 0
    left = range(options.films, 0, -_AT_ONCE)
    with ProcessPoolExecutor(options.processes, max_tasks_per_child=20) as pool:
        # Of another module than this one, which new processes do not load.
        parts = {
            start: pool.submit(run, min(_AT_ONCE, films), start=start)
            for start, films in enumerate(left, options.seed)
        }
        for number, (start, part) in enumerate(parts.items(), 1):
            try:
                tally = part.result()
            except Exception as error:
                broken += 1
                print(f"Seed {start}: {type(error).__name__}: {error}", file=sys.stderr)
                print("\n".join(getattr(error, "__notes__", ())), file=sys.stderr, flush=True)
                continue
            whole.read += tally.read
            whole.refused += tally.refused
            if tally.slowest > whole.slowest:
                whole.slowest, whole.slowest_kind = tally.slowest, tally.slowest_kind
            if number % 10 == 0:
                print(f"{whole.count} films, {time.monotonic() - began:.0f} s", flush=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(
        f"{whole.count} films of {len(whole.read | whole.refused)} kinds: "
        f"{whole.read.total()} read, {whole.refused.total()} refused by a sentence, {broken} seeds "
        f"broken; slowest {whole.slowest:.1f} s ({whole.slowest_kind}); at most {memory:.0f} MB; "
        f"{time.monotonic() - began:.0f} s."
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
