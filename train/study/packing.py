"""A study as a folder that a rented machine trains by one command: code, films, weights, script."""

import itertools
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from kneeoa.errors import ConfigError
from kneeoa.files import whole_folder
from kneeoa.room import real
from train.run.start import origin_of
from train.study.code import PACKAGES, ROOT, copy_code

NOT_FOR_TRAINING = (
    "streamlit",
    "plotly",
    "tensorflow",
    "tf-keras-vis",
    "fsrs",
    "reportlab",
    "segno",
    "sqlalchemy",
    "alembic",
    "pg8000",
    "optuna",
    "dicomweb-client",
    "pynetdicom",
    "highdicom",
    "requests",
    "urllib3",
    "cryptography",
)

BENCHMARK = Path("tests/benchmarks/training.py")

NAME_FILES = ("--data", "--split-file", "--init", "--soft-targets", "--predict")
"""Options of a study that name files or folders."""

SCRIPT = """#!/bin/sh
# Trains this study and leaves results.tar.gz:   sh study.sh [OPTIONS OF python -m train study]
# The same command again goes on after the last finished epoch. No network? Wheels in ./wheels.
# MEASURE=yes sh study.sh says how many images a second it trains, and does nothing else.
set -eu
for word in "$@"; do
  case $word in
    -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    --out | --out=*)
      echo "Expected no --out: the packed folder has its own results." >&2; exit 2 ;;
  esac
done
cd "$(dirname "$0")"
export KERAS_BACKEND=torch KNEEOA_CACHE="$PWD/cache" PYTHONPATH="$PWD/code"
# Whoever ends this script has what it runs end in order: that writes what it has.
run() {{
  "$@" &
  child=$!
  trap 'kill -TERM $child 2>/dev/null || :' INT TERM HUP
  status=0
  wait $child || status=$?
  while kill -0 $child 2>/dev/null; do
    status=0
    wait $child || status=$?
  done
  trap - INT TERM HUP
}}
if [ ! -e env/ready ]; then
  # `python3` first, which is the one that has PyTorch.
  for python in python3 python3.13 python3.12 python3.11 none; do
    $python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \\
      2> /dev/null && break
  done
  if [ $python = none ]; then
    echo "Expected Python 3.11, 3.12 or 3.13. python3 is $(python3 -V 2>&1 || :), and no other" \\
      "is on the PATH: install one." >&2
    exit 2
  fi
  rm -rf env pip.txt
  # Debian's and Ubuntu's own Python makes no environment with pip before python3-venv is installed.
  if ! $python -m venv env > venv.txt 2>&1; then
    rm -rf env
    $python -m venv --without-pip env
  fi
  # What it has, itself in a virtual environment or not, the new one has, too.
  $python -c 'import sys; print(*(p for p in sys.path if p.endswith("-packages")), sep="\\n")' \\
    > "$(env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/outside.pth"
  if ! env/bin/python -m pip --version > /dev/null 2>&1; then
    echo "Expected pip for $python, which has none. Install $python-venv or python3-pip." >&2
    exit 2
  fi
  wanted=code/requirements-gpu.txt
  # A PyTorch that sees the GPU stays: another one is gigabytes.
  if env/bin/python -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
    grep -v '^torch==' "$wanted" > wanted.txt
    wanted=wanted.txt
  fi
  if [ -d wheels ]; then from="--no-index --find-links wheels"; else from=; fi
  if ! env/bin/python -m pip install --quiet $from -r "$wanted"; then
    # What is there in another version may do. Each by itself: of wheels some may be lacking.
    each=$wanted
    if [ ! -d wheels ]; then
      each=missing.txt from="--retries 0 --timeout 10"
      env/bin/python -m train.packages "$wanted" > $each
    fi
    while read -r package || [ -n "$package" ]; do
      env/bin/python -m pip install --quiet $from $package < /dev/null 2>> pip.txt || :
    done < "$each"
    env/bin/python -m train.packages "$wanted" --tell || {{ cat pip.txt >&2; exit 2; }}
  fi
  # Where there is a GPU, hours on a CPU are not what is wanted should it not be seen, or be gone.
  device=
  if ls /dev/nvidia[0-9]* > /dev/null 2>&1; then device="--device gpu"; fi
  echo "$device" > env/ready
fi
device=$(cat env/ready)
if [ "${{MEASURE:-no}}" = yes ]; then
  exec env/bin/python -m tests.benchmarks.training $device "$@"
fi
# A wrong option is answered before anything is tried, or packed.
env/bin/python -m train rehearse --only-options $device {arguments} --out results "$@"
# What goes on has been rehearsed.
if [ "${{REHEARSE:-yes}}" = yes ] && ! ls results/unfinished/*/state.npz > /dev/null 2>&1; then
  run env/bin/python -m train rehearse $device {arguments} --out results "$@"
  # 130: it was stopped. 2: it was not begun, and no study would begin.
  case $status in
    0 | 2 | 130) ;;
    *) echo "REHEARSE=no sh study.sh trains all the same." >&2 ;;
  esac
  [ $status = 0 ] || exit $status
fi
run env/bin/python -m train study $device {arguments} --out results "$@"
tar -czf results.tar.gz --exclude=unfinished results
echo "Bring back: results.tar.gz"
exit $status
"""


