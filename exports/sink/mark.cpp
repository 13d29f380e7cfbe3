#include "exports/sink/mark.hpp"

#include "lake/mark/mark_record.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace exports {

namespace {

using lake::mark_text::field;
using lake::mark_text::number;

constexpr std::string_view format_version = "1";

// A line each: evidence has commas. No value is empty.
lake::mark_text::field_map fields_of(std::string_view text) {
    lake::mark_text::field_map values;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        const auto equals = line.find('=');
        if (end == std::string_view::npos || equals == std::string_view::npos)
            throw std::invalid_argument("a line is not name=value");
        if (equals + 1 == line.size())
            throw std::invalid_argument(fmt::format("'{}' is missing", line.substr(0, equals)));
        if (!values.emplace(line.substr(0, equals), line.substr(equals + 1)).second)
            throw std::invalid_argument("a name is given twice");
        text.remove_prefix(end + 1);
    }
    return values;
}

file_mark read(std::string_view text) {
    const auto values = fields_of(text);
    if (field(values, "format") != format_version)
        throw std::invalid_argument("it is of a format that a newer event-archiver writes");
    file_mark mark;
    mark.task = field(values, "task");
    mark.author = lake::transaction_from(values);
    mark.rows = number(field(values, "rows"));
    mark.bytes = number(field(values, "bytes"));
    mark.csv_bytes = number(field(values, "csv_bytes"));
    mark.crc = number(field(values, "crc"), 16);
    (void)number(mark.author.transaction);
    if (const auto evidence = values.find("evidence"); evidence != values.end())
        mark.evidence = evidence->second;
    return mark;
}

// The archive's field for a table: no name of a table begins so.
constexpr std::string_view table_prefix = "export/";

} // namespace

std::string text_of(const file_mark& mark) {
    const auto& at = mark.author.position;
    // Not at the end: a mark that lost its end must not look like one without evidence.
    const auto evidence = mark.evidence.empty() ? std::string() : fmt::format("evidence={}\n", mark.evidence);
    const auto started = at.started == 0 ? std::string() : fmt::format("started={}\n", at.started);
    return fmt::format("format={}\ntask={}\nrun={}\nxid={}\ncluster={}\ndatabase={}\ntimeline={}\nlsn={}\n"
                       "{}{}rows={}\nbytes={}\ncsv_bytes={}\ncrc={:016x}\n",
                       format_version, mark.task, mark.author.run, mark.author.transaction, at.cluster,
                       at.database, at.timeline, at.lsn, started, evidence, mark.rows, mark.bytes,
                       mark.csv_bytes, mark.crc);
}

std::variant<file_mark, std::string> mark_from(std::string_view text) {
    try {
        return read(text);
    } catch (const std::invalid_argument& mistake) {
        return std::string(mistake.what());
    }
}

lake::file_mark for_lake(const file_mark& mark) {
    lake::file_mark stored;
    stored.table = lake::table_in_mark(std::string(table_prefix) + mark.task);
    stored.pending = true;
    stored.now.bytes = mark.bytes;
    stored.now.uncompressed = mark.csv_bytes;
    stored.now.rows = mark.rows;
    stored.now.crc = mark.crc;
    stored.now.run = mark.author.run;
    stored.now.transaction = mark.author.transaction;
    stored.now.position = mark.author.position;
    return stored;
}

file_mark from_lake(const lake::file_mark& mark) {
    file_mark read;
    read.task = mark.table.starts_with(table_prefix) ? mark.table.substr(table_prefix.size()) : std::string();
    read.author = {mark.now.run, mark.now.transaction, mark.now.position};
    read.rows = mark.now.rows;
    read.bytes = mark.now.bytes;
    read.csv_bytes = mark.now.uncompressed;
    read.crc = mark.now.crc;
    return read;
}

} // namespace exports
