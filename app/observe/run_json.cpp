#include "app/observe/run_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace app {

namespace json = boost::json;

std::string run_document(const summary_facts& facts) {
    const auto& report = facts.report;
    json::object document{{"schema", "event-archiver/" + facts.command + "/v1"}};
    if (facts.command == "recover") {
        document["files_settled"] = report.files_settled;
        return json::serialize(document) + "\n";
    }
    document["dry_run"] = facts.dry_run;
    if (facts.command == "archive") {
        document["cutoff"] = report.cutoff.empty() ? json::value(nullptr) : json::value(report.cutoff);
        json::array days;
        for (const auto& each : report.outcomes)
            days.emplace_back(json::object{{"day", each.file.which.text()},
                                           {"rows", each.rows},
                                           {"bytes", each.bytes},
                                           {"csv_bytes", each.csv_bytes},
                                           {"file", each.rows == 0  ? "unchanged"
                                                    : each.appended ? "appended"
                                                                    : "created"}});
        document["days"] = std::move(days);
    }
    json::object totals{{"days", report.days}, {"rows", report.rows}, {"bytes", report.bytes}};
    totals[facts.command == "restore" ? "rows_present" : "rows_recognised"] = report.rows_recognised;
    if (facts.command == "archive") {
        totals["rows_deleted"] = report.rows_deleted;
        totals["rows_dayless"] = report.rows_dayless;
        totals["files_created"] = report.files_created;
        totals["files_appended"] = report.files_appended;
    }
    totals["files_settled"] = report.files_settled;
    document["totals"] = std::move(totals);
    return json::serialize(document) + "\n";
}

} // namespace app
