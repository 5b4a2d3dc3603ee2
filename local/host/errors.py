"""StartFailed: the host cannot run this app at all. Unusable: one function cannot be loaded."""


class StartFailed(Exception):
    pass


class Unusable(Exception):
    pass
