"""Every operation is shown in every language, and the runner sees when an example breaks its promise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from examples.runner.languages import EXAMPLES, LANGUAGES, script
from examples.runner.promises import PICTURES, Case, Failed, cases, check

PICTURE = Case("go", "v1", "masking")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation_has_a_script(language: str) -> None:
    """A language's folder holds exactly the scripts that the runner runs."""
    pattern = LANGUAGES[language].script.format("*")
    found = {path for path in (EXAMPLES / language).glob(f"*/{pattern}") if path.parent.name != "node_modules"}
    assert found == {script(case) for case in cases(language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_script_honours_its_variables(language: str) -> None:
    """Each script reads API_HOST and STABILITY_API_KEY, and those that draw read OUT_DIR."""
    for case in cases(language):
        text = script(case).read_text()
        assert "API_HOST" in text
        assert "STABILITY_API_KEY" in text
        assert ("OUT_DIR" in text) == ((case.version, case.operation) in PICTURES)


def test_promised_picture_passes(tmp_path: Path) -> None:
    """A well-named RGB picture of the right size is what the runner wants."""
    Image.new("RGB", (512, 512)).save(tmp_path / "go_v1_masking_7.png")
    assert check(PICTURE, "", tmp_path) == "1 x 512x512"


@pytest.mark.parametrize(
    ("name", "mode", "size"),
    [
        ("go_v1_masking_7.png", "RGB", (512, 576)),
        ("go_v1_masking_7.png", "L", (512, 512)),
        ("go_v1_masking_.png", "RGB", (512, 512)),
        ("go_v1_upscale_7.png", "RGB", (512, 512)),
    ],
)
def test_wrong_picture_fails(name: str, mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    """A picture of another size, mode or name fails its example."""
    Image.new(mode, size).save(tmp_path / name)
    with pytest.raises(Failed):
        check(PICTURE, "", tmp_path)


def test_unchanged_picture_fails(tmp_path: Path) -> None:
    """Getting the init image back means that the example asked for nothing, or that nothing was drawn."""
    shutil.copy(EXAMPLES / "assets" / "init_image.png", tmp_path / "go_v1_masking_7.png")
    with pytest.raises(Failed, match="nothing was drawn"):
        check(PICTURE, "", tmp_path)


def test_missing_picture_fails(tmp_path: Path) -> None:
    """A script that ends well but leaves no picture has failed."""
    with pytest.raises(Failed, match="nothing"):
        check(PICTURE, "", tmp_path)


def test_cut_picture_fails(tmp_path: Path) -> None:
    """A file that stops half-way is no picture."""
    path = tmp_path / "go_v1_masking_7.png"
    Image.effect_noise((512, 512), 50).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(Failed, match="go_v1_masking_7"):
        check(PICTURE, "", tmp_path)


@pytest.mark.parametrize("printed", ["", "oops", "[]", "[1]", '"credits"', json.dumps({"engines": []})])
def test_wrong_answer_fails(printed: str, tmp_path: Path) -> None:
    """Printing no JSON, or JSON without the expected keys, fails a script that prints an answer."""
    for operation in ("balance", "list_engines"):
        with pytest.raises(Failed):
            check(Case("go", "v1", operation), printed, tmp_path)


@pytest.mark.parametrize(("version", "wrapped"), [("v1alpha", True), ("v1beta", False), ("v1", False)])
def test_engine_list_is_wrapped_in_v1alpha_only(version: str, wrapped: bool, tmp_path: Path) -> None:
    """The runner takes the list of engines in the shape of its version and in no other."""
    rows = [{"id": "a", "name": "b", "description": "c", "type": "PICTURE"}]
    right, wrong = ({"engines": rows}, rows) if wrapped else (rows, {"engines": rows})
    case = Case("go", version, "list_engines")
    assert check(case, json.dumps(right), tmp_path).startswith("1 x")
    with pytest.raises(Failed):
        check(case, json.dumps(wrong), tmp_path)
