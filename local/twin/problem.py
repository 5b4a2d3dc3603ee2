"""A refusal in Graph's words, raised where the fault is found and answered at the border."""


class GraphProblem(Exception):
    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def bad_request(message: str, code: str = "ErrorInvalidRequest") -> GraphProblem:
    return GraphProblem(400, code, message)


def item_not_found() -> GraphProblem:
    return GraphProblem(
        404, "ErrorItemNotFound", "The specified object was not found in the store."
    )
