// Tested by tests/unit/app/text/render_test.cpp.
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

namespace json = boost::json;
using archive::file_state;

json::value place_or_null(const lake::row_place& at, std::uint64_t number) {
    return at.row > 0 ? json::value(number) : json::value(nullptr);
}

std::string verification_json(const archive::verification& found, const std::string& path) {
    json::array days;
    for (const auto& file : found.files) {
        json::array differences;
        for (const auto& one : file.differences.kept())
            differences.emplace_back(json::object{{"kind", lake::to_string(one.kind)},
                                                  {"row", place_or_null(one.at, one.at.row)},
                                                  {"byte", place_or_null(one.at, one.at.byte)},
                                                  {"message", valid_utf8(one.description)}});
        days.emplace_back(json::object{{"day", file.file.which.text()},
                                       {"blob", valid_utf8(file.file.name)},
                                       {"state", file.gone ? "gone" : archive::to_string(file.file.state)},
                                       {"ok", file.differences.count() == 0},
                                       {"rows", file.rows},
                                       {"bytes", file.bytes},
                                       {"differences", std::move(differences)},
                                       {"differences_count", file.differences.count()}});
    }
    const json::object totals{{"days", found.files.size()}, {"rows", found.rows},
                              {"bytes", found.bytes},       {"differences", found.differences},
                              {"pending", found.pending},   {"foreign", found.foreign}};
    return json::serialize(json::object{{"schema", "event-archiver/verify/v1"},
                                        {"path", valid_utf8(path)},
                                        {"ok", found.differences == 0},
                                        {"days", std::move(days)},
                                        {"totals", totals}}) +
           "\n";
}

std::string file_text(const archive::verified_file& file) {
    const auto& name = file.file.name;
    std::string text;
    for (const auto& one : file.differences.kept())
        text += one.at.row > 0
                    ? fmt::format("{}: row {}, byte {}: {}\n", name, one.at.row, one.at.byte, one.description)
                    : fmt::format("{}: {}\n", name, one.description);
    const auto& kept = file.differences.kept();
    const bool places = std::ranges::any_of(kept, [](const auto& one) { return one.at.row > 0; });
    if (const auto more = file.differences.count() - kept.size(); more > 0 && places)
        text += fmt::format("{}: and {} more\n", name, grouped(more));
    if (file.gone)
        text += fmt::format("{}: was deleted during the run\n", name);
    else if (file.file.state == file_state::pending)
        text += fmt::format("{}: {} of {} rows {}: `event-archiver recover` tells\n", name,
                            grouped(file.file.rows_pending), grouped(file.rows),
                            file.file.note.empty() ? "perhaps not committed" : file.file.note);
    else if (file.file.state == file_state::foreign)
        text += fmt::format("{}: {}; it has no recorded number of rows and no checksum to compare with\n",
                            name, file.file.note);
    return text;
}

} // namespace

std::string render_verification(const archive::verification& found, const std::string& path,
                                output_format format, std::size_t width, const lake::day_range& asked) {
    if (format == output_format::json)
        return verification_json(found, path);
    if (found.files.empty())
        return fmt::format("no archived day{} in {}\n", words_of(asked), path);
    std::string text;
    for (const auto& file : found.files)
        text += file_text(file);
    text += fmt::format("{}, {}, {} in {}: {}\n", counted(found.files.size(), "file"),
                        counted(found.rows, "row"), short_bytes(static_cast<double>(found.bytes)), path,
                        found.differences == 0 ? std::string("no differences")
                                               : counted(found.differences, "difference"));
    return printable_lines(wrapped_lines(text, width));
}

} // namespace app
