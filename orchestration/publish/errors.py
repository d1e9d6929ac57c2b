"""The one error of this package."""


class PublishError(RuntimeError):
    """Nothing was published. The message says what is wrong and what to do about it."""
