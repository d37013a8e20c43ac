"""Branching logic: any condition that can be written is parsed, and has the truth that it has by its parts."""

import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.redcap.logic import EveryPart, FieldValue, Unreadable, parse_logic
from riskmodel.redcap.truth import SOME_TEXT, fields_asked, holds

FIELDS = ("fever", "age", "sym(2)", "[enrolment_arm_1][sex]")
SIGNS = {"=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, ">=": operator.ge}
values_of_fields = st.fixed_dictionaries({name: st.sampled_from(["", "0", "1", "2", "12", None]) for name in FIELDS})
constants = st.sampled_from(["0", "1", "2", "12", "x", ""])


def plain(sign, first, second):
    """The truth of a comparison, worked out without the program."""
    if first is None or second is None:
        return None
    if sign in ("<", ">="):
        return SIGNS[sign](int(first), int(second)) if first.isdigit() and second.isdigit() else None
    return SIGNS[sign](first, second)


def joined(truths, word):
    decisive = word == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


comparisons = st.tuples(st.sampled_from(FIELDS), st.sampled_from(list(SIGNS)), constants, st.sampled_from("'\""))
conditions = st.recursive(
    comparisons,
    lambda inner: st.tuples(st.sampled_from(["and", "or", "not", "AND"]), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=8,
)


def rendered(condition):
    """A condition as REDCap's users write it."""
    if len(condition) == 4:
        name, sign, constant, quote = condition
        return f"{name if name.startswith('[') else f'[{name}]'} {sign} {quote}{constant}{quote}"
    word, parts = condition
    if word == "not":
        return f"not ({rendered(parts[0])})"
    return f" {word} ".join(f"({rendered(part)})" for part in parts)


def evaluated(condition, values):
    if len(condition) == 4:
        name, sign, constant, _ = condition
        return plain(sign, values[name], constant)
    word, parts = condition
    if word == "not":
        truth = evaluated(parts[0], values)
        return None if truth is None else not truth
    return joined([evaluated(part, values) for part in parts], word.lower())


def lookup(values):
    def value_of(asked):
        name = f"{asked.field}({asked.code})" if asked.code else asked.field
        return values[f"[{asked.event}][{name}]" if asked.event else name]

    return value_of


@given(conditions, values_of_fields)
@settings(deadline=None)
def test_a_condition_has_the_truth_that_its_parts_give_it(condition, values):
    parsed = parse_logic(rendered(condition))
    assert holds(parsed, lookup(values)) is evaluated(condition, values), rendered(condition)


@given(st.lists(comparisons, min_size=2, max_size=5), st.lists(st.sampled_from(["and", "or"]), min_size=4, max_size=4))
@settings(deadline=None)
def test_and_binds_more_than_or(parts, words):
    text = rendered(parts[0]) + "".join(f" {w} {rendered(p)}" for w, p in zip(words, parts[1:], strict=False))
    groups = [[parts[0]]]
    for word, part in zip(words, parts[1:], strict=False):
        if word == "or":
            groups.append([part])
        else:
            groups[-1].append(part)
    values = {"fever": "1", "age": "12", "sym(2)": "0", "[enrolment_arm_1][sex]": ""}
    truth = joined([joined([evaluated(part, values) for part in group], "and") for group in groups], "or")
    assert holds(parse_logic(text), lookup(values)) is truth, text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("datediff([dob], 'today', 'y') > 18", "the function datediff"),
        ("round(([weight]*10000)/(([height])^(2)),1) >= 30", "the function round"),
        ("if([a] = '1' and [b] = '2', 1, 0) = 1", "the function if"),
        ("[a] + [b] > 3", "a calculation"),
        ("([a] + [b]) * 2 > 3", "a calculation"),
        ("[visit_arm_1][bp][2] = '1'", "an instance of a repeated form"),
        ("[user-role] = 'nurse'", "[user-role]"),
        ("[a:label] = 'x'", "[a:label]"),
    ],
)
def test_what_an_export_cannot_tell_has_no_truth_and_a_reason(text, why):
    parsed = parse_logic(text)
    assert (parsed if isinstance(parsed, Unreadable) else parsed.first).why == why
    assert holds(parsed, lambda _: "1") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a] = '1' and", "a value is missing at the end"),
        ("([a] = '1'", "a parenthesis that is not closed"),
        ("[a] = '1' [b]", "'[b]' at column 11 is too much"),
        ("[a] § '1'", "'§' at column 5"),
        ("(" * 300 + "[a] = '1'" + ")" * 300, "parentheses that are nested too deeply"),
        ("not " * 300 + "[a] = '1'", "negations that are nested too deeply"),
        ("[a]", "a value without a comparison"),
    ],
)
def test_logic_that_does_not_follow_its_grammar_has_no_truth_and_a_reason(text, why):
    assert parse_logic(text) == Unreadable(why)


def test_a_known_part_decides_beside_one_that_cannot_be_evaluated():
    either = parse_logic("[fever] = '1' or datediff([dob], 'today', 'y') > 18")
    both = parse_logic("[fever] = '1' and datediff([dob], 'today', 'y') > 18")
    assert [holds(either, lambda _, text=text: text) for text in ("1", "0")] == [True, None]
    assert [holds(both, lambda _, text=text: text) for text in ("1", "0")] == [None, False]


def test_comments_the_event_of_the_row_and_double_signs():
    text = "# shown to women\n[sex] == '0' && [event-name] != 'x'\n// end"
    parsed = parse_logic(text)
    assert isinstance(parsed, EveryPart)
    assert list(fields_asked(parsed)) == [FieldValue("sex"), FieldValue("redcap_event_name")]


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("[a] < 5", None),  # a blank: less than five in part of REDCap only
        ("[a] = 0", None),
        ("[a] = '0'", False),
        ("[a] <> ''", False),
    ],
)
def test_a_blank_is_no_zero(text, truth):
    assert holds(parse_logic(text), lambda _: "") is truth


def test_numbers_that_are_written_in_two_ways_are_not_told_apart():
    assert holds(parse_logic("[a] = '1'"), lambda _: "1.0") is None
    assert holds(parse_logic("[a] = '1'"), lambda _: "2.0") is False


@pytest.mark.parametrize(
    ("text", "value", "truth"),
    [
        ("[seen] > '2024-01-01'", "2024-03-01", True),
        ("[seen] > '2024-01-01'", "2023-12-31 10:00", False),
        ("[seen] > '2024-01-01'", "", None),
        ("[seen] > '2024-01-01'", SOME_TEXT, None),
        ("[seen] = '2024-01-01'", SOME_TEXT, None),
        ("[seen] <> ''", SOME_TEXT, True),
        ("[number] < 0", " -100", True),  # a space, which numbers may have around them
        ("[number] < 0", "-0.5", True),
        ("[number] < -3", "-4", True),
        ("[number] < 0", "few", None),
    ],
)
def test_dates_and_numbers_in_order(text, value, truth):
    assert holds(parse_logic(text), lambda _: value) is truth
