#include "archive/table/type_definitions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace archive {

namespace {

// However deep a type stands in others. Places are counted, since a dump that is restored numbers labels
// and attributes from 1. Sorted by bytes: databases have collations of their own.
constexpr std::string_view lines_sql =
    "WITH RECURSIVE used (name, oid) AS ("
    "  SELECT attname, atttypid FROM pg_attribute"
    "  WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
    "  UNION SELECT used.name, part.oid FROM used JOIN pg_type t ON t.oid = used.oid CROSS JOIN LATERAL ("
    "    SELECT t.typelem WHERE t.typelem <> 0::oid UNION SELECT t.typbasetype WHERE t.typbasetype <> 0::oid"
    "    UNION SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid"
    "    UNION SELECT atttypid FROM pg_attribute"
    "          WHERE attrelid = t.typrelid AND t.typrelid <> 0::oid AND attnum > 0 AND NOT attisdropped"
    "  ) AS part (oid)),"
    " lines (kind, type, place, value, label, name, version) AS ("
    "  SELECT 'l'::text, format_type(e.enumtypid, NULL),"
    "         dense_rank() OVER (PARTITION BY e.enumtypid ORDER BY e.enumsortorder), e.enumlabel::text, "
    "e.oid,"
    "         u.name, e.xmin::text FROM pg_enum e JOIN used u ON u.oid = e.enumtypid"
    "  UNION ALL SELECT 'a', format_type(t.oid, NULL), dense_rank() OVER (PARTITION BY t.oid ORDER BY "
    "a.attnum),"
    "         format('%s %s', format_type(a.atttypid, a.atttypmod), a.attname), 0::oid, u.name, a.xmin::text"
    "  FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typrelid <> 0::oid"
    "  JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped"
    "  UNION ALL SELECT 'b', format_type(t.oid, NULL), 0, format_type(t.typbasetype, t.typtypmod), 0::oid,"
    "         u.name, t.xmin::text"
    "  FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typbasetype <> 0::oid"
    "  UNION ALL SELECT 'n', '', 0, '', 0::oid, u.name, '' FROM used u"
    "  WHERE format_type(u.oid, NULL) LIKE 'reg%')"
    " SELECT kind, type, place, value, label, name, version FROM lines"
    " ORDER BY kind, type COLLATE \"C\", place, name COLLATE \"C\"";

definition_line::kind kind_of(std::string_view letter) {
    if (letter == "l")
        return definition_line::kind::label;
    return letter == "a" ? definition_line::kind::attribute : definition_line::kind::base;
}

// `place`: of a label or an attribute among those that are counted.
std::string text_of_line(const definition_line& line, std::uint32_t place) {
    return line.what == definition_line::kind::base ? fmt::format("{} {}", line.type, line.value)
                                                    : fmt::format("{} {} {}", line.type, place, line.value);
}

} // namespace

std::string type_definitions::text() const {
    std::vector<std::string> columns;
    for (const auto& line : lines)
        columns.insert(columns.end(), line.columns.begin(), line.columns.end());
    return text_of(columns);
}

std::string type_definitions::text_of(std::span<const std::string> columns,
                                      std::span<const std::uint32_t> left_out) const {
    const auto is_wanted = [columns](const std::string& name) {
        return std::ranges::find(columns, name) != columns.end();
    };
    std::vector<std::string> texts;
    const definition_line* before = nullptr;
    std::uint32_t place = 0;
    for (const auto& line : lines) {
        if (before == nullptr || before->what != line.what || before->type != line.type)
            place = 0;
        before = &line;
        if (line.label != 0 && std::ranges::binary_search(left_out, line.label))
            continue;
        ++place;
        if (std::ranges::any_of(line.columns, is_wanted))
            texts.push_back(text_of_line(line, place));
    }
    std::ranges::sort(texts);
    return fmt::format("{}", fmt::join(texts, "\n"));
}

std::vector<std::uint32_t> type_definitions::labels() const {
    std::vector<std::uint32_t> oids;
    for (const auto& line : lines)
        if (line.label != 0)
            oids.push_back(line.label);
    std::ranges::sort(oids);
    return oids;
}

std::vector<std::uint32_t> type_definitions::labels_made_together() const {
    std::vector<std::uint32_t> oids;
    for (const auto& line : lines) {
        const auto is_other = [&line](const definition_line& one) {
            return one.label != 0 && one.type == line.type && one.version != line.version;
        };
        if (line.label != 0 && std::ranges::none_of(lines, is_other))
            oids.push_back(line.label);
    }
    std::ranges::sort(oids);
    return oids;
}

bool type_definitions::has(definition_line::kind what, std::string_view column) const {
    return std::ranges::any_of(lines, [what, column](const definition_line& line) {
        return line.what == what && std::ranges::find(line.columns, column) != line.columns.end();
    });
}

async::awaitable<type_definitions> read_definitions(db::connection& session, std::uint32_t table) {
    const std::string oid = std::to_string(table);
    const std::array parameters{db::parameter(oid)};
    const auto found = co_await session.query(std::string(lines_sql), parameters);
    type_definitions result;
    auto& lines = result.lines;
    for (int row = 0; row < found.rows(); ++row) {
        if (found.text(row, 0) == "n") {
            result.names_in_text = true;
            continue;
        }
        definition_line line;
        line.what = kind_of(found.text(row, 0));
        line.type = found.text(row, 1);
        line.place = static_cast<std::uint32_t>(found.integer(row, 2));
        line.value = found.text(row, 3);
        line.label = static_cast<std::uint32_t>(found.integer(row, 4));
        line.version = found.text(row, 6);
        if (lines.empty() || lines.back().what != line.what || lines.back().type != line.type ||
            lines.back().place != line.place)
            lines.push_back(std::move(line));
        lines.back().columns.emplace_back(found.text(row, 5));
    }
    co_return result;
}

} // namespace archive
