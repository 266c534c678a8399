"""What every HTTP dialect needs and no dialect owns."""

import warnings

from app.web.postponed import postponed

POSTPONED = {
    "httpx": (),
    "jinja2": (),
    "requests": (),
    "starlette.templating": ("Jinja2Templates",),
    "starlette.testclient": ("TestClient",),
}
"""What Connexion imports and serving never needs, with what it takes from each without calling it."""

with warnings.catch_warnings(), postponed(POSTPONED):
    # Connexion takes what the libraries beneath it call deprecated; that is between them.
    warnings.simplefilter("ignore")
    import connexion as connexion
