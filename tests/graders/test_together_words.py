"""What is said of the networks behind both together."""

import pytest

from kneeoa.graders.together import made_of, unseen

ALONE = [{"model_sha256": "m1"}, {"model_sha256": "r1"}]
KINDS = {"m": "mobilenet", "r": "resnet50"}


def card(members):
    return {
        "members": [
            {"architecture": KINDS[name[0]], "model_sha256": name} for name in members.split()
        ]
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("m1 r1", ""),
        ("m2 r1", "its MobileNet is another training run than the one that answers by itself"),
        ("m1 m2 m3 r1", "2 of its MobileNets do not answer by themselves"),
        ("m2 r2", "its MobileNet is another training run than the one that answers by itself, its "
         "ResNet50 is another training run than the one that answers by itself"),
    ],
)  # fmt: skip
def test_networks_that_are_not_shown_by_themselves_are_named(members, expected):
    assert unseen(card(members), ALONE) == expected
    words = made_of(card(members), ALONE)
    assert words.startswith("the mean of ")
    assert words.endswith(f"; {expected}" if expected else "its mirror image")


def test_more_than_two_share_their_halves():
    words = made_of(card("m1 m1 r1"), ALONE)
    assert "3 networks" in words
    assert "both kinds with half of the weight" in words
