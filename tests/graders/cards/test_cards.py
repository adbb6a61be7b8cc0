"""A card is read as something that came by mail, and a graph is looked at before it runs."""

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kneeoa.errors import ModelError
from kneeoa.graders.cards import graph, schema
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.published import DEFAULT_MODELS, find_model
from kneeoa.graders.together import find_together
from kneeoa.networks import ARCHITECTURES

READERS = {
    "mobilenet": schema.network_card,
    "together": schema.together_card,
    "localiser": schema.localiser_card,
}


def card(name):
    return json.loads((DEFAULT_MODELS / name / "card.json").read_text())


def changed(content, path, value):
    """Return a card with another value at ``a.b.0``; `DELETED` takes it out."""
    *above, last = path.split(".")
    place = content
    for part in above:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if value is DELETED:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return content


DELETED = object()
NAN = float("nan")
CASES = [
    *[("mobilenet", "calibration.temperature", value) for value in (0.01, 0, -1, 1e9, NAN, "1")],
    *[("mobilenet", "answer.set.threshold", value) for value in (-0.1, 1.1, NAN, None)],
    *[("mobilenet", "answer.set.level", value) for value in (0, 1, 90)],
    ("mobilenet", "answer.rule", "always four"),
    ("mobilenet", "answer.predictive_values.0.value", 7),
    ("mobilenet", "answer.predictive_values", []),
    *[("mobilenet", "evidence_scale", value) for value in (0, -3, NAN, 1e30, DELETED)],
    *[("mobilenet", "metrics.test.values.accuracy", value) for value in (1.7, NAN, "all")],
    ("mobilenet", "metrics.test.knees", 10**12),
    ("mobilenet", "metrics.test.confusion", [[1] * 5] * 4),
    ("mobilenet", "metrics.test.confusion.0.0", 9999),
    ("mobilenet", "metrics.val", DELETED),
    ("mobilenet", "architecture", "vgg"),
    ("mobilenet", "model_sha256", "../../etc/passwd"),
    ("mobilenet", "published_at", "yesterday"),
    ("mobilenet", "data.licence_url", "javascript:alert(1)"),
    ("mobilenet", "data.doi", "10.1/x) [a](http://b"),
    ("mobilenet", "data.name", "a\x1b[2J"),
    ("mobilenet", "run_id", "x" * 5000),
    ("mobilenet", "config.stages", []),
    ("mobilenet", "counts.train", {"7": 3}),
    ("mobilenet", "schema_version", 2),
    *[("together", "members.0.file", v) for v in ("../model.onnx", "/etc/passwd", "a\\b.onnx")],
    *[("together", "members.0.temperature", value) for value in (0.01, NAN)],
    ("together", "members", []),
    ("together", "calibration.temperature", 0.01),
    ("together", "calibration", DELETED),
    *[("localiser", "thresholds.frontal", value) for value in (-1e6, 1e6, NAN, DELETED)],
    ("localiser", "thresholds.crop_overlap", 2),
    *[("localiser", "config.side", value) for value in (1, 100_000, "96")],
    ("localiser", "metrics", {}),
]


@pytest.mark.parametrize(("name", "path", "value"), CASES)
def test_what_cannot_be_is_refused_with_a_sentence(name, path, value, tmp_path):
    file = tmp_path / "card.json"
    file.write_text(json.dumps(changed(card(name), path, value)))
    with pytest.raises(ModelError, match=r"^Expected .*|does not have the expected fields"):
        READERS[name](file)


@pytest.mark.parametrize("text", ['{"schema_version": 1}', "[]", "", "[" * 100_000, '{"a": 1e999}'])
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_card_is_refused(name, text, tmp_path):
    file = tmp_path / "card.json"
    file.write_text(text)
    with pytest.raises(ModelError):
        READERS[name](file)


