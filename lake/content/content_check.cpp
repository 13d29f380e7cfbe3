#include "lake/content/content_check.hpp"

#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/folder/treatment.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace lake {

using async::failure;

namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";

std::string_view text_in(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string mend_or_move(const expected_file& expected) {
    const auto day = expected.which.text();
    return fmt::format(
        "Fix the file, or move it away. `event-archiver verify --from {0} --to {0}` lists what is"
        " wrong.",
        day);
}

async::error in_the_way(const std::string& name, std::string why, std::string hint) {
    return refused(name, "appended to", {failure::precondition, std::move(why), std::move(hint)});
}

} // namespace

content_check::content_check(std::string name, bool compressed, const expected_file& expected, row_sink rows,
                             std::uint64_t row_bytes_max)
    : name_(std::move(name))
    , compressed_(compressed)
    , expected_(expected)
    , judge_(expected)
    , rows_(std::move(rows))
    , scanner_(
          compressed, [this](std::string_view line) { take_line(line); }, csv::line_ends::lf_or_crlf,
          row_bytes_max) {
    (void)judge_.take_header(expected.header); // the file's own must be the same
}

template <typename Step>
void content_check::guarded(Step step) const {
    try {
        step();
    } catch (const std::invalid_argument& broken) {
        throw in_the_way(name_, fmt::format("it is not well-formed CSV: {}", broken.what()),
                         mend_or_move(expected_));
    }
    if (!mistake_.empty())
        throw in_the_way(name_, mistake_, "Move the file away; the new rows then begin a new one.");
}

void content_check::feed(std::span<const std::byte> stored) {
    give(stored);
    while (step()) {
    }
}

void content_check::give(std::span<const std::byte> stored) {
    if (bytes_ == 0 && !compressed_ && text_in(stored).starts_with(gzip_magic))
        throw in_the_way(name_, "it is compressed with gzip, but its name does not say so",
                         "Rename it to end in .csv.gz, or unpack it.");
    crc_ = azure::crc64(crc_, stored);
    bytes_ += stored.size();
    guarded([&] { scanner_.give(stored); });
}

bool content_check::step() {
    bool more = false;
    guarded([&] { more = scanner_.step(); });
    return more;
}

void content_check::finish() {
    guarded([&] { scanner_.finish(); });
    // A gzip member can be followed by another one, but not changed.
    if (compressed_ && crlf_lines_ > 0)
        throw in_the_way(name_, "its lines end in CRLF, and it is compressed",
                         "Unpack it, change its line ends (dos2unix), compress it and upload it again.");
}

// A row may be as large as memory allows: it is copied at most once, and not kept.
std::string_view content_check::as_copy_ends_it(std::string_view line) {
    const bool crlf = csv::ends_in_crlf(line);
    crlf_lines_ += crlf ? 1 : 0;
    if (!crlf && !gathering_)
        return line;
    auto& copy = gathering_ ? gathered_ : line_;
    if (!gathering_)
        copy = std::string();
    const auto begin = copy.size();
    copy.append(line.substr(0, line.size() - (crlf ? 2 : 0)));
    if (crlf)
        copy.push_back('\n');
    return std::string_view(copy).substr(begin);
}

void content_check::note_csv(std::string_view line) {
    csv_crc_ = azure::crc64(csv_crc_, bytes_of(line));
    const bool whole = line.ends_with('\n') && !csv::ends_in_crlf(line);
    const auto fields = line.substr(0, line.size() - (whole ? 1 : 0));
    const bool quoted = line.find('"') != std::string_view::npos;
    as_copied_ = as_copied_ && whole && (lines_ > 0 || line == expected_.header) &&
                 (!quoted || csv::as_copy_quotes(fields) == fields);
}

void content_check::take_line(std::string_view line) {
    const auto size = line.size();
    if (compressed_)
        note_csv(line);
    line = as_copy_ends_it(line);
    ends_with_newline_ = line.ends_with('\n');
    if (lines_++ == 0)
        mistake_ = csv::header_mistake(line, expected_.header);
    else
        take_row(line);
    offset_ += size;
}

void content_check::take_row(std::string_view line) {
    if (!mistake_.empty()) // of the header: it is told once this piece has been gone through
        return;
    if (!trusting_)
        if (const auto wrong = judge_.judge(line))
            throw does_not_belong(*wrong);
    if (rows_)
        rows_(line);
}

async::error content_check::does_not_belong(const row_mistake& wrong) const {
    return in_the_way(name_,
                      fmt::format("it is not well-formed CSV: {}, in row {}, at byte {}", wrong.description,
                                  lines_, offset_ + wrong.byte),
                      mend_or_move(expected_));
}

std::string content_check::take_lines() { return std::exchange(gathered_, std::string()); }

} // namespace lake
