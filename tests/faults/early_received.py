"""A defect: a reporter is told 已接收 of a report that nobody has accepted."""

from typing import Any

import cli
from dispatch.clock import iso, now
from dispatch.states import ReportState
from tests.faults.arming import Fault


def _early(view: Any) -> Any:
    def early(report: ReportState, *given: Any) -> Any:
        told = view(report, *given)
        if report.status == "filed" and Fault("early_received").fire():
            told["status"] = "received"
            told["received"] = {
                "at": iso(now()),
                "desk": report.desk_name,
                "desk_adcode": report.desk,
                "dispatcher_number": f"{report.desk}01",
            }
        return told

    return early


if __name__ == "__main__":
    from api import hub, reports, views

    early = _early(views.report_view)
    hub.report_view = reports.report_view = early  # type: ignore[attr-defined]  # the fault
    cli.main()
