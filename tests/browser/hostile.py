"""Names that want to be more than text."""

from __future__ import annotations

SCRIPT = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
HOSTILE = {
    "html": SCRIPT,
    "attribute": "\"'><b onmouseover=window.pwned=1>x</b>",
    "template": "${window.pwned=1}{{window.pwned=1}}",
    "url": "javascript:window.pwned=1",
    "selector": "a\"]b'] \\ #x .y",
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "nul": "nul\x00inside",
    "right to left": "abc\u202efed\u2066\u2069",
    "marks": "z\u0335\u0321\u0322" * 30,
    "formula": '=cmd|"/C calc"!A0',
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "math": "$$\\href{javascript:window.pwned=1}{x}$$",
    "long": "L" * 4000,
    "prototype": "__proto__",
    "constructor": "constructor",
}
