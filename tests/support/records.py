"""A run and a study as their JSON files describe them."""

from kneeoa.records import results, studies

STUDY = studies.StudyRecord(
    study_id="one",
    kind="cycles",
    preset="smoke",
    cycles=2,
    configs={"mobilenet": {"dropout": 0.2}},
    split_hash="abc",
    counts={"val": {"0": 1}},
    run_ids=("a", "b", "c"),
    begun_at="2026-11-23T00:00:00+00:00",
)


def record(run_id="mobilenet-seed0-abc"):
    return results.RunRecord(
        run_id=run_id,
        architecture="mobilenet",
        seed=0,
        config={"batch_size": 32},
        initialisation={"source": "none"},
        split_hash="0" * 64,
        counts={"train": {"0": 1}},
        model_sha256="1" * 64,
        best_epoch=1,
        stopped_because="all epochs done",
        seconds=1.0,
        finished_at="2026-01-01T00:00:00+00:00",
        device="cpu",
        libraries={"keras": "3"},
    )
