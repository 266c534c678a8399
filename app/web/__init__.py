"""What every HTTP dialect needs and no dialect owns."""

import warnings

with warnings.catch_warnings():
    # Connexion's import pulls in Starlette's test client, which complains about its own dependencies.
    warnings.simplefilter("ignore")
    import connexion as connexion
