#include "archive/table/type_definitions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace archive {

namespace {

// However deep a type stands in others. Text does not depend on the names of attributes; conditions do.
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
    " lines (kind, line, label, name, version, attribute) AS ("
    "  SELECT 'l'::text, format('%s %s %s', format_type(e.enumtypid, NULL), e.enumsortorder, e.enumlabel),"
    "         e.oid, u.name, e.xmin::text, ''::text FROM pg_enum e JOIN used u ON u.oid = e.enumtypid"
    "  UNION ALL SELECT 'a', format('%s %s %s', format_type(t.oid, NULL), a.attnum,"
    "         format_type(a.atttypid, a.atttypmod)), 0::oid, u.name, a.xmin::text, ' ' || a.attname"
    "  FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typrelid <> 0::oid"
    "  JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped"
    "  UNION ALL SELECT 'b', format('%s %s', format_type(t.oid, NULL),"
    "         format_type(t.typbasetype, t.typtypmod)), 0::oid, u.name, t.xmin::text, ''"
    "  FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typbasetype <> 0::oid"
    "  UNION ALL SELECT 'n', '', 0::oid, u.name, '', '' FROM used u"
    "  WHERE format_type(u.oid, NULL) LIKE 'reg%')"
    " SELECT kind, line, label, name, version, attribute FROM lines ORDER BY line, kind, label, name";

definition_line::kind kind_of(std::string_view letter) {
    if (letter == "l")
        return definition_line::kind::label;
    return letter == "a" ? definition_line::kind::attribute : definition_line::kind::base;
}

void add_line(std::string& text, std::string_view line) {
    if (!text.empty())
        text += '\n';
    text += line;
}

} // namespace

std::string type_definitions::text() const {
    std::string text;
    for (const auto& line : lines)
        add_line(text, line.text);
    return text;
}

std::string type_definitions::text_of(std::span<const std::string> columns, std::uint64_t first_left_out,
                                      bool named) const {
    std::string text;
    const auto is_wanted = [columns](const std::string& name) {
        return std::ranges::find(columns, name) != columns.end();
    };
    for (const auto& line : lines)
        if (line.label < first_left_out && std::ranges::any_of(line.columns, is_wanted))
            add_line(text, named ? line.text : line.unnamed);
    return text;
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
        line.unnamed = found.text(row, 1);
        line.text = line.unnamed + std::string(found.text(row, 5));
        line.label = static_cast<std::uint32_t>(found.integer(row, 2));
        line.version = found.text(row, 4);
        if (lines.empty() || lines.back().text != line.text || lines.back().what != line.what)
            lines.push_back(std::move(line));
        lines.back().columns.emplace_back(found.text(row, 3));
    }
    co_return result;
}

} // namespace archive
