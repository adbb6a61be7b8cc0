"""What both networks together need of a network that is published anew."""

import json
import shutil
from pathlib import Path

from kneeoa.errors import ModelError
from kneeoa.files import replace_file, whole_file
from kneeoa.graders.cards import schema
from kneeoa.graders.published import check_bytes, find_model
from kneeoa.graders.together import FOLDER, find_together
from kneeoa.networks import Architecture


def keep_member(models: Path, architecture: str, *, replaced_by: str) -> None:
    """Have both together answer as they do, whatever `architecture` is replaced by.

    Where they have that network's own file as a member, and it has not the SHA-256 `replaced_by`,
    in hex, as the new one has, it is copied to their folder and named there: else nothing could be
    graded any more. Whoever is killed in between leaves them whole.
    """
    file, card_file = models / architecture / "model.onnx", models / FOLDER / "card.json"
    if not card_file.exists():
        return
    card = schema.together_card(card_file)
    for member in card["members"]:
        if models / member["file"] != file or member["model_sha256"] == replaced_by:
            continue
        try:
            check_bytes(file, member["model_sha256"])
        except ModelError:
            continue  # it was no member before either
        copy = f"{FOLDER}/{member['run_id']}.onnx"
        with file.open("rb") as stream, whole_file(models / copy) as kept:
            shutil.copyfileobj(stream, kept)
        member["file"] = copy
    replace_file(card_file, json.dumps(card, indent=2) + "\n")


def note_on_together(models: Path, architecture: Architecture) -> str:
    """Return a sentence where both together are not of the network that is published now.

    Or where they cannot be read, as where a member was damaged before: then nothing is graded.
    """
    folder = models / FOLDER
    try:
        together = find_together(models)
    except ModelError:
        return (
            "Note: both networks together cannot be read, and nothing is graded until they can: a "
            "model that they are made of is damaged or missing. `python -m train together` "
            f"publishes them anew; until then remove {folder}."
        )
    if together is None:
        return ""
    digests = {member.weights_hash for member in together.members}
    if find_model(architecture, models).weights_hash in digests:
        return ""
    return (
        f"Note: both networks together are those of before, without this {architecture}. `python "
        f"-m train together` publishes them anew; remove {folder} to have none."
    )
