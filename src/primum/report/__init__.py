"""The report for people and the summary for scripts."""

from primum.report.html import write_report
from primum.report.summary import SCHEMA, summary

__all__ = ["SCHEMA", "summary", "write_report"]
