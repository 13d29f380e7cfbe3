#include "csv/file_scanner.hpp"

#include <utility>

namespace csv {

namespace {

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

file_scanner::file_scanner(bool compressed, row_scanner::row_sink sink, line_ends allowed)
    : rows_(std::move(sink), allowed) {
    if (compressed)
        expander_.emplace();
}

void file_scanner::feed(std::span<const std::byte> stored) {
    if (!expander_) {
        rows_.feed(text_of(stored));
        return;
    }
    expander_->feed(stored);
    for (auto piece = expander_->next(); !piece.empty(); piece = expander_->next())
        rows_.feed(text_of(piece));
}

void file_scanner::finish() {
    if (expander_)
        expander_->finish();
    rows_.finish();
}

} // namespace csv
