"""What stops a transformation as a whole. A model that fails is a result, not an error."""


class TransformError(Exception):
    """The dbt project cannot be read or run; the message says where, what, and what to do."""
