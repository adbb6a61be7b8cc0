"""What a machine for training has of the pinned packages."""

from importlib import metadata

from train import packages

HERE = {"numpy": "2.5.2", "torch": "2.13.0+cpu", "ray": "2.60.0"}


def version(name):
    if name not in HERE:
        raise metadata.PackageNotFoundError(name)
    return HERE[name]


def test_other_versions_do_and_what_is_dispensable_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(metadata, "version", version)
    wanted = ["numpy==2.4.6", "torch==2.13.0", "ray[default]==2.60.0", "onnx==1.23.2"]
    assert packages.missing(wanted) == ["onnx==1.23.2"]
    assert packages.others(wanted) == ["numpy 2.5.2, not 2.4.6"]
    file = tmp_path / "wanted.txt"
    file.write_text("\n".join(wanted))
    assert packages.main([str(file)]) == 0
    assert capsys.readouterr().out == "onnx==1.23.2\n"
    assert packages.main([str(file), "--tell"]) == 0
    assert capsys.readouterr().out == (
        "Note: not all packages could be had as pinned. Training goes on with numpy 2.5.2, not "
        "2.4.6, and without onnx (nothing can start from an .onnx file).\n"
    )
    assert packages.told(["ray==2.60.0"]) == ("", True)


def test_without_what_training_needs_it_does_not_begin(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(metadata, "version", version)
    file = tmp_path / "wanted.txt"
    file.write_text("keras==3.15.1\nnumpy==2.4.6\n")
    assert packages.main([str(file), "--tell"]) == 1
    assert capsys.readouterr().err.startswith("Expected keras, which training needs")
