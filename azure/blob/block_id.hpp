// Block ids that never stand for two byte strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace azure {

// Ids of one blob have one length (the service demands it) and carry a run's own nonce, so that a late
// request of a dead run cannot be mistaken for a block of this one.
class block_ids {
  public:
    static constexpr std::size_t raw_length_default =
        24; // 16 of nonce, 8 of counter: 32 characters, none to escape
    static constexpr std::size_t raw_length_min = 16;
    static constexpr std::size_t raw_length_max = 64;

    // `nonce`: at least 56 lowercase hex digits. `raw_length`: that of the blob's committed blocks, if it has
    // any.
    explicit block_ids(std::string nonce, std::size_t raw_length = raw_length_default);
    [[nodiscard]] std::string next();

  private:
    std::string nonce_;
    std::size_t raw_length_;
    std::uint32_t counter_ = 0;
};

// Raw bytes of a base64 id, 0 if it is not base64.
[[nodiscard]] std::size_t raw_length(std::string_view id) noexcept;

} // namespace azure
