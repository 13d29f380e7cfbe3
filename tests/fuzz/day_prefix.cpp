// Either the line is refused, or the day and the row, put together again, are the line.
#include "csv/day_prefix.hpp"

#include "async/error.hpp"
#include "tests/fuzz/check.hpp"

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    try {
        const auto [day, row] = csv::split_day(line);
        check(row.data() + row.size() == line.data() + line.size(), "the row is the end of the line");
        const std::string prefix(line.substr(0, line.size() - row.size()));
        check(prefix.ends_with(','), "a comma stands before the row");
        check(day.has_value() == (prefix.size() > 1), "only an empty field is no day");
        check(!day || std::strtoll(prefix.c_str(), nullptr, 10) == *day, "the day is the number in front");

        csv::day_splitter days;
        for (const std::string_view each : {std::string_view("19782,a\n"), line, line}) {
            const auto again = days.split(each);
            const auto alone = csv::split_day(each);
            check(again.day == alone.day && again.row == alone.row, "the line before changes nothing");
        }
    } catch (const async::error& problem) {
        check(problem.kind() == async::failure::internal, "a line without day is a bug of the query");
    }
    return 0;
}
