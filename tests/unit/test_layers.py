"""Modules import only from the rows above them in DESIGN's picture, and nothing heavy too early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "perfwidgets"

#: the rows of the picture, top down; a module may import from rows above its own, and from those
#: beside it that are named in the same set
PLAIN = {"errors", "events", "cores", "samples", "metrics", "perf_command"}
PLAIN |= {
    "notes",
    "perf_separator",
    "perf_few_rows",
    "perf_fields",
    "later_samples",
    "perf_csv",
    "perf_json",
    "perf_rows",
    "perf_intervals",
    "perf_blocks",
    "causes",
}
PLAIN |= {"formula", "metric_inputs", "metric_registry", "metric_table"}
PLAIN |= {"export"}
PLAIN |= {"event_notes", "saved_sets", "thresholds"}
LAYERS = [
    PLAIN,
    {"sources", "recording", "availability"},
    {
        "collector",
        "supervisor",
        "hosts",
        "regions",
        "open_metrics",
        "open_metrics_names",
        "open_metrics_page",
        "open_metrics_server",
    },
    {"lifetime", "models"},
    {"widgets", "snapshot"},
    {
        "",
        "__main__",
        "check_command",
        "counting_options",
        "record_command",
        "serve_command",
        "sanitize_command",
        "lab",
        "magics",
        "extension",
    },
]
HEAVY = {"ipywidgets", "bqplot", "anywidget", "IPython", "pandas", "traitlets"}
#: where pandas may be imported inside a function, for those who ask for a table
TO_PANDAS = {"regions.frame", "export"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module):
    head = module.split(".")[0]
    found = [number for number, layer in enumerate(LAYERS) if head in layer]
    assert found, f"{module} has no place in DESIGN's picture: name its layer in this test"
    return found[0]


def is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(path):
    """The modules that `path` imports when it runs, relative ones resolved."""

    def visit(node):
        if is_type_checking(node):
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from from_import(node)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    def from_import(node):
        base = node.module or ""
        if node.level:
            here = ["perfwidgets", *path.relative_to(PACKAGE).parent.parts]
            base = ".".join([*here[: len(here) - node.level + 1], *([base] if base else [])])
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            inside = PACKAGE.parent / whole.replace(".", "/")
            yield whole if inside.with_suffix(".py").exists() or inside.is_dir() else base

    yield from visit(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_from_above(path):
    module = name_of(path)
    own = layer_of(module)
    for imported in imports(path):
        top, _, inner = imported.partition(".")
        if top == "perfwidgets" and inner:
            assert layer_of(inner) <= own, f"{module} imports {inner}, which stands below it"


def test_the_test_itself_sees_imports():
    found = set(imports(PACKAGE / "sources" / "perf_stat.py"))
    assert "perfwidgets.sources.child" in found
    assert "anyio" in found
    assert "perfwidgets.errors" in found


@pytest.mark.parametrize("path", [p for p in modules() if layer_of(name_of(p)) <= 2], ids=name_of)
def test_sources_and_what_is_above_them_know_no_widgets_and_no_traits(path):
    allowed = {"pandas"} if name_of(path) in TO_PANDAS else set()
    assert not {name.split(".")[0] for name in imports(path)} & (HEAVY - allowed)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_models_know_no_widgets(path):
    if layer_of(name_of(path)) == 3:
        found = {name.split(".")[0] for name in imports(path)}
        assert not found & {"ipywidgets", "bqplot", "anywidget", "subprocess", "asyncio"}


def loaded_after(code):
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import perfwidgets; dir(perfwidgets)",
        "from perfwidgets import PerfStat, VmStat, check, read_perf_csv, Sample, Event",
        "from perfwidgets import RegionResult, count; repr(count()); RegionResult()",
        "from perfwidgets import check_command, perf_csv, collector",
        "from perfwidgets.__main__ import build_parser; build_parser()",
    ],
)
def test_the_command_line_loads_no_widgets(code):
    loaded = loaded_after(code)
    assert "perfwidgets" in loaded
    assert not loaded & {"ipywidgets", "bqplot", "anywidget", "pandas", "IPython", "numpy"}


def test_a_monitor_needs_no_widgets():
    loaded = loaded_after("from perfwidgets import Monitor, PerfStat; Monitor(PerfStat())")
    assert "traitlets" in loaded
    assert not loaded & {"ipywidgets", "bqplot", "anywidget", "pandas", "IPython"}
