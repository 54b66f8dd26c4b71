"""Whether Python's engine can take more than linear time for a regular expression.

It can where one text leads through a pattern by many ways: where there are two places p and q in
it, and a word that leads from p to p, from p to q and from q to q; or where one step can be made in
two ways within a loop (Weideman et al., Analyzing matching time behavior of backtracking regular
expression matchers by using ambiguity of NFA, CIAA 2016). Look-arounds but for a first look-behind
are taken for nothing, which only adds ways.
"""

import functools
import itertools
import re
import re._constants as sre
import re._parser as parser

# What tells classes of characters from one another, beside the characters that patterns name.
_OTHERS = "\n\t \x0b\x1f\x00\x7f.-/_:;\"'\\()[]{}<>!%+*~azAZ059k\u00e9\u2028\u0663\U0001f600"
_COPIES = 3  # of what is repeated so many times or more


class _Places:
    """The places of a pattern where a character is read, and which may follow which."""

    def __init__(self, letters):
        self.letters = letters
        self.reads = []  # of each place the letters, as bits
        self.follow = {}  # pairs of places: by how many ways

    def add(self, letters):
        self.reads.append(sum(1 << self.letters.index(letter) for letter in letters))
        return len(self.reads) - 1

    def join(self, lasts, firsts):
        for pair in itertools.product(lasts, firsts):
            self.follow[pair] = self.follow.get(pair, 0) + 1

    def sequence(self, items, flags):
        """Adds items one after another; returns if they may be empty, first places, last ones."""
        empty, first, last = True, set(), set()
        for op, value in items:
            one = self.item(op, value, flags)
            self.join(last, one[1])
            first |= one[1] if empty else set()
            last = one[2] | (last if one[0] else set())
            empty = empty and one[0]
        return empty, first, last

    def item(self, op, value, flags):
        if op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
            return True, set(), set()
        if op is sre.SUBPATTERN:
            return self.sequence(value[3], (flags | value[1]) & ~value[2])
        if op is sre.BRANCH:
            every = [self.sequence(one, flags) for one in value[1]]
            firsts, lasts = (set().union(*(one[n] for one in every)) for n in (1, 2))
            return any(one[0] for one in every), firsts, lasts
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self.repeat(*value, flags)
        place = {self.add([x for x in self.letters if _reads((op, value), x, flags)])}
        return False, place, place

    def repeat(self, least, most, body, flags):
        endless = most is sre.MAXREPEAT
        copies = min(max(least, 1) if endless else most, _COPIES)
        parts = [self.sequence(body, flags) for _ in range(copies)]
        if endless:
            self.join(parts[-1][2], parts[-1][1])
        empty, first, last = True, set(), set()
        for number, one in enumerate(parts):
            may_end = one[0] or number >= least
            self.join(last, one[1])
            first |= one[1] if empty else set()
            last = one[2] | (last if may_end else set())
            empty = empty and may_end
        return empty, first, last


def _reads(item, letter, flags):
    """Tells whether a place reads a letter."""
    op, value = item
    cased = not flags & sre.SRE_FLAG_IGNORECASE
    same = {letter} if cased else {letter, letter.lower(), letter.upper()}
    if op is sre.ANY:
        return letter != "\n" or bool(flags & sre.SRE_FLAG_DOTALL)
    if op is sre.LITERAL:
        return chr(value) in same
    if op is sre.NOT_LITERAL:
        return chr(value) not in same
    if op is not sre.IN:
        raise NotImplementedError(f"{op}: back-references and the like are not for names")
    inverted = value[0][0] is sre.NEGATE
    return inverted != any(_within(one, x) for one in value[inverted:] for x in same)


def _within(member, letter):
    op, value = member
    if op is sre.LITERAL:
        return chr(value) == letter
    if op is sre.RANGE:
        return value[0] <= ord(letter) <= value[1]
    kinds = {"DIGIT": letter.isdecimal(), "SPACE": letter.isspace()}
    kinds["WORD"] = letter.isalnum() or letter == "_"
    *_, no, kind = f"_{value}".split("_")
    return kinds[kind] != (no == "NOT")


@functools.lru_cache(maxsize=1024)
def ways(pattern, flags=0, *, within, whole=False):
    """Returns why a pattern can take more than linear time; "" where it can't.

    Args:
      pattern: the text of the pattern, str or bytes.
      flags: of `re`.
      within: whether it is looked for within texts (``search``, ``sub``), not from their start on.
      whole: whether it has to match to the end (``fullmatch``).
    """
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    parsed = parser.parse(text, flags)
    flags = parsed.state.flags
    named = {x for c in text for x in (c, c.lower(), c.upper()) if len(x) == 1}
    places = _Places(sorted({*_OTHERS, *named}))
    start = _start(places, parsed, flags) if within else []
    _, first, last = places.sequence(parsed, flags)
    places.join(start, start)
    places.join(start[:1], first)
    ended = whole or any(mark in text for mark in ("$", r"\Z", r"\b", "(?=", "(?!"))
    return _ambiguity(places, _content(places, last, ended))


def _start(places, parsed, flags):
    """Returns the places that read what stands before a match, those that it can follow first."""
    begin = parsed[0] if len(parsed) else (None, None)
    if begin[0] is sre.AT and begin[1] is sre.AT_BEGINNING_STRING:
        return []
    if begin[0] is sre.ASSERT_NOT and begin[1][0] < 0 and len(begin[1][1]) == 1:
        before = [x for x in places.letters if _reads(begin[1][1][0], x, flags)]
        return [places.add(set(places.letters) - set(before)), places.add(before)]
    return [places.add(places.letters)]


def _content(places, last, ended):
    """Returns the places from which on no match can fail."""
    every = (1 << len(places.letters)) - 1
    return {
        place
        for place in last
        if not ended or (places.reads[place] == every and (place, place) in places.follow)
    }


def _ambiguity(places, content):
    steps = {}
    for p, q in places.follow:
        steps.setdefault(p, []).append(q)
    reach = {p: _reached([p], lambda one: steps.get(one, ())) for p in range(len(places.reads))}
    for (p, q), count in places.follow.items():
        if count > 1 and p in reach[q]:
            return f"place {q} follows {p} in {count} ways, in a loop"
    loops = {p: {q for q in reach[p] if p in reach[q]} for p in reach if p in reach[p]}
    for p, q in itertools.permutations(loops, 2):
        if q in reach[p] and q not in content and _two_ways(places, steps, p, q, loops, reach):
            return f"one word leads from place {p} of {len(places.reads)} to it and to {q}"
    return ""


def _two_ways(places, steps, p, q, loops, reach):
    """Tells whether a word leads from p to p, from p to q, and from q to q."""
    between = {one for one in reach[p] if one == q or q in reach[one]}

    def after(state):
        for one in itertools.product(*(steps.get(place, ()) for place in state)):
            apart = one[0] in loops[p] and one[1] in between and one[2] in loops[q]
            if apart and places.reads[one[0]] & places.reads[one[1]] & places.reads[one[2]]:
                yield one

    return (p, q, q) in _reached([(p, p, q)], after)


def _reached(begin, after):
    found, waiting = set(), list(begin)
    while waiting:
        for one in after(waiting.pop()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def flags_of(pattern):
    """Returns the flags of a compiled pattern that it was given."""
    return pattern.flags & ~re.UNICODE
