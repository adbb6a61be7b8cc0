"""``python -m train answer``, ``sign`` and ``new-key``; imports are late, as in `training`."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kneeoa import terminal
from kneeoa.networks import ARCHITECTURES
from train.commands.from_fields import option


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Sign every file of a folder of published models, after checking that they are whole."""

    models: Path = option("MODELS", positional=True)
    key: Path = option("FILE", "a private key")

    def __call__(self) -> int:
        from kneeoa.graders.cards import signature

        _check(self.models)
        signed = signature.sign(self.models, self.key, now=datetime.now(UTC))
        print(f"{self.models} is signed with the key {signed.key}.")
        if self.key.stat().st_mode & 0o077:
            print(f"Note: others can read {self.key}. `chmod 600` keeps it to you.")
        if signature.signature_of([self.models]).state != "signed":
            print(
                "Note: this key is not the one known here. Name its public key in "
                "KNEEOA_TRUSTED_KEYS where the models are used, or put it in the place of "
                f"{signature.KNOWN_KEY.name}."
            )
        return 0


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """Make a key to sign published models with: a private one, and a public one to give away."""

    file: Path = option("FILE", "where the private key goes", positional=True)

    def __call__(self) -> int:
        from kneeoa.graders.cards import signature

        name = signature.new_key(self.file)
        print(f"Private key {name}: {self.file}. Whoever has it can sign for you.")
        print(f"Public key, to be known where the models are used: {self.file}.pub")
        return 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Add headline rule and prediction sets to the cards of published models."""

    models: Path = option("MODELS", positional=True)

    def __call__(self) -> int:
        from train.publish import answer as answering

        written = answering.write(self.models)
        for name, (rule, changed) in written.items():
            stays = "" if changed else ". Its card says so: it stays as it is."
            words = f"{rule.rule} grade; {rule.level:.0%} sets up to {rule.threshold:.3f}"
            print(f"{name}: {words}{stays}")
        if any(changed for _, changed in written.values()):
            remind(self.models)
        return 0


def say_who_signed(models: Path) -> None:
    """Say where nobody known stands for the models in use, as every command that uses them does."""
    from kneeoa.graders.cards import signature
    from kneeoa.graders.grading import folders_of

    keys = signature.keys_in(os.environ.get("KNEEOA_TRUSTED_KEYS"))
    if warning := signature.signature_of(folders_of(models), keys=keys).warning:
        terminal.say("train", warning)


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
