"""The functions of the app. No logic here, and no I/O at import."""

import azure.functions as func

from functions.delivery import delivery
from functions.ending import ending
from functions.notifications import notifications
from functions.oauth import oauth
from functions.sync import sync
from functions.timers import timers
from functions.web import web

BLUEPRINTS = (delivery, ending, notifications, oauth, sync, timers, web)

app = func.FunctionApp()

for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
