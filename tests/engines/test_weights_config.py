"""engines.toml: what ships, what an owner may lay over it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.catalog import CARDS
from engines.types import Sampler
from engines.weights.config import read
from engines.weights.setup import EngineSetup, Kind, LongPrompts, Source, Workshop
from engines.weights.table import BadWorkshop

Write = Callable[[str], Path]
ONE_FILE = '[engines.own]\nlike = "stable-diffusion-v1-5"\n'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an owner's file."""

    def written(text: str) -> Path:
        path = tmp_path / "engines.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def engine(workshop: Workshop, id_: str) -> EngineSetup:
    """The one engine with this id."""
    (found,) = [setup for setup in workshop.engines if setup.engine_id == id_]
    return found


def test_the_shipped_file_serves_every_engine() -> None:
    """Out of the box each engine of the API has weights, in the order of the API, all on one device of choice."""
    workshop = read(None)

    assert [setup.engine_id for setup in workshop.engines] == [card.id for card in CARDS]
    assert {setup.device for setup in workshop.engines} == {"auto"}
    assert (workshop.memory, workshop.safety, workshop.guidance) == ((), None, None)
    kinds = {setup.engine_id: setup.kind for setup in workshop.engines if setup.kind is not Kind.DIFFUSION}
    assert kinds == {
        "esrgan-v1-x2plus": Kind.ESRGAN,
        "stable-diffusion-x4-latent-upscaler": Kind.LATENT_UPSCALER,
    }


def test_half_of_the_bytes_are_downloaded_where_that_is_possible() -> None:
    """The x4 upscaler has no files in half precision; those of Stable Diffusion 3 are in it without a variant."""
    plain = [one.engine_id for one in read(None).engines if one.source.hub and one.source.variant != "fp16"]

    assert [name for name in plain if not name.startswith("sd3")] == ["stable-diffusion-x4-latent-upscaler"]
    assert len(plain) == 7


def test_the_only_pickle_that_ships_is_known_by_its_checksum() -> None:
    """Whatever else may be a pickle has to be allowed by the owner."""
    allowed = [setup for setup in read(None).engines if setup.source.pickle]

    assert [setup.engine_id for setup in allowed] == ["esrgan-v1-x2plus"]
    assert allowed[0].source.sha256 is not None


def test_the_examples_in_the_comments_work(write: Write) -> None:
    """Taking the comment signs off [safety], [guidance] and [memory] gives a file that is read."""
    shipped = Path(read.__code__.co_filename).with_name("engines.toml").read_text(encoding="utf-8")
    opened = shipped.replace("\n# [", "\n[").replace("\n# hub", "\nhub").replace("\n# revision", "\nrevision")
    for line in ('# auto = "8GB"', '# "cuda:0" = "20GB"', '# cpu = "12GiB"'):
        opened = opened.replace(line, line.removeprefix("# "))

    workshop = read(write(opened))

    assert workshop.memory == (("auto", 8 * 10**9), ("cuda:0", 20 * 10**9), ("cpu", 12 * 2**30))
    assert workshop.safety is not None
    assert workshop.guidance is not None


def test_a_table_without_weights_changes_only_what_it_names(write: Write) -> None:
    """Another sampler for 1.5 leaves its weights and all other engines alone."""
    workshop = read(write('[engines.stable-diffusion-v1-5]\nsampler = "K_EULER"\nlong_prompts = "chunks"\n'))

    changed, shipped = engine(workshop, "stable-diffusion-v1-5"), engine(read(None), "stable-diffusion-v1-5")
    assert changed.source == shipped.source
    assert (changed.sampler, changed.long_prompts) == (Sampler.K_EULER, LongPrompts.CHUNKS)
    assert len(workshop.engines) == len(CARDS)


def test_plain_files_instead_of_a_variant(write: Write) -> None:
    """An empty variant asks for the files in full precision."""
    assert engine(read(None), "stable-diffusion-v1-5").source.variant == "fp16"

    workshop = read(write('[engines.stable-diffusion-v1-5]\nvariant = ""\n'))

    assert engine(workshop, "stable-diffusion-v1-5").source.variant is None


def test_a_table_with_weights_replaces_the_shipped_one(write: Write, tmp_path: Path) -> None:
    """A folder of the owner's, relative to the file, has nothing of the shipped source left."""
    workshop = read(write('[engines.stable-diffusion-v1-5]\npath = "models/mine"\n'))

    source = engine(workshop, "stable-diffusion-v1-5").source
    assert (source.path, source.hub, source.variant) == (tmp_path / "models/mine", None, None)


