"""Filters log events by the patterns that CloudWatch Logs documents.

The engine takes every pattern about JSON for "all", and `?` for a wildcard. Supplied are
- `{ $.a = "x*" && ($.b[0].c > 1 || $.d != 2) }`
- terms and "phrases" that must all be there, `?a ?b` of which one must, `-a` which must not

Whatever else AWS knows (regular expressions, IS NULL, columns) is refused, because all lines would be a lie.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import fnmatch
import json
import operator
import re

from ministack.services import cloudwatch_logs

from pinned import wrap

TOKEN = re.compile(
    r"""\s*(?:(?P<sign>&&|\|\||[()]|!=|<=|>=|=|<|>)
    |(?P<selector>\$(?:\.[A-Za-z_][\w-]*|\[\d+\])+)
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<bare>[\w.*+-]+))""",
    re.VERBOSE,
)
STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]")
TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|[^\s"{}%\[\]]+)')
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@wrap(cloudwatch_logs, "_compile_filter_pattern", ["raw"])
def compile_pattern(_, raw):
    pattern = (raw or "").strip()
    if not pattern:
        return lambda message: True
    return about_json(pattern) if pattern.startswith("{") else about_text(pattern)


def about_text(pattern):
    terms = list(TERM.finditer(pattern))
    if TERM.sub("", pattern).strip():
        raise ValueError(f"filter pattern not understood: {pattern}")
    of = {"": [], "?": [], "-": []}
    for term in terms:
        of[term[1]].append(unquoted(term[2]))

    def matches(message):
        wanted = all(word in message for word in of[""])
        # Beside other terms, AWS ignores those of which one suffices.
        one_of = not of["?"] or bool(of[""] or of["-"]) or any(word in message for word in of["?"])
        return wanted and one_of and not any(word in message for word in of["-"])

    return matches


def about_json(pattern):
    if not pattern.endswith("}"):
        raise ValueError(f"filter pattern not understood: {pattern}")
    holds = Parser(pattern[1:-1]).whole()

    def matches(message):
        try:
            line = json.loads(message)
        except ValueError:
            return False
        return isinstance(line, dict) and holds(line)

    return matches


class Parser:
    """`or` of `and`s of comparisons; parentheses as usual."""

    def __init__(self, text):
        self.text = text.strip()
        self.tokens = []
        at = 0
        while at < len(self.text):
            token = TOKEN.match(self.text, at)
            if not token:
                self.fail()
            self.tokens.append((token.lastgroup, token[token.lastgroup]))
            at = token.end()
        self.tokens.reverse()

    def fail(self):
        raise ValueError(f"filter pattern not understood: {self.text}")

    def take(self, *kinds):
        if not self.tokens or self.tokens[-1][0] not in kinds:
            self.fail()
        return self.tokens.pop()

    def next_is(self, sign):
        found = bool(self.tokens) and self.tokens[-1] == ("sign", sign)
        if found:
            self.tokens.pop()
        return found

    def whole(self):
        holds = self.any_of()
        if self.tokens:
            self.fail()
        return holds

    def any_of(self):
        parts = [self.all_of()]
        while self.next_is("||"):
            parts.append(self.all_of())
        return lambda line: any(part(line) for part in parts)

    def all_of(self):
        parts = [self.comparison()]
        while self.next_is("&&"):
            parts.append(self.comparison())
        return lambda line: all(part(line) for part in parts)

    def comparison(self):
        if self.next_is("("):
            inner = self.any_of()
            if not self.next_is(")"):
                self.fail()
            return inner
        _, selector = self.take("selector")
        _, sign = self.take("sign")
        kind, text = self.take("quoted", "bare")
        wanted = unquoted(text) if kind == "quoted" else number(text)
        steps = [int(index) if index else name for name, index in STEP.findall(selector)]
        if sign in ORDERS and isinstance(wanted, (int, float)):
            order = ORDERS[sign]
            return lambda line: any(order(found, wanted) for found in numbers(line, steps))
        if sign not in ("=", "!="):
            self.fail()

        def equals(line):
            found = look_up(line, steps)
            same = fnmatch.fnmatchcase(found, wanted) if both_text(found, wanted) else found == wanted
            # A field that is not there equals nothing and differs from nothing.
            return found is not None and same == (sign == "=")

        return equals


def unquoted(text):
    return json.loads(text) if text.startswith('"') else text


def number(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def both_text(*values):
    return all(isinstance(value, str) for value in values)


def numbers(line, steps):
    found = look_up(line, steps)
    # A number in quotes is text, and no text is larger than a number.
    return [found] if isinstance(found, (int, float)) and not isinstance(found, bool) else []


def look_up(line, steps):
    found = line
    for step in steps:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return None
    return found
