"""The one exception a user is meant to see: a sentence with a place and a remedy."""


def one_line(text: str) -> str:
    """The text as a terminal can show it: what cannot be printed, and line ends, as escapes (`\\n`, `\\x00`)."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class InputError(Exception):
    """Something a person gave us is wrong; the message reads `FILE:LINE: what is wrong (what to do)`.

    Several problems may be collected and raised at once: `InputError([first, second])`. The command line
    prints one per line, without a traceback, and exits with status 2.
    """

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [one_line(p) for p in ([problems] if isinstance(problems, str) else problems)]
        super().__init__("\n".join(self.problems))


class UnusableSample(Exception):
    """A sample's content cannot be used (no reads, foreign, corrupt); the other samples go on.

    A step that meets it still writes all its files, a failed `qc` row with this sentence among them,
    prints the sentence and exits with status 0.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(one_line(problem))
