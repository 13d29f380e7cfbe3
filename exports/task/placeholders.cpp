#include "exports/task/placeholders.hpp"

#include "db/sql/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace exports {

namespace {

constexpr std::string_view placeholder = "%(export_boundary)s";
constexpr std::string_view named = "%(export_boundary)";
constexpr std::size_t shown_max = 40;

std::size_t line_at(std::string_view text, std::size_t position) {
    return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, position), '\n'));
}

// The text in place of a placeholder, as far as it can be shown.
std::string shown(std::string_view rest) {
    const auto end = rest.find(')');
    auto part = rest.substr(0, end == std::string_view::npos ? 2 : end + 2);
    const auto printable = std::ranges::find_if(part, [](char each) { return each < ' ' || each > '~'; });
    part =
        part.substr(0, std::min<std::size_t>(static_cast<std::size_t>(printable - part.begin()), shown_max));
    return std::string(part);
}

std::string mistake_at(std::string_view sql, std::size_t position) {
    const auto rest = sql.substr(position);
    const auto line = line_at(sql, position);
    if (rest.starts_with(named))
        return fmt::format("line {}: '{}' lacks the 's' at its end: write {}", line, named, placeholder);
    if (rest.starts_with("%("))
        return fmt::format("line {}: there is no '{}': the one placeholder is {}", line, shown(rest),
                           placeholder);
    return fmt::format(
        "line {}: '{}' is not a placeholder: write '%%' for a percent sign, {} for the boundary", line,
        shown(rest), placeholder);
}

} // namespace

bound_sql bind_boundary(std::string_view sql, std::string_view boundary) {
    if (sql.starts_with(db::byte_order_mark))
        sql.remove_prefix(db::byte_order_mark.size());
    bound_sql bound;
    bound.text.reserve(sql.size() + boundary.size());
    for (std::size_t at = 0; at < sql.size();) {
        const auto percent = std::min(sql.find('%', at), sql.size());
        bound.text += sql.substr(at, percent - at);
        const auto rest = sql.substr(percent);
        if (rest.empty())
            break;
        if (rest.starts_with(placeholder)) {
            bound.text += boundary;
            at = percent + placeholder.size();
        } else if (rest.starts_with("%%")) {
            bound.text += '%';
            at = percent + 2;
        } else {
            return {{}, mistake_at(sql, percent)};
        }
    }
    return bound;
}

} // namespace exports
