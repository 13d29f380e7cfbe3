#include "csv/day_prefix.hpp"

#include "async/error.hpp"

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

} // namespace csv