def test_every_word_about_weights_and_running_counts(write: Write) -> None:
    """One file of a fixed commit, compiled, in words of the owner's."""
    text = f"""{ONE_FILE}hub = "ada/files"
revision = "v9"
file = "mine.ckpt"
pickle = true
config = "ada/model"
compile = true
name = "Mine"
description = "My own"
"""

    own = read(write(text)).engines[-1]

    wanted = Source(hub="ada/files", revision="v9", file="mine.ckpt", pickle=True, config="ada/model")
    assert own.source == wanted
    assert (own.compile, own.name, own.description) == (True, "Mine", "My own")


def test_only_what_is_named(write: Write) -> None:
    """With `only`, every other engine is gone."""
    workshop = read(write("only = true\n[engines.stable-diffusion-v1-6]\n[engines.stable-diffusion-v1]\n"))

    assert [setup.engine_id for setup in workshop.engines] == ["stable-diffusion-v1", "stable-diffusion-v1-6"]


def test_an_engine_of_ones_own(write: Write, tmp_path: Path) -> None:
    """One file needs to say what it is like; configuration and tokenizer come from there."""
    workshop = read(write(f'{ONE_FILE}path = "mine.safetensors"\nname = "Mine"\n'))

    own = workshop.engines[-1]
    assert (own.engine_id, own.like, own.name) == ("own", "stable-diffusion-v1-5", "Mine")
    assert own.source.path == tmp_path / "mine.safetensors"
    assert own.source.config == "stable-diffusion-v1-5/stable-diffusion-v1-5"


def test_an_engine_of_ones_own_may_share_weights(write: Write) -> None:
    """Without weights of its own it runs those of the engine it is like, in its own way."""
    workshop = read(write(f'{ONE_FILE}sampler = "DDIM"\n'))

    assert workshop.engines[-1].source == engine(workshop, "stable-diffusion-v1-5").source


def test_an_engine_of_ones_own_has_no_name_of_anothers(write: Write) -> None:
    """What is shared with a renamed engine is how it runs, not what it is called."""
    renamed = '[engines.stable-diffusion-v1-5]\nname = "House"\ndescription = "Ours"\nsampler = "DDIM"\n'

    own = read(write(f"{renamed}{ONE_FILE}")).engines[-1]

    assert (own.sampler, own.name, own.description) == (Sampler.DDIM, None, None)


def test_a_configuration_may_be_a_folder(write: Write, tmp_path: Path) -> None:
    """A folder beside the file is taken for what it is."""
    (tmp_path / "layout").mkdir()
    workshop = read(write(f'{ONE_FILE}path = "mine.safetensors"\nconfig = "layout"\n'))

    assert workshop.engines[-1].source.config == str(tmp_path / "layout")


def test_defaults_hold_for_shipped_engines_too(write: Write) -> None:
    """One line moves everything to a device, and plain cuda is the first one."""
    workshop = read(write('[defaults]\ndevice = "cuda"\ndtype = "float32"\n[memory]\ncuda = "1.5 GB"\n'))

    assert {(setup.device, setup.dtype) for setup in workshop.engines} == {("cuda:0", "float32")}
    assert workshop.memory == (("cuda:0", 1_500_000_000),)


def test_scheduler_fields(write: Write) -> None:
    """Fields of the scheduler's configuration are handed on as they are."""
    workshop = read(
        write('[engines.stable-diffusion-v1.scheduler]\nprediction_type = "v_prediction"\nsteps_offset = 1\n')
    )

    assert engine(workshop, "stable-diffusion-v1").scheduler == (
        ("prediction_type", "v_prediction"),
        ("steps_offset", 1),
    )


def test_an_upscaler_may_be_of_another_kind(write: Write) -> None:
    """A Real-ESRGAN file can serve the id of the latent upscaler."""
    text = '[engines.stable-diffusion-x4-latent-upscaler]\nkind = "esrgan"\npath = "x4.safetensors"\ntile = 256\n'

    setup = engine(read(write(text)), "stable-diffusion-x4-latent-upscaler")

    assert (setup.kind, setup.tile, setup.source.config) == (Kind.ESRGAN, 256, None)


