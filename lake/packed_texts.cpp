#include "lake/packed_texts.hpp"

#include "async/error.hpp"

#include <array>
#include <cstring>
#include <span>

namespace lake {

void packed_texts::page::add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
}

std::string_view packed_texts::page::at(std::size_t index) const {
    const auto begin = index == 0 ? 0 : ends_.at(index - 1);
    return std::string_view(bytes_).substr(begin, ends_.at(index) - begin);
}

void packed_texts::page::clear() noexcept {
    bytes_.clear();
    ends_.clear();
}

std::uint32_t packed_texts::add(std::string_view text) {
    open_.add(text);
    const auto number = size_++;
    if (size_ % texts_per_page == 0)
        close_page();
    return number;
}

std::string_view packed_texts::at(std::uint32_t number) const {
    if (number >= size_)
        throw async::error(async::failure::internal, "a packed text has no such number");
    const std::size_t wanted = number / texts_per_page;
    if (wanted == closed_.size())
        return open_.at(number % texts_per_page);
    if (!expander_ || wanted != shown_number_)
        expand(wanted);
    return shown_.at(number % texts_per_page);
}

// A page is its texts' sizes, then the texts.
void packed_texts::close_page() {
    if (!compressor_)
        compressor_ = std::make_unique<csv::gzip_compressor>();
    std::array<std::uint32_t, texts_per_page> sizes{};
    for (std::size_t each = 0; each < sizes.size(); ++each)
        sizes[each] = static_cast<std::uint32_t>(open_.at(each).size());
    std::string compressed;
    const auto take = [&compressed](std::span<const std::byte> bytes) {
        compressed.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    csv::gzip_member member;
    compressor_->begin_part(member, take);
    compressor_->write(member, std::as_bytes(std::span(sizes)), take);
    compressor_->write(member, std::as_bytes(std::span(open_.bytes())), take);
    compressor_->end_part(take);
    csv::gzip_compressor::end_member(member, take);
    closed_.emplace_back(compressed); // a copy has no room to spare
    open_.clear();
}

void packed_texts::expand(std::size_t wanted) const {
    if (!expander_)
        expander_ = std::make_unique<csv::gzip_expander>();
    std::string expanded;
    expander_->feed(std::as_bytes(std::span(closed_[wanted])));
    for (auto piece = expander_->next(); !piece.empty(); piece = expander_->next())
        expanded.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    expander_->finish();
    std::array<std::uint32_t, texts_per_page> sizes{};
    std::memcpy(sizes.data(), expanded.data(), sizeof(sizes));
    shown_.clear();
    std::size_t begin = sizeof(sizes);
    for (const auto size : sizes) {
        shown_.add(std::string_view(expanded).substr(begin, size));
        begin += size;
    }
    shown_number_ = wanted;
}

} // namespace lake
