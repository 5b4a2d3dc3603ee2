"""The few pages a person sees who connects a calendar."""

from shared.onboarding.pages.landing import landing_page
from shared.onboarding.pages.outcome import connected_page, problem_page
from shared.onboarding.pages.page import Page, redirect
from shared.onboarding.pages.stopped import stopped_page
from shared.onboarding.pages.visit import Visit

__all__ = [
    "Page",
    "Visit",
    "connected_page",
    "landing_page",
    "problem_page",
    "redirect",
    "stopped_page",
]
