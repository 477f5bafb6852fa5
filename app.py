"""The WSGI entry: `flask run`, gunicorn and the tests all start the portal here."""

from portal import create_app

app = create_app()
