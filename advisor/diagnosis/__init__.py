"""Reads the log of a training that somebody ran, says what is wrong and what to change next."""

from advisor.diagnosis.case import Case
from advisor.diagnosis.diagnosis import Diagnosis, diagnose, judged
from advisor.diagnosis.remarks import Remark
from advisor.diagnosis.told import DiagnosisError, Told

__all__ = ["Case", "Diagnosis", "DiagnosisError", "Remark", "Told", "diagnose", "judged"]
