#include "csv/day_prefix.hpp"

#include "async/error.hpp"

#include <algorithm>
#include <charconv>

namespace csv {

dated_row split_day(std::string_view line) {
    if (line.starts_with(','))
        return {std::nullopt, line.substr(1)};

    std::int32_t day = 0;
    const char* const end = line.data() + line.size();
    const auto [after, problem] = std::from_chars(line.data(), end, day);
    if (problem != std::errc() || after == end || *after != ',')
        throw async::error(async::failure::internal, "a row does not begin with the number of its day");
    return {day, line.substr(static_cast<std::size_t>(after - line.data()) + 1)};
}

dated_row day_splitter::split_and_remember(std::string_view line) {
    prefix_size_ = 0;
    const auto dated = split_day(line);
    const auto prefix = line.substr(0, line.size() - dated.row.size());
    if (prefix.size() <= prefix_.size()) {
        std::ranges::copy(prefix, prefix_.begin());
        prefix_size_ = prefix.size();
        day_ = dated.day;
    }
    return dated;
}

} // namespace csv
