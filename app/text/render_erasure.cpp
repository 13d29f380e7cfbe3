#include "app/text/render_erasure.hpp"

#include "app/text/export_json.hpp"
#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"
#include "async/utc_time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

namespace app {

namespace {

namespace json = boost::json;

// The list is the same whatever the settings of the account and of the server are: they cannot be queried
// reliably.
constexpr std::array<std::string_view, 8> never_reached{
    "earlier versions, snapshots and soft-deleted copies of the files, where the account keeps any",
    "blocks that an interrupted run has uploaded and not published: the service drops them within a week",
    "files of exports, and tables that rows were restored or copied into",
    "events in the journal, dead letters, and tables of projections",
    "partitions that were detached from the table",
    "backups, replicas that lag behind, and the write-ahead log of the database",
    "the server's own log and statistics of statements, which may hold the condition",
    "copies of the files that others have made",
};
constexpr std::string_view hidden_rows = "rows of the table that row security hides from this role";

std::vector<std::string> not_reached(const archive::erasure& did) {
    std::vector<std::string> places(never_reached.begin(), never_reached.end());
    for (const auto& each : did.missing)
        places.push_back(fmt::format("{}, which was moved away", each));
    if (did.hidden)
        places.emplace_back(hidden_rows);
    return places;
}

json::value day_or_null(const std::optional<lake::day>& which) {
    return which ? json::value(which->text()) : json::value(nullptr);
}

json::object content_json(const archive::file_content& content) {
    return {{"rows", content.rows}, {"bytes", content.bytes}, {"crc", fmt::format("{:016x}", content.crc)}};
}

json::object erasure_json(const archive::erasure& did, const lake::day_range& days,
                          const std::string& run_id) {
    json::array files;
    for (const auto& each : did.files)
        files.emplace_back(
            json::object{{"day", each.which.text()},
                         {"blob", valid_utf8(each.name)},
                         {"rows", each.rows},
                         {"before", content_json(each.before)},
                         {"after", did.done ? content_json(each.after) : json::value(nullptr)}});
    json::array places;
    for (const auto& place : not_reached(did))
        places.emplace_back(place);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return {{"schema", "event-archiver/erase/v1"},
            {"done", did.done},
            {"verified", did.verified},
            {"condition_sha256", did.condition_sha256},
            {"from", day_or_null(days.first)},
            {"to", day_or_null(days.last)},
            {"days", std::move(files)},
            {"rows_of_files", did.rows_of_files()},
            {"rows_of_table", did.rows_of_table},
            {"files_read", did.files_read},
            {"not_reached", std::move(places)},
            {"time", async::utc_text(now)},
            {"run_id", run_id}};
}

// The same document in lines of the terminal's width, as far as strings allow: what fits stays in one line.
// `name`: what stands before the value in its line.
std::string in_lines(const std::string& name, const json::value& value, std::size_t width,
                     std::size_t indent) {
    const std::string margin(indent, ' ');
    auto line = margin + name + json::serialize(value);
    if (line.size() < width || !value.is_structured())
        return line;
    std::string inner;
    const auto add = [&](const std::string& key, const json::value& each) {
        inner += (inner.empty() ? "\n" : ",\n") + in_lines(key, each, width, indent + 2);
    };
    if (!value.is_object()) {
        for (const auto& each : value.get_array())
            add("", each);
        return margin + name + "[" + inner + "\n" + margin + "]";
    }
    for (const auto& [key, each] : value.get_object())
        add(json::serialize(key) + ": ", each);
    return margin + name + "{" + inner + "\n" + margin + "}";
}

std::string erasure_text(const archive::erasure& did, bool confirmed, std::size_t width) {
    std::string days;
    if (!did.files.empty()) {
        text_table table("lrrl", {"DAY", "ROWS", "OF", "FILE"});
        for (const auto& each : did.files)
            table.add({each.which.text(), grouped(each.rows), grouped(each.before.rows),
                       std::string(name_in_folder(each.name))});
        days = table.text(width) + "\n";
    }
    auto text =
        did.rows_of_files() + did.rows_of_table == 0
            ? std::string("no row matches: nothing would be erased\n\n")
            : fmt::format("would erase {} of {}, and {} of the table\n"
                          "nothing was changed{}: --yes erases them, and prints a receipt\n\n",
                          counted(did.rows_of_files(), "row"), counted(did.files.size(), "archived file"),
                          counted(did.rows_of_table, "row"),
                          confirmed ? ", because --dry-run or DRY_RUN is set; without it" : "");
    text += "what it does not reach:\n";
    for (const auto& place : not_reached(did))
        text += fmt::format("- {}\n", place);
    return days + wrapped_lines(text, width);
}

} // namespace

std::string render_erasure(const archive::erasure& did, const archive::erase_request& asked,
                           const std::string& run_id, output_format format, std::size_t width) {
    if (!did.done && format == output_format::text)
        return erasure_text(did, asked.yes, width);
    const auto document = erasure_json(did, asked.days, run_id);
    const bool for_people = format == output_format::text && width > 0;
    return (for_people ? in_lines("", document, width, 0) : json::serialize(document)) + "\n";
}

} // namespace app
