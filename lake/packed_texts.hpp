// Many texts that are alike, in little memory: compressed by pages of 64, read by number. A text takes the
// memory of what differs from the others of its page: a quarter for the metadata of a day's file.
// Tested by tests/unit/lake/packed_texts_test.cpp.
#pragma once

#include "csv/gzip.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// One page stays expanded: texts that are read in the order of their numbers are expanded once. Not safe for
// two threads at a time, even to read.
class packed_texts {
  public:
    static constexpr std::uint32_t texts_per_page = 64;

    // Returns its number: 0, 1, …
    std::uint32_t add(std::string_view text);
    // Valid until the next call of any member.
    [[nodiscard]] std::string_view at(std::uint32_t number) const;
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  private:
    class page {
      public:
        void add(std::string_view text);
        [[nodiscard]] std::string_view at(std::size_t index) const;
        [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
        void clear() noexcept;

      private:
        std::string bytes_;
        std::vector<std::size_t> ends_;
    };
    void close_page();
    void expand(std::size_t wanted) const;

    std::uint32_t size_ = 0;
    std::vector<std::string> closed_; // compressed
    page open_;                       // the last one
    mutable page shown_;
    mutable std::size_t shown_number_ = 0;
    std::unique_ptr<csv::gzip_compressor> compressor_;
    mutable std::unique_ptr<csv::gzip_expander> expander_; // once a page was expanded
};

} // namespace lake
