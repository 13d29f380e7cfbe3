#include "app/page/list_page.hpp"

#include "app/page/markup.hpp"

#include <fmt/format.h>

#include <utility>

namespace app {

report_page page_of_inventory(const archive::inventory& found, std::string path) {
    report_page page;
    page.title = "event-archiver: what the archive holds";
    page.tone = found.lost > 0 ? page_tone::bad : found.pending > 0 ? page_tone::waiting : page_tone::good;
    page.verdict = fmt::format("{}, {}", counted(found.days, "day"), counted(found.rows, "row"));
    if (found.lost > 0)
        page.verdict += fmt::format("; {} missing or altered", counted(found.lost, "file"));
    if (found.pending > 0)
        page.verdict +=
            fmt::format("; {} for a transaction",
                        found.pending == 1 ? "1 file waits" : grouped(found.pending) + " files wait");
    if (found.lost > 0)
        page.hint = "`event-archiver verify` says what differs, docs/runbook.md what to do.";
    else if (found.pending > 0)
        page.hint =
            "So it is after a dry run, and while a run is at work. The next `event-archiver archive`, or"
            " `recover`, settles it.";
    page.subject = std::move(path);
    page.facts.push_back({"Stored", byte_count(found.bytes)});
    if (found.csv_bytes > found.bytes && found.bytes > 0)
        page.facts.push_back(
            {"Compression", fmt::format("{:.1f} : 1", static_cast<double>(found.csv_bytes) /
                                                          static_cast<double>(found.bytes))});
    page.facts.push_back({"Days in between without a file", grouped(found.gap_days())});
    for (const auto& file : found.files)
        page.days.push_back({file.which, std::string(name_in_folder(file.name)),
                             std::string(archive::to_string(file.state)), file.rows, file.bytes,
                             file.csv_bytes});
    page.footer =
        "Rows and bytes as recorded in the files' metadata; `event-archiver verify` reads the files.";
    return page;
}

} // namespace app
