#include "azure/blob/block_id.hpp"

#include "async/error.hpp"
#include "http/client/base64.hpp"

#include <fmt/format.h>

#include <limits>

namespace azure {

namespace {

constexpr std::size_t counter_digits = 8; // of a 32-bit counter
constexpr std::size_t nonce_digits_max = block_ids::raw_length_max - counter_digits;
static_assert(block_ids::raw_length_min > counter_digits, "an id needs room for some of the nonce");
static_assert(block_ids::raw_length_default % 3 == 0, "otherwise the id ends in '=', which must be escaped");

} // namespace

block_ids::block_ids(std::string nonce, std::size_t raw_length)
    : nonce_(std::move(nonce))
    , raw_length_(raw_length) {
    if (raw_length_ < raw_length_min || raw_length_ > raw_length_max)
        throw async::error(async::failure::precondition,
                           fmt::format("block ids of {} bytes are not supported, only of {} to {}",
                                       raw_length_, raw_length_min, raw_length_max));
    if (nonce_.size() < nonce_digits_max)
        throw async::error(async::failure::internal, "the nonce of the block ids is too short");
    nonce_.resize(raw_length_ - counter_digits);
}

std::string block_ids::next() {
    if (counter_ == std::numeric_limits<std::uint32_t>::max())
        throw async::error(async::failure::internal, "out of block ids");
    // Hexadecimal digits in base64 are letters and digits only: nothing to escape in a URL.
    const auto raw = fmt::format("{}{:08x}", nonce_, counter_++);
    return http::base64_encode({reinterpret_cast<const unsigned char*>(raw.data()), raw.size()});
}

std::size_t raw_length(std::string_view id) noexcept { return http::base64_decoded_size(id).value_or(0); }

} // namespace azure
