#include "app/page/list_page.hpp"

#include "app/page/markup.hpp"

#include <fmt/format.h>

#include <utility>

namespace app {

report_page page_of_inventory(const archive::inventory& found, std::string path) {
    report_page page;
    page.title = "event-archiver: what the archive holds";
    page.good = found.pending == 0;
    page.verdict = found.pending == 0
                       ? fmt::format("{} days, {} rows", grouped(found.days), grouped(found.rows))
                       : fmt::format("{} days, {} rows; {} files wait for a transaction", grouped(found.days),
                                     grouped(found.rows), grouped(found.pending));
    page.subject = std::move(path);
    page.facts.push_back({"stored", byte_count(found.bytes)});
    if (found.csv_bytes > found.bytes && found.bytes > 0)
        page.facts.push_back(
            {"compression", fmt::format("{:.1f} : 1", static_cast<double>(found.csv_bytes) /
                                                          static_cast<double>(found.bytes))});
    page.facts.push_back({"gaps between days", grouped(found.gaps.size())});
    for (const auto& file : found.files) {
        const auto slash = file.name.rfind('/');
        page.days.push_back({file.which, file.name.substr(slash == std::string::npos ? 0 : slash + 1),
                             std::string(archive::to_string(file.state)), file.rows, file.bytes,
                             file.csv_bytes});
    }
    page.footer =
        "Rows and bytes as recorded in the files' metadata; `event-archiver verify` reads the files.";
    return page;
}

} // namespace app
