#include "csv/row_scanner.hpp"

#include "csv/block_masks.hpp"
#include "csv/field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace csv {

malformed::malformed(std::string_view problem, std::uint64_t at_row, std::uint64_t at_byte)
    : std::invalid_argument(fmt::format("{}, in row {}, at byte {}", problem, at_row, at_byte))
    , reason(problem)
    , row(at_row)
    , byte(at_byte) {}

row_too_large::row_too_large(std::uint64_t at_row, std::uint64_t at_byte, std::uint64_t allowed)
    : std::runtime_error(
          fmt::format("a row of more than {} bytes, in row {}, at byte {}", allowed, at_row, at_byte))
    , row(at_row)
    , byte(at_byte)
    , bytes_max(allowed) {}

row_scanner::row_scanner(row_sink sink, line_ends allowed, std::uint64_t bytes_max)
    : sink_(std::move(sink))
    , crlf_allowed_(allowed == line_ends::lf_or_crlf)
    , bytes_max_(bytes_max) {}

row_scanner::block_verdict row_scanner::scan_block(const char* bytes, std::size_t size) noexcept {
    block_masks at;
    if (size == block_size) {
        at = classify(bytes);
    } else {
        char padded[block_size] = {};
        std::memcpy(padded, bytes, size);
        at = classify(padded);
    }

    // A doubled quote closes and opens again, so parity alone tells inside from outside: `quoted` has a bit
    // for each byte from an opening quote up to, but not including, the closing one.
    const auto quoted = running_parity(at.quote) ^ (carry_.quoted ? ~std::uint64_t{0} : 0);
    const auto opening = at.quote & quoted;
    const auto closing = at.quote & ~quoted;
    const auto row_ends = at.newline & ~quoted;
    const auto may_open = at.comma | at.newline | closing;

    const auto after_closing = (closing << 1) | (carry_.after_closing ? 1U : 0U);
    const auto misplaced = opening & ~((may_open << 1) | (carry_.may_open ? 1U : 0U));
    auto trailing = after_closing & ~(at.comma | at.newline | at.quote);
    const auto in_block = ~std::uint64_t{0} >> (block_size - size);
    const auto returns = at.carriage_return & ~quoted;
    auto misplaced_returns = returns;
    if (crlf_allowed_) {
        trailing &= ~at.carriage_return;
        misplaced_returns = ((returns << 1) | (carry_.after_return ? 1U : 0U)) & ~at.newline;
    }

    const auto last = std::uint64_t{1} << (size - 1);
    carry_ = {(quoted & last) != 0, (may_open & last) != 0, (closing & last) != 0,
              crlf_allowed_ && (returns & last) != 0};
    return {row_ends, (misplaced | trailing | misplaced_returns) & in_block};
}

void row_scanner::feed(std::string_view bytes) {
    if (bytes.empty())
        return;
    if (after_carriage_return_)
        fail(bytes_ - 1, bytes.front() == '\n' ? crlf_line_end : bare_carriage_return);

    std::size_t row_begin = 0;
    for (std::size_t block = 0; block < bytes.size(); block += block_size) {
        auto [row_ends, mistakes] =
            scan_block(bytes.data() + block, std::min(block_size, bytes.size() - block));
        if (mistakes != 0) [[unlikely]]
            row_ends &= (mistakes & -mistakes) - 1;
        for (; row_ends != 0; row_ends &= row_ends - 1) {
            const auto row_end = block + static_cast<std::size_t>(std::countr_zero(row_ends)) + 1;
            must_fit(row_begin, row_end - row_begin);
            hand_over(bytes.substr(row_begin, row_end - row_begin));
            row_begin = row_end;
        }
        if (mistakes != 0) [[unlikely]] {
            const auto position = block + static_cast<std::size_t>(std::countr_zero(mistakes));
            must_fit(row_begin, position - row_begin);
            note_mistake(bytes, position);
        }
    }
    if (!after_carriage_return_) // else the next byte tells what is wrong with it
        must_fit(row_begin, bytes.size() - row_begin);
    pending_.append(bytes.substr(row_begin));
    bytes_ += bytes.size();
    ended_in_return_ = carry_.after_return;
    at_row_boundary_ = pending_.empty();
}

void row_scanner::finish() {
    if (after_carriage_return_ || carry_.after_return)
        fail(bytes_ - 1, bare_carriage_return);
    if (carry_.quoted)
        fail(bytes_, "the end of the input inside quotes");
    if (!pending_.empty())
        hand_over({});
}

void row_scanner::hand_over(std::string_view row) {
    ++rows_;
    if (pending_.empty())
        return sink_(row);
    pending_.append(row);
    sink_(pending_.text());
    pending_.clear();
}

void row_scanner::must_fit(std::size_t begin, std::size_t size) const {
    if (pending_.size() + size > bytes_max_) [[unlikely]]
        throw row_too_large(rows_ + 1, bytes_ + begin - pending_.size(), bytes_max_);
}

// Throws, unless only the next chunk can tell what the carriage return at the end of this one is.
void row_scanner::note_mistake(std::string_view bytes, std::size_t position) {
    const auto offset = bytes_ + position;
    // What is behind a carriage return that ends no row. The one at hand may have come with the chunk before.
    if (crlf_allowed_ && (position == 0 ? ended_in_return_ : bytes[position - 1] == '\r'))
        fail(offset - 1, bare_carriage_return);
    if (bytes[position] == '"')
        fail(offset, quote_in_unquoted);
    if (bytes[position] != '\r')
        fail(offset, text_after_quote);
    if (position + 1 < bytes.size())
        fail(offset, bytes[position + 1] == '\n' ? crlf_line_end : bare_carriage_return);
    after_carriage_return_ = true;
}

void row_scanner::fail(std::uint64_t offset, std::string_view reason) const {
    throw malformed(reason, rows_ + 1, offset);
}

std::string_view first_field(std::string_view row, std::string& storage) {
    const auto found = read_field(row, 0);
    if (!found.has_doubled_quotes)
        return found.text;
    storage = undoubled(found);
    return storage;
}

} // namespace csv
