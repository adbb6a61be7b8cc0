"""What ``python -m train sign`` and ``new-key`` do; imports are late, as in `training`."""

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from kneeoa.networks import ARCHITECTURES


def sign(options: Namespace) -> int:
    """Sign every file of a folder of published models, after checking that they are whole."""
    from kneeoa.graders.cards import signature

    _check(options.models)
    signed = signature.sign(options.models, options.key, now=datetime.now(UTC))
    print(f"{options.models} is signed with the key {signed.key}.")
    if options.key.stat().st_mode & 0o077:
        print(f"Note: others can read {options.key}. `chmod 600` keeps it to you.")
    if signature.signature_of([options.models]).state != "signed":
        print(
            "Note: this key is not the one known here. Name its public key in KNEEOA_TRUSTED_KEYS "
            f"where the models are used, or put it in the place of {signature.KNOWN_KEY.name}."
        )
    return 0


def new_key(options: Namespace) -> int:
    """Make a key to sign published models with: a private one, and a public one to give away."""
    from kneeoa.graders.cards import signature

    name = signature.new_key(options.file)
    print(f"Private key {name}: {options.file}. Whoever has it can sign for you.")
    print(f"Public key, to be known where the models are used: {options.file}.pub")
    return 0


def remind(models: Path) -> None:
    """Say that what was just published is not what was signed, if anything was."""
    print(f"To stand for it by a signature: python -m train sign {models} --key FILE")


def _check(models: Path) -> None:
    """Nobody should stand for what is refused: raise `ModelError` for it."""
    from kneeoa.graders.locating.localiser import FOLDER, Localiser
    from kneeoa.graders.published import find_model
    from kneeoa.graders.together import find_together

    for architecture in ARCHITECTURES:
        if (models / architecture).exists():
            find_model(architecture, models)
    find_together(models)
    if (models / FOLDER).exists():
        Localiser(models)
