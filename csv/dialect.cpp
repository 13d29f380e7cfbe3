#include "csv/dialect.hpp"

#include "csv/field.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace csv {

namespace {

// The rule of CopyAttributeOutCSV (copyto.c). A lone \. is quoted because it once ended a copy.
bool needs_quotes(std::string_view name, bool alone) {
    return name.empty() || name.find_first_of(",\"\n\r") != std::string_view::npos ||
           (alone && name == "\\.");
}

// 1,600 columns with names of 63 quotes, each doubled, are less. What is longer is not split into its fields:
// each costs more memory than its comma.
constexpr std::size_t header_bytes_max = std::size_t{256} * 1024;

std::string quoted(std::string_view name) {
    std::string result = "\"";
    for (const char c : name)
        result.append(c == '"' ? 2 : 1, c);
    return result + '"';
}

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

// A spreadsheet may write another separator when it saves the file again.
std::string_view other_separator(std::string_view actual, std::string_view expected) {
    const auto equal_but_for = [&](char separator) {
        return std::equal(actual.begin(), actual.end(), expected.begin(), expected.end(),
                          [&](char a, char e) { return a == (e == ',' ? separator : e); });
    };
    return equal_but_for(';') ? "semicolons" : equal_but_for('\t') ? "tabs" : "";
}

// Names only columns that are expected: if there is no header, the first line is a row, and values of rows
// appear in no message.
std::string column_mistake(const std::vector<std::string>& actual, const std::vector<std::string>& expected) {
    std::vector<std::string> missing;
    for (const auto& column : expected)
        if (std::find(actual.begin(), actual.end(), column) == actual.end())
            missing.push_back(column);

    if (missing.size() == expected.size())
        return "it is not a header: it names none of the expected columns";
    if (!missing.empty())
        return fmt::format("it lacks the column{} '{}'", missing.size() == 1 ? "" : "s",
                           fmt::join(missing, "', '"));
    if (actual.size() != expected.size())
        return fmt::format("it has {} columns instead of {}", actual.size(), expected.size());
    if (actual != expected)
        return "its columns are in another order";
    return "it quotes names that COPY does not quote";
}

} // namespace

std::string header_line(const std::vector<std::string>& columns) {
    std::string line;
    for (const auto& column : columns) {
        if (!line.empty())
            line += ',';
        line += needs_quotes(column, columns.size() == 1) ? quoted(column) : column;
    }
    return line + '\n';
}

std::vector<std::string> split_row(std::string_view row) {
    std::vector<std::string> fields;
    for (std::size_t begin = 0;;) {
        const auto found = read_field(row, begin);
        fields.push_back(undoubled(found));
        if (found.end == row.size())
            return fields;
        if (row[found.end] == '\n') {
            if (found.end + 1 != row.size())
                throw std::invalid_argument(
                    fmt::format("a newline outside quotes, at byte {} of the row", found.end));
            return fields;
        }
        begin = found.end + 1;
    }
}

std::string as_copy_quotes(std::string_view row) {
    std::string result;
    for (std::size_t begin = 0;;) {
        const auto found = read_field(row, begin);
        const bool alone = begin == 0 && found.end == row.size();
        const auto text = undoubled(found);
        // An empty field without quotes is NULL and stays NULL.
        const bool was_quoted = begin < row.size() && row[begin] == '"';
        result += was_quoted && needs_quotes(text, alone) ? quoted(text) : text;
        if (found.end == row.size())
            return result;
        result += ',';
        begin = found.end + 1;
    }
}

std::string header_mistake(std::string_view actual, std::string_view expected) {
    actual = without_byte_order_mark(actual);
    if (actual == expected)
        return {};
    if (actual.empty())
        return "it is empty";

    const auto names = without_line_end(actual);
    const auto expected_names = without_line_end(expected);
    if (names == expected_names)
        return actual.ends_with("\r\n") ? "it ends in CRLF instead of LF"
               : actual.ends_with('\r') ? "it ends in CR instead of LF"
                                        : "it has no newline at its end";
    if (const auto separator = other_separator(names, expected_names); !separator.empty())
        return fmt::format("it separates the columns by {} instead of commas", separator);
    if (names.size() > header_bytes_max)
        return "it is not a header: it is longer than the names of all columns a table can have";
    try {
        return column_mistake(split_row(names), split_row(expected_names));
    } catch (const std::invalid_argument& problem) {
        return fmt::format("it is not the CSV that COPY writes: {}", problem.what());
    }
}

} // namespace csv
