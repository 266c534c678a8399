"""The v1beta API: v1 without upscaling; what else differs stands in ``spec/v1beta.yaml``."""

from __future__ import annotations

from app.dialects.stability.v1 import V1


class V1Beta(V1):
    """Speaks v1beta. Explicit nulls count as absent, which the contract says by ``nullable``."""

    contract = "v1beta"
