#include "lake/content/file_reading.hpp"

#include "azure/blob/crc64.hpp"

#include <stdexcept>

namespace lake {

file_reading::file_reading(const expected_file& expected, bool compressed, difference_list& found,
                           row_sink take, std::uint64_t row_bytes_max)
    : found_(found)
    , take_(std::move(take))
    , scanner_(
          compressed, [this](std::string_view line) { take_line(line); }, csv::line_ends::lf, row_bytes_max)
    , judge_(expected) {}

template <typename Step>
void file_reading::guarded(Step step) {
    if (broken_)
        return;
    try {
        step();
    } catch (const csv::malformed& broken) {
        broken_ = true;
        found_.add(difference_kind::malformed, {broken.row, broken.byte}, broken.reason);
    } catch (const std::invalid_argument& broken) { // of the compression
        broken_ = true;
        found_.add(difference_kind::malformed, {lines_ + 1, offset_}, broken.what());
    }
}

void file_reading::feed(std::span<const std::byte> stored) {
    give(stored);
    while (step()) {
    }
}

void file_reading::give(std::span<const std::byte> stored) {
    crc_ = azure::crc64(crc_, stored);
    bytes_ += stored.size();
    guarded([&] { scanner_.give(stored); });
}

bool file_reading::step() {
    bool more = false;
    guarded([&] { more = scanner_.step(); });
    return more;
}

void file_reading::finish() {
    guarded([&] { scanner_.finish(); });
    if (lines_ == 0 && !broken_)
        found_.add(difference_kind::header, {}, "it is empty");
}

void file_reading::take_line(std::string_view line) {
    if (++lines_ > 1)
        take_row(line);
    else if (auto mistake = judge_.take_header(line); !mistake.empty())
        found_.add(difference_kind::header, {1, 0}, std::move(mistake));
    offset_ += line.size();
}

void file_reading::take_row(std::string_view line) {
    ++rows_;
    const auto mistake = judge_.judge(line);
    if (mistake)
        found_.add(mistake->kind, {lines_, offset_ + mistake->byte}, mistake->description);
    if (!mistake || mistake->kind == difference_kind::wrong_day)
        take_({{lines_, offset_}, line, judge_.key()});
}

} // namespace lake
