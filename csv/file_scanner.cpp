#include "csv/file_scanner.hpp"

#include <utility>

namespace csv {

namespace {

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

file_scanner::file_scanner(bool compressed, row_scanner::row_sink sink, line_ends allowed,
                           std::uint64_t bytes_max)
    : rows_(std::move(sink), allowed, bytes_max) {
    if (compressed)
        expander_.emplace();
}

void file_scanner::feed(std::span<const std::byte> stored) {
    give(stored);
    while (step()) {
    }
}

void file_scanner::give(std::span<const std::byte> stored) {
    if (expander_)
        expander_->feed(stored);
    else
        given_ = stored;
}

bool file_scanner::step() {
    const auto piece = expander_ ? expander_->next() : std::exchange(given_, {});
    rows_.feed(text_of(piece));
    return !piece.empty();
}

void file_scanner::finish() {
    if (expander_)
        expander_->finish();
    rows_.finish();
}

} // namespace csv