def pack(folder: Path, arguments: Sequence[str], finished: Iterable[Path]) -> Path:
    """Write `folder`: what ``study`` with these `arguments` needs, and ``study.sh``.

    Files and folders that the arguments name go along under their own names, so that runs are
    called there as here; `finished` are run folders that need not be trained again. It is there
    whole or not at all. Raises `ConfigError` where `folder` is there already or lies in what is to
    be packed, or ``--data`` is a CSV, whose films may lie anywhere.
    """
    words, finished = list(_in_words(arguments)), list(finished)
    expect_room_for(folder, words, finished)
    with whole_folder(folder) as beside:
        copy_code(beside / "code")
        benchmark = beside / "code" / BENCHMARK
        benchmark.parent.mkdir(parents=True)
        # Else another package of this name, wherever it comes on the path, would be taken for it.
        for package in (benchmark.parent.parent, benchmark.parent):
            (package / "__init__.py").touch()
        shutil.copy(ROOT / BENCHMARK, benchmark)
        (beside / "code" / "requirements-gpu.txt").write_text(requirements(), "utf-8")
        packed = [
            _packed(beside, word) if names_file else word for word, names_file in _naming(words)
        ]
        for run in finished:
            shutil.copytree(run, beside / "results" / "runs" / run.name)
        script = SCRIPT.format(arguments=" ".join(map(shlex.quote, packed)))
        (beside / "study.sh").write_text(script, "utf-8")
    return folder


def expect_room_for(folder: Path, arguments: Iterable[str], finished: Iterable[Path] = ()) -> None:
    """Raise `ConfigError` where `folder` cannot be what `pack` writes: known before films are read.

    Nothing that is packed may hold it: it would be copied into itself, without an end.
    """
    words = list(_in_words(arguments))
    if folder.exists():
        raise ConfigError(f"Expected a new folder to pack into. {folder} is there: remove it.")
    for option, named in pairwise(words):
        if option == "--data" and Path(named).is_file():
            raise ConfigError(
                f"Expected --data to be a folder to pack. {named} is a file, and its films would "
                "not go along. Split them by `python -m train data` with --out split.csv, then "
                "pack --data with the folder that the CSV lies in, and --split-file split.csv."
            )
    named_files = [_file_in(word)[1] for word, names_file in _naming(words) if names_file]
    code = [ROOT / name for name in PACKAGES]
    for source in (*code, *filter(None, named_files), *(run.parent for run in finished)):
        if real(folder).is_relative_to(real(source)):
            raise ConfigError(
                f"Expected a folder to pack into outside of what is packed. {folder} lies in "
                f"{source}: name another."
            )


def requirements() -> str:
    """Return the pinned packages that training under PyTorch needs, out of the project's own."""
    app, cluster, torch = (
        re.findall(r"^((\S+?)(?:\[.*\])?==.*)$", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("requirements.txt", "requirements-cluster.txt", "requirements-torch.txt")
    )
    wanted = [line for line, name in app if name not in NOT_FOR_TRAINING]
    wanted += [line for line, _ in (*cluster, *torch)]
    return "\n".join(wanted) + "\n"


def _in_words(arguments: Iterable[str]) -> Iterator[str]:
    """Yield ``--data DIR`` for ``--data=DIR``."""
    for argument in arguments:
        option, given, value = argument.partition("=")
        yield from (option, value) if given and option in NAME_FILES else (argument,)


def _naming(words: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether its option is one that names files."""
    option = ""
    for word in words:
        option = word if word.startswith("--") else option
        yield word, option in NAME_FILES and word != option


def _file_in(argument: str) -> tuple[str, Path | None]:
    """Return what stands before the file that an argument names, and the file, if there is one."""
    prefix, named = "", argument
    if not Path(argument).exists() and "=" in argument:
        prefix, _, named = argument.partition("=")
        prefix += "="
    return prefix, Path(named) if Path(named).exists() else None


def _packed(folder: Path, argument: str) -> str:
    """Copy what an argument names, if it does; return the argument as the packed folder has it."""
    prefix, file = _file_in(argument)
    if file is None:
        return argument
    source = real(file)
    origin = origin_of(str(source))
    place = _free_place(folder / "files", source.name, alone=origin is not None)
    place.parent.mkdir(exist_ok=True, parents=True)
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy(source, place)
    if origin:
        # Else nothing would tell there what trained weights learnt from.
        shutil.copy(origin.file, place.with_name(origin.file.name))
    return f"{prefix}{place.relative_to(folder).as_posix()}"


def _free_place(files: Path, name: str, *, alone: bool) -> Path:
    """Return where a file of this name has room: its name stays, since runs are called after it.

    In a folder of its own where another has the name already, or where it is to lie `alone`.
    """
    if not alone and not (files / name).exists():
        return files / name
    return next(
        files / str(number) / name
        for number in itertools.count(1)
        if not (files / str(number)).exists()
    )
