"""Engines that read instead of drawing: they score texts, judge pictures and tell a subject from its background."""
