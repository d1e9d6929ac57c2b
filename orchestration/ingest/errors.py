"""What stops one file, and only that file."""


class LoadError(Exception):
    """A file that cannot be loaded; the message says what was found and what to do."""

    def __init__(self, message: str, missing_columns: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing_columns = missing_columns
