"""Who may import whom, read from the source; what importing costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOPS = ("models", "eval", "demo", "model_cards")  # these import as zoo.models, ... and never bare
FOLDERS = {"zoo": "zoo", **{top: f"zoo.{top}" for top in TOPS}}


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> tuple[str, bool]:
    """Dotted name as installed, and whether it is a package."""
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    parts = [FOLDERS.get(top, top), *rest]
    package = parts[-1] == "__init__"
    return ".".join(parts[:-1] if package else parts), package


def imports(path: Path) -> Iterator[tuple[str, int, int, bool]]:
    """(absolute name, relative level, line, for type checkers only) of each import."""
    name, package = module_of(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, node.lineno, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                home = name.split(".") if package else name.split(".")[:-1]
                home = home[: len(home) - (node.level - 1)]
                base = ".".join([*home, base] if base else home)
            # "from . import x" may name a module: count it as one, it is the stricter reading.
            for alias in node.names:
                yield f"{base}.{alias.name}", node.level, node.lineno, id(node) in typing_only


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def report(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def test_the_core_imports_no_model_no_eval_no_demo():
    wrong = [
        f"{path}:{line}: {name}"
        for path in sources("zoo")
        for name, _, line, _ in imports(path)
        if inside(name, *(f"zoo.{top}" for top in TOPS))
    ]
    report(wrong)


def test_models_import_the_core_themselves_and_layers():
    wrong = []
    for path in sources("models"):
        parts = path.relative_to(ROOT / "models").parts
        family = parts[0] if len(parts) > 1 else ""
        allowed = ["zoo.models.layers"]
        if family and family != "layers":
            allowed.append(f"zoo.models.{family}")
        for name, level, line, _ in imports(path):
            own = inside(name, "zoo.models")
            foreign = own and not inside(name, *allowed)
            absolute = own and level == 0  # own things relatively: tools can follow that
            core = level > 0 and not own  # and the core as "from zoo..."
            other = inside(name, "zoo.eval", "zoo.demo", "zoo.model_cards")
            if foreign or absolute or core or other:
                wrong.append(f"{path}:{line}: {name}")
    report(wrong)


@pytest.mark.parametrize(("folder", "allowed"), [("eval", ()), ("demo", ("zoo.eval",))])
def test_eval_and_demo_import_no_model(folder, allowed):
    wrong = []
    for path in sources(folder):
        for name, level, line, _ in imports(path):
            own = inside(name, f"zoo.{folder}")
            others = [f"zoo.{top}" for top in TOPS if f"zoo.{top}" not in allowed]
            bad = inside(name, *others) and not own
            absolute = own and level == 0 and path != ROOT / "demo" / "app.py"  # a script
            if bad or absolute or (level > 0 and not own):
                wrong.append(f"{path}:{line}: {name}")
    report(wrong)


def test_nobody_imports_the_top_folders_bare():
    # "import models" in a checkout makes a second copy of every class.
    wrong = [
        f"{path}:{line}: {name}"
        for folder in (*FOLDERS, "tests")
        for path in sources(folder)
        for name, level, line, _ in imports(path)
        if level == 0 and inside(name, *TOPS)
    ]
    report(wrong)


HEAVY = ("torch", "torchvision", "torchaudio", "diffusers", "huggingface_hub", "safetensors", "PIL")


@pytest.mark.parametrize(
    "code",
    [
        "import zoo",
        "import zoo; assert zoo.list_models()",
        "import zoo; zoo.list_models(modality='image', bundled=False)",
        "import zoo; zoo.card('flextok').to_dict()",
        "import zoo.registry, zoo.cards, zoo.files, zoo.errors",
        "from zoo.cards.table import markdown_table",
    ],
)
def test_loads_nothing_heavy(code):
    check = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_check_itself_sees_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    package = tmp_path / "zoo" / "bulk"
    package.mkdir(parents=True)
    path = package / "__init__.py"
    path.write_text(
        "import zoo.models.flextok\n"
        "from zoo import models\n"
        "from .. import eval\n"
        "from ..models.flextok import x\n"
        "from .models import y\n"
    )
    names = [name for name, *_ in imports(path)]
    assert names == [
        "zoo.models.flextok",
        "zoo.models",
        "zoo.eval",
        "zoo.models.flextok.x",
        "zoo.bulk.models.y",
    ]
