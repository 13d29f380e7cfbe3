// Tested by tests/integration/test_plan.py.
#include "app/text/json_text.hpp"
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace app {

namespace {

namespace json = boost::json;

std::string plan_json(const archive::forecast& found) {
    json::array days;
    for (const auto& planned : found.days)
        days.emplace_back(json::object{{"day", planned.which.text()},
                                       {"rows", planned.rows},
                                       {"bytes", planned.bytes},
                                       {"blob", valid_utf8(planned.name)},
                                       {"file", archive::to_string(planned.action)},
                                       {"note", valid_utf8(planned.note)}});
    json::array held;
    for (const auto day : found.held)
        held.emplace_back(day.text());
    json::array refusals;
    for (const auto& each : found.refusals)
        refusals.emplace_back(valid_utf8(each));
    json::array side_effects;
    for (const auto& each : found.side_effects)
        side_effects.emplace_back(valid_utf8(each));
    json::array restore_limits;
    for (const auto& each : found.restore_limits)
        restore_limits.emplace_back(valid_utf8(each));
    const json::object totals{{"days", found.days.size()}, {"rows", found.rows}, {"bytes", found.bytes}};
    const json::object estimate{{"bytes_per_row", found.size.mean},
                                {"error", found.size.error},
                                {"rows_sampled", found.size.sampled}};
    const json::object left{{"days", found.days_left}, {"rows", found.rows_left}};
    const json::object document{
        {"schema", "event-archiver/plan/v1"},
        {"cutoff", found.cutoff},
        {"table", valid_utf8(found.table)},
        {"reading", found.how == archive::reading::by_day ? "by_day" : "by_page_range"},
        {"days", std::move(days)},
        {"totals", totals},
        {"estimate", estimate},
        {"left", left},
        {"held", std::move(held)},
        {"rows_dayless", found.rows_dayless},
        {"refusals", std::move(refusals)},
        {"side_effects", std::move(side_effects)},
        {"restore_limits", std::move(restore_limits)},
        {"files_pending", found.files_pending},
        {"container_exists", found.container_exists},
        {"duration_ms", std::chrono::milliseconds(found.duration).count()},
        {"memory_bytes", found.memory}};
    return json_text(document) + "\n";
}

// "2025-11-30 14:30:34.974665" without the fraction.
std::string_view shown_cutoff(const archive::forecast& found) {
    return std::string_view(found.cutoff).substr(0, found.cutoff.find('.'));
}

std::string facts(const archive::forecast& found) {
    auto text =
        fmt::format("\n{} before {} UTC in {}", counted(found.rows, "row"), shown_cutoff(found), found.table);
    if (const auto& path = found.days.front().name; name_in_folder(path) != path)
        text += fmt::format("\ninto the folder {}", path.substr(0, path.rfind('/')));
    text += fmt::format("\nabout {} of CSV ({:.0f} bytes a row, {}), read {}\n",
                        short_bytes(static_cast<double>(found.bytes)), found.size.mean,
                        found.size.error == 0
                            ? std::string("counted")
                            : fmt::format("±{:.0f} % from a sample of {}", found.size.error * 100,
                                          counted(found.size.sampled, "row")),
                        archive::describe(found.how));
    if (shown_cutoff(found).find(" 00:00:00") == std::string_view::npos)
        text += "a part of the last day is due: with --whole-days it waits, and each file is written once\n";
    text += fmt::format("roughly {}, and {} of memory at most\n", short_duration(found.duration),
                        short_bytes(static_cast<double>(found.memory)));
    return text;
}

} // namespace

std::string render_plan(const archive::forecast& found, output_format format, std::size_t width) {
    if (format == output_format::json)
        return plan_json(found);
    std::string days;
    std::string text;
    if (found.days.empty()) {
        text = found.held.empty() && found.days_left == 0
                   ? fmt::format("nothing is due: no row of {} is older than {} UTC\n", found.table,
                                 shown_cutoff(found))
                   : fmt::format("nothing is due in {} before {} UTC\n", found.table, shown_cutoff(found));
    } else {
        text_table table("lrrlll", {"DAY", "ROWS", "BYTES", "FILE", "NAME", ""});
        for (const auto& planned : found.days)
            table.add({planned.which.text(), grouped(planned.rows),
                       short_bytes(static_cast<double>(planned.bytes)),
                       std::string(archive::to_string(planned.action)),
                       std::string(name_in_folder(planned.name)), planned.note});
        days = table.text(width);
        text = facts(found);
    }
    if (found.days_left > 0)
        text += fmt::format("{} of {} stay for the next run: they are beyond the limit of this one\n",
                            counted(found.rows_left, "row"), counted(found.days_left, "day"));
    if (!found.held.empty())
        text += found.held.size() == 1 ? std::string("1 day is on hold after a restore: its rows stay\n")
                                       : fmt::format("{} are on hold after a restore: their rows stay\n",
                                                     counted(found.held.size(), "day"));
    if (found.rows_dayless > 0)
        text += fmt::format("{} without a valid timestamp (-infinity or before year 1): they stay\n",
                            counted(found.rows_dayless, "row"));
    for (const auto& each : found.refusals)
        text += fmt::format("archive would be refused: {}\n", each);
    for (const auto& each : found.side_effects)
        text += fmt::format("the DELETE may change other rows: {}\n", each);
    for (const auto& each : found.restore_limits)
        text += fmt::format("what is archived may not come back: {}\n", each);
    if (found.files_pending > 0)
        text +=
            fmt::format("{} with rows that are perhaps not committed: a run recovers them before it begins."
                        " Do not remove them, they may have the only copy of their rows\n",
                        counted(found.files_pending, "file"));
    if (!found.container_exists)
        text += "the container is not there yet: a run creates it\n";
    return printable_lines(days + wrapped_lines(text, width));
}

} // namespace app
