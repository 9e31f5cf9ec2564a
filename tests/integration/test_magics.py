"""``%perfstat`` and ``%%perfcompare`` in IPython, on this machine's perf."""

from __future__ import annotations

import shutil

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from perfwidgets import BudgetExceededError

EVENTS = "-e task-clock,page-faults,context-switches"


@pytest.fixture
def shell(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_cell("%load_ext perfwidgets")
    yield shell
    InteractiveShell.clear_instance()


def run(shell, code):
    with capture_output() as captured:
        result = shell.run_cell(code, store_history=True)
    return result, captured.stdout + "".join(out.data["text/plain"] for out in captured.outputs)


TOUCH = """
import mmap
def touch(pages):
    with mmap.mmap(-1, pages * mmap.PAGESIZE) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for page in range(pages):
            memory[page * mmap.PAGESIZE] = 1
"""


def test_a_cell_is_counted_and_its_result_returned(shell):
    run(shell, TOUCH)
    result, text = run(shell, f"%%perfstat {EVENTS} --threads this -o kept\ntouch(5000)\n6 * 7")
    assert result.success
    assert result.result is shell.user_ns["kept"]
    assert result.result["page-faults"].count == pytest.approx(5000, rel=0.01)
    assert result.result.label == "touch(5000)"
    assert "42" in text
    assert shell.user_ns["_"] is result.result


def test_names_that_the_cell_sets_are_the_notebooks(shell):
    run(shell, f"%%perfstat -q {EVENTS}\nkept = [n for n in range(3)]\ndef f(): return kept")
    assert shell.user_ns["f"]() == [0, 1, 2]


def test_a_statement_with_quotes_is_counted_as_it_stands(shell):
    result, text = run(shell, f"%perfstat {EVENTS} -l 'a b' ' '.join(\"xy\")")
    assert "x y" in text
    assert result.result.label == "a b"


def test_repeats_have_a_mean_and_a_spread(shell):
    run(shell, TOUCH)
    result, _ = run(shell, f"%%perfstat {EVENTS} -r 5 --threads this\ntouch(2000)")
    assert len(result.result.runs) == 5
    assert result.result["page-faults"].count == pytest.approx(2000, rel=0.01)
    assert result.result.spread("page-faults") is not None


def test_quiet_returns_and_shows_nothing(shell):
    result, text = run(shell, f"%%perfstat -q -o kept {EVENTS}\nNone")
    assert (result.result, text) == (None, "")
    assert shell.user_ns["kept"].runs


def test_a_cell_that_raises_keeps_its_counts(shell):
    result, text = run(shell, f"%%perfstat -o kept {EVENTS}\ntouched = 1\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert shell.user_ns["kept"].failed
    assert shell.user_ns["kept"]["task-clock"].count is not None
    assert "ended by an exception" in text


def test_budgets(shell):
    run(shell, TOUCH)
    result, text = run(shell, f'%%perfstat {EVENTS} --max "page-faults < 1e6"\ntouch(1000)')
    assert result.success
    assert "1 of 1 conditions hold" in text
    result, text = run(
        shell,
        f'%%perfstat {EVENTS} --max "page-faults < 1e6" --max "page-faults < 10"\ntouch(1000)',
    )
    assert isinstance(result.error_in_exec, BudgetExceededError)
    assert isinstance(result.error_in_exec, AssertionError)
    assert "page-faults < 10" in str(result.error_in_exec)


def test_a_budget_that_cannot_be_checked_is_skipped_unless_strict(shell):
    code = "%%perfstat -e task-clock,nosuch_event --max 'nosuch_event < 5' {}\nsum(range(100))"
    result, text = run(shell, code.format(""))
    assert result.success
    assert "skipped" in text
    result, _ = run(shell, code.format("--strict"))
    assert isinstance(result.error_in_exec, BudgetExceededError)


def test_variants_are_held_against_the_first(shell):
    result, _ = run(
        shell,
        TOUCH + f"\nget_ipython().run_cell_magic('perfcompare', '-r 8 --threads this {EVENTS}', "
        "'pages = 500\\n# variant: few\\ntouch(pages)\\n# variant: many\\ntouch(3 * pages)\\n')",
    )
    ratio = result.result["many"]["page-faults"]
    assert ratio.verdict == "more"
    assert ratio.ratio == pytest.approx(3, rel=0.02)
    assert result.result.rounds == 8


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("%perfstat -r x 1", "no whole number"),
        ("%perfstat -r 0 1", "no whole number"),
        ("%perfstat", "no code to count"),
        ("%perfstat -o 3x 1", "no name of a variable"),
        ("%perfstat --threads some 1", "neither 'all' nor 'this'"),
        ("%perfstat -e cycels 1", "Did you mean 'cycles'"),
        ("%%perfstat 1 + 1\n2", "takes no code on its line"),
        ("%%perfcompare\n# variant: a\n1", "found 1 variants"),
        ("%%perfcompare\n# variant: a\n1\n# variant: a\n2", "two of one name"),
        ("%%perfcompare\n# variant: a\n1\n# variant: b\n", "'b' has no code"),
        ("%perfstat --max 'page-faults' 1", "no comparison"),
    ],
)
def test_what_is_wrong_is_named(shell, code, words):
    result, _ = run(shell, code)
    assert words in str(result.error_in_exec)


def test_code_that_awaits_is_told_what_to_do(shell):
    result, _ = run(shell, "%%perfstat\nimport asyncio\nawait asyncio.sleep(0)")
    assert "perfwidgets.count()" in result.error_in_exec.__notes__[0]