V1 = "[engines.stable-diffusion-v1]\n"
REFUSED = {
    "not TOML": ("[engines", "Expected ']' at the end of a table declaration"),
    "top level": ("[engine.x]\n", "engine: there is no such key; did you mean engines?"),
    "unknown key": (
        f'{V1}devise = "cpu"\n',
        "[engines.stable-diffusion-v1] devise: there is no such key; did you mean device?",
    ),
    "unknown default": ('[defaults]\nhub = "a/b"\n', "[defaults] hub: there is no such key"),
    "no table": ("engines = 3\n", "engines = 3: use a table"),
    "unknown engine": (
        '[engines.sd-xyz]\nhub = "a/b"\n',
        "[engines.sd-xyz] is no engine of the API; for one of your own add like",
    ),
    "bad id": ('[engines."Ä b"]\nlike = "stable-diffusion-v1"\n', "is no id"),
    "like nothing": ('[engines.own]\nlike = "sd"\n', "[engines.own] like = 'sd': use one of esrgan-v1-x2plus"),
    "like for an engine": (f'{V1}like = "stable-diffusion-v1-5"\n', "use it for ids of your own"),
    "two sources": (f'{V1}hub = "a/b"\npath = "c"\n', "has hub and path: use exactly one of hub, path and url"),
    "empty source": (f'{V1}hub = ""\n', "has no weights: use exactly one"),
    "no repository": (f'{V1}hub = "stable"\n', "hub = 'stable': use \"owner/name\""),
    "pickled path": (f'{V1}path = "a.ckpt"\n', "path = 'a.ckpt': use a .safetensors file, or add pickle = true"),
    "pickled file": (f'{V1}hub = "a/b"\nfile = "a.bin"\n', "file = 'a.bin': use a .safetensors file, or add pickle"),
    "strange file": (f'{V1}hub = "a/b"\nfile = "a.onnx"\n', "file = 'a.onnx': use a file that ends with .safetensors"),
    "file without hub": (
        f'{V1}path = "x"\nfile = "a.safetensors"\n',
        "file = 'a.safetensors': use it together with hub",
    ),
    "url without checksum": (
        f'{V1}url = "https://a.b/c.safetensors"\n',
        "sha256 is missing: use the 64 hexadecimal digits",
    ),
    "checksum": (
        f'{V1}url = "https://a.b/c.safetensors"\nsha256 = "49fa"\n',
        "sha256 = '49fa': use the 64 hexadecimal digits",
    ),
    "no url": (f'{V1}url = "c.safetensors"\n', "url = 'c.safetensors': use an address"),
    "config of a folder": (
        f'{V1}hub = "a/b"\nconfig = "a/b"\n',
        "config = 'a/b': use it for weights that are one file",
    ),
    "config of no folder": (f'{V1}path = "a.safetensors"\nconfig = "x"\n', "config = 'x': use \"owner/name\""),
    "no text": (f"{V1}hub = 3\n", "hub = 3: use a text in quotes"),
    "no flag": (f'{V1}compile = "yes"\n', "compile = 'yes': use true or false"),
    "sampler": (f'{V1}sampler = "Euler a"\n', "sampler = 'Euler a': use one of DDIM, DDPM, K_DPMPP_2M"),
    "scheduler": (
        f"{V1}scheduler = {{ beta_start = [1] }}\n",
        "[engines.stable-diffusion-v1.scheduler] beta_start = [1]: use a text",
    ),
    "scheduler field": (
        f"{V1}scheduler = {{ use_karras = true }}\n",
        "[engines.stable-diffusion-v1.scheduler] use_karras: there is no such key; did you mean use_karras_sigmas?",
    ),
    "device": ('[defaults]\ndevice = "gpu"\n', "[defaults] device = 'gpu': use auto, cpu, mps, cuda"),
    "dtype": ('[defaults]\ndtype = "fp8"\n', "dtype = 'fp8': use one of auto, float32"),
    "long prompts": ('[defaults]\nlong_prompts = "all"\n', "long_prompts = 'all': use one of cut, chunks"),
    "tile": ("[engines.esrgan-v1-x2plus]\ntile = 8\n", "tile = 8: use 0, or a whole number from 32 to 4096"),
    "kind": (f'{V1}kind = "esrgan"\n', "kind = 'esrgan': use one of diffusion"),
    "esrgan folder": ('[engines.esrgan-v1-x2plus]\nhub = "a/b"\n', "hub = 'a/b': use one file"),
    "memory": ('[memory]\ncpu = "lots"\n', "[memory] cpu = 'lots': use a size such as"),
    "memory of nothing": ('[memory]\ngpu = "1GB"\n', "[memory] gpu = '1GB': use the name of a device"),
    "mixed devices": (
        f'{V1}device = "cpu"\n',
        "[engines.stable-diffusion-v1] device = 'cpu': esrgan-v1-x2plus is on auto",
    ),
    "safety": ('[safety]\nmodel = "x"\n', "[safety] model: there is no such key"),
    "guidance": ("[guidance]\n", "[guidance] has no weights: use exactly one of"),
}


@pytest.mark.parametrize(("text", "complaint"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, complaint: str, write: Write) -> None:
    """The message names the file, the table, the key and the value, and says what would be right."""
    path = write(text)

    with pytest.raises(BadWorkshop) as refused:
        read(path)

    assert str(path) in str(refused.value)
    assert complaint in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that was named has to be there."""
    with pytest.raises(BadWorkshop, match="No such file"):
        read(tmp_path / "nothing.toml")


def test_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused by name."""
    path = tmp_path / "engines.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(BadWorkshop, match="not a text in UTF-8"):
        read(path)
