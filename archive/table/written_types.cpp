#include "archive/table/written_types.hpp"

#include "async/ascii.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

namespace archive {

namespace {

constexpr std::array<std::string_view, 30> plain_types{"smallint",
                                                       "integer",
                                                       "bigint",
                                                       "numeric",
                                                       "real",
                                                       "double precision",
                                                       "boolean",
                                                       "text",
                                                       "character varying",
                                                       "bpchar",
                                                       "name",
                                                       "\"char\"",
                                                       "bytea",
                                                       "uuid",
                                                       "json",
                                                       "jsonb",
                                                       "xml",
                                                       "date",
                                                       "timestamp without time zone",
                                                       "timestamp with time zone",
                                                       "time without time zone",
                                                       "time with time zone",
                                                       "interval",
                                                       "inet",
                                                       "cidr",
                                                       "macaddr",
                                                       "money",
                                                       "oid",
                                                       "text[]",
                                                       "bit varying"};

std::uint64_t extended(std::uint64_t crc, std::string_view text) {
    return azure::crc64(crc, std::as_bytes(std::span(text)));
}

std::string line_of(std::string_view name, std::string_view type) {
    return fmt::format("{}\n{}\n", name, type);
}

std::vector<std::string> known_types() {
    std::vector<std::string> all(plain_types.begin(), plain_types.end());
    constexpr int longest = 1024;
    for (int length = 1; length <= longest; ++length) {
        all.push_back(fmt::format("character varying({})", length));
        all.push_back(fmt::format("character({})", length));
    }
    constexpr int digits = 38;
    constexpr int decimals = 12;
    for (int precision = 1; precision <= digits; ++precision)
        for (int scale = 0; scale <= std::min(precision, decimals); ++scale)
            all.push_back(fmt::format("numeric({},{})", precision, scale));
    constexpr int of_seconds = 6;
    for (int places = 0; places <= of_seconds; ++places)
        for (const std::string_view zone : {"without", "with"})
            all.push_back(fmt::format("timestamp({}) {} time zone", places, zone));
    return all;
}

std::vector<std::string> names_of(std::span<const typed_column> columns) {
    std::vector<std::string> names;
    for (const auto& each : columns)
        names.push_back(each.name);
    return names;
}

bool is_padded(std::string_view type) { return type == "bpchar" || type.starts_with("character("); }

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char each) { return static_cast<unsigned char>(each) < 0x80; });
}

using is_match = std::function<bool(std::span<const std::uint32_t>)>;

// How many selections are tried for a text of `lines` lines. The program does nothing else meanwhile.
std::size_t tries_of(std::size_t lines) {
    constexpr std::size_t lines_max = 200'000;
    return lines_max / (lines + 1);
}

// Tries the selections of some labels: all of them if there are few, else those of one, then of two.
bool any_selection(std::span<const std::uint32_t> labels, std::size_t tries, const is_match& matches) {
    constexpr std::size_t few = 12;
    std::vector<std::uint32_t> chosen;
    if (labels.size() <= few) {
        for (std::uint32_t bits = 1; bits < std::uint32_t{1} << labels.size(); ++bits) {
            chosen.clear();
            for (std::size_t at = 0; at < labels.size(); ++at)
                if ((bits >> at & 1U) != 0)
                    chosen.push_back(labels[at]);
            if (matches(chosen))
                return true;
        }
        return false;
    }
    for (std::size_t apart = 0; apart < labels.size(); ++apart)
        for (std::size_t one = 0; one + apart < labels.size(); ++one) {
            if (tries-- == 0)
                return false;
            chosen = {labels[one]};
            if (apart > 0)
                chosen.push_back(labels[one + apart]);
            if (matches(chosen))
                return true;
        }
    return false;
}

} // namespace

std::uint64_t types_checksum(std::span<const typed_column> columns, std::string_view definitions) {
    std::uint64_t crc = 0;
    for (const auto& each : columns)
        crc = extended(crc, line_of(each.name, each.type));
    return definitions.empty() ? crc : extended(crc, definitions);
}

labels_since labels_added(const db::server_position& then, const db::server_position& here) noexcept {
    return db::same_database(then, here) ? labels_since::the_latest : labels_since::any;
}

bool had_these_types(std::span<const typed_column> columns, const type_definitions& definitions,
                     std::uint64_t written, labels_since added) {
    const auto names = names_of(columns);
    const auto labels = definitions.labels();
    const auto matches = [&](std::span<const std::uint32_t> left_out) {
        return types_checksum(columns, definitions.text_of(names, left_out)) == written;
    };
    // The latest first: few are added.
    const auto tries = tries_of(definitions.lines.size());
    const auto left_out_max = std::min(labels.size(), tries);
    for (std::size_t left_out = 0; left_out <= left_out_max; ++left_out)
        if (matches(std::span(labels).last(left_out)))
            return true;
    return any_selection(added == labels_since::any ? labels : definitions.labels_made_together(), tries,
                         matches);
}

std::optional<earlier_type> type_when_written(std::span<const typed_column> columns,
                                              const type_definitions& definitions, std::uint64_t written) {
    const auto candidates = known_types();
    std::uint64_t before = 0; // of the columns in front
    std::string behind;
    for (std::size_t at = 0; at < columns.size(); ++at) {
        behind.clear();
        for (const auto& each : columns.subspan(at + 1))
            behind += line_of(each.name, each.type);
        auto others = names_of(columns);
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(at)); // a built-in type has no definition
        behind += definitions.text_of(others);
        // Up to the end of the column's line. So a candidate costs no walk over what stands behind it.
        const auto wanted = azure::crc64_in_front(written, extended(0, behind), behind.size());
        const auto named = extended(before, fmt::format("{}\n", columns[at].name));
        for (const auto& type : candidates)
            if (extended(extended(named, type), "\n") == wanted)
                return earlier_type{at, type};
        before = extended(before, line_of(columns[at].name, columns[at].type));
    }
    return std::nullopt;
}

bool may_read(std::string_view condition, std::string_view column, std::string_view row_name) {
    const auto text = async::lowercase(condition);
    // With U&"…" a name is spelled in another way; the case of other letters depends on the database.
    if (text.find("u&") != std::string::npos || text.find(row_name) != std::string::npos ||
        column.find('"') != std::string_view::npos || !is_ascii(column))
        return true;
    return text.find(async::lowercase(column)) != std::string::npos;
}

bool same_strings(std::string_view before, std::string_view today) {
    if (is_padded(before) || is_padded(today))
        return is_padded(before) && is_padded(today);
    return (before == "text" || before.starts_with("character varying")) && today != "name";
}

bool may_be_of_other_type(std::string_view text, text_kind today) {
    if (today == text_kind::own_form)
        return false;
    return today == text_kind::strings_inside || text.ends_with(' ') || text == "t" || text == "f";
}

} // namespace archive
