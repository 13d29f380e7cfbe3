// A day file as anybody could have written it. However it is cut, verify finds the same; and rows go behind
// it only if verify finds nothing wrong but its line ends.
#include "lake/content/file_reading.hpp"

#include "async/error.hpp"
#include "lake/content/content_check.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace {

constexpr std::uint64_t row_bytes_max = 200;

const lake::expected_file expected{
    *lake::day::from_text("2024-02-29"), "id,created_at,payload\n", 0, "created_at", {{"id", "integer"}}};

struct result {
    std::string found; // differences and rows
    std::string wrong; // what verify finds wrong, if anything
    bool too_large = false;
    bool operator==(const result&) const = default;
};

template <typename Reader, typename Step>
void feed(Reader& reader, std::string_view text, Step next_step) {
    while (!text.empty()) {
        const std::string piece(text.substr(0, next_step()));
        reader.feed(std::as_bytes(std::span(piece)));
        text.remove_prefix(piece.size());
    }
    reader.finish();
}

template <typename Step>
result verified(std::string_view text, Step next_step) {
    result made;
    lake::difference_list found;
    const auto take = [&made](const lake::placed_row& row) {
        made.found.append(row.text).append("=");
        for (const auto& field : row.key)
            made.found.append(field).append("/");
        made.found.append("@").append(std::to_string(row.at.byte));
    };
    lake::file_reading reading(expected, false, found, take, row_bytes_max);
    try {
        feed(reading, text, next_step);
    } catch (const csv::row_too_large& row) {
        made.too_large = true;
        made.found += row.what();
        return made;
    }
    for (const auto& one : found.kept()) {
        check(one.at.byte <= text.size(), "a place lies in the file");
        made.found.append(one.description).append("@").append(std::to_string(one.at.byte));
        made.wrong += one.description + "; ";
    }
    check(reading.bytes() == text.size(), "all bytes are counted");
    return made;
}

// Why nothing may be appended: empty if it may.
template <typename Step>
std::string checked(std::string_view text, Step next_step) {
    std::string rows;
    const auto take = [&rows](std::string_view row) { rows += row; };
    lake::content_check check_of("a.csv", false, expected, take, row_bytes_max);
    check_of.gather_lines();
    try {
        feed(check_of, text, next_step);
    } catch (const async::error& refused) {
        return refused.message();
    } catch (const csv::row_too_large& row) {
        return row.what();
    }
    const auto lines = check_of.take_lines();
    check(lines.size() + check_of.crlf_lines() == text.size(), "only line ends are changed");
    check(lines.ends_with(rows), "the rows are the lines behind the header");
    return {};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto all = [size] { return size; };
    std::size_t step = data[0];
    const auto some = [&step] { return step = step * 7 % 61 + 1; };

    const auto whole = verified(text, all);
    check(verified(text, some) == whole, "cut anywhere, verify finds the same");
    const auto refused = checked(text, all);
    check(checked(text, some).empty() == refused.empty(), "cut anywhere, the same files are appended to");

    if (!whole.too_large && whole.wrong.empty())
        check(refused.empty(), "what verify finds nothing wrong with is appended to");
    const bool windows = text.find("\r\n") != std::string_view::npos;
    if (refused.empty() && !windows && !text.empty()) {
        const bool header_alone =
            text.find('\n') == std::string_view::npos; // its newline comes with our rows
        check(header_alone || (whole.wrong.empty() && !whole.too_large),
              "what is appended to is right to verify");
    }
    return 0;
}
