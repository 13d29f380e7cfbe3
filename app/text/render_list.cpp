// Tested by tests/unit/app/text/render_test.cpp.
#include "app/text/json_text.hpp"
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"
#include "async/utc_time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace app {

namespace {

namespace json = boost::json;

json::value number_or_null(const std::optional<std::uint64_t>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

std::optional<double> ratio_of(const archive::archived_file& file) {
    if (!file.csv_bytes || *file.csv_bytes == 0)
        return std::nullopt;
    return static_cast<double>(file.bytes) / static_cast<double>(*file.csv_bytes);
}

std::string list_json(const archive::inventory& found, const std::string& path) {
    json::array days;
    for (const auto& file : found.files) {
        const auto ratio = ratio_of(file);
        json::object entry;
        entry["day"] = file.which.text();
        entry["blob"] = valid_utf8(file.name);
        entry["state"] = archive::to_string(file.state);
        entry["rows"] = number_or_null(file.rows);
        entry["rows_pending"] = file.rows_pending;
        entry["bytes"] = file.bytes;
        entry["csv_bytes"] = number_or_null(file.csv_bytes);
        entry["ratio"] = ratio ? json::value(*ratio) : json::value(nullptr);
        entry["changed"] = file.changed ? json::value(async::utc_text(*file.changed)) : json::value(nullptr);
        entry["tier"] = file.tier.empty() ? json::value(nullptr) : json::value(file.tier);
        entry["note"] = valid_utf8(file.note);
        days.emplace_back(std::move(entry));
    }
    json::array gaps;
    for (const auto& gap : found.gaps)
        gaps.emplace_back(
            json::object{{"from", gap.first.text()}, {"to", gap.last.text()}, {"days", gap.days()}});
    const json::object totals{{"days", found.days},           {"files", found.files.size()},
                              {"rows", found.rows},           {"bytes", found.bytes},
                              {"csv_bytes", found.csv_bytes}, {"pending", found.pending},
                              {"gap_days", found.gap_days()}, {"lost", found.lost}};
    return json_text(json::object{{"schema", "event-archiver/list/v1"},
                                  {"path", valid_utf8(path)},
                                  {"days", std::move(days)},
                                  {"gaps", std::move(gaps)},
                                  {"totals", totals}}) +
           "\n";
}

} // namespace

std::string words_of(const lake::day_range& days) {
    return (days.first ? " from " + days.first->text() : std::string()) +
           (days.last ? " to " + days.last->text() : std::string());
}

std::string render_list(const archive::inventory& found, const std::string& path, output_format format,
                        std::size_t width, const lake::day_range& asked) {
    if (format == output_format::json)
        return list_json(found, path);
    if (found.files.empty())
        return fmt::format("no archived day{} in {}\n", words_of(asked), path);
    // The column is left out if all ratios are one.
    const bool compressed = std::ranges::any_of(found.files, [](const archive::archived_file& file) {
        const auto ratio = ratio_of(file);
        return ratio && *ratio < 0.995;
    });
    text_table table(
        compressed ? "llrrrlll" : "llrrlll",
        compressed
            ? std::vector<std::string>{"DAY", "FILE", "ROWS", "BYTES", "RATIO", "STATE", "CHANGED", "NOTE"}
            : std::vector<std::string>{"DAY", "FILE", "ROWS", "BYTES", "STATE", "CHANGED", "NOTE"});
    auto gap = found.gaps.begin();
    for (const auto& file : found.files) {
        if (gap != found.gaps.end() && gap->last < file.which) {
            table.add(
                {gap->first.text(),
                 fmt::format("-- no file for {}", counted(static_cast<std::uint64_t>(gap->days()), "day"))});
            ++gap;
        }
        auto note = file.note;
        if (file.rows_pending > 0 && note.empty())
            note = fmt::format("{} perhaps not committed", counted(file.rows_pending, "row"));
        const auto ratio = ratio_of(file);
        std::vector<std::string> cells{file.which.text(), std::string(name_in_folder(file.name)),
                                       file.rows ? grouped(*file.rows) : "?",
                                       short_bytes(static_cast<double>(file.bytes))};
        if (compressed)
            cells.push_back(ratio ? fmt::format("{:.2f}", *ratio) : "?");
        cells.emplace_back(archive::to_string(file.state));
        auto changed = file.changed ? async::utc_text(*file.changed) : "?";
        if (width > 0 && file.changed) // to the minute, so that it fits 80 columns
            changed.replace(changed.rfind(':'), 3, "");
        cells.push_back(std::move(changed));
        cells.push_back(std::move(note));
        table.add(std::move(cells));
    }
    auto text = fmt::format("{}, {} rows, {} in {}", counted(found.days, "day"), grouped(found.rows),
                            short_bytes(static_cast<double>(found.bytes)), path);
    if (!found.gaps.empty())
        text += fmt::format("; {} in between without a file", counted(found.gap_days(), "day"));
    if (found.lost > 0)
        text += fmt::format("; {} not as the ledger knows them: `event-archiver verify` names them",
                            counted(found.lost, "file"));
    if (found.pending > 0)
        text += fmt::format(
            "; {} pending: do not remove them, they may have the only copy of their rows. The "
            "next run, or `event-archiver recover`, asks the database whether these were committed",
            found.pending);
    return printable_lines(table.text(width) + "\n" + wrapped_lines(text, width));
}

} // namespace app
