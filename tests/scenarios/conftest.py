from tests.journeys.scene import scene

__all__ = ["scene"]
