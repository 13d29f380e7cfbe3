#include "exports/settle/evidence.hpp"

#include "csv/dialect.hpp"
#include "db/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace exports {

namespace {

constexpr std::size_t rows_max = 8;
constexpr std::uint64_t rows_between = 4;     // rows 1, 4, 16, …
constexpr std::size_t key_bytes_max = 128;    // of one row
constexpr std::size_t text_bytes_max = 4'096; // a blob's metadata may have 8 KiB
constexpr std::string_view format = "1";

bool stands_as_it_is(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
           each == '_' || each == '-' || each == '.';
}

std::string encoded(std::string_view text) {
    std::string made;
    for (const char each : text)
        made += stands_as_it_is(each) ? std::string(1, each)
                                      : fmt::format("%{:02x}", static_cast<unsigned char>(each));
    return made;
}

std::string encoded(const std::vector<std::string>& texts) {
    std::string made;
    for (const auto& each : texts)
        made += (made.empty() ? "" : ",") + ("'" + encoded(each)); // so that an empty one shows
    return made;
}

std::uint64_t hexadecimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value, 16);
    if (text.empty() || read.ec != std::errc() || read.ptr != end)
        throw std::invalid_argument("its evidence has an invalid number");
    return value;
}

std::string decoded(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const bool plain = text.front() != '%';
        if (!plain && text.size() < 3)
            throw std::invalid_argument("its evidence is cut off");
        made += plain ? text.front() : static_cast<char>(hexadecimal(text.substr(1, 2)));
        text.remove_prefix(plain ? 1 : 3);
    }
    return made;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(at), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::vector<std::string> list_from(std::string_view text) {
    std::vector<std::string> list;
    for (const auto each : split(text, ',')) {
        if (!each.starts_with('\''))
            throw std::invalid_argument("its evidence has an invalid list");
        list.push_back(decoded(each.substr(1)));
    }
    return list;
}

bool is_among(const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
}

} // namespace

std::string text_of(const file_evidence& known) {
    if (known.rows.empty())
        return {};
    auto text = fmt::format("{};{};{};{};{}", format, encoded(known.table), encoded(known.columns),
                            encoded(known.key), encoded(known.time_zone));
    for (const auto& row : known.rows)
        text += fmt::format(";{:016x},{}", row.crc, encoded(row.key));
    return text.size() <= text_bytes_max ? text : std::string();
}

file_evidence evidence_from(std::string_view text) {
    const auto parts = split(text, ';');
    if (parts.size() < 6 || parts[0] != format)
        throw std::invalid_argument("its evidence is of a format that is not known");
    file_evidence known;
    known.table = decoded(parts[1]);
    known.columns = list_from(parts[2]);
    known.key = list_from(parts[3]);
    known.time_zone = decoded(parts[4]);
    for (auto at = parts.begin() + 5; at != parts.end(); ++at) {
        row_evidence row;
        row.crc = hexadecimal(at->substr(0, 16));
        row.key = list_from(at->substr(std::min<std::size_t>(17, at->size())));
        if (row.key.size() != known.key.size())
            throw std::invalid_argument("its evidence has a key of another size");
        known.rows.push_back(std::move(row));
    }
    if (known.table.empty() || known.columns.empty() || known.key.empty())
        throw std::invalid_argument("its evidence names no table");
    return known;
}

std::optional<file_evidence> readable_evidence(const std::string& text) {
    try {
        return evidence_from(text);
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

std::string look_sql(const file_evidence& known, std::span<const row_evidence> rows) {
    std::string columns;
    for (const auto& each : known.columns)
        columns += (columns.empty() ? "t." : ", t.") + db::connection::identifier(each);
    std::string condition;
    for (const auto& row : rows) {
        condition += &row == &rows.front() ? "(" : ") OR (";
        for (std::size_t at = 0; at < known.key.size(); ++at)
            condition +=
                fmt::format("{}t.{} OPERATOR(pg_catalog.=) {}", at == 0 ? "" : " AND ",
                            db::connection::identifier(known.key[at]), db::connection::literal(row.key[at]));
    }
    condition += ")";
    return fmt::format("COPY (SELECT {} FROM {} AS t WHERE {}) TO STDOUT (FORMAT csv)", columns, known.table,
                       condition);
}

evidence_taker::evidence_taker(const comparison& how, const target_table& target, bool plain_dialect,
                               std::string time_zone) {
    const auto key = std::ranges::find_if(target.keys, [&how](const auto& each) {
        return std::ranges::all_of(each, [&how](const auto& name) { return is_among(how.columns, name); });
    });
    if (!plain_dialect || key == target.keys.end())
        return;
    taken_ = {target.name, how.columns, *key, std::move(time_zone), {}};
    for (const auto& name : *key)
        positions_.push_back(
            static_cast<std::size_t>(std::ranges::find(how.columns, name) - how.columns.begin()));
}

void evidence_taker::add(std::string_view row) {
    if (++seen_ < next_ || positions_.empty() || taken_.rows.size() >= rows_max)
        return;
    row_evidence found;
    std::size_t bytes = 0;
    try {
        const auto fields = csv::split_row(row);
        for (const auto position : positions_) {
            found.key.push_back(fields.at(position));
            bytes += found.key.back().size();
        }
    } catch (const std::logic_error&) { // it is not a row of ours: the digests will differ
        return;
    }
    if (bytes > key_bytes_max)
        return;
    found.crc = lake::content_hash(row);
    taken_.rows.push_back(std::move(found));
    texts_.emplace_back(row.size() <= text_bytes_max ? row : std::string_view());
    next_ = seen_ * rows_between;
}

} // namespace exports
