"""What both networks together need of a network that is published anew."""

import json
import shutil
from pathlib import Path

from kneeoa.errors import ModelError
from kneeoa.files import replace_file, whole_file
from kneeoa.graders.cards import schema
from kneeoa.graders.published import check_bytes, find_model
from kneeoa.graders.together import FOLDER
from kneeoa.networks import Architecture


def keep_member(models: Path, architecture: str) -> None:
    """Have both together answer as they do, whatever `architecture` is replaced by.

    Where they have that network's own file as a member, it is copied to their folder and named
    there: else nothing could be graded any more. Whoever is killed in between leaves them whole.
    """
    file, card_file = models / architecture / "model.onnx", models / FOLDER / "card.json"
    if not card_file.exists():
        return
    card = schema.together_card(card_file)
    for member in card["members"]:
        if models / member["file"] != file:
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
    """Return a sentence where both together are not of the network that is published now."""
    card_file = models / FOLDER / "card.json"
    if not card_file.exists():
        return ""
    members = schema.together_card(card_file)["members"]
    if find_model(architecture, models).weights_hash in {m["model_sha256"] for m in members}:
        return ""
    return (
        f"Note: both networks together are those of before, without this {architecture}. `python "
        f"-m train together` publishes them anew; remove {card_file.parent} to have none."
    )
