"""The three versions of the Stability REST API."""

from app.dialects.stability.v1 import V1
from app.dialects.stability.v1alpha import V1Alpha
from app.dialects.stability.v1beta import V1Beta

DIALECTS = (V1, V1Beta, V1Alpha)
