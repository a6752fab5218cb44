"""A self-hosted store for patients' health records that speaks FHIR DSTU2 (1.0.2)."""

__version__ = "0.1.0"
