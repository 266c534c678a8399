"""What ``run.py`` is made of; the example scripts need none of it."""
