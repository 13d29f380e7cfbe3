// The first byte says how the rest is cut. The rows, and the mistake, are those of the naive scanner; a row
// that passes has fields.
#include "csv/row_scanner.hpp"

#include "csv/dialect.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/unit/csv/scanned.hpp"

#include <numeric>

namespace {

void check_row(std::string_view row) {
    const auto fields = csv::split_row(row);
    std::string storage;
    check(csv::first_field(row, storage) == fields.front(), "the first field is the first of all fields");
    check(csv::split_row(csv::header_line(fields)) == fields, "fields survive being written again");
    (void)csv::header_mistake(row, "id,event_id,payload\n");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto expected = csv::naive_scan(input);

    std::size_t step = data[0];
    const auto cut = csv::scanned(input, [&] { return step = step * 7 % 131 + 1; });
    check(cut == expected, "cut anywhere, the rows are those of the naive scanner");
    check(csv::scanned(input, [&] { return input.size(); }) == expected, "uncut, too");
    const auto cut_crlf = csv::scanned(
        input, [&] { return step = step * 7 % 131 + 1; }, csv::line_ends::lf_or_crlf);
    check(cut_crlf == csv::naive_scan(input, true), "the same where rows may end in CRLF");

    if (expected.mistake.empty())
        check(std::accumulate(expected.rows.begin(), expected.rows.end(), std::string()) == input,
              "the rows together are the input");
    for (const auto& row : expected.rows)
        check_row(row);
    try {
        (void)csv::split_row(input);
    } catch (const std::invalid_argument&) {
        // The refusal that the header promises.
    }
    (void)csv::header_mistake(input, "id,event_id,payload\n");
    return 0;
}