def test_what_a_later_version_adds_is_passed_over(tmp_path):
    file = tmp_path / "card.json"
    file.write_text(json.dumps(card("mobilenet") | {"more": {"of": "it"}}))
    assert schema.network_card(file)["more"] == {"of": "it"}


def test_films_that_were_never_published_have_no_doi(tmp_path):
    content = card("mobilenet")
    content["data"] |= {"doi": "", "licence_url": ""}
    file = tmp_path / "card.json"
    file.write_text(json.dumps(content))
    assert schema.network_card(file)["data"]["doi"] == ""


def test_without_calibration_the_temperature_is_one(tmp_path):
    content = card("mobilenet")
    del content["calibration"]
    shutil.copytree(DEFAULT_MODELS / "mobilenet", tmp_path / "mobilenet")
    (tmp_path / "mobilenet" / "card.json").write_text(json.dumps(content))
    assert find_model("mobilenet", tmp_path).temperature == 1


def test_one_networks_weights_are_not_taken_under_the_others_name(tmp_path):
    shutil.copytree(DEFAULT_MODELS / "mobilenet", tmp_path / "mobilenet")
    shutil.copy(DEFAULT_MODELS / "resnet50" / "model.onnx", tmp_path / "mobilenet")
    digest = card("resnet50")["model_sha256"]
    content = card("mobilenet") | {"model_sha256": digest}
    (tmp_path / "mobilenet" / "card.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="another network"):
        find_model("mobilenet", tmp_path)


def test_a_member_that_is_another_network_is_refused(tmp_path):
    models = shutil.copytree(DEFAULT_MODELS, tmp_path / "models")
    content = card("together")
    content["members"][0] |= {
        "file": "resnet50/model.onnx",
        "model_sha256": card("resnet50")["model_sha256"],
    }
    (models / "together" / "card.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="another network"):
        find_together(models)


def test_a_localiser_that_is_a_grader_is_refused(tmp_path):
    folder = shutil.copytree(DEFAULT_MODELS / "localiser", tmp_path / "localiser")
    shutil.copy(DEFAULT_MODELS / "mobilenet" / "model.onnx", folder)
    content = card("localiser") | {"model_sha256": card("mobilenet")["model_sha256"]}
    (folder / "card.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="another network"):
        Localiser(tmp_path)


def network(*, operator="Relu", domain="", elsewhere=None):
    """Return a graph with the ends of a MobileNet, and nearly nothing between them."""

    def info(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])

    stored = helper.make_tensor("grade/kernel", TensorProto.FLOAT, [1], [0.0])
    if elsewhere:
        stored = onnx.TensorProto(name="grade/kernel", data_type=1, dims=[1], data_location=1)
        stored.external_data.add(key="location", value=elsewhere)
    made = helper.make_graph(
        [helper.make_node(operator, ["film"], ["logits"], domain=domain)],
        "mobilenet",
        [info("film", 224, 224, 1)],
        [info("logits", 5), info("features", 7, 7, 1024), info("evidence", 7, 7, 5)],
        [stored],
    )
    return helper.make_model(made)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "3,233,989 weights"),
        ({"operator": "Loop"}, "'Loop'"),
        ({"operator": "Relu", "domain": "com.microsoft"}, "other parts"),
        ({"elsewhere": "../../etc/passwd"}, "other parts"),
    ],
)
def test_what_is_no_network_of_ours_is_not_run(parts, said, tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(network(**parts).SerializeToString())
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match=said):
        graph.check_network(file, "mobilenet", digest)


def test_a_damaged_graph_is_refused(tmp_path):
    file = tmp_path / "model.onnx"
    for data in (b"", b"no network", np.random.default_rng(0).bytes(4000)):
        file.write_bytes(data)
        with pytest.raises(ModelError):
            graph.check_localiser(file, 96, {"centre": 2})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_published_networks_are_what_they_are_called(architecture):
    graph.check_network(DEFAULT_MODELS / architecture / "model.onnx", architecture, "unknown")
